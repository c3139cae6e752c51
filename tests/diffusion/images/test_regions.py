"""Rectangles against the WebUI's numbers; parts, holes and distances against scipy."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from diffusion.images import details, regions
from diffusion.images.regions import Box


def blobs(seed: int = 0) -> torch.Tensor:
    """A mask of blobs with holes."""
    noise = np.random.default_rng(seed).normal(size=(60, 50))
    return torch.from_numpy((ndimage.gaussian_filter(noise, 2) > 0).astype(np.float32))[None]


# (rectangle, size to work at, size of the picture, rectangle that the WebUI cuts out)
WEBUI = [
    ((100, 100, 228, 132), (512, 512), (512, 512), (100, 52, 228, 180)),
    ((0, 0, 100, 50), (512, 512), (512, 512), (0, 0, 100, 100)),
    ((400, 10, 512, 200), (512, 512), (512, 512), (322, 10, 512, 200)),
    ((10, 10, 500, 20), (512, 768), (512, 512), (10, 0, 500, 512)),
    ((200, 200, 260, 300), (768, 512), (1024, 1024), (155, 200, 305, 300)),
]


@pytest.mark.parametrize(("box", "work", "picture", "expected"), WEBUI)
def test_rectangles_grow_as_the_webui_lets_them(box, work, picture, expected):
    assert regions.with_aspect(Box(*box), work[0] / work[1], *picture) == expected


def test_bounds_and_padding():
    mask = torch.zeros(2, 20, 30)
    assert regions.bounds(mask) is None
    mask[0, 5:9, 10:13] = 0.2
    mask[1, 12, 25] = 1
    box = regions.bounds(mask)
    assert box == (10, 5, 26, 13)
    assert (box.width, box.height) == (16, 8)
    assert regions.padded(box, 6, 30, 20) == (4, 0, 30, 19)
    assert regions.with_size(Box(2, 3, 4, 6), 8, 4, 30, 20) == (0, 3, 8, 7)


def test_parts_are_those_that_scipy_labels():
    mask = blobs() * 0.8
    labels, count = ndimage.label(mask[0].numpy() > 0.5, np.ones((3, 3)))
    areas = sorted((int((labels == label).sum()) for label in range(1, count + 1)), reverse=True)
    parts = regions.parts(mask)
    assert [int((part > 0).sum()) for part in parts] == areas
    assert torch.equal(torch.stack(parts).sum(0), mask)
    large = [area for area in areas if area >= 20]
    assert len(regions.parts(mask, 20)) == len(large) < len(areas)
    assert len(regions.parts(mask, most=2)) == 2
    assert regions.parts(torch.zeros(1, 5, 5)) == []


def test_holes_are_filled_as_scipy_fills_them():
    mask = blobs()
    assert torch.equal(regions.fill_holes(mask)[0] > 0, torch.from_numpy(ndimage.binary_fill_holes(mask[0].numpy())))
    assert regions.fill_holes(mask).sum() > mask.sum()
    ring = torch.ones(1, 9, 9)
    ring[0, 2, 2] = 0
    ring[0, 5:7, 5:7] = 0
    assert regions.fill_holes(ring, 1).sum() == 81 - 4
    assert regions.fill_holes(ring, 4).sum() == 81


def test_small_parts_are_removed_as_by_their_labels():
    mask = blobs()
    labels, count = ndimage.label(mask[0].numpy(), np.ones((3, 3)))
    large = [label for label in range(1, count + 1) if (labels == label).sum() >= 30]
    assert 0 < len(large) < count
    assert torch.equal(regions.remove_small(mask, 30)[0] > 0, torch.from_numpy(np.isin(labels, large)))


def test_distances_are_those_of_scipy():
    mask = blobs()
    expected = ndimage.distance_transform_edt(mask[0].numpy())
    np.testing.assert_allclose(regions.distance_inside(mask)[0], expected, atol=1e-4)
    assert regions.distance_inside(torch.ones(1, 3, 3)).isinf().all()


def picture() -> torch.Tensor:
    return torch.rand(1, 60, 50, 3, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("feather", [0, 5])
@pytest.mark.parametrize("size", [(0, 0), (64, 48), (24, 0)])
def test_what_the_mask_does_not_touch_stays_bit_for_bit(feather, size):
    image, mask = picture(), blobs() * 0.9
    part = details.cut(image, mask, 3, *size)
    assert part.images.shape[1:3] == part.mask.shape[1:]
    assert part.images.shape[1] % 8 == part.images.shape[2] % 8 == 0
    if size[1]:
        assert part.images.shape[1:3] == (48, 64)
    pasted = details.paste(image, torch.ones_like(part.images), part.place, feather)
    outside = mask[0] == 0
    assert torch.equal(pasted[0][outside], image[0][outside])
    assert (pasted[0][~outside] > image[0][~outside]).all()


def test_a_feathered_part_fades_inwards_from_the_edge_of_the_mask_but_not_at_that_of_the_picture():
    image = torch.zeros(1, 24, 24, 3)
    mask = torch.zeros(1, 24, 24)
    mask[:, 8:, 8:] = 1
    part = details.cut(image, mask, 0)
    pasted = details.paste(image, torch.ones_like(part.images), part.place, 3)[0, ..., 0]
    np.testing.assert_allclose(pasted[20, 6:14], [0, 0, 0.25, 0.5, 0.75, 1, 1, 1], atol=1e-6)
    assert pasted[23, 23] == 1
    hard = details.paste(image, torch.ones_like(part.images), part.place)
    assert torch.equal(hard[..., 0], mask)


def test_an_unchanged_part_of_its_own_size_changes_nothing():
    image, mask = picture(), torch.zeros(1, 60, 50)
    mask[:, 20:31, 10:19] = 1
    part = details.cut(image, mask, 2)
    assert part.images.shape == (1, 16, 16, 3)  # 15 x 13 grown to what a latent can have
    assert torch.equal(part.images, part.place.box.cut(image))
    assert torch.equal(details.paste(image, part.images, part.place, 4), image)


def test_a_smooth_part_that_is_scaled_comes_back_nearly():
    ys, xs = torch.meshgrid(torch.linspace(0, 1, 60), torch.linspace(0, 1, 50), indexing="ij")
    image = torch.stack([ys, xs, ys * xs], -1)[None]
    mask = torch.zeros(1, 60, 50)
    mask[:, 20:40, 10:30] = 1
    part = details.cut(image, mask, 5, 96, 96)
    np.testing.assert_allclose(details.paste(image, part.images, part.place), image, atol=0.01)


def test_what_cannot_be_cut_or_pasted_is_said():
    image = picture()
    with pytest.raises(ValueError, match="mask is empty"):
        details.cut(image, torch.zeros(1, 60, 50), 0)
    with pytest.raises(ValueError, match="5 x 5 and 50 x 60"):
        details.cut(image, torch.ones(1, 5, 5), 0)
    part = details.cut(image, blobs(), 0)
    with pytest.raises(ValueError, match="50 x 60 pixels"):
        details.paste(image[:, :50], part.images, part.place)
