"""The node that trains ControlNets, and the one that gives preprocessors the pictures that are trained with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from diffusion import devices
from diffusion.control.load import load_control_net
from diffusion.images.files import PictureError, encode_png, load_picture
from diffusion.training import pictures
from diffusion.training.controlnet import ControlNetTrainer, TrainedControlNet
from diffusion.training.hints import PairingError, check_count, paired, with_hints
from diffusion.training.identity import fingerprint
from diffusion.training.metadata import Training, metadata_of
from diffusion.training.samples import Sample
from diffusion.training.trainer import evenly
from graph.declare import Advanced, Choice, Context, FixedSeed, InputError, Range, node
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
    TrainingRun,
    Vae,
)
from nodes.training_dreambooth import FORMATS, PICTURES
from nodes.training_files import texts_of
from nodes.training_lesson import Lesson

NONE_HELD_OUT = "Held-out pictures take conditions too: link what the preprocessor makes of them, or hold none out."
NOT_BOTH = "Link either conditions or condition_pictures: what the ControlNet is to follow, made of each picture."


class Trained(NamedTuple):
    """A ControlNet, and the file that holds it."""

    CONTROL_NET: ControlNet
    control_net_name: str
    loss: float
    run: TrainingRun


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
    output_node=True,
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
    seed: FixedSeed = 0,
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
    held_out_conditions: list[Image] | None = None,
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
    held_out_conditions: What a preprocessor has made of the pictures that the monitor holds out, in their order; where
        there is a folder of conditions, theirs lie in it too.
    """
    name = course.named(ctx, name)
    plan = course.planned(learning, steps, learning_rate, batch_size, seed, objective, captions)
    target = course.target(ctx, "controlnet", name)
    hints = _conditions(ctx, dataset, conditions, condition_pictures)
    with course.told():
        trained = TrainedControlNet.of(control_net, model, name) if control_net else None
        begun = fingerprint(trained.network.state_dict()) if trained else None
        trained = trained or TrainedControlNet.new(model, name, seed)
        lesson = Lesson(
            ctx, model, clip, vae, dataset, plan, target, resolution, bucket_step, flip, gradient_checkpointing, monitor
        )
        samples = lesson.samples()
        try:
            samples = with_hints(samples, dataset.pictures, hints, lesson.buckets, ctx.check)
        except PairingError as error:
            raise InputError("conditions" if conditions else "condition_pictures", str(error)) from error
        held_out = _held_out(lesson, held_out_conditions, condition_pictures)
        trainer = ControlNetTrainer(model, trained, samples, lesson.states(), plan, joint_rate=joint_rate)

        def save(training: Training, path: Path, done: int) -> None:
            trained.save(path, FORMATS[saved_as], texts_of(ctx, metadata_of(training, done, "controlnet")))

        asked = ("ControlNet", [hint.content for hint in hints], begun, joint_rate)
        training = lesson.course(trainer, trained.attached, "ControlNet", asked, save, held_out)
        loss, finished = training.follow(ctx, steps, save_every)
    return Trained(load_control_net(target, device=devices.current()), target.name, loss, finished)


def _held_out(lesson: Lesson, images: Sequence[Image] | None, folder: pictures.Dataset | None) -> list[Sample]:
    """The monitor's pictures with their conditions, if it holds some out."""
    held_out, monitor = lesson.held_out(), lesson.monitor
    if monitor is None or not held_out:
        return []
    if images is None and folder is None:
        raise InputError("held_out_conditions", NONE_HELD_OUT)
    shown = monitor.held_out.pictures
    hints = _conditions(lesson.ctx, monitor.held_out, images, None if images else folder)
    try:
        check_count(shown, hints)
        return with_hints(held_out, evenly(shown), evenly(hints), lesson.buckets, lesson.ctx.check)
    except PairingError as error:
        raise InputError("held_out_conditions" if images else "condition_pictures", str(error)) from error


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
