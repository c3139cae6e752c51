import subprocess
import sys
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

from diffusion.torchvision_ops import ensure, non_maximum_suppression


def overlap(a: list[float], b: list[float]) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (area - width * height)


def boxes_of(values: list[tuple[int, int, int, int]]) -> torch.Tensor:
    return torch.tensor([[x, y, x + w, y + h] for x, y, w, h in values], dtype=torch.float32).reshape(-1, 4)


box = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 20))


@given(st.lists(box, max_size=12))
def test_kept_boxes_are_the_greedy_choice(values):
    boxes = boxes_of(values)
    scores = torch.arange(len(values), 0, -1).float()
    kept: list[int] = []
    for index in range(len(values)):
        if all(overlap(boxes[index].tolist(), boxes[other].tolist()) <= 0.5 for other in kept):
            kept.append(index)
    assert non_maximum_suppression(boxes, scores, 0.5).tolist() == kept


def test_torchvision_works_beside_this_torch():
    program = (
        "import diffusion, torch, torchvision\n"
        "boxes = torch.tensor([[0., 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])\n"
        "print(torchvision.ops.nms(boxes, torch.tensor([.9, .8, .7]), 0.5).tolist())"
    )
    root = Path(__file__).resolve().parents[2]
    answer = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert answer.stdout.strip() == "[0, 2]", answer.stderr


def test_asking_again_changes_nothing():
    assert ensure() in ("declared", "native", "imported")
    assert ensure() in ("declared", "native", "imported")
