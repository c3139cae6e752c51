"""The scheduled words take effect: the first picture is green in the end, the other one stays red."""

from tests.templates.produced import share

RED, GREEN = (0.85, 0.1, 0.15), (0.2, 0.6, 0.25)


def check(produced):
    (scheduled,), (plain,) = produced.pictures("Scheduled picture"), produced.pictures("Plain picture")
    assert share(scheduled, GREEN) > 0.1 > share(scheduled, RED)
    assert share(plain, RED) > 0.1 > share(plain, GREEN)
