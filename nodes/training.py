"""The node that trains LoRAs and their kin."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NamedTuple

import torch

from diffusion.training.lora import AdapterPlan, adapted, metadata_of, new_adapter, save_trained, states_of
from diffusion.training.new_kinds import ALGORITHMS, Shape
from diffusion.training.targets import TARGETS
from diffusion.training.trainer import Trainer
from graph.declare import Advanced, Choice, Context, Range, Seed, node
from nodes import training_course as course
from nodes.sockets import CaptionOptions, Clip, Dataset, LearningOptions, Model, Objective, Vae
from nodes.training_pictures import buckets_of

Rank = Annotated[int, Range(1, 4096)]


class Trained(NamedTuple):
    """A model with what it has learned, and the file that holds it."""

    MODEL: Model
    lora_name: str
    loss: float


@node(
    "TrainLoRA",
    category="training",
    title="Train LoRA",
    search=["lora", "locon", "loha", "lokr", "dora", "lycoris", "fine-tune"],
    fingerprint=course.lost("loras"),
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
    rank: Rank = 16,
    alpha: Annotated[float, Range(0.001, 4096, step=0.001)] = 16.0,
    batch_size: course.BatchSize = 1,
    resolution: course.Resolution = 512,
    seed: Seed = 0,
    save_every: Annotated[int, Range(0, 1_000_000)] = 0,
    algorithm: Annotated[str, Choice(ALGORITHMS), Advanced()] = "LoRA",
    targets: Annotated[str, Choice(TARGETS), Advanced()] = "attention and feed-forward",
    conv_rank: Annotated[int, Range(0, 4096), Advanced()] = 0,
    conv_alpha: Annotated[float, Range(0.001, 4096, step=0.001), Advanced()] = 1.0,
    factor: Annotated[int, Range(-1, 4096), Advanced()] = -1,
    dora: Annotated[bool, Advanced()] = False,
    flip: Annotated[bool, Advanced()] = False,
    bucket_step: Annotated[int, Range(8, 256, step=8), Advanced()] = 64,
    gradient_checkpointing: Annotated[bool, Advanced()] = False,
    captions: CaptionOptions | None = None,
    objective: Objective | None = None,
    learning: LearningOptions | None = None,
) -> Trained:
    """Teach a model something by a few pictures, and keep what it has learned as a small file: a LoRA.

    A run that was stopped goes on where it was, and one that gets more steps trains only these. Its snapshots lie in
    the user folder, in training.

    model: What is taught; it stays as it is.
    clip: Its text encoders.
    vae: Its VAE.
    dataset: Pictures with captions.
    name: Of the file in models/loras.
    steps: How often it learns from a batch.
    learning_rate: How much it changes in a step: about 0.0001; with Prodigy 1.
    rank: The size of what can be learned, and of the file.
    alpha: What is learned counts alpha / rank times.
    batch_size: Pictures that are learned from at once.
    resolution: Side of the square that has the area of a training picture: 512 for SD 1.x, 1024 for SDXL.
    seed: The same seed trains the same.
    save_every: So often a file is saved beside the last one, to compare them; 0 saves the last one alone.
    algorithm: LoHa and LoKr hold more in a file of the same size, IA3 very little; full is the whole difference.
    targets: Which layers learn.
    conv_rank: Rank on convolutions, which learn too if it is not 0 (LoCon).
    conv_alpha: What convolutions learn counts alpha / rank times.
    factor: Of LoKr: the greatest size of the smaller factor; -1 for factors of about the same size.
    dora: Learn the lengths of the weights apart from their directions.
    flip: Learn from mirrored pictures too.
    bucket_step: What the sides of training pictures are multiples of; pictures keep their shape as far as that allows.
    gradient_checkpointing: Needs much less memory, and a third more time.
    captions: What happens to captions; without it they stay as they are.
    objective: What being wrong costs.
    learning: The optimizer, and how the learning rate changes.
    """
    plan = course.planned(learning, steps, learning_rate, batch_size, seed, objective, captions)
    shape = Shape(next(each for each in ALGORITHMS if each == algorithm), rank, alpha, factor, dora)
    adapter_plan = AdapterPlan(shape, next(each for each in TARGETS if each == targets), conv_rank, conv_alpha)
    target = course.target(ctx, "loras", name)
    with course.told():
        samples = course.samples(ctx, dataset, buckets_of(resolution, bucket_step), vae, model, flip)
        adapter = new_adapter(model, adapter_plan, seed)
        trainer = Trainer(model, adapter.parameters, samples, states_of(clip), plan)

        def save(path: Path, done: int) -> None:
            metadata = metadata_of(name, model, adapter_plan, plan, samples, done)
            save_trained(path, model, adapter.kinds(), metadata, torch.float16)

        run = course.run(
            ctx, target, model, clip, vae, dataset, plan, (asdict(adapter_plan), resolution, bucket_step, flip)
        )
        training = course.Course(trainer, adapter.attached, run, target, save, gradient_checkpointing)
        loss = training.follow(ctx, steps, save_every)
    return Trained(adapted(model, adapter.kinds()), target.name, loss)
