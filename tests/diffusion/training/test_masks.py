"""Masks of training pictures: found where people keep them, cut and mirrored with the picture, and counted."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.model import Vae
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.parameterization import Epsilon
from diffusion.training.buckets import Buckets
from diffusion.training.lora import AdapterPlan, new_adapters, states_of
from diffusion.training.masks import MaskRules
from diffusion.training.objective import Objective
from diffusion.training.pictures import Dataset, ReadingRules, findings, read_folder
from diffusion.training.samples import Sample, encoded
from diffusion.training.trainer import Plan, Trainer

BUCKETS = Buckets((64, 64), step=8, low=32, high=128)


def draw(path: Path, size: tuple[int, int] = (64, 64), mode: str = "L", seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 6), np.uint8)
    grey = Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)
    if mode == "RGBA":
        picture = Image.new("RGBA", size, "red")
        picture.putalpha(grey)
        grey = picture
    grey.save(path)


def masks(folder: Path, rules: MaskRules | None = None) -> dict[str, str | None]:
    found = read_folder(folder, ReadingRules(masks=rules or MaskRules()))
    return {each.name: each.mask and each.mask.path.relative_to(folder.parent).as_posix() for each in found.pictures}


def test_masks_are_found_where_people_keep_them_and_are_no_pictures(tmp_path):
    ghost = tmp_path / "ghost"
    for name in ("a.png", "a-mask.png", "b.png", "b-masklabel.webp", "3_cat/c.png", "d-mask.png", "masks/c.png"):
        draw(ghost / name)
    draw(ghost / "e.png", mode="RGBA")
    beside = {"a.png": "ghost/a-mask.png", "b.png": "ghost/b-masklabel.webp", "d-mask.png": None, "e.png": None}
    assert masks(ghost) == {**beside, "3_cat/c.png": None, "masks/c.png": None}
    inner = ghost / "masks"
    assert masks(ghost, MaskRules(folder=inner)) == {**beside, "3_cat/c.png": "ghost/masks/c.png"}
    clear = masks(ghost, MaskRules("transparency"))
    assert {name for name, mask in clear.items() if mask} == {"e.png"}
    assert not any(masks(ghost, MaskRules("none")).values())


def test_a_mask_is_cut_and_mirrored_as_its_picture(tiny, tmp_path, monkeypatch):
    """The oracle is the picture itself, which the mask has as its transparency, as it is cut for training."""
    draw(tmp_path / "a.png", (150, 70))
    draw(tmp_path / "b.png", (150, 70), "RGBA")
    plain, clear = (
        read_folder(tmp_path, ReadingRules(masks=MaskRules(kind))).pictures for kind in ("none", "transparency")
    )
    seen, encode = [], Vae.encode
    monkeypatch.setattr(Vae, "encode", lambda vae, pixels: seen.append(pixels) or encode(vae, pixels))
    encoded(Dataset(plain[:1]), BUCKETS, tiny.vae, tiny.model.latent_format, flip=True)
    [sample] = encoded(Dataset(clear[1:]), BUCKETS, tiny.vae, tiny.model.latent_format, flip=True)
    flipped, upright = (torch.nn.functional.avg_pool2d(each[..., 0], 8) for each in seen[:2])
    assert sample.mask.shape == (1, *sample.latent.shape[1:])
    torch.testing.assert_close(sample.mask, upright, atol=0.05, rtol=0)
    torch.testing.assert_close(sample.mirrored.mask, flipped, atol=0.05, rtol=0)
    assert (upright - flipped).abs().max() > 0.2
    assert torch.equal(sample.mirrored.latent, sample.flipped)


@pytest.mark.parametrize(("unmasked", "normalized", "expected"), [(0, False, 2.25), (0.5, False, 5.625), (0, True, 9)])
def test_what_a_place_counts(unmasked, normalized, expected):
    """A quarter of the places counts; each is wrong by 3. Closed forms: 9/4, 9 (1/4 + 3/8), and 9."""
    model = Epsilon(NoiseSchedule.scaled_linear())
    latent, mask = torch.zeros(2, 4, 4, 4), torch.zeros(2, 1, 4, 4)
    mask[:, :, :2, :2] = 1
    mask[1] = 1
    objective = Objective(unmasked=unmasked, mask_normalized=normalized)
    question = objective.question(model, latent, torch.zeros_like(latent), torch.tensor([5, 5]))
    assert objective.losses(model, question, question.target + 3, mask).tolist() == pytest.approx([expected, 9])


def test_steps_without_masks_are_what_they_were_and_an_empty_mask_teaches_nothing(tiny):
    def learned(mask: torch.Tensor | None) -> list[torch.Tensor]:
        latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(3))
        data = [Sample("a", latents[0], "a cat", "cat", mask=mask), Sample("b", latents[1], "a cat", "cat", weight=0.0)]
        adapter = new_adapters(tiny.model, tiny.clip, AdapterPlan(), seed=1)
        trainer = Trainer(tiny.model, adapter.parameters, data, states_of(tiny.clip), Plan(batch=2, optimizer="SGD"))
        with tiny.model.loaded() as network, adapter.attached(network.network):
            assert (trainer.step(network, 0).gradient > 0) is (mask is None or bool(mask.any()))
        return [each.detach() for each in adapter.parameters.values()]

    assert all(map(torch.equal, learned(None), learned(torch.ones(1, 8, 8))))
    learned(torch.zeros(1, 8, 8))


def test_masks_that_help_nobody_are_named(tmp_path):
    for name in ("a", "b", "c"):
        draw(tmp_path / f"{name}.png", seed=ord(name))
    draw(tmp_path / "a-mask.png", (64, 32))
    Image.new("L", (64, 64)).save(tmp_path / "b-mask.png")
    said = {(each.file, each.text) for each in findings(read_folder(tmp_path), BUCKETS)}
    assert said == {
        ("a.png", "has a mask of another shape (64 x 32): it is stretched"),
        ("b.png", "has a mask in which no place counts (b-mask.png)"),
        ("c.png", "has no mask, as others have: all of it is learned from"),
    }
