"""Which pictures are held out: some of each concept, the same ones whatever others come or go."""

from pathlib import Path

import pytest

from diffusion.training.holding_out import held_out
from diffusion.training.pictures import Dataset, DatasetError, TrainingPicture


def pictures(**counts: int) -> Dataset:
    """So many of each concept."""
    return Dataset(
        tuple(
            TrainingPicture(Path(f"{concept}{at}.png"), f"{concept}{at}", "", concept, 1, (64, 64), f"{concept}{at}")
            for concept, count in counts.items()
            for at in range(count)
        )
    )


def names(dataset: Dataset) -> list[str]:
    return [each.name for each in dataset.pictures]


@pytest.mark.parametrize(
    ("share", "count", "kept"),
    [
        (0.3, 0, {"cat": 7, "dog": 2, "one": 1}),
        (0.01, 0, {"cat": 9, "dog": 2, "one": 1}),
        (0.1, 5, {"cat": 5, "dog": 1, "one": 1}),
    ],
)
def test_of_each_concept_some_are_held_out_and_never_all(share, count, kept):
    whole = pictures(cat=10, dog=3, one=1)
    trained, held = held_out(whole, share, count, 0)
    assert {concept: sum(each.concept == concept for each in trained.pictures) for concept in kept} == kept
    assert sorted(names(trained) + names(held)) == sorted(names(whole))
    assert names(trained) == [name for name in names(whole) if name in names(trained)]


def test_the_same_are_held_out_whatever_others_come():
    few, more = (names(held_out(pictures(cat=count), 0.1, 4, 7)[1]) for count in (20, 21))
    assert len({*few} - {*more}) <= 1
    turned = Dataset(pictures(cat=20).pictures[::-1])
    assert names(held_out(turned, 0.1, 4, 7)[1]) == few[::-1]
    assert names(held_out(pictures(cat=20), 0.1, 4, 8)[1]) != few


def test_equal_files_are_on_the_same_side_and_common_ones_are_trained_with():
    twice = pictures(cat=4) + pictures(cat=4)
    trained, held = held_out(twice, 0.5, 0, 0)
    assert not {*names(trained)} & {*names(held)}
    assert len(names(held)) == 4
    common = Dataset(tuple(pictures(cat=2).pictures[:1]) * 2) + pictures(dog=1)
    with pytest.raises(DatasetError, match="No picture can be held out"):
        held_out(common, 0.5, 0, 0)
