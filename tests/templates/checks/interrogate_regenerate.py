"""The cat is told in the words of the world, and what is painted from them is an orange cat on green again."""

from tests.templates.produced import Produced, share

ORANGE, GREEN = (0.95, 0.55, 0.15), (0.37, 0.75, 0.43)


def check(produced: Produced) -> None:
    (told,) = produced.texts("Interrogate")
    assert told.startswith("a large orange cat on a green background")
    (scores,) = produced.tables("Scores of all words")
    best = {row[1]: row[2] for row in reversed(scores["rows"])}
    assert (best["object"], best["colour"], best["background"], best["size"]) == ("cat", "orange", "green", "large")
    (painted,) = produced.pictures("SaveImage")
    assert painted.shape == (128, 128, 3)
    assert share(painted[32:96, 32:96], ORANGE) > 0.4
    assert share(painted[:16, :16], GREEN) > 0.9
