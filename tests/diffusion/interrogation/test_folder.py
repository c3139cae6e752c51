"""Captions of a folder of pictures: what is written, kept, named and left alone."""

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.interrogation.captioner import Description
from diffusion.interrogation.folder import CaptionFiles, caption_folder, pictures


class Redness:
    """Tells how red a picture is, 0 to 255, and counts how often it was asked."""

    def __init__(self):
        self.asked = 0

    def describe(self, image: torch.Tensor) -> Description:
        self.asked += 1
        return Description(f"red {round(float(image[..., 0].mean()) * 255)}")


@pytest.fixture
def folder(tmp_path):
    for name, red in (("b.png", 20), ("a.jpg", 40), ("sub/c.webp", 60), (".hidden.png", 80)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((9, 7, 3), (red, 0, 0), np.uint8)).save(tmp_path / name, quality=100)
    (tmp_path / "b.txt").write_text("old words\n")
    (tmp_path / "notes.md").write_text("nothing")
    return tmp_path


def captions(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.txt"))}


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        ("skip", "old words\n"),
        ("overwrite", "a photo, red 20, x\n"),
        ("append", "old words, a photo, red 20, x\n"),
        ("prepend", "a photo, red 20, x, old words\n"),
    ],
)
def test_captions_that_are_there(folder, existing, expected):
    captioner = Redness()
    outcome = caption_folder(folder, captioner, CaptionFiles(existing, "a photo, ", ", x"))
    assert captions(folder) == {"a.txt": "a photo, red 40, x\n", "b.txt": expected}
    assert outcome.skipped == (["b.png"] if existing == "skip" else [])
    assert captioner.asked == (1 if existing == "skip" else 2)
    assert outcome.failures == {}


def test_subfolders_are_taken_when_asked_for(folder):
    outcome = caption_folder(folder, Redness(), CaptionFiles(), subfolders=True)
    assert set(captions(folder)) == {"a.txt", "b.txt", "sub/c.txt"}
    assert list(outcome.captions) == ["a.jpg", "sub/c.webp"]


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(folder):
    (folder / "0.png").write_bytes(b"no picture")
    (folder / "a.bmp").write_bytes((folder / "b.png").read_bytes())
    (folder / "c.png").write_bytes((folder / "b.png").read_bytes())
    (folder / "c.txt").write_bytes(b"\xff\xfe\xff")
    (folder / "d.png").write_bytes((folder / "b.png").read_bytes())
    (folder / "d.txt").mkdir()
    outcome = caption_folder(folder, Redness(), CaptionFiles("append"))
    assert set(outcome.failures) == {"0.png", "a.jpg", "c.png", "d.png"}
    assert "is not a picture" in outcome.failures["0.png"]
    assert "a.txt belongs to a.bmp already" in outcome.failures["a.jpg"]
    assert "c.txt is no text in UTF-8" in outcome.failures["c.png"]
    assert list(outcome.captions) == ["a.bmp", "b.png"]


def test_a_stop_leaves_whole_captions_and_no_pieces(folder):
    class Stopped(Exception):
        pass

    steps = []

    def stop(done, total):
        steps.append((done, total))
        if done == 1:
            raise Stopped

    with pytest.raises(Stopped):
        caption_folder(folder, Redness(), CaptionFiles("overwrite"), on_progress=stop)
    assert steps == [(0, 2), (1, 2)]
    assert captions(folder) == {"a.txt": "red 40\n", "b.txt": "old words\n"}
    assert not list(folder.glob("*.part")) + list(folder.glob(".*.part"))


def test_links_that_lead_out_of_the_folder_are_not_followed(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "far.png").write_bytes((folder / "b.png").read_bytes())
    (folder / "link").symlink_to(outside, target_is_directory=True)
    assert [path.name for path in pictures(folder, subfolders=True)] == ["a.jpg", "b.png", "c.webp"]
    (outside / "a.txt").write_text("theirs")
    (folder / "a.txt").symlink_to(outside / "a.txt")
    caption_folder(folder, Redness(), CaptionFiles("overwrite"))
    assert (outside / "a.txt").read_text() == "theirs"
    assert (folder / "a.txt").read_text() == "red 40\n"
