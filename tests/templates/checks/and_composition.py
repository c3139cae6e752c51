"""On the ground that both prompts ask for there is something of the colours of both."""

from tests.templates.produced import share


def check(produced):
    (picture,) = produced.pictures("SaveImage")
    assert share(picture, (0.35, 0.55, 0.9)) > 0.3
    assert share(picture[32:96, 32:96], (0.95, 0.5, 0.3), 0.35) > 0.3
