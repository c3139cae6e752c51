"""Detectors whose answers are known. Oracle: the geometry of a picture that is scaled into a square, and padded."""

import numpy as np
import pytest
import torch

from diffusion.images.detection import DetectorError, load_detector
from diffusion.weights import WeightsError
from nodes.image_details import find_things
from tests.diffusion.interrogation.onnx_writer import write_answers

# In a square of 640 pixels a picture of 320 x 160 is twice as large, and begins in row 160.
WIDE = torch.zeros(160, 320, 3)
SEEN = (1, 3, 640, 640)


def columns(*things, classes=2, more=()):
    """Columns as YOLO gives them: centre, size, a score for each class; most of them are nothing."""
    found = np.zeros((1, 4 + classes + len(more), 100), np.float32)
    for at, (x, y, width, height, number, score) in enumerate(things):
        found[0, :4, at] = x, y, width, height
        found[0, 4 + number, at] = score
        found[0, 4 + classes :, at] = more
    return found


def test_things_are_found_where_they_are_in_the_picture(tmp_path):
    path = tmp_path / "made.onnx"
    face, same, dog = (320, 320, 100, 50, 1, 0.9), (324, 322, 100, 50, 1, 0.8), (100, 400, 200, 120, 0, 0.7)
    found = columns(face, same, dog, (50, 400, 20, 20, 0, 0.2))
    write_answers(path, SEEN, {"output0": found}, "{0: 'dog', 1: 'face'}")
    dog, face = load_detector(path).find(WIDE, 0.5)
    assert (face.label, face.box) == ("face", (135, 67, 185, 93))
    # What the picture does not have is cut off.
    assert (dog.label, dog.box) == ("dog", (0, 90, 100, 150))
    assert (face.score, dog.score) == (pytest.approx(0.9), pytest.approx(0.7))
    assert face.outline is None


def test_lines_without_overlaps_are_read_too(tmp_path):
    path = tmp_path / "made.onnx"
    lines = np.zeros((1, 300, 6), np.float32)
    lines[0, 0] = 270, 295, 370, 345, 0.9, 1
    write_answers(path, SEEN, {"output0": lines}, "")
    (face,) = load_detector(path).find(WIDE)
    assert (face.box, face.label) == ((135, 67, 185, 93), "1")


def test_outlines_are_within_their_rectangle(tmp_path):
    path = tmp_path / "made.onnx"
    pictures = np.full((1, 32, 160, 160), -1, np.float32)
    pictures[0, 0, :, 80:] = 1  # the right half of the square
    weights = [9.0] + [0.0] * 31
    found = columns((320, 320, 100, 50, 0, 0.9), classes=1, more=weights)
    write_answers(path, SEEN, {"output0": found, "output1": pictures}, "{0: 'person'}")
    (person,) = load_detector(path).find(WIDE)
    rows, places = person.outline.nonzero().T
    assert person.outline.shape == (160, 320)
    assert (rows.min(), rows.max() + 1) == (67, 93)
    assert abs(int(places.min()) - 160) <= 1
    assert places.max() + 1 == 185


def test_files_that_are_no_detectors(tmp_path):
    path = tmp_path / "made.onnx"
    path.write_bytes(b"<html>")
    with pytest.raises(WeightsError, match="no ONNX network"):
        load_detector(path)
    write_answers(path, (1, 64), {"scores": np.zeros((1, 5), np.float32)}, "")
    with pytest.raises(WeightsError, match="no YOLO detector"):
        load_detector(path)
    write_answers(path, SEEN, {"output": np.zeros((1, 25200, 85), np.float32)}, "")
    with pytest.raises(DetectorError, match="version 8 or later"):
        load_detector(path).find(WIDE)


class Place:
    """What the node asks for of its context."""

    def __init__(self, folder):
        self.folders = self
        self._folder = folder

    def model_path(self, kind, name):
        assert kind == "annotators"
        return self._folder / name


def test_the_node_gives_a_mask_for_each_thing_of_a_name(tmp_path):
    found = columns((320, 320, 100, 50, 1, 0.9), (100, 400, 100, 120, 0, 0.7))
    write_answers(tmp_path / "made.onnx", SEEN, {"output0": found}, "{0: 'dog', 1: 'face'}")
    (mask,) = find_things(Place(tmp_path), WIDE[None], "made.onnx", names="Face, hand")
    assert mask.shape == (1, 160, 320)
    assert mask[0, 67:93, 135:185].all()
    assert mask.sum() == 26 * 50
    with pytest.raises(ValueError, match="no outlines"):
        list(find_things(Place(tmp_path), WIDE[None], "made.onnx", shape="outline"))
