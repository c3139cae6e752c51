"""The node that trains hypernetworks."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NamedTuple

from diffusion.hypernetwork import ACTIVATIONS
from diffusion.training.hypernetwork import INITIALIZATIONS, Structure, TrainedHypernetwork
from diffusion.training.trainer import Trainer
from graph.declare import Advanced, Choice, Context, Range, Seed, node
from nodes import training_course as course
from nodes.sockets import CaptionOptions, Clip, Dataset, LearningOptions, Model, Objective, TrainingMonitor, Vae
from nodes.training_pictures import buckets_of


class Trained(NamedTuple):
    """A model with what it has learned, and the file that holds it."""

    MODEL: Model
    hypernetwork_name: str
    loss: float


@node(
    "TrainHypernetwork",
    category="training",
    title="Train Hypernetwork",
    search=["webui", "style"],
    fingerprint=course.lost("hypernetworks", ".pt"),
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
    seed: Seed = 0,
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
    """
    plan = course.planned(learning, steps, learning_rate, batch_size, seed, objective, captions)
    target = course.target(ctx, "hypernetworks", name, ".pt")
    with course.told():
        structure = Structure.of(layers, activation, layer_norm, activate_output, initialization)
        trained = TrainedHypernetwork(model, structure, seed)
        samples = course.samples(ctx, dataset, buckets_of(resolution, bucket_step), vae, model, flip)
        trainer = Trainer(trained.on(model), trained.parameters, samples, course.states(ctx, dataset, clip), plan)

        def save(path: Path, done: int) -> None:
            trained.save(path, name, done)

        run = course.run(
            ctx, target, model, clip, vae, dataset, plan, (asdict(structure), resolution, bucket_step, flip)
        )
        training = course.Course(trainer, trained.attached, run, target, save, gradient_checkpointing, monitor, vae)
        loss = training.follow(ctx, steps, save_every)
    return Trained(trained.kept(model), target.name, loss)
