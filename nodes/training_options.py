"""Nodes that say how a training learns."""

from typing import Annotated

from diffusion.training import objective as objectives
from diffusion.training.average import Averaging
from diffusion.training.captions import CaptionRules
from diffusion.training.learning_rate import SHAPES, LearningRate, RatesError, read_pieces
from diffusion.training.lora import AdapterPlan
from diffusion.training.new_kinds import Shape
from diffusion.training.optimizer_arguments import OPTIMIZERS, OptimizerError, read_arguments
from diffusion.training.trainer import PRECISIONS, Plan
from graph.declare import Advanced, Choice, InputError, Range, node
from nodes.sockets import AdapterOptions, CaptionOptions, LearningOptions, Objective

CATEGORY = "training"

Share = Annotated[float, Range(0, 1, step=0.01)]
Count = Annotated[int, Range(0, 100_000)]


@node(
    "CaptionOptions", category=CATEGORY, title="Caption Options", search=["shuffle", "keep tokens", "dropout", "tags"]
)
def caption_options(
    shuffle: bool = True,
    keep_tokens: Count = 1,
    dropout: Share = 0.0,
    tag_dropout: Share = 0.0,
    prefix: str = "",
    suffix: str = "",
    keep_separator: str = "",
    group_separator: str = "",
    warmup_tags: Count = 1,
    warmup_steps: Count = 0,
    weights: bool = True,
) -> CaptionOptions:
    """Say what happens to captions from step to step.

    shuffle: Change the order of the tags, so that none counts for its place.
    keep_tokens: How many tags at the front stay there, such as the name of the subject.
    dropout: How often a picture is learned without any caption.
    tag_dropout: How often each tag that may move is left away.
    prefix: Put before each caption.
    suffix: Put behind each caption.
    keep_separator: Where captions have it, what stays at the front ends there instead; behind a second one it stays at
        the end.
    group_separator: Between tags that stay together.
    warmup_tags: How many of the tags that may move there are at first, if they come in over warmup_steps.
    warmup_steps: After how many steps all tags are there; 0 for at once.
    weights: Tags such as (hat:1.3) count more or less, as in prompts; otherwise brackets are text, as in miku_(singer).
    """
    return CaptionRules(
        prefix=prefix,
        suffix=suffix,
        shuffle=shuffle,
        keep_tokens=keep_tokens,
        keep_separator=keep_separator,
        group_separator=group_separator,
        tag_dropout=tag_dropout,
        dropout=dropout,
        warmup_tags=warmup_tags,
        warmup_steps=warmup_steps,
        weights=weights,
    )


@node(
    "TrainingObjective", category=CATEGORY, title="Training Objective", search=["loss", "snr", "noise offset", "huber"]
)
def training_objective(
    loss: Annotated[str, Choice(objectives.LOSSES)] = "l2",
    weighting: Annotated[str, Choice(objectives.WEIGHTINGS)] = "none",
    gamma: Annotated[float, Range(0.1, 100, step=0.1)] = 5.0,
    noise_offset: Share = 0.0,
    multires_iterations: Annotated[int, Range(0, 16)] = 0,
    multires_discount: Share = 0.3,
    input_perturbation: Share = 0.0,
    huber_c: Annotated[float, Range(0.001, 10, step=0.001)] = 0.1,
    huber_schedule: Annotated[str, Choice(objectives.HUBER_SCHEDULES)] = "snr",
    first_timestep: Annotated[int, Range(0, 999)] = 0,
    last_timestep: Annotated[int, Range(0, 999)] = 999,
    unmasked_weight: Share = 0.0,
    normalize_masks: bool = False,
) -> Objective:
    """Say what being wrong costs, and with what noise the model is asked.

    loss: Of each number: l2 is usual; the others count outliers less.
    weighting: How much steps of little noise count: min-SNR makes learning faster and steadier; "as noise" makes models
        that predict a velocity learn with the weights of those that predict the noise.
    gamma: Of min-SNR.
    noise_offset: Some noise of one brightness: lets the model learn dark and bright pictures.
    multires_iterations: Coarse noise too, so often halved; 6 is usual, 0 for none.
    multires_discount: What each coarser noise counts.
    input_perturbation: Further noise that the model has to bear with.
    huber_c: Where huber and smooth l1 turn from square to linear.
    huber_schedule: How that changes with the noise.
    first_timestep: The least noise that is trained.
    last_timestep: The most noise that is trained.
    unmasked_weight: Where pictures have masks, what the places count that these leave out; 0.1 keeps the model from
        painting anything there.
    normalize_masks: A picture counts as much as one without a mask, however small the part is that it is learned from.
    """
    if first_timestep > last_timestep:
        raise InputError("first_timestep", "It is above last_timestep, so that nothing is trained: make it smaller.")
    return objectives.Objective(
        loss=next(each for each in objectives.LOSSES if each == loss),
        huber_c=huber_c,
        huber_schedule=next(each for each in objectives.HUBER_SCHEDULES if each == huber_schedule),
        weighting=next(each for each in objectives.WEIGHTINGS if each == weighting),
        gamma=gamma,
        noise_offset=noise_offset,
        multires_iterations=multires_iterations,
        multires_discount=multires_discount,
        input_perturbation=input_perturbation,
        first_timestep=first_timestep,
        last_timestep=last_timestep,
        unmasked=unmasked_weight,
        mask_normalized=normalize_masks,
    )


@node(
    "LearningOptions",
    category=CATEGORY,
    title="Learning Options",
    search=["optimizer", "scheduler", "prodigy", "lion", "adafactor"],
)
def learning_options(
    optimizer: Annotated[str, Choice(OPTIMIZERS)] = "AdamW",
    schedule: Annotated[str, Choice(SHAPES)] = "constant",
    warmup_steps: Count = 0,
    accumulation: Annotated[int, Range(1, 1024)] = 1,
    clip: Annotated[float, Range(0, 1000, step=0.1)] = 1.0,
    weight_decay: Annotated[float, Range(0, 10, step=0.001)] = 0.01,
    lowest: Share = 0.0,
    cycles: Annotated[int, Range(1, 100)] = 1,
    power: Annotated[float, Range(0.1, 10, step=0.1)] = 1.0,
    decay: Share = 0.2,
    precision: Annotated[str, Choice(PRECISIONS)] = "of the model",
    average_decay: Annotated[float, Range(0, 0.99999, step=0.00001)] = 0.0,
    average_after: Count = 0,
    average_slowly: bool = False,
    rates: Annotated[str, Advanced()] = "",
    optimizer_arguments: Annotated[str, Advanced()] = "",
    text_steps: Annotated[int, Range(0, 1_000_000), Advanced()] = 0,
) -> LearningOptions:
    """Say how a training turns what was wrong into changes.

    optimizer: AdamW is usual; Prodigy finds the learning rate itself, and wants 1 for it.
    schedule: How the learning rate changes over the run.
    warmup_steps: So many steps the learning rate rises from 0.
    accumulation: Batches that are learned from together, where memory does not hold them at once.
    clip: Larger gradients are cut to this length; 0 cuts none.
    weight_decay: How fast what is not learned again is forgotten.
    lowest: What is left of the learning rate when it has come down, as a part of it.
    cycles: How often "cosine with restarts" begins anew.
    power: Of "polynomial".
    decay: The part of the run at its end in which "warmup stable decay" falls.
    precision: What the network computes in. bfloat16 takes half the memory and is fast on newer cards; what is learned
        is kept in float32 in any case.
    average_decay: Keep the mean of what was learned over the steps (EMA) rather than the last step: 0.999 is about the
        last thousand. 0 keeps the last step.
    average_after: The mean begins after so many steps.
    average_slowly: The mean forgets the beginning more slowly, for runs of many thousand steps.
    rates: Of "piecewise": learning rates, each with the step up to which it holds, as the WebUI takes them, such as
        0.005:100, 0.001:1000, 0.00001. The first one is the learning rate of the training; or it is 1, and they are
        factors of that.
    optimizer_arguments: Further ones of the optimizer, as kohya's scripts take them: betas=0.9,0.99 d_coef=2. A wrong
        one is told with those that there are.
    text_steps: Text encoders that learn do so in the first so many steps, which keeps them from being spoiled; 0 is in
        all.
    """
    if bool(rates.strip()) != (schedule == "piecewise"):
        raise InputError("rates", "Rates are for the schedule piecewise, which needs some: write 0.005:100, 0.001.")
    chosen = next(each for each in OPTIMIZERS if each == optimizer)
    try:
        pieces = read_pieces(rates) if rates.strip() else ()
        read_arguments(chosen, optimizer_arguments)
    except RatesError as error:
        raise InputError("rates", str(error)) from error
    except OptimizerError as error:
        raise InputError("optimizer_arguments", str(error)) from error
    rate = LearningRate(
        next(each for each in SHAPES if each == schedule),
        warmup=warmup_steps,
        low=lowest,
        cycles=cycles,
        power=power,
        decay=decay,
        pieces=pieces,
    )
    return Plan(
        accumulation=accumulation,
        schedule=rate,
        optimizer=chosen,
        weight_decay=weight_decay,
        optimizer_arguments=" ".join(optimizer_arguments.split()),
        clip=clip,
        average=Averaging(average_decay, average_after, average_slowly) if average_decay else None,
        precision=next(each for each in PRECISIONS if each == precision),
        text_steps=text_steps,
    )


@node(
    "AdapterOptions",
    category=CATEGORY,
    title="Adapter Options",
    search=["max norm", "scale weight norms", "rslora", "tucker", "train norm", "lycoris", "locon"],
)
def adapter_options(
    max_norm: Annotated[float, Range(0, 1000, step=0.01)] = 0.0,
    rank_stabilized: bool = False,
    norms: bool = False,
    tucker: bool = False,
    decompose_both: bool = False,
) -> AdapterOptions:
    """Say more of what Train LoRA trains: limits, and parts that few need.

    max_norm: What a LoRA adds to a layer becomes no longer than this: keeps LoRAs that are used together from spoiling
        pictures. 1 is usual; 0 is no limit.
    rank_stabilized: What is learned counts alpha / the root of rank, so that great ranks learn as fast as small ones
        (rsLoRA).
    norms: The normalisations among the layers learn too.
    tucker: Convolutions have a small core of their own, which makes files of a great conv_rank smaller.
    decompose_both: Of LoKr: the smaller factor is a product too, where that is smaller.
    """
    shape = Shape(stabilized=rank_stabilized, tucker=tucker, both=decompose_both)
    return AdapterPlan(shape, longest=max_norm, norms=norms)
