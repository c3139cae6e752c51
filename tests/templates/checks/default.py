"""A red heart on a blue background, as the prompt says."""

from tests.templates.produced import share


def check(produced):
    (picture,) = produced.pictures("SaveImage")
    assert picture.shape == (128, 128, 3)
    assert share(picture, (0.85, 0.1, 0.15)) > 0.15
    assert share(picture, (0.25, 0.5, 0.95)) > 0.15
