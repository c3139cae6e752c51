"""The node that says what is looked at while a model is trained."""

from typing import Annotated

from diffusion.training.sample_pictures import Monitor, SamplePictures
from graph.declare import Multiline, Range, Seed, node
from nodes.sockets import TrainingMonitor


@node(
    "TrainingMonitor",
    category="training",
    title="Training Monitor",
    search=["sample prompts", "validation", "preview", "progress"],
)
def training_monitor(
    prompts: Annotated[str, Multiline()] = "",
    sample_every: Annotated[int, Range(0, 1_000_000)] = 250,
    validate_every: Annotated[int, Range(0, 1_000_000)] = 100,
    negative: Annotated[str, Multiline()] = "",
    seed: Seed = 0,
    steps: Annotated[int, Range(1, 1000)] = 20,
    cfg: Annotated[float, Range(0, 100, step=0.1)] = 7.0,
) -> TrainingMonitor:
    """Look at a training while it runs: pictures of the model as it is then, and a loss that chance does not hide.

    What is learned does not depend on it.

    prompts: A picture for each line; without any, the captions of the first training pictures.
    sample_every: After so many steps the pictures are painted; 0 for only when you ask for them.
    validate_every: After so many steps the loss is measured at always the same noise; 0 for only at the end.
    negative: What is not to be seen in the pictures.
    seed: Of the pictures, which are painted from the same noise each time.
    steps: Of each picture.
    cfg: How closely the pictures follow their prompts.
    """
    lines = tuple(line.strip() for line in prompts.splitlines() if line.strip())
    return Monitor(SamplePictures(lines, negative, seed, steps, cfg), sample_every, validate_every)
