"""The later the second model takes over, the less of its ghost is in the picture, down to nothing."""

from tests.templates.produced import share, tiles

WHITE = (0.9, 0.85, 0.93)
VALUES = {f"Switch at {moment}.steps": 10 for moment in ("0", "0.5", "0.7", "1")}


def check(produced):
    (sheet,) = produced.pictures("SaveImage")
    ghosts = [share(picture, WHITE, 0.25) for picture in tiles(sheet)]
    assert ghosts[0] > 0.04
    assert ghosts == sorted(ghosts, reverse=True)
    assert ghosts[-1] < 0.02
