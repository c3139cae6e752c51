"""The node that trains ControlNets, and the one that gives preprocessors the pictures that are trained with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from diffusion import devices
from diffusion.control.load import load_control_net
from diffusion.images.files import PictureError, encode_png, load_picture
from diffusion.training import pictures
from diffusion.training.controlnet import ControlNetTrainer, TrainedControlNet
from diffusion.training.hints import PairingError, paired, with_hints
from diffusion.training.identity import fingerprint
from graph.declare import Advanced, Choice, Context, InputError, Range, Seed, node
from nodes import training_course as course
from nodes.sockets import (
    CaptionOptions,
    Clip,
    ControlNet,
    Dataset,
    Image,
    LearningOptions,
    Model,
    Objective,
    TrainingMonitor,
    Vae,
)
from nodes.training_dreambooth import FORMATS, PICTURES
from nodes.training_pictures import buckets_of

NOT_BOTH = "Link either conditions or condition_pictures: what the ControlNet is to follow, made of each picture."


class Trained(NamedTuple):
    """A ControlNet, and the file that holds it."""

    CONTROL_NET: ControlNet
    control_net_name: str
    loss: float


@node(
    "TrainingPicturesAsImages",
    category="training",
    title="Training Pictures as Images",
    search=["conditions", "controlnet", "preprocess", "dataset"],
)
def training_pictures_as_images(ctx: Context, dataset: Dataset) -> list[Image]:
    """Give the pictures that are trained with to other nodes, one after the other: to a preprocessor, which makes the
    conditions of a ControlNet's training.

    dataset: Pictures with captions.
    """
    found = []
    try:
        for picture in dataset.pictures:
            ctx.check()
            found.append(load_picture(picture.path).images[:1])
    except PictureError as error:
        raise InputError("dataset", str(error)) from error
    return found


@node(
    "TrainControlNet",
    category="training",
    title="Train ControlNet",
    search=["control", "condition", "zero convolution", "hint"],
    fingerprint=course.lost("controlnet"),
    gives_way=True,
)
def train_control_net(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    vae: Vae,
    dataset: Dataset,
    conditions: list[Image] | None = None,
    condition_pictures: Dataset | None = None,
    control_net: ControlNet | None = None,
    name: str = "my_control",
    steps: course.Steps = 10_000,
    learning_rate: Annotated[float, Range(0, 10, step=0.000001)] = 1e-5,
    batch_size: course.BatchSize = 4,
    resolution: course.Resolution = 512,
    seed: Seed = 0,
    save_every: Annotated[int, Range(0, 1_000_000)] = 0,
    joint_rate: Annotated[float, Range(0.01, 1000, step=0.01), Advanced()] = 1.0,
    saved_as: Annotated[str, Choice(tuple(FORMATS)), Advanced()] = "float16",
    flip: Annotated[bool, Advanced()] = False,
    bucket_step: Annotated[int, Range(8, 256, step=8), Advanced()] = 64,
    gradient_checkpointing: Annotated[bool, Advanced()] = False,
    captions: CaptionOptions | None = None,
    objective: Objective | None = None,
    learning: LearningOptions | None = None,
    monitor: TrainingMonitor | None = None,
) -> Trained:
    """Teach a copy of the model's encoder to make it follow pictures: edges, depth, poses, scribbles …

    It learns from pairs of a picture and its condition, what a preprocessor makes of it, and takes thousands of pairs.
    The model stays as it is. Runs are stopped and go on as those of Train LoRA; their snapshots are large.

    model: What is to follow conditions: SD 1.x, SD 2.x or SDXL.
    clip: Its text encoders, which do not change.
    vae: Its VAE.
    dataset: Pictures with captions.
    conditions: What a preprocessor has made of each picture, in the pictures' order.
    condition_pictures: Instead of these, a folder of conditions that have the pictures' names.
    control_net: One to go on from; without it a new one is made of the model.
    name: Of the file in models/controlnet.
    steps: How often it learns from a batch.
    learning_rate: How much it changes in a step: about 0.00001.
    batch_size: Pictures that are learned from at once: 4 or more, if memory allows.
    resolution: Side of the square that has the area of a training picture: 512 for SD 1.x, 1024 for SDXL.
    seed: The same seed trains the same.
    save_every: So often a file is saved beside the last one, to compare them; 0 saves the last one alone.
    joint_rate: The convolutions that begin at zero learn so many times as fast; small models want about 6.
    saved_as: The number format of the file.
    flip: Learn from mirrored pairs too.
    bucket_step: What the sides of training pictures are multiples of.
    gradient_checkpointing: Needs much less memory, and a third more time.
    captions: What happens to captions: a dropout of up to 0.5 makes it read the condition rather than the prompt.
    objective: What being wrong costs.
    learning: The optimizer, and how the learning rate changes.
    monitor: What is looked at meanwhile.
    """
    plan = course.planned(learning, steps, learning_rate, batch_size, seed, objective, captions)
    target = course.target(ctx, "controlnet", name)
    buckets = buckets_of(resolution, bucket_step)
    hints = _conditions(ctx, dataset, conditions, condition_pictures)
    with course.told():
        trained = TrainedControlNet.of(control_net, model, name) if control_net else None
        begun = fingerprint(trained.network.state_dict()) if trained else None
        trained = trained or TrainedControlNet.new(model, name, seed)
        samples = course.samples(ctx, dataset, buckets, vae, model, flip)
        try:
            samples = with_hints(samples, dataset.pictures, hints, buckets, ctx.check)
        except PairingError as error:
            raise InputError("conditions" if conditions else "condition_pictures", str(error)) from error
        states = course.states(ctx, dataset, clip)
        trainer = ControlNetTrainer(model, trained, samples, states, plan, joint_rate=joint_rate)

        def save(path: Path, done: int) -> None:
            metadata = {course.NAMED: name, "ss_steps": str(done), "ss_learning_rate": str(learning_rate)}
            trained.save(path, model, FORMATS[saved_as], {**metadata, "modelspec.title": name})

        asked = ("ControlNet", [hint.content for hint in hints], begun, joint_rate, resolution, bucket_step, flip)
        run = course.run(ctx, target, model, clip, vae, dataset, plan, asked)
        training = course.Course(trainer, trained.attached, run, target, save, gradient_checkpointing, monitor, vae)
        loss = training.follow(ctx, steps, save_every)
    return Trained(load_control_net(target, device=devices.current()), target.name, loss)


def _conditions(
    ctx: Context, dataset: pictures.Dataset, images: Sequence[Image] | None, folder: pictures.Dataset | None
) -> list[pictures.TrainingPicture]:
    """The condition of each picture, as a file."""
    if (images is None) == (folder is None):
        raise InputError("conditions", NOT_BOTH)
    if folder is not None:
        try:
            return paired(dataset.pictures, folder.pictures)
        except PairingError as error:
            raise InputError("condition_pictures", str(error)) from error
    kept = ctx.folders.user / PICTURES
    kept.mkdir(parents=True, exist_ok=True)
    found: list[pictures.TrainingPicture] = []
    for image in (each for batch in images or () for each in batch):
        ctx.check()
        found += pictures.keep(kept, encode_png(image[..., :3]), "", "condition").pictures
    return found
