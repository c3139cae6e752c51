"""The node that holds pictures out of a training."""

from typing import Annotated, NamedTuple

from diffusion.training import holding_out, pictures
from graph.declare import FixedSeed, InputError, Range, node
from nodes.sockets import Dataset


class Split(NamedTuple):
    """Pictures to train with, and others to look at."""

    dataset: Dataset
    held_out: Dataset


@node(
    "SplitTrainingPictures",
    category="training",
    title="Split Training Pictures",
    search=["validation", "hold out", "test set", "overfitting", "dataset"],
)
def split_training_pictures(
    dataset: Dataset,
    share: Annotated[float, Range(0.01, 0.9, step=0.01)] = 0.1,
    count: Annotated[int, Range(0, 10_000)] = 0,
    seed: FixedSeed = 0,
) -> Split:
    """Hold pictures out of a training, for Training Monitor to say what the model makes of such as it has not seen.

    Of each concept some are held out, and never all. The same pictures are, whatever others come or go.

    dataset: Pictures with captions.
    share: The part of each concept that is held out.
    count: So many of each concept instead; 0 takes the share.
    seed: Another one holds out others.
    """
    try:
        return Split(*holding_out.held_out(dataset, share, count, seed))
    except pictures.DatasetError as error:
        raise InputError("dataset", str(error)) from error
