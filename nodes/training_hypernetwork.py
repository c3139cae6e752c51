"""The node that trains hypernetworks."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NamedTuple

from diffusion.hypernetwork import ACTIVATIONS, load_hypernetwork
from diffusion.training.hypernetwork import INITIALIZATIONS, Structure, TrainedHypernetwork
from diffusion.training.metadata import Training
from diffusion.training.trainer import Trainer
from graph.declare import Advanced, Choice, Context, FixedSeed, Range, node
from nodes import training_course as course
from nodes.sockets import (
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
from nodes.training_beginnings import BeginWithHypernetwork, beginning, content_of
from nodes.training_files import of_webui
from nodes.training_lesson import Lesson


class Trained(NamedTuple):
    """A model with what it has learned, and the file that holds it."""

    MODEL: Model
    hypernetwork_name: str
    loss: float
    run: TrainingRun


@node(
    "TrainHypernetwork",
    category="training",
    title="Train Hypernetwork",
    search=["webui", "style"],
    output_node=True,
    gives_way=True,
)
def train_hypernetwork(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    vae: Vae,
    dataset: Dataset,
    name: str = "my_style",
    steps: course.Steps = 1000,
    learning_rate: Annotated[float, Range(0, 10, step=0.00001)] = 1e-4,
    layers: str = "1, 2, 1",
    activation: Annotated[str, Choice(tuple(ACTIVATIONS))] = "linear",
    batch_size: course.BatchSize = 1,
    resolution: course.Resolution = 512,
    seed: FixedSeed = 0,
    save_every: Annotated[int, Range(0, 1_000_000)] = 0,
    layer_norm: Annotated[bool, Advanced()] = False,
    activate_output: Annotated[bool, Advanced()] = False,
    initialization: Annotated[str, Choice(INITIALIZATIONS), Advanced()] = "zero",
    flip: Annotated[bool, Advanced()] = False,
    bucket_step: Annotated[int, Range(8, 256, step=8), Advanced()] = 64,
    gradient_checkpointing: Annotated[bool, Advanced()] = False,
    captions: CaptionOptions | None = None,
    objective: Objective | None = None,
    learning: LearningOptions | None = None,
    monitor: TrainingMonitor | None = None,
    begin_with: BeginWithHypernetwork = "",
) -> Trained:
    """Teach small networks, which change the keys and values of the model's attention, what a few pictures show.

    Runs are stopped and go on as those of Train LoRA.

    model: What is taught; it stays as it is.
    clip: Its text encoders.
    vae: Its VAE.
    dataset: Pictures with captions.
    name: Of the file in models/hypernetworks.
    steps: How often it learns from a batch.
    learning_rate: How much it changes in a step: about 0.0001 or less.
    layers: Sizes of the layers, in multiples of the width of what they change; the first and the last are 1.
    activation: What is between the layers; linear is nothing.
    batch_size: Pictures that are learned from at once.
    resolution: Side of the square that has the area of a training picture: 512 for SD 1.x, 1024 for SDXL.
    seed: The same seed trains the same.
    save_every: So often a file is saved beside the last one, to compare them; 0 saves the last one alone.
    layer_norm: Normalise what each layer gives.
    activate_output: An activation after the last layer too.
    initialization: With zero the model is as it was until something is learned; the others are the WebUI's.
    flip: Learn from mirrored pictures too.
    bucket_step: What the sides of training pictures are multiples of.
    gradient_checkpointing: Needs much less memory, and a third more time.
    captions: What happens to captions.
    objective: What being wrong costs.
    learning: The optimizer, and how the learning rate changes.
    monitor: What is looked at meanwhile.
    begin_with: A hypernetwork to go on from, whose layers it has then.
    """
    name = course.named(ctx, name)
    plan = course.planned(learning, steps, learning_rate, batch_size, seed, objective, captions)
    target = course.target(ctx, "hypernetworks", name, ".pt")
    before = beginning(ctx, "hypernetworks", begin_with, target)
    with course.told():
        pairs = load_hypernetwork(before) if before is not None else None
        structure = (
            Structure.of_pairs(pairs)
            if pairs is not None
            else Structure.of(layers, activation, layer_norm, activate_output, initialization)
        )
        trained = TrainedHypernetwork(model, structure, seed, pairs)
        lesson = Lesson(
            ctx, model, clip, vae, dataset, plan, target, resolution, bucket_step, flip, gradient_checkpointing, monitor
        )
        samples, states = lesson.samples(), lesson.states()
        trainer = Trainer(trained.on(model), trained.parameters, samples, states, plan, off=trained.off)

        def save(training: Training, path: Path, done: int) -> None:
            trained.save(path, name, done, of_webui(ctx, training.more))

        asked = (asdict(structure), content_of(before))
        training = lesson.course(trainer, trained.attached, "hypernetwork", asked, save, lesson.held_out())
        loss, finished = training.follow(ctx, steps, save_every)
    return Trained(trained.kept(model), target.name, loss, finished)
