"""The ground is blue, and what stands on it is not: neither prompt was lost."""

from tests.templates.produced import share


def check(produced):
    (picture,) = produced.pictures("SaveImage")
    assert share(picture, (0.3, 0.5, 0.9), 0.4) > 0.2
    assert share(picture[32:96, 32:96], (0.3, 0.5, 0.9), 0.4) < 0.5
