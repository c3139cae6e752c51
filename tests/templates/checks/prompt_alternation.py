"""The mixtures of red and yellow lie between both: their hearts are orange, and the second one has more yellow."""

from tests.templates.produced import share, tiles

RED, YELLOW, ORANGE, BLUE = (0.85, 0.12, 0.15), (0.92, 0.85, 0.1), (0.92, 0.52, 0.1), (0.3, 0.55, 0.95)
VALUES = {f"{name}.steps": 12 for name in ("red", "yellow", "[red|yellow]", "[red|yellow|yellow]")}


def check(produced):
    (sheet,) = produced.pictures("SaveImage")
    red, yellow, mixed, more_yellow = tiles(sheet)
    for picture in (red, yellow, mixed, more_yellow):
        assert share(picture, BLUE) > 0.2
    assert share(red, RED) > 0.25
    assert share(yellow, YELLOW) > 0.25
    for picture in (mixed, more_yellow):
        assert share(picture, ORANGE, 0.25) > 0.25
    # Red and yellow differ in green alone.
    assert red[..., 1].mean() < mixed[..., 1].mean() < more_yellow[..., 1].mean() < yellow[..., 1].mean()
