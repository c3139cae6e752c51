from pathlib import Path

import numpy as np
import pytest
import torch

from graph.declare import InputError
from graph.registry import load

CUSTOM_NODES = Path(__file__).parents[2] / "custom_nodes"


@pytest.fixture(scope="module")
def nodes():
    registry = load([], CUSTOM_NODES)
    assert [problem for problem in registry.problems if problem.pack == "example_pack"] == []
    return {id: spec.function for id, spec in registry.specs.items()}


def test_a_vignette_darkens_the_corners_alone(nodes):
    image = torch.rand(2, 33, 65, 3)
    dark = nodes["Vignette"](image, strength=0.75, start=0.5)
    assert dark.shape == image.shape
    torch.testing.assert_close(dark[:, 16, 32], image[:, 16, 32])
    torch.testing.assert_close(dark[:, 0, 0], image[:, 0, 0] * 0.25)
    assert (dark <= image).all()


def test_a_vignette_follows_its_formula_and_keeps_alpha(nodes):
    image = torch.rand(1, 9, 12, 4)
    y, x = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 12), indexing="ij")
    t = np.clip((np.hypot(x, y) / np.sqrt(2) - 0.2) / 0.8, 0, 1)
    expected = image.numpy().copy()
    expected[..., :3] *= (1 - 0.6 * t * t * (3 - 2 * t))[None, :, :, None]
    np.testing.assert_allclose(nodes["Vignette"](image, 0.6, 0.2).numpy(), expected, atol=1e-6)


def test_a_vignette_of_one_pixel_is_the_pixel(nodes):
    image = torch.rand(1, 1, 1, 3)
    torch.testing.assert_close(nodes["Vignette"](image, 1.0, 0.4), image)


@pytest.mark.parametrize(("first", "second", "joined"), [("a", "b", "a; b"), ("a", "", "a"), ("", "b", "b")])
def test_texts_are_joined(nodes, first, second, joined):
    assert nodes["JoinText"](first, second, "; ") == joined


def test_nothing_cannot_be_joined(nodes):
    with pytest.raises(InputError, match="Both texts are empty"):
        nodes["JoinText"]()
