"""The node that trains textual inversions."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

from diffusion.training import embedding as inversion
from diffusion.training.metadata import Training, metadata_of
from diffusion.training.pictures import Dataset as Pictures
from diffusion.training.trainer import Plan, Trainer
from graph.declare import Advanced, Choice, Context, FixedSeed, InputError, Multiline, Range, node
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
from nodes.training_beginnings import BeginWithEmbedding, beginning, content_of
from nodes.training_files import texts_of
from nodes.training_lesson import Lesson

METHOD = "textual inversion"
OBJECT, STYLE, CAPTIONS, OWN = "object", "style", "captions", "own"


class Inverted(NamedTuple):
    """Text encoders that know a new word, and the word."""

    CLIP: Clip
    word: str
    loss: float
    run: TrainingRun


@node(
    "TrainTextualInversion",
    category="training",
    title="Train Textual Inversion",
    search=["embedding", "ti", "word", "concept"],
    output_node=True,
    gives_way=True,
)
def train_textual_inversion(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    vae: Vae,
    dataset: Dataset,
    name: str = "my_word",
    initial_words: str = "object",
    vectors: Annotated[int, Range(1, 75)] = 2,
    steps: course.Steps = 1000,
    learning_rate: Annotated[float, Range(0, 10, step=0.0001)] = 0.005,
    batch_size: course.BatchSize = 1,
    resolution: course.Resolution = 512,
    seed: FixedSeed = 0,
    save_every: Annotated[int, Range(0, 1_000_000)] = 0,
    texts: Annotated[str, Choice((OBJECT, STYLE, CAPTIONS, OWN))] = OBJECT,
    own_texts: Annotated[str, Multiline(), Advanced()] = "a photo of {}",
    flip: Annotated[bool, Advanced()] = False,
    bucket_step: Annotated[int, Range(8, 256, step=8), Advanced()] = 64,
    gradient_checkpointing: Annotated[bool, Advanced()] = False,
    captions: CaptionOptions | None = None,
    objective: Objective | None = None,
    learning: LearningOptions | None = None,
    monitor: TrainingMonitor | None = None,
    begin_with: BeginWithEmbedding = "",
) -> Inverted:
    """Teach the text encoders a new word for what a few pictures show; the model itself does not change at all.

    In prompts the word is embedding:name. Runs are stopped and go on as those of Train LoRA.

    model: What has to paint the pictures.
    clip: Its text encoders.
    vae: Its VAE.
    dataset: Pictures of what the word is to mean.
    name: Of the word, and of the file in models/embeddings.
    initial_words: What the word means at first.
    vectors: How many tokens the word takes; more hold more.
    steps: How often it learns from a batch.
    learning_rate: How much the word changes in a step.
    batch_size: Pictures that are learned from at once.
    resolution: Side of the square that has the area of a training picture: 512 for SD 1.x, 1024 for SDXL.
    seed: The same seed trains the same.
    save_every: So often a file is saved beside the last one, to compare them; 0 saves the last one alone.
    texts: What the pictures are asked for with: sentences about an object or a style, or the pictures' captions with {}
        where the word belongs (at the front, if it is nowhere), or your own.
    own_texts: A sentence a line, with {} for the word.
    flip: Learn from mirrored pictures too.
    bucket_step: What the sides of training pictures are multiples of.
    gradient_checkpointing: Needs much less memory, and a third more time.
    captions: What happens to captions.
    objective: What being wrong costs.
    learning: The optimizer, and how the learning rate changes.
    monitor: What is looked at meanwhile.
    begin_with: A word to go on from; initial_words and vectors are those of the file then.
    """
    name = course.named(ctx, name)
    plan = course.planned(
        learning or Plan(weight_decay=0.0), steps, learning_rate, batch_size, seed, objective, captions
    )
    if " " in name:
        raise InputError("name", "A word in a prompt has no spaces: write my_word.")
    target = course.target(ctx, "embeddings", name)
    before = beginning(ctx, "embeddings", begin_with, target)
    with course.told():
        begun = inversion.TrainedEmbedding.of(name, clip, before) if before else None
        word = begun or inversion.TrainedEmbedding.new(name, clip, vectors, initial_words)
        dataset = _asked(dataset, word.word, texts, own_texts)
        if monitor is not None:
            monitor = replace(monitor, held_out=_asked(monitor.held_out, word.word, texts, own_texts))
        lesson = Lesson(
            ctx, model, clip, vae, dataset, plan, target, resolution, bucket_step, flip, gradient_checkpointing, monitor
        )
        states = inversion.live_states(word.on(clip))
        trainer = Trainer(model, word.parameters, lesson.samples(), states, plan, texts_learn=True)

        def save(training: Training, path: Path, done: int) -> None:
            word.save(path, texts_of(ctx, metadata_of(training, done, "textual-inversion")))

        asked = (content_of(before) or (initial_words, vectors),)
        training = lesson.course(trainer, word.attached, METHOD, asked, save, lesson.held_out())
        loss, finished = training.follow(ctx, steps, save_every)
    return Inverted(word.kept(clip), word.word, loss, finished)


def _asked(dataset: Pictures, word: str, texts: str, own: str) -> Pictures:
    """The pictures with texts that have the word: one of several, written as captions have choices."""
    if texts == CAPTIONS:
        return replace(
            dataset, pictures=tuple(replace(each, caption=_with(each.caption, word)) for each in dataset.pictures)
        )
    lines = {OBJECT: inversion.OBJECT_TEMPLATES, STYLE: inversion.STYLE_TEMPLATES}.get(texts)
    lines = lines or tuple(line.strip() for line in own.splitlines() if line.strip()) or ("{}",)
    caption = "{" + "|".join(_with(line, word) for line in lines) + "}"
    return replace(dataset, pictures=tuple(replace(each, caption=caption) for each in dataset.pictures))


def _with(text: str, word: str) -> str:
    return text.replace("{}", word) if "{}" in text else f"{word} {text}"
