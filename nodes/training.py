"""The node that trains LoRAs and their kin."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, NamedTuple

import torch

from diffusion.training.begun_adapters import begun_with
from diffusion.training.dropout import Dropout
from diffusion.training.lora import AdapterPlan, new_adapters, rates, save_trained
from diffusion.training.metadata import Training, adapter_metadata
from diffusion.training.new_kinds import ALGORITHMS, Shape
from diffusion.training.targets import TARGETS
from diffusion.training.trained_model import TrainedModel
from graph.declare import Advanced, Choice, Context, FixedSeed, Range, node
from nodes import training_course as course
from nodes.sockets import (
    AdapterOptions,
    CaptionOptions,
    Clip,
    Dataset,
    LearningOptions,
    Model,
    Objective,
    TrainingMonitor,
    TrainingRun,
    Vae,
)
from nodes.training_beginnings import BeginWithLora, beginning, content_of
from nodes.training_files import texts_of
from nodes.training_follow import Course
from nodes.training_lesson import Lesson

Rank = Annotated[int, Range(1, 4096)]
Dropped = Annotated[float, Range(0, 0.99, step=0.01), Advanced()]


class Trained(NamedTuple):
    """A model with what it has learned, and the file that holds it."""

    MODEL: Model
    lora_name: str
    loss: float
    CLIP: Clip
    run: TrainingRun


@node(
    "TrainLoRA",
    category="training",
    title="Train LoRA",
    search=["lora", "locon", "loha", "lokr", "dora", "lycoris", "fine-tune"],
    output_node=True,
    gives_way=True,
)
def train_lora(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    vae: Vae,
    dataset: Dataset,
    name: str = "my_lora",
    steps: course.Steps = 1000,
    learning_rate: Annotated[float, Range(0, 10, step=0.00001)] = 1e-4,
    text_learning_rate: Annotated[float, Range(0, 10, step=0.00001)] = 5e-5,
    rank: Rank = 16,
    alpha: Annotated[float, Range(0.001, 4096, step=0.001)] = 16.0,
    batch_size: course.BatchSize = 1,
    resolution: course.Resolution = 512,
    seed: FixedSeed = 0,
    save_every: Annotated[int, Range(0, 1_000_000)] = 0,
    algorithm: Annotated[str, Choice(ALGORITHMS), Advanced()] = "LoRA",
    targets: Annotated[str, Choice(TARGETS), Advanced()] = "attention and feed-forward",
    conv_rank: Annotated[int, Range(0, 4096), Advanced()] = 0,
    conv_alpha: Annotated[float, Range(0.001, 4096, step=0.001), Advanced()] = 1.0,
    factor: Annotated[int, Range(-1, 4096), Advanced()] = -1,
    dora: Annotated[bool, Advanced()] = False,
    dropout: Dropped = 0.0,
    rank_dropout: Dropped = 0.0,
    module_dropout: Dropped = 0.0,
    block_rates: Annotated[str, Advanced()] = "",
    block_ranks: Annotated[str, Advanced()] = "",
    loraplus_ratio: Annotated[float, Range(0.1, 1000, step=0.1), Advanced()] = 1.0,
    flip: Annotated[bool, Advanced()] = False,
    bucket_step: Annotated[int, Range(8, 256, step=8), Advanced()] = 64,
    gradient_checkpointing: Annotated[bool, Advanced()] = False,
    captions: CaptionOptions | None = None,
    objective: Objective | None = None,
    learning: LearningOptions | None = None,
    monitor: TrainingMonitor | None = None,
    adapter: AdapterOptions | None = None,
    begin_with: BeginWithLora = "",
) -> Trained:
    """Teach a model something by a few pictures, and keep what it has learned as a small file: a LoRA.

    A run that was stopped goes on where it was, and one that gets more steps trains only these. Its snapshots lie in
    the user folder, in training.

    model: What is taught; it stays as it is.
    clip: Its text encoders; they stay as they are too.
    vae: Its VAE.
    dataset: Pictures with captions.
    name: Of the file in models/loras.
    steps: How often it learns from a batch.
    learning_rate: How much it changes in a step: about 0.0001; with Prodigy 1.
    text_learning_rate: The same of the text encoders, which mostly learn half as fast, with Prodigy 1 too; with 0 they
        do not learn.
    rank: The size of what can be learned, and of the file.
    alpha: What is learned counts alpha / rank times.
    batch_size: Pictures that are learned from at once.
    resolution: Side of the square that has the area of a training picture: 512 for SD 1.x, 1024 for SDXL.
    seed: The same seed trains the same.
    save_every: So often a file is saved beside the last one, to compare them; 0 saves the last one alone.
    algorithm: LoHa and LoKr hold more in a file of the same size, GLoRA also what weights do to each other, IA3 very
        little; OFT and BOFT turn weights; full is the whole difference.
    targets: Which layers learn.
    conv_rank: Rank on convolutions, which learn too if it is not 0 (LoCon).
    conv_alpha: What convolutions learn counts alpha / rank times.
    factor: Of LoKr: the greatest size of the smaller factor; -1 for factors of about the same size.
    dora: Learn the lengths of the weights apart from their directions.
    dropout: The part of what is between a LoRA's two matrices that is left out in a step: against learning by heart.
    rank_dropout: The part of a LoRA's ranks that is left out in a step; of each picture others.
    module_dropout: The part of the layers that is left out in a step.
    block_rates: Factors of the learning rate by block of the UNet: a number for each, such as 25 for SD 1.x, or
        down=0.5 mid=1 up=1; a side has one number, a list of them, or linear, reverse_linear, sine, cosine or zeros.
        Blocks with 0 do not learn.
    block_ranks: Ranks of blocks that are to have another one, written as block_rates are.
    loraplus_ratio: So many times faster the second matrix of a LoRA learns than the first (LoRA+): 16 is usual, 1 is
        as fast.
    flip: Learn from mirrored pictures too.
    bucket_step: What the sides of training pictures are multiples of; pictures keep their shape as far as that allows.
    gradient_checkpointing: Needs much less memory, and a third more time.
    captions: What happens to captions; without it they stay as they are.
    objective: What being wrong costs.
    learning: The optimizer, and how the learning rate changes.
    monitor: What is looked at meanwhile.
    adapter: Limits and parts that few need.
    begin_with: A file to go on from: a LoRA of any algorithm. Then algorithm, rank, alpha and layers are those of the
        file.
    """
    name = course.named(ctx, name)
    plan = course.planned(learning, steps, learning_rate, batch_size, seed, objective, captions)
    shape = Shape(next(each for each in ALGORITHMS if each == algorithm), rank, alpha, factor, dora)
    layers = next(each for each in TARGETS if each == targets)
    dropped = Dropout(dropout, rank_dropout, module_dropout)
    adapters = AdapterPlan(
        shape, layers, conv_rank, conv_alpha, text_learning_rate, block_rates, block_ranks, loraplus_ratio, dropped
    ).with_options(adapter or AdapterPlan())
    target = course.target(ctx, "loras", name)
    before = beginning(ctx, "loras", begin_with, target)
    with course.told():
        adapters = adapters.from_file(begun_with(before, model, clip)) if before else adapters
        trained = new_adapters(model, clip, adapters, seed)
        lesson = Lesson(
            ctx, model, trained.clip, vae, dataset, plan, target, resolution, bucket_step, flip, gradient_checkpointing,
            monitor,
        )  # fmt: skip
        loss, finished = _course(lesson, trained, adapters, content_of(before)).follow(ctx, steps, save_every)
    return Trained(trained.on_model(model), target.name, loss, trained.on_clip(), finished)


def _course(lesson: Lesson, trained: TrainedModel, adapters: AdapterPlan, begun: str | None) -> Course:
    """The training of adapters. begun: the content of the file that they go on from."""
    ctx, model, plan = lesson.ctx, lesson.model, lesson.plan
    by_name = rates(trained, model, adapters, plan.learning_rate)
    trainer = trained.trainer(model, lesson.samples(), lesson.states(), plan, by_name)

    def save(training: Training, path: Path, done: int) -> None:
        metadata = texts_of(ctx, adapter_metadata(training, adapters, done))
        save_trained(path, model, trained, metadata, torch.float16)

    asked = (asdict(replace(adapters, begin=None)), begun)
    return lesson.course(trainer, trained.attached, adapters.method, asked, save, lesson.held_out())
