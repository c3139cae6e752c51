"""The node that says what is looked at while a model is trained."""

from typing import Annotated

from diffusion.training import pictures
from diffusion.training.sample_lines import SampleLineError, read_line
from diffusion.training.sample_pictures import Monitor, SamplePictures
from graph.declare import Advanced, FixedSeed, InputError, Multiline, Range, node
from nodes.sockets import Dataset, TrainingMonitor


@node(
    "TrainingMonitor",
    category="training",
    title="Training Monitor",
    search=["sample prompts", "validation", "held-out", "early stopping", "preview", "progress"],
)
def training_monitor(
    prompts: Annotated[str, Multiline()] = "",
    sample_every: Annotated[int, Range(0, 1_000_000)] = 250,
    validate_every: Annotated[int, Range(0, 1_000_000)] = 100,
    negative: Annotated[str, Multiline()] = "",
    seed: FixedSeed = 0,
    steps: Annotated[int, Range(1, 1000)] = 20,
    cfg: Annotated[float, Range(0, 100, step=0.1)] = 7.0,
    held_out: Dataset | None = None,
    stop_after: Annotated[int, Range(0, 1_000_000), Advanced()] = 0,
    keep_snapshots_every: Annotated[int, Range(0, 1_000_000), Advanced()] = 0,
) -> TrainingMonitor:
    """Look at a training while it runs: pictures of the model as it is then, and a loss that chance does not hide.

    What is learned in a step does not depend on it.

    prompts: A picture for each line; without any, the captions of the first training pictures. A line may have options
        of its own, as kohya's scripts take them: a ghost --n blurry --w 512 --h 768 --d 1 --s 28 --l 5 (negative
        prompt, width, height, seed, steps, cfg).
    sample_every: After so many steps the pictures are painted; 0 for only when you ask for them.
    validate_every: After so many steps the loss is measured at always the same noise, as it is wherever a file is
        saved; 0 for only then, and at the end.
    negative: What is not to be seen in the pictures.
    seed: Of the pictures, which are painted from the same noise each time.
    steps: Of each picture.
    cfg: How closely the pictures follow their prompts.
    held_out: Pictures that are not trained with: where their loss rises while that of the others falls, pictures are
        learned by heart.
    stop_after: The training ends when the loss (of the held-out pictures, if there are some) was measured so often
        without being lower than before; what had the lowest loss is kept. 0 never.
    keep_snapshots_every: Snapshots of so many steps, of twice as many, and so on, are never removed, so that the
        training can go back to fewer steps; 0 keeps the latest two.
    """
    if stop_after and not validate_every:
        raise InputError("stop_after", "It counts how often the loss is measured: set validate_every above 0.")
    lines = tuple(line.strip() for line in prompts.splitlines() if line.strip())
    try:
        for line in lines:
            read_line(line)
    except SampleLineError as error:
        raise InputError("prompts", str(error)) from error
    samples = SamplePictures(lines, negative, seed, steps, cfg)
    return Monitor(
        samples, sample_every, validate_every, held_out or pictures.Dataset(), stop_after, keep_snapshots_every
    )
