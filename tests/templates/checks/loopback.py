"""Three pictures, the last one green."""

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    pictures = produced.pictures("SaveImage")
    assert len(pictures) == 3
    red, green, _ = pictures[-1][48:80, 48:80].mean((0, 1))
    assert green > red
