"""The node that says how much memory a training takes, without training anything."""

from dataclasses import replace
from typing import Annotated

import torch
from torch import nn

from diffusion.model import Clip as TextEncoders
from diffusion.model import Model as Denoiser
from diffusion.training import memory, pictures
from diffusion.training.buckets import Buckets
from diffusion.training.embedding import live_states
from diffusion.training.lora import AdapterPlan, new_adapters, states_of
from diffusion.training.new_kinds import ALGORITHMS, Shape
from diffusion.training.samples import Sample
from diffusion.training.targets import TARGETS
from diffusion.training.trained_model import TrainedModel, source_of, text_sources
from diffusion.training.trainer import Plan, Trainer
from graph.declare import Advanced, Choice, Context, Range, Table, Words, node
from nodes import training_course as course
from nodes.sockets import Clip, Dataset, LearningOptions, Model
from nodes.training_pictures import buckets_of

LORA, WHOLE = "LoRA", "whole model"


@node(
    "EstimateTrainingMemory",
    category="training",
    title="Estimate Training Memory",
    output_node=True,
    always=True,
    search=["vram", "ram", "out of memory", "oom"],
)
def estimate_training_memory(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    dataset: Dataset,
    method: Annotated[str, Choice((LORA, WHOLE))] = LORA,
    rank: Annotated[int, Range(1, 4096)] = 16,
    batch_size: course.BatchSize = 1,
    resolution: course.Resolution = 512,
    gradient_checkpointing: bool = False,
    algorithm: Annotated[str, Choice(ALGORITHMS), Advanced()] = "LoRA",
    targets: Annotated[str, Choice(TARGETS), Advanced()] = "attention and feed-forward",
    conv_rank: Annotated[int, Range(0, 4096), Advanced()] = 0,
    text_encoders: Annotated[bool, Advanced()] = False,
    bucket_step: Annotated[int, Range(8, 256, step=8), Advanced()] = 64,
    learning: LearningOptions | None = None,
) -> Dataset:
    """Say how much memory a training would take and what there is, and what to change where that is too little.

    Small steps are taken to find out, and forgotten. The nodes that train find out too before they begin.

    model: What would be taught.
    clip: Its text encoders.
    dataset: Pictures, of which the largest batch counts.
    method: Train LoRA, or Train DreamBooth, which changes all weights.
    rank: Of a LoRA.
    batch_size: Pictures that are learned from at once.
    resolution: Side of the square that has the area of a training picture.
    gradient_checkpointing: Compute again what is needed, rather than keep it.
    algorithm: Of a LoRA.
    targets: Which layers of a LoRA learn.
    conv_rank: Of a LoRA: rank on convolutions.
    text_encoders: Whether the text encoders learn too.
    bucket_step: What the sides of training pictures are multiples of.
    learning: The optimizer, the precision, and whether there is a mean of what is learned.
    """
    plan = course.planned(learning, 1, 0.0, batch_size, 0, None, None)
    with course.told():
        adapters = AdapterPlan(
            Shape(next(each for each in ALGORITHMS if each == algorithm), rank, rank),
            next(each for each in TARGETS if each == targets),
            conv_rank,
            text_rate=float(text_encoders),
        )
        samples = _samples(dataset, buckets_of(resolution, bucket_step), model)
        if method == LORA:
            trained, trainer = _of_lora(model, clip, adapters, samples, plan)
        else:
            trained, trainer = _of_all(model, clip, samples, plan, text_encoders)
        with (
            model.loaded() as network,
            memory.recomputed(network.network, gradient_checkpointing),
            trained.attached(network.network),
        ):
            found, free = memory.estimated(trainer, network), memory.available(trainer)
            found = replace(found, weights=found.weights + _of_texts(trained))
            if found.further > free:
                ctx.warn(memory.advice(trainer, network, found, free, gradient_checkpointing))
    ctx.show("tables", [_table(found, free).shown()])
    return dataset


def _samples(dataset: pictures.Dataset, buckets: Buckets, model: Denoiser) -> list[Sample]:
    """Samples of the sizes that the pictures have, of nothing."""
    found = []
    for picture in dataset.pictures:
        width, height = buckets.place(*picture.size).bucket
        space = model.latent_format
        latent = torch.zeros(space.channels, height // space.downscale, width // space.downscale)
        settings = {"width": width, "height": height, "crop_w": 0, "crop_h": 0}
        settings |= {"target_width": width, "target_height": height}
        name, caption, concept = picture.name, picture.caption, picture.concept
        found.append(Sample(name, latent, caption, concept, repeats=picture.repeats, settings=settings))
    return found


def _of_lora(
    model: Denoiser, clip: TextEncoders, adapters: AdapterPlan, samples: list[Sample], plan: Plan
) -> tuple[TrainedModel, Trainer]:
    trained = new_adapters(model, clip, adapters, 0)
    return trained, trained.trainer(model, samples, states_of(clip), plan, {})


def _of_all(
    model: Denoiser, clip: TextEncoders, samples: list[Sample], plan: Plan, texts: bool
) -> tuple[TrainedModel, Trainer]:
    """What stands for a training of all weights: small adapters on all layers keep the same for their gradients."""
    trained = new_adapters(model, clip, AdapterPlan(Shape(rank=1), "all layers", text_rate=float(texts)), 0)
    sources = [source_of(model), *(source for _, source in (text_sources(clip) if texts else ()))]
    weights = {
        f"{number} {name}": nn.Parameter(torch.empty(shape, device="meta"))
        for number, source in enumerate(sources)
        for name, shape in source.shapes.items()
    }
    states = live_states(clip) if texts else states_of(clip)
    return trained, Trainer(model, weights, samples, states, plan, texts_learn=texts)


def _of_texts(trained: TrainedModel) -> int:
    """Bytes of the text encoders that learn, which stay loaded meanwhile."""
    return sum(encoder.part.size for encoder in trained.clip.encoders if encoder.name in trained.texts)


def _table(found: memory.TrainingMemory, free: int) -> Table:
    rows = [
        [Words("weights of the model"), memory.size(found.weights)],
        [Words("what is trained"), memory.size(found.parameters)],
        [Words("its gradients"), memory.size(found.gradients)],
        [Words("the optimizer"), memory.size(found.optimizer)],
        [Words("mean of what is learned"), memory.size(found.average)],
        [Words(f"the largest step ({found.pictures} pictures)"), memory.size(found.step)],
        [Words("all"), memory.size(found.total)],
    ]
    free -= found.further
    left = Words(f"{memory.size(free)} are left") if free >= 0 else Words(f"{memory.size(-free)} are missing")
    return Table([Words("for"), Words("memory")], rows, left)
