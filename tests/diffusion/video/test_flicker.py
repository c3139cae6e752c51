"""Flicker. Oracles: closed forms for frames that are shifted or brightened by known amounts."""

import numpy as np
import pytest
import torch

from diffusion.video.flicker import METHODS, measure
from diffusion.video.seeds import POLICIES, seeds


def texture() -> torch.Tensor:
    rng = np.random.default_rng(0)
    smooth = torch.nn.functional.interpolate(
        torch.from_numpy(rng.random((1, 3, 16, 16))).float(), (96, 96), mode="bicubic", align_corners=False
    )
    return smooth[0].movedim(0, -1).clamp(0.2, 0.8)


@pytest.mark.parametrize("method", METHODS)
def test_light_that_goes_on_and_off_is_flicker(method):
    still = texture().expand(5, -1, -1, -1).clone()
    blinking = still + torch.tensor([0.1, -0.1, 0.1, -0.1, 0.1]).view(-1, 1, 1, 1)
    found = measure(blinking, still, method)
    assert found.value == pytest.approx(0.2, abs=1e-4)
    assert found.of_source == pytest.approx(0, abs=1e-6)
    assert found.excess == pytest.approx(0.2, abs=1e-4)
    assert len(found.steps) == 4


def test_movement_is_no_flicker_along_itself():
    moving = torch.stack([texture()[8:80, 8 + step * 2 : 80 + step * 2] for step in range(4)])
    along, in_place = measure(moving), measure(moving, method="in place")
    assert in_place.value == pytest.approx(float((moving[1:] - moving[:-1]).abs().mean()), abs=1e-6)
    assert along.value < in_place.value / 8
    # What the source does itself is not held against a video that follows it.
    assert measure(1 - moving, moving).excess < in_place.value / 20


def test_one_frame_does_not_flicker():
    assert measure(texture()[None]).value == 0


def test_seeds_of_frames():
    assert seeds(5, "fixed", 3) == [5, 5, 5]
    assert seeds(2**64 - 1, "increment", 3) == [2**64 - 1, 0, 1]
    drawn = seeds(5, "random", 50)
    assert drawn[0] == 5
    assert len(set(drawn)) == 50
    assert drawn == seeds(5, "random", 50)
    assert all(len(seeds(1, policy, 0)) == 0 for policy in POLICIES)
