"""What a masked part starts from, with an autoencoder that takes means: then latents are known."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from diffusion.pictures.masked_content import CONTENTS, filled, start
from diffusion.sampling.noise import initial_noise
from tests.diffusion.sampling.gaussian import Space

MODEL = SimpleNamespace(latent_format=Space())


class Means:
    """A VAE whose latents are the mean colours of 8 x 8 pixels, and the mean of these."""

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        planes = F.avg_pool2d(images.movedim(-1, 1), 8)
        return torch.cat([planes, planes.mean(1, keepdim=True)], 1)


@pytest.fixture
def picture():
    generator = torch.Generator().manual_seed(1)
    image = torch.randint(0, 256, (1, 64, 64, 3), generator=generator) / 255
    mask = torch.zeros(1, 64, 64)
    mask[:, 16:48, 16:48] = 1
    return image, mask


def test_filling_leaves_what_is_not_masked_exactly(picture):
    image, mask = picture
    result = filled(image, mask)
    assert torch.equal(result[mask == 0], image[mask == 0])
    assert (result[mask == 1] != image[mask == 1]).any(-1).float().mean() > 0.9


def test_filling_continues_the_surroundings():
    red = torch.tensor([0.8, 0.2, 0.0]).expand(1, 64, 64, 3).clone()
    mask = torch.zeros(1, 64, 64)
    mask[:, 20:40, 20:40] = 1
    spoiled = torch.where(mask[..., None] == 1, 0.5, red)
    assert torch.allclose(filled(spoiled, mask), red, atol=5.5 / 255)  # 8 bits of premultiplied colours
    halves = torch.zeros(1, 64, 64, 3)
    halves[:, :, 32:] = 1
    row = filled(halves, mask)[0, 30, 20:40, 0]
    assert row[0] < 0.2
    assert row[-1] > 0.8
    assert (row.diff() > -0.02).all()


def test_filling_a_picture_that_is_all_masked_gives_black():
    assert filled(torch.rand(1, 32, 32, 3), torch.ones(1, 32, 32)).max() == 0


def test_the_original_stays_and_the_others_are_filled(picture):
    image, mask = picture
    encode = Means().encode
    original = start(MODEL, Means(), image, mask, "original", 5)
    assert torch.equal(original["samples"], encode(image))
    assert set(original["noise_mask"].unique().tolist()) == {0.0, 1.0}
    assert torch.equal(start(MODEL, Means(), image, mask, "fill", 5)["samples"], encode(filled(image, mask)))
    cells = original["noise_mask"].expand(-1, 4, -1, -1) == 0
    soft = torch.where(mask > 0, 1.0, 0.0)
    soft[:, 15, 16:48] = 0.2  # a part of cells that stay
    for content in ("latent noise", "latent nothing"):
        found = start(MODEL, Means(), image, soft, content, 5)["samples"]
        assert torch.allclose(found[cells], encode(filled(image, soft))[cells])
        assert not torch.allclose(found[cells], encode(image)[cells])


def test_latent_noise_is_that_of_the_run_and_nothing_is_zero(picture):
    image, mask = picture
    noise = start(MODEL, Means(), image, mask, "latent noise", 5)
    inside = noise["noise_mask"].expand(-1, 4, -1, -1) == 1
    found = MODEL.latent_format.to_model(noise["samples"])
    assert torch.allclose(found[inside], initial_noise((1, 4, 8, 8), 5)[inside])
    assert start(MODEL, Means(), image, mask, "latent nothing", 5)["samples"][inside].abs().max() == 0


def test_what_is_repainted_may_differ_from_what_is_filled(picture):
    image, mask = picture
    whole = start(MODEL, Means(), image, mask, "original", 5, changing=torch.ones(1, 64, 64))
    assert whole["noise_mask"].min() == 1


def test_another_content_is_said(picture):
    with pytest.raises(ValueError, match="'noise'; choose one of fill"):
        start(MODEL, Means(), *picture, "noise", 5)
    assert len(CONTENTS) == 4
