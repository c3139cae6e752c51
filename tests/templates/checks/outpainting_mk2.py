"""The picture is in the middle of a larger one, whose new part has its blue."""

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    assert picture.shape == (128, 128, 3)
    assert picture[60:68, 60:68].mean((0, 1)).argmax() == 0
    assert picture[:16].mean((0, 1)).argmax() == 2
