"""The heart has become green, on the same blue ground."""

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    assert picture.shape == (128, 128, 3)
    red, green, _ = picture[48:80, 48:80].mean((0, 1))
    assert green > red
    assert picture[:12, :12].mean((0, 1)).argmax() == 2
