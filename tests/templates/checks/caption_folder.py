"""Each shipped example has a caption that names what it shows."""

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (table,) = produced.tables("CaptionFolder")
    captions = dict(table["rows"])
    for name in ("cat", "house", "rocket", "heart"):
        assert name in captions[f"{name}.png"]
    assert captions["cat.png"].startswith("a large orange cat on a green background")
    assert len(produced.pictures("Some of the pictures")) == 4
