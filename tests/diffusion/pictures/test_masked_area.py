"""The way of a mask to the latent. The numbers were computed from the WebUI's definition by an independent script."""

import pytest
import torch

from diffusion.images.regions import Box
from diffusion.pictures.masked_area import latent_mask, softened, working_box

EDGE = [0, 0, 1, 3, 7, 12, 21, 32, 48, 67, 90, 115, 140]


@pytest.fixture
def square():
    mask = torch.zeros(1, 64, 64)
    mask[:, 16:48, 16:48] = 1
    return mask


def levels(mask: torch.Tensor) -> list[int]:
    return (mask * 255).round().int().tolist()


def test_a_mask_is_blurred_as_the_webui_does(square):
    soft = softened(square, 4)
    assert levels(soft[0, 32, 4:17]) == EDGE
    assert levels(soft[0, 4:17, 32]) == EDGE
    assert torch.equal(softened(square, 0), square)


def test_the_axes_may_differ(square):
    across = softened(square, 4, 0)
    assert levels(across[0, 32, 4:17]) == EDGE
    assert across[0, :16].max() == 0


def test_a_latent_mask_is_black_and_white(square):
    cells = latent_mask(softened(square, 4), 8, 8)
    wanted = torch.zeros(8, 8)
    wanted[2:6, 2:6] = 1
    assert torch.equal(cells[0, 0], wanted)
    soft = latent_mask(softened(square, 4), 8, 8, soft=True)
    assert ((soft > 0) & (soft < 1)).any()
    assert torch.equal(soft.round(), cells)


@pytest.mark.parametrize(
    ("marked", "work", "picture", "expected"),
    [
        ((100, 100, 228, 132), (512, 512), (512, 512), (100, 52, 228, 180)),
        ((0, 0, 100, 50), (512, 512), (512, 512), (0, 0, 100, 100)),
        ((400, 10, 512, 200), (512, 512), (512, 512), (322, 10, 512, 200)),
        ((10, 10, 500, 20), (512, 768), (512, 512), (10, 0, 500, 512)),
        ((200, 200, 260, 300), (768, 512), (1024, 1024), (155, 200, 305, 300)),
    ],
)
def test_the_working_box_has_the_proportions_of_the_work(marked, work, picture, expected):
    mask = torch.zeros(1, picture[1], picture[0])
    Box(*marked).cut(mask).fill_(1)
    assert working_box(mask, 0, work[0] / work[1]) == expected


def test_padding_goes_to_the_edge_at_most():
    mask = torch.zeros(1, 40, 50)
    mask[:, 5:10, 20:30] = 0.01
    assert working_box(mask, 8, 26 / 18) == (12, 0, 38, 18)
    assert working_box(torch.zeros(1, 8, 8), 8, 1) is None
