"""The blue ground is there where it is asked for, and most of it where it counts twice; the heart is there always."""

from tests.templates.produced import share, tiles

RED, BLUE = (0.85, 0.15, 0.25), (0.3, 0.55, 0.95)
VALUES = {"heart.steps": 10, "heart AND blue.steps": 10, "AND blue :2.steps": 10, "AND blue :-1.steps": 10}


def check(produced):
    (sheet,) = produced.pictures("SaveImage")
    alone, both, twice, away = tiles(sheet)
    for picture in (alone, both, twice, away):
        assert share(picture[40:120, 40:120], RED, 0.4) > 0.3
    assert min(share(both, BLUE), share(twice, BLUE)) > 0.25
    assert max(share(alone, BLUE), share(away, BLUE)) < 0.05
    # What is led away from the ground has less blue than what was never asked for it.
    assert away[..., 2].mean() < alone[..., 2].mean() < both[..., 2].mean()
