"""The heart is where it was, and green."""

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    red, green, _ = picture[48:80, 48:80].mean((0, 1))
    assert green > red
    assert picture[:12, :12].mean((0, 1)).argmax() == 2
