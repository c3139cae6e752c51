"""Pictures that are held out of a training, to see what it makes of such as it does not learn from."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from blake3 import blake3

from diffusion.training.pictures import Dataset, DatasetError, TrainingPicture


def held_out(dataset: Dataset, share: float, count: int, seed: int) -> tuple[Dataset, Dataset]:
    """A dataset without some of its pictures, and these, both in the dataset's order.

    Of each concept a share is held out, or `count` pictures if that is not 0; at least one, and never all. Which ones
    is a function of their contents: another picture more or less, or another order, changes one of them at most. Equal
    files are on the same side; one that several concepts have is not held out. Raises `DatasetError` where no concept
    has two pictures.
    """
    contents: dict[str, dict[str, None]] = {}
    for picture in dataset.pictures:
        contents.setdefault(picture.concept, {})[picture.content] = None
    concepts = Counter(content for each in contents.values() for content in each)
    chosen: set[str] = set()
    for each in contents.values():
        most = min(len(each) - 1, max(1, count or round(share * len(each))))
        free = [content for content in each if concepts[content] == 1]
        chosen |= set(sorted(free, key=lambda content: _rank(content, seed))[:most])
    if not chosen:
        raise DatasetError("No picture can be held out: give a concept two different pictures or more.")

    def where(wanted: bool) -> tuple[TrainingPicture, ...]:
        return tuple(picture for picture in dataset.pictures if (picture.content in chosen) is wanted)

    return replace(dataset, pictures=where(False)), replace(dataset, pictures=where(True), unreadable=())


def _rank(content: str, seed: int) -> bytes:
    return blake3(f"{seed} {content}".encode()).digest()
