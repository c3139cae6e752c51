"""The node that keeps what a model knows of a class without pictures of the class."""

from dataclasses import replace
from typing import Annotated

from graph.declare import InputError, Range, node
from nodes.sockets import Dataset


@node(
    "PreserveClass",
    category="training",
    title="Preserve Class",
    search=["prior preservation", "differential output preservation", "dop", "regularization", "class images"],
)
def preserve_class(
    dataset: Dataset,
    word: str = "",
    class_word: str = "",
    concept: str = "class",
    weight: Annotated[float, Range(0, 100, step=0.01)] = 1.0,
) -> Dataset:
    """Train with each picture a second time, under a caption of its class, where the model learns to answer as ever: so
    it does not forget the class, and no pictures of the class are needed.

    For Train LoRA, Train DreamBooth and Train Hypernetwork. Such pictures take a third more time than others.

    dataset: Pictures of the subject, with the new word in their captions.
    word: What of the captions is new, such as ghst cat. Empty: the pictures are of the class themselves, and come once.
    class_word: What stands in its place then, such as cat.
    concept: What the losses of these pictures are called.
    weight: What they count; 0 is nothing.
    """
    kept = [
        replace(
            each,
            caption=each.caption.replace(word, class_word) if word else each.caption,
            concept=concept,
            weight=weight,
            mask=None,
            preserved=True,
        )
        for each in dataset.pictures
        if word in each.caption
    ]
    if not kept:
        raise InputError("word", f"No caption has '{word}' in it: write what the captions have for the subject.")
    return replace(dataset, pictures=(*(dataset.pictures if word else ()), *kept))
