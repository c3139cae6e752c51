"""Upscale models of random weights, against spandrel's networks called directly."""

from pathlib import Path

import numpy as np
import pytest
import spandrel
import torch
from PIL import Image
from spandrel.architectures.Compact import Compact
from spandrel.architectures.ESRGAN import ESRGAN
from torch import nn

from diffusion import devices, upscaling
from diffusion.upscaling import UpscaleModel, load_upscale_model, scaled_size
from diffusion.weights import WeightsError, save_weights


def random_network(make, **options) -> nn.Module:
    torch.manual_seed(0)
    return make(**options).eval().requires_grad_(False)


def esrgan(scale: int = 2) -> nn.Module:
    return random_network(ESRGAN, num_filters=8, num_blocks=1, scale=scale)


def compact(channels: int, scale: int = 2) -> nn.Module:
    """Adds to the picture enlarged by nearest neighbours; its four convolutions see four pixels around."""
    return random_network(Compact, num_in_ch=channels, num_out_ch=channels, num_feat=4, num_conv=2, upscale=scale)


def saved(network: nn.Module, path: Path) -> Path:
    save_weights(path, network.state_dict())
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("upscale_models")


@pytest.fixture(scope="module")
def model(folder) -> UpscaleModel:
    return load_upscale_model(saved(esrgan(), folder / "esrgan.safetensors"))


def pictures(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def directly(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    return network(images.movedim(-1, 1)).clamp(0, 1).movedim(1, -1)


def test_pictures_are_those_of_the_network(model):
    images = pictures(2, 10, 14, 3)
    assert (model.scale, model.channels) == (2, 3)
    result = model.upscale(images)
    torch.testing.assert_close(result, directly(esrgan(), images))
    assert result.shape == (2, 20, 28, 3)
    assert result.is_contiguous()


@pytest.mark.parametrize("layout", ["plain", "params_ema", "state_dict", "module."])
def test_files_of_training_programs(tmp_path, layout):
    """They keep the tensors in a table, or under a prefix, beside what training needs."""
    state = esrgan().state_dict()
    nested = {
        "plain": state,
        "params_ema": {"params_ema": state, "params": {}, "iter": 5},
        "state_dict": {"state_dict": state},
        "module.": {f"module.{name}": tensor for name, tensor in state.items()},
    }
    torch.save(nested[layout], tmp_path / "model.pth")
    images = pictures(1, 8, 8, 3)
    torch.testing.assert_close(load_upscale_model(tmp_path / "model.pth").upscale(images), directly(esrgan(), images))


@pytest.mark.parametrize("size", [(100, 70), (64, 64), (65, 130)])
def test_tiles_give_what_the_whole_gives(folder, monkeypatch, size):
    """As the network sees less far than the context of a tile, nothing but rounding can differ."""
    model = load_upscale_model(saved(compact(3), folder / "compact.safetensors"))
    monkeypatch.setattr(upscaling, "TILES", (64,))
    reports: list[tuple[float, float]] = []
    images = pictures(1, *size, 3)
    result = model.upscale(images, lambda done, total: reports.append((done, total)))
    torch.testing.assert_close(result, directly(compact(3), images), atol=1e-6, rtol=0)
    across, down = ((side - upscaling.FEATHER - 1) // (64 - upscaling.FEATHER) + 1 for side in size)
    assert reports == [(done, across * down) for done in range(1, across * down + 1)]


class Averaging(nn.Module):
    """A network that depends on all that it sees, as those with attention over the whole picture do."""

    scale, device, dtype = 1, torch.device("cpu"), torch.float32

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return picture.mean().expand_as(picture)


def test_seams_are_blended(monkeypatch):
    """From one tile's value to the next one's in steps that are as small as the overlap allows."""
    monkeypatch.setattr(upscaling, "TILES", (64,))
    picture = torch.zeros(1, 1, 32, 112)
    picture[..., 80:] = 1
    row = upscaling._in_tiles(Averaging(), picture, None)[0, 0, 0]
    assert row[0] == 0  # of the first tile, which sees nothing of the white part
    assert row[-1] == pytest.approx(0.4)  # of the other one, which sees it from pixel 32 on
    assert 0 < row.diff().max() <= 0.4 / upscaling.FEATHER


@pytest.mark.parametrize(("channels", "picture"), [(3, 1), (3, 4), (1, 1), (1, 3), (1, 4), (4, 3), (4, 4), (4, 1)])
def test_grey_and_alpha(folder, channels, picture):
    network = compact(channels)
    model = load_upscale_model(saved(network, folder / f"channels{channels}.safetensors"))
    images = pictures(1, 6, 5, picture)
    result = model.upscale(images)
    assert result.shape == (1, 12, 10, picture)
    colours, alpha = images[..., :3], images[..., 3:]
    if channels == 1:
        expected = torch.cat([directly(network, plane) for plane in colours.split(1, dim=-1)], dim=-1)
    elif channels == 3:
        expected = directly(network, colours.expand(-1, -1, -1, 3))
    else:
        seen = alpha if picture == 4 else torch.ones(1, 6, 5, 1)
        expected = directly(network, torch.cat([colours.expand(-1, -1, -1, 3), seen], dim=-1))
        if picture == 4:
            torch.testing.assert_close(result, expected)
        expected = expected[..., :3]
    if picture == 1:
        expected = expected.mean(dim=-1, keepdim=True)
    torch.testing.assert_close(result[..., :3], expected[..., :picture])


def test_alpha_that_the_network_does_not_know_is_resized(model):
    images = torch.cat([pictures(1, 6, 6, 3), torch.ones(1, 6, 6, 1)], dim=-1)
    images[:, :, :3, 3] = 0
    alpha = model.upscale(images)[0, :, :, 3]
    assert alpha[:, 0].max() == 0
    assert alpha[:, -1].min() == 1


def test_pictures_with_two_channels_are_refused(model):
    with pytest.raises(ValueError, match="The picture has 2 channels"):
        model.upscale(torch.zeros(1, 4, 4, 2))


@pytest.mark.parametrize("free", [10_000_000, 4_000_000_000])
def test_smaller_tiles_are_taken_where_memory_runs_out(model, monkeypatch, caplog, free):
    """Either it is seen beforehand that there is too little, or the network says so."""
    images = pictures(1, 150, 200, 3)
    expected = model.upscale(images)
    tiled, sides = upscaling._tiled, []

    def limited(network, picture, side, on_progress):
        sides.append(side)
        if side > 128:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return tiled(network, picture, side, on_progress)

    monkeypatch.setattr(upscaling, "_tiled", limited)
    monkeypatch.setattr(devices, "free_bytes", lambda device: free)
    assert (model.upscale(images) - expected).abs().mean() < 1e-4
    assert sides == ([128] if free < 1e9 else [512, 256, 128])
    assert ("There was not enough memory" in caplog.text) == (free > 1e9)


def test_other_errors_and_interruptions_pass(model):
    class Stop(Exception):
        pass

    def stop(done, total):
        raise Stop

    with pytest.raises(Stop):
        model.upscale(pictures(1, 8, 8, 3), stop)


@pytest.mark.parametrize(
    ("size", "target", "passes"),
    [((8, 8), (8, 8), 0), ((8, 8), (9, 8), 1), ((8, 8), (16, 16), 1), ((8, 16), (20, 20), 2), ((8, 8), (100, 9), 3)],
)
def test_the_model_runs_until_both_sides_are_reached(model, size, target, passes):
    assert model.passes(*size, *target) == passes


def test_lanczos_makes_the_size_exact(model):
    """PIL's Lanczos of what two passes of the network give."""
    images = pictures(1, 7, 9, 3)
    reports: list[float] = []
    result = model.upscale_to(images, 24, 20, lambda done, total: reports.append(done / total))
    twice = directly(esrgan(), directly(esrgan(), images))[0]
    levels = Image.fromarray((twice * 255).to(torch.uint8).numpy())
    expected = torch.from_numpy(np.asarray(levels.resize((24, 20), Image.Resampling.LANCZOS)).copy())
    assert (result[0] * 255 - expected).abs().max() <= 1.01
    assert reports == [0.5, 1.0]


def test_a_model_that_does_not_enlarge_runs_once(folder):
    model = load_upscale_model(saved(esrgan(scale=1), folder / "restoration.safetensors"))
    images = pictures(1, 8, 8, 3)
    assert model.scale == 1
    torch.testing.assert_close(model.upscale_to(images, 8, 8), directly(esrgan(scale=1), images))
    assert model.upscale_to(images, 16, 16).shape == (1, 16, 16, 3)


def test_sizes_by_a_factor_are_multiples_of_eight():
    """int(side * factor) // 8 * 8, by Stable Diffusion WebUI's rule."""
    assert scaled_size(512, 768, 1.5) == (768, 1152)
    assert scaled_size(500, 333, 1.5) == (744, 496)
    assert scaled_size(16, 16, 0.1) == (8, 8)


def test_files_that_are_no_upscale_models(tmp_path, tiny_path, folder):
    with pytest.raises(WeightsError, match=r"tiny\.safetensors is no upscale model of a known architecture: it is "):
        load_upscale_model(tiny_path)
    state = esrgan().state_dict()
    save_weights(tmp_path / "cut.safetensors", {name: state[name] for name in list(state)[:-2]})
    with pytest.raises(WeightsError, match=r"cut\.safetensors looks like an upscale model, but cannot be loaded"):
        load_upscale_model(tmp_path / "cut.safetensors")
    torch.save({"params": {}}, tmp_path / "empty.pth")
    with pytest.raises(WeightsError, match=r"empty\.pth holds no tensors"):
        load_upscale_model(tmp_path / "empty.pth")
    save_weights(tmp_path / "wide.safetensors", compact(2).state_dict())
    with pytest.raises(WeightsError, match="turns pictures of 2 channels into pictures of 2"):
        load_upscale_model(tmp_path / "wide.safetensors")


def test_a_model_for_inpainting_is_told(model, tmp_path, monkeypatch):
    """LaMa, the one such architecture, has too many weights for a test: a network of it is put in by hand."""
    network = spandrel.MaskedImageModelDescriptor(
        nn.Conv2d(4, 3, 1),
        nn.Conv2d(4, 3, 1).state_dict(),
        architecture=spandrel.MAIN_REGISTRY["LaMa"].architecture,
        purpose="Inpainting",
        tags=[],
        supports_half=False,
        supports_bfloat16=False,
        input_channels=4,
        output_channels=3,
    )
    monkeypatch.setattr(spandrel.ModelLoader, "load_from_state_dict", lambda self, state: network)
    with pytest.raises(WeightsError, match=r"lama\.safetensors is a model for inpainting \(LaMa\)"):
        load_upscale_model(saved(nn.Conv2d(4, 3, 1), tmp_path / "lama.safetensors"))
