"""The node that trains all weights of a model, and the one that makes training pictures of a graph's pictures."""

import json
from pathlib import Path
from typing import Annotated, NamedTuple

import torch

from diffusion.adapters import save_adapter
from diffusion.images.files import encode_png
from diffusion.saving import check_parts, save_checkpoint
from diffusion.training import pictures
from diffusion.training.metadata import Training, extracted_metadata, metadata_of
from diffusion.training.whole_weights import all_weights, as_lora
from graph.declare import Advanced, Choice, Context, FixedSeed, Folders, InputError, Range, node
from nodes import training_course as course
from nodes.sockets import (
    CaptionOptions,
    Clip,
    Dataset,
    Image,
    LearningOptions,
    Model,
    Objective,
    TrainingMonitor,
    TrainingRun,
    Vae,
)
from nodes.training_files import texts_of
from nodes.training_lesson import Lesson

PICTURES = "training_pictures"  # in the user's folder: pictures of graphs, called by their content
KEPT = f"{PICTURES}.json"  # beside it, as it may be deleted: how often some were gone, and those that results have
FORMATS = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}


def _times_gone(folders: Folders, **inputs: object) -> int:
    """How often kept pictures were gone, now counted too: then what has them is made anew, and so they are."""
    times, names = _kept(folders)
    return times + bool(names - _there(folders))


def _kept(folders: Folders) -> tuple[int, set[str]]:
    """How often pictures were gone, and those that results have since, by their names."""
    try:
        times, names = json.loads((folders.user / KEPT).read_text("utf-8"))
    except (OSError, ValueError):
        return 0, set()
    return times, set(names)


def _there(folders: Folders) -> set[str]:
    return {file.name for file in (folders.user / PICTURES).glob("*")}


def _remember(folders: Folders, times: int, made: pictures.Dataset) -> None:
    """Write down that results have these pictures, and that those are made anew that were gone."""
    _, names = _kept(folders)
    partial = (folders.user / KEPT).with_suffix(".part")
    kept = names & _there(folders) | {each.path.name for each in made.pictures}
    partial.write_text(json.dumps([times, sorted(kept)]), "utf-8")
    partial.replace(folders.user / KEPT)


class Trained(NamedTuple):
    """A model with what it has learned, and the checkpoint that holds it."""

    MODEL: Model
    ckpt_name: str
    loss: float
    CLIP: Clip
    lora_name: str
    run: TrainingRun


@node(
    "TrainingImages",
    category="training",
    title="Images as Training Pictures",
    search=["class images", "regularization", "prior preservation", "dataset"],
    fingerprint=_times_gone,
)
def training_images(
    ctx: Context,
    images: list[Image],
    caption: str = "",
    concept: str = "class",
    repeats: Annotated[int, Range(1, 10_000)] = 1,
    weight: Annotated[float, Range(0, 100, step=0.01)] = 1.0,
) -> Dataset:
    """Train with pictures that the graph makes: pictures of the class, so that the model does not forget what it knew.

    They are kept in the user folder, each once; as long as what makes them does not change, they are made once.

    images: Pictures, such as those of the model before the training.
    caption: What they show, without the new word.
    concept: What the losses of these pictures are called.
    repeats: How often each comes in an epoch.
    weight: What they count: the weight of the prior; 0 is none.
    """
    times = _times_gone(ctx.folders)
    folder = ctx.folders.user / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    found = pictures.Dataset()
    for image in (each for batch in images for each in batch):
        found += pictures.keep(folder, encode_png(image[..., :3]), caption, concept, repeats, weight)
    if not found.pictures:
        raise InputError("images", "There is no picture: link what makes some.")
    _remember(ctx.folders, times, found)
    return found


@node(
    "TrainDreamBooth",
    category="training",
    title="Train DreamBooth",
    search=["fine-tune", "checkpoint", "full", "prior preservation"],
    output_node=True,
    gives_way=True,
)
def train_dreambooth(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    vae: Vae,
    dataset: Dataset,
    name: str = "my_model",
    steps: course.Steps = 1000,
    learning_rate: Annotated[float, Range(0, 10, step=0.000001)] = 2e-6,
    text_learning_rate: Annotated[float, Range(0, 10, step=0.000001)] = 0.0,
    batch_size: course.BatchSize = 1,
    resolution: course.Resolution = 512,
    seed: FixedSeed = 0,
    save_every: Annotated[int, Range(0, 1_000_000)] = 0,
    saved_as: Annotated[str, Choice(tuple(FORMATS)), Advanced()] = "float16",
    lora_rank: Annotated[int, Range(0, 4096), Advanced()] = 0,
    flip: Annotated[bool, Advanced()] = False,
    bucket_step: Annotated[int, Range(8, 256, step=8), Advanced()] = 64,
    gradient_checkpointing: Annotated[bool, Advanced()] = False,
    captions: CaptionOptions | None = None,
    objective: Objective | None = None,
    learning: LearningOptions | None = None,
    monitor: TrainingMonitor | None = None,
) -> Trained:
    """Teach a model something by changing all its weights, and keep it as a checkpoint.

    With pictures of the class beside those of the subject it does not forget the class. Runs are stopped and go on as
    those of Train LoRA; their snapshots are large.

    model: What is taught.
    clip: Its text encoders.
    vae: Its VAE.
    dataset: Pictures with captions; of the subject, and perhaps of its class.
    name: Of the file in models/checkpoints.
    steps: How often it learns from a batch.
    learning_rate: How much it changes in a step: about 0.000002.
    text_learning_rate: The same of the text encoders, for SD 1.x about 0.000002 too; with 0 they stay as they are,
        as is usual for SDXL.
    batch_size: Pictures that are learned from at once.
    resolution: Side of the square that has the area of a training picture: 512 for SD 1.x, 1024 for SDXL.
    seed: The same seed trains the same.
    save_every: So often a file is saved beside the last one, to compare them; 0 saves the last one alone.
    saved_as: The number format of the file.
    lora_rank: Above 0, what was learned is also saved as a LoRA of this rank, in models/loras.
    flip: Learn from mirrored pictures too.
    bucket_step: What the sides of training pictures are multiples of.
    gradient_checkpointing: Needs much less memory, and a third more time.
    captions: What happens to captions.
    objective: What being wrong costs.
    learning: The optimizer, and how the learning rate changes.
    monitor: What is looked at meanwhile.
    """
    name = course.named(ctx, name)
    plan = course.planned(learning, steps, learning_rate, batch_size, seed, objective, captions)
    target = course.target(ctx, "checkpoints", name)
    lora = _lora(ctx, name, learning_rate or text_learning_rate) if lora_rank else None
    with course.told():
        check_parts(model, clip, vae)
        lesson = Lesson(
            ctx, model, clip, vae, dataset, plan, target, resolution, bucket_step, flip, gradient_checkpointing, monitor
        )
        samples = lesson.samples()
        trained = all_weights(model, clip, texts=text_learning_rate > 0)
        rates = dict.fromkeys(trained.of_texts, text_learning_rate)
        trainer = trained.trainer(model, samples, lesson.states(), plan, rates)

        def save(training: Training, path: Path, done: int) -> None:
            said = texts_of(ctx, metadata_of(training, done, text_rate=text_learning_rate))
            taught, texts = trained.on_model(model), trained.on_clip()
            save_checkpoint(path, taught, texts, vae, dtype=FORMATS[saved_as], metadata=said)
            if lora is not None and path == target:
                made = as_lora(trained, model, lora_rank, ctx.progress)
                said = texts_of(ctx, extracted_metadata(training, done, made.rank, text_learning_rate))
                save_adapter(lora, made.kinds, model, clip, dtype=torch.float16, metadata=said)

        asked = ("all weights", text_learning_rate)
        training = lesson.course(trainer, trained.attached, "DreamBooth", asked, save, lesson.held_out())
        loss, finished = training.follow(ctx, steps, save_every)
    if lora is not None:
        ctx.stands_for(lora)
    return Trained(trained.on_model(model), target.name, loss, trained.on_clip(), lora.name if lora else "", finished)


def _lora(ctx: Context, name: str, learning_rate: float) -> Path:
    """The LoRA that a training writes beside its checkpoint."""
    if not learning_rate:
        raise InputError("lora_rank", "With a learning rate of 0 nothing is learned that a LoRA could hold: set one.")
    return course.target(ctx, "loras", name)
