"""Operations on latents: sizes in pixels, batches that keep their noise, files."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.images import latents


def random(batch: int = 1, height: int = 16, width: int = 24, **entries) -> latents.Latent:
    generator = torch.Generator().manual_seed(batch)
    return {"samples": torch.randn(batch, 4, height, width, generator=generator), **entries}


def test_empty_latents_have_an_eighth_of_the_size():
    assert latents.empty(512, 768, 3)["samples"].shape == (3, 4, 96, 64)
    assert not latents.empty(64, 64, 1)["samples"].any()


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(0, 0, (16, 24)), (384, 256, (32, 48)), (0, 256, (32, 48)), (96, 0, (8, 12)), (8, 8, (8, 8))],
)
def test_upscaling_to_a_size(width, height, shape):
    original = random(noise_mask="kept")
    resized = latents.upscale(original, width, height, "bilinear", "disabled")
    assert resized["samples"].shape[-2:] == shape
    assert resized["noise_mask"] == "kept"
    assert original["samples"].shape[-2:] == (16, 24)


def test_upscaling_by_a_factor_rounds():
    assert latents.upscale_by(random(), 1.3, "nearest-exact")["samples"].shape[-2:] == (21, 31)


def test_cropping_stays_inside():
    latent = random()
    part = latents.crop(latent, 64, 80, 16, 8)["samples"]
    torch.testing.assert_close(part, latent["samples"][..., 1:11, 2:10])
    moved = latents.crop(latent, 64, 64, 10_000, 10_000)["samples"]
    torch.testing.assert_close(moved, latent["samples"][..., 8:, 16:])


def test_pasting_fades_at_the_inner_edges_only():
    below, above = {"samples": torch.zeros(1, 4, 8, 8)}, {"samples": torch.ones(1, 4, 4, 4)}
    result = latents.paste(below, above, 0, 16, 16)["samples"][0, 0]
    across = torch.tensor([1, 1, 1, 0.5])  # the left edge lies on the border
    down = torch.tensor([0.5, 1, 1, 0.5])
    torch.testing.assert_close(result[2:6, :4], down[:, None] * across)
    assert result[:2].abs().sum() == result[6:].abs().sum() == result[:, 4:].abs().sum() == 0


def test_pasting_outside_changes_nothing():
    below = random()
    torch.testing.assert_close(latents.paste(below, random(2), 800, 0, 0)["samples"], below["samples"])


def test_masked_compositing_uses_latent_cells():
    below, above = {"samples": torch.zeros(1, 4, 8, 8)}, {"samples": torch.ones(1, 4, 2, 2)}
    result = latents.composite_masked(below, above, 24, 8, False, torch.tensor([[[1.0, 0.0]]]))["samples"][0, 0]
    assert result.nonzero().tolist() == [[1, 3], [2, 3]]


def test_blending():
    first, second = random(1), random(2)
    torch.testing.assert_close(
        latents.blend(first, second, 0.25)["samples"], first["samples"] * 0.25 + second["samples"][:1] * 0.75
    )
    assert latents.blend(first, random(1, 8, 8), 0.5)["samples"].shape == first["samples"].shape


def test_joining_keeps_the_place_of_each_in_its_batch():
    joined = latents.join(random(2), random(2, 8, 8, batch_index=[5, 3]))
    assert joined["samples"].shape == (4, 4, 16, 24)
    assert joined["batch_index"] == [0, 1, 5, 3]


def test_taking_keeps_places_and_masks():
    latent = random(4, noise_mask=torch.arange(4.0).reshape(4, 1, 1, 1))
    part = latents.take(latent, 1, 2)
    torch.testing.assert_close(part["samples"], latent["samples"][1:3])
    assert part["batch_index"] == [1, 2]
    assert part["noise_mask"].flatten().tolist() == [1, 2]
    assert latents.take(part, 1, 9)["batch_index"] == [2]
    assert latents.take(latent, 99, 1)["batch_index"] == [3]


def test_repeating_gives_each_repetition_its_own_place():
    latent = random(2, batch_index=[4, 6], noise_mask=torch.ones(1, 1, 8, 8))
    repeated = latents.repeat(latent, 3)
    torch.testing.assert_close(repeated["samples"][2:4], latent["samples"])
    assert repeated["batch_index"] == [4, 6, 7, 9, 10, 12]
    assert repeated["noise_mask"].shape[0] == 1
    assert "batch_index" not in latents.repeat(random(2), 2)


@pytest.mark.parametrize(
    "operation",
    [
        lambda first, second: latents.join(first, second),
        lambda first, second: latents.blend(first, second, 0.5),
        lambda first, second: latents.paste(first, second, 0, 0, 0),
        lambda first, second: latents.composite_masked(first, second, 0, 0, False, None),
    ],
)
def test_latents_of_different_models_are_refused(operation):
    with pytest.raises(ValueError, match="4 and of 16 channels"):
        operation(random(), {"samples": torch.zeros(1, 16, 16, 24)})


def test_files_are_those_of_comfyui(tmp_path):
    latent = random()
    latents.save(latent, tmp_path / "new.latent", {"prompt": "{}"})
    assert set(load_file(tmp_path / "new.latent")) == {"latent_tensor", "latent_format_version_0"}
    torch.testing.assert_close(latents.load(tmp_path / "new.latent")["samples"], latent["samples"])
    save_file({"latent_tensor": latent["samples"] * 0.18215}, tmp_path / "old.latent")
    torch.testing.assert_close(latents.load(tmp_path / "old.latent")["samples"], latent["samples"])


@pytest.mark.parametrize("content", [b"", b"{}", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_file_without_latents_is_named(tmp_path, content):
    (tmp_path / "x.latent").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.latent holds no latents"):
        latents.load(tmp_path / "x.latent")
