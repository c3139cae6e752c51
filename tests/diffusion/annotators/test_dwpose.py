"""DWPose with networks whose answers are known: its points come to lie where they were seen, drawn by the package."""

import colorsys
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from diffusion.annotators.boxes import distinct
from diffusion.annotators.dwpose import people, points
from diffusion.annotators.networks import quiet
from diffusion.annotators.registry import find
from diffusion.weights import WeightsError
from tests.diffusion.interrogation.onnx_writer import write_constants

with quiet():
    from controlnet_aux.open_pose import PoseResult, draw_poses
    from controlnet_aux.open_pose.body import BodyResult, Keypoint

SIZE = (384, 288)  # rows and columns that the second network sees
CELLS = 80**2 + 40**2 + 20**2


def detections(*found: tuple[int, int, float, float, float, int]) -> np.ndarray:
    """found: column and row of a cell of 32 pixels, width and height in pixels, certainty, kind; in its middle."""
    answer = np.zeros((1, CELLS, 85), np.float32)
    for column, row, width, height, certain, kind in found:
        line = answer[0, 80**2 + 40**2 + 20 * row + column]
        line[:5] = (0.5, 0.5, np.log(width / 32), np.log(height / 32), certain)
        line[5 + kind] = 1
    return answer


def test_people_are_found_once_and_where_they_are():
    """The picture is seen at twice its size, in BGR, with grey below it."""
    seen = []

    def detector(pixels):
        seen.append(pixels)
        near = (9, 10, 132, 260, 0.8, 0)  # a third of a cell beside the surest
        return [
            detections(
                (10, 10, 128, 256, 0.9, 0),
                near,
                (2, 2, 64, 64, 0.9, 1),
                (15, 3, 64, 64, 0.2, 0),
                (1, 8, 32, 64, 0.5, 0),
            )
        ]

    picture = np.zeros((240, 320, 3), np.uint8)
    picture[..., 0] = 200
    boxes = people(detector, picture)
    expected = [(336 - 64, 336 - 128, 336 + 64, 336 + 128), (48 - 16, 272 - 32, 48 + 16, 272 + 32)]
    assert boxes == pytest.approx(np.array(expected) / 2)
    assert seen[0].shape == (1, 3, 640, 640)
    assert seen[0][0, :, 0, 0].tolist() == [0, 0, 200]
    assert seen[0][0, :, 480, 0].tolist() == [114, 114, 114]


def test_boxes_that_overlap_by_more_are_one():
    """The second shares a third of the area of both together with the first."""
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [9, 9, 10, 10]], np.float32)
    scores = np.array([0.5, 0.9, 0.7], np.float32)
    assert distinct(boxes, scores, 0.3).tolist() == [1, 2]
    assert distinct(boxes, scores, 0.4).tolist() == [1, 2, 0]


@pytest.fixture
def matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one function that the package's drawing of hands takes from a package that need not be installed."""
    colors = SimpleNamespace(hsv_to_rgb=lambda hsv: np.array(colorsys.hsv_to_rgb(*hsv)))
    monkeypatch.setitem(sys.modules, "matplotlib", SimpleNamespace(colors=colors))


class Brightest:
    """A network that takes the brightest pixel for each of 133 points."""

    input_shape = (1, 3, *SIZE)

    def __call__(self, pixels: np.ndarray) -> list[np.ndarray]:
        row, column = np.unravel_index(pixels[0].sum(0).argmax(), SIZE)
        answers = [np.zeros((1, 133, 2 * side), np.float32) for side in (SIZE[1], SIZE[0])]
        answers[0][..., 2 * column], answers[1][..., 2 * row] = 0.9, 0.7
        return answers


@pytest.mark.parametrize("box", [(40, 20, 100, 200), (30, 60, 230, 120)])
def test_a_point_is_given_back_where_it_is_in_the_picture(box):
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[88:92, 66:70] = 255
    places, sure = points(Brightest(), picture, np.array(box, np.float32))
    assert places == pytest.approx(np.broadcast_to((67.5, 89.5), (133, 2)), abs=2.1)
    assert sure == pytest.approx(np.full(133, 0.7))


def test_a_person_is_drawn_with_neck_hands_and_face(tmp_path, matplotlib):
    """A person in the whole of a picture of the second network's size but for its margin, all points known."""
    write_constants(
        tmp_path / "yolox_l.onnx", (1, 3, 640, 640), detections((6, 8, 640 / 1.25 * 0.75, 640 / 1.25, 0.9, 0))
    )
    random = np.random.default_rng(0)
    places = random.integers(10, (SIZE[1] - 10, SIZE[0] - 10), (133, 2))
    answers = [np.zeros((1, 133, 2 * side), np.float32) for side in (SIZE[1], SIZE[0])]
    for axis in (0, 1):
        answers[axis][0, np.arange(133), 2 * places[:, axis]] = 0.9
    for unseen in (16, 30, 120):  # the right ankle, a point of the face and one of a hand
        answers[0][0, unseen] *= 0.1
    write_constants(tmp_path / "dw-ll_ucoco_384.onnx", (1, 3, *SIZE), *answers)

    # The centre of the box is at 208 and 272 of 640 in the detector's square, where the picture has 480 columns.
    shift = np.array([208, 272]) * SIZE[0] / 640 - np.array([SIZE[1], SIZE[0]]) / 2
    known = [Keypoint(*((place + shift) / (SIZE[1], SIZE[0]))) for place in places]
    neck = Keypoint(*(((places[5] + places[6]) / 2 + shift) / (SIZE[1], SIZE[0])))
    names = (0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)  # nose, right arm, left arm, right leg …
    body = [None if number == 16 else known[number] for number in names]
    body.insert(1, neck)
    outside = Keypoint(-1.0, -1.0)
    known[30] = known[120] = outside
    pose = PoseResult(BodyResult(body, 0, 0), known[91:112], known[112:133], [*known[23:91], known[2], known[1]])
    image = torch.zeros(1, *SIZE, 3)
    for body_too, hand, face in ((True, True, True), (True, False, False), (False, True, False), (False, False, True)):
        drawn = find("DWPreprocessor").annotate(
            image, folders=[tmp_path], resolution=0, body=body_too, hand=hand, face=face
        )
        expected = draw_poses([pose], *SIZE, body_too, hand, face)
        found = (drawn[0] * 255).round().byte().numpy()
        assert (found != expected).any(-1).mean() < 2e-3  # of rounding
        assert (expected > 0).any()


def test_nobody_is_drawn_in_an_empty_picture_and_missing_files_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"annotators: yolox_l\.onnx and dw-ll_ucoco_384\.onnx\. Put"):
        find("dwpose").annotate(torch.zeros(1, 64, 64, 3), folders=[tmp_path])
    write_constants(tmp_path / "yolox_l.onnx", (1, 3, 640, 640), detections())
    answers = [np.zeros((1, 133, 2 * side), np.float32) for side in (SIZE[1], SIZE[0])]
    write_constants(tmp_path / "dw-ll_ucoco_384.onnx", (1, 3, *SIZE), *answers)
    assert not find("dwpose").annotate(torch.rand(1, 64, 64, 3), folders=[tmp_path]).any()
