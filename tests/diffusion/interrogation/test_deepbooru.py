"""Deepbooru's network against one that is computed in numpy with TensorFlow's "SAME" padding from the table of layers.

The table (stage, projection, first and last convolution, number of blocks) is that of the published file.
"""

import numpy as np
import pytest
import torch

from diffusion.interrogation.deepbooru import STAGES, DeepbooruCaptioner, DeepDanbooru, Stage, load_deepbooru
from diffusion.weights import WeightsError

CPU = torch.device("cpu")
# projection, first and last of the other convolutions, blocks, stride
LAYERS = ((1, 2, 10, 3, 1), (11, 12, 35, 8, 2), (36, 37, 96, 20, 2), (100, 97, 157, 20, 2), (158, 159, 167, 3, 2))
LAYERS += ((168, 169, 177, 3, 2),)
NARROW = tuple(
    Stage(width, s.blocks, s.stride, s.shortcut_last) for s, width in zip(STAGES, (2, 2, 3, 3, 2, 4), strict=True)
)
PUBLISHED = {97: (256, 1024), 100: (1024, 1024), 11: (512, 256), 36: (1024, 512), 158: (2048, 1024), 168: (4096, 2048)}


def same(picture: np.ndarray, side: int, stride: int, value: float = 0.0) -> np.ndarray:
    """`[C, H, W]` as windows `[C, h, w, side, side]`, padded so that h is H / stride rounded up, more behind."""
    pads = []
    for length in picture.shape[1:]:
        total = max((-(-length // stride) - 1) * stride + side - length, 0)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(picture, [(0, 0), *pads], constant_values=value)
    return np.lib.stride_tricks.sliding_window_view(padded, (side, side), (1, 2))[:, ::stride, ::stride]


class Numpy:
    """The published network, with weights by their names in the file."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights

    def convolution(self, number: int, picture: np.ndarray, stride: int = 1) -> np.ndarray:
        kernel = self.weights[f"n_Conv_{number}.weight"]
        bias = self.weights.get(f"n_Conv_{number}.bias", np.zeros(len(kernel)))
        return np.einsum("chwij,ocij->ohw", same(picture, kernel.shape[-1], stride), kernel) + bias[:, None, None]

    def scores(self, picture: np.ndarray) -> np.ndarray:
        x = np.maximum(self.convolution(0, picture, 2), 0)
        x = same(x, 3, 2, -np.inf).max((-1, -2))
        for projection, first, last, blocks, stride in LAYERS:
            numbers = [number for number in range(first, last + 1) if number != projection]
            assert len(numbers) == 3 * blocks
            for index in range(blocks):
                one, two, three = numbers[3 * index : 3 * index + 3]
                step = stride if index == 0 else 1
                kept = self.convolution(projection, x, step) if index == 0 else x
                inner = np.maximum(self.convolution(one, x), 0)
                inner = np.maximum(self.convolution(two, inner, step), 0)
                x = np.maximum(kept + self.convolution(three, inner), 0)
        return 1 / (1 + np.exp(-self.convolution(178, x).mean((1, 2))))


@pytest.fixture(scope="module")
def narrow() -> DeepDanbooru:
    torch.manual_seed(0)
    network = DeepDanbooru(7, 3, NARROW).double().eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        scale = 0.3 if name.endswith("bias") else 1.2 / parameter[0].numel() ** 0.5
        parameter.copy_(torch.randn(parameter.shape) * scale)
    return network


@pytest.mark.parametrize("size", [(128, 128), (128, 256)])
def test_the_network_is_the_published_one_with_tensorflows_padding(narrow, size):
    picture = torch.rand(1, 3, *size, dtype=torch.double)
    weights = {name: value.numpy() for name, value in narrow.state_dict().items()}
    expected = Numpy(weights).scores(picture[0].numpy())
    assert np.ptp(expected) > 0.05  # neither saturated nor all the same
    np.testing.assert_allclose(narrow(picture)[0].numpy(), expected, rtol=1e-9)


def test_sizes_and_the_number_of_weights_are_those_of_the_published_file():
    with torch.device("meta"):
        network = DeepDanbooru()
        sides = {}
        for name, module in network.named_modules():
            module.register_forward_hook(lambda _, __, out, name=name: sides.update({name: tuple(out.shape[1:])}))
        assert network(torch.empty(1, 3, 512, 512)).shape == (1, 9176)
    assert sum(parameter.numel() for parameter in network.parameters()) == 160_956_544
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert len(shapes) == 179 + 178
    for number, channels in PUBLISHED.items():
        assert shapes[f"n_Conv_{number}.weight"] == (*channels, 1, 1)
    assert [sides[f"n_Conv_{number}"][1] for number in (0, 10, 35, 96, 157, 167, 177)] == [256, 128, 64, 32, 16, 8, 4]
    assert sides["n_Conv_1"] == (256, 128, 128)


def small(tags: int) -> DeepDanbooru:
    return DeepDanbooru(tags, 3, NARROW)


def test_a_file_is_read_and_checked(tmp_path):
    network = small(3)
    tags = ["hat", "rating:safe", "tree_(plant)"]
    path = tmp_path / "model.pt"
    torch.save({"tags": tags, **network.state_dict()}, path)
    tagger = load_deepbooru(path, CPU, small)
    image = torch.rand(40, 60, 3)
    scores = tagger.scores(image)
    assert list(scores) == tags
    found = DeepbooruCaptioner(tagger, threshold=0.0).describe(image)
    assert found.text == r"hat, tree \(plant\)"
    assert {score.tag: score.group for score in found.scores}["rating:safe"] == "rating"

    torch.save({"tags": tags[:2], **network.state_dict()}, path)
    with pytest.raises(WeightsError, match=r"n_Conv_178.weight is missing or has another shape"):
        load_deepbooru(path, CPU, small)
    torch.save({"tags": tags, "other": torch.zeros(1), **network.state_dict()}, path)
    with pytest.raises(WeightsError, match="its other belongs to another network"):
        load_deepbooru(path, CPU, small)
    torch.save(network.state_dict(), path)
    with pytest.raises(WeightsError, match="is no Deepbooru tagger"):
        load_deepbooru(path, CPU, small)


def test_code_in_a_file_is_not_run(tmp_path):
    path = tmp_path / "model.pt"
    torch.save({"tags": ["hat"], "n_Conv_0.weight": print}, path)
    with pytest.raises(WeightsError, match="was not loaded"):
        load_deepbooru(path, CPU, small)
