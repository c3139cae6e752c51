"""The red thing is on the left, the blue one on the right, and the ground is green."""

from tests.templates.produced import share

RED, BLUE, GREEN = (0.8, 0.2, 0.15), (0.15, 0.4, 0.85), (0.35, 0.7, 0.4)


def check(produced):
    (picture,) = produced.pictures("SaveImage")
    assert picture.shape == (128, 256, 3)
    left, right = picture[:, :128], picture[:, 128:]
    assert share(left, RED) > 0.1 > share(right, RED)
    assert share(right, BLUE) > 0.1 > share(left, BLUE)
    assert share(picture, GREEN) > 0.4
