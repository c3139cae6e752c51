"""Trainings of the embedded checkpoint truly learn: `bench.training_quality` in a tenth of its steps and more.

What is measured was never trained with: other pictures of the subject, other pictures of the class.
"""

from pathlib import Path

from bench.training_quality import Workplace, masks, methods, prior


def test_every_method_learns_a_subject_from_eight_pictures(tmp_path: Path) -> None:
    """The loss of other pictures of it falls, and what is painted has its colours."""
    rows = {name: (loss, likeness) for name, loss, likeness, _ in methods(Workplace(tmp_path, 0.1))}
    loss, likeness = rows.pop("before")
    assert set(rows) == {"LoRA", "LoHa", "LoCon", "DreamBooth", "textual inversion", "hypernetwork"}
    assert {name: found for name, found in rows.items() if found[0] > 0.95 * loss or found[1] < 1.5 * likeness} == {}
    # a word moves no weight, and so learns less than what does
    assert max(rows, key=lambda name: rows[name][0]) == "textual inversion"


def test_class_pictures_keep_the_class(tmp_path: Path) -> None:
    rows = {str(name): found for name, *found in prior(Workplace(tmp_path, 0.1))}
    subject, of_class = rows["before"]
    without, with_them = rows["without class pictures"], rows["with class pictures"]
    assert without[1] > 1.6 * of_class
    assert with_them[1] < 1.25 * of_class
    assert max(without[0], with_them[0]) < 0.7 * subject


def test_masks_keep_what_else_is_in_the_pictures_from_being_learned(tmp_path: Path) -> None:
    rows = {str(name): found for name, *found in masks(Workplace(tmp_path, 0.3))}
    (mascot, egg), without, masked = rows["before"], rows["without masks"], rows["with masks"]
    assert without[1] < 0.95 * egg < masked[1]  # the egg that stands beside it is learned too, or is not
    assert masked[0] < without[0] < mascot
