"""Hypernetworks against torch modules built as the WebUI builds them."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from diffusion.hypernetwork import Hypernetwork, load_hypernetwork, with_hypernetwork
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError

MODULES = {"linear": None, "relu": nn.ReLU, "swish": nn.Hardswish, "tanh": nn.Tanh, "mish": nn.Mish}


class Module(nn.Module):
    """The WebUI's network: linear, activation, normalization and dropout in one sequence called `linear`."""

    def __init__(self, width, structure, activation, norm, activate_output, dropout=False):
        super().__init__()
        layers = []
        for number, (before, after) in enumerate(pairwise(structure)):
            layers.append(nn.Linear(width * before, width * after))
            is_last = number == len(structure) - 2
            if MODULES[activation] and (activate_output or not is_last):
                layers.append(MODULES[activation]())
            if norm:
                layers.append(nn.LayerNorm(width * after))
            if dropout and not is_last:
                layers.append(nn.Dropout(0.3))
        self.linear = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.linear(x)


def write(path: Path, widths, structure=(1, 2, 1), activation="relu", norm=False, activate_output=False, **more):
    torch.manual_seed(len(structure) + sum(widths))
    pairs = {
        width: tuple(Module(width, structure, activation, norm, activate_output, more.get("use_dropout")) for _ in "kv")
        for width in widths
    }
    for pair in pairs.values():
        for module in pair:
            module.eval().requires_grad_(False)
    states = {width: tuple(module.state_dict() for module in pair) for width, pair in pairs.items()}
    meta = {"step": 5, "name": "h", "layer_structure": list(structure), "activation_func": activation}
    torch.save({**states, **meta, "is_layer_norm": norm, "activate_output": activate_output, **more}, path)
    return pairs


@pytest.fixture
def call() -> Call:
    torch.manual_seed(3)
    return Call(torch.randn(2, 4, 8, 12), torch.tensor([500, 20]), 1.0, torch.randn(2, 77, 48))


@pytest.mark.parametrize("structure", [(1, 2, 1), (1, 1), (1, 2, 2, 1)])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("activate_output", [False, True])
@pytest.mark.parametrize("activation", MODULES)
def test_all_structures_give_what_the_modules_give(tmp_path, structure, norm, activate_output, activation):
    pairs = write(tmp_path / "h.pt", [8], structure, activation, norm, activate_output, use_dropout=True)
    change = Hypernetwork(load_hypernetwork(tmp_path / "h.pt"))
    x = torch.randn(2, 5, 8)
    hidden, keys, values = change.inputs(x, x, x, None, None)
    assert hidden is x
    torch.testing.assert_close(keys, pairs[8][0](x))
    torch.testing.assert_close(values, pairs[8][1](x))
    other = torch.randn(1, 3, 9)
    assert all(tensor is other for tensor in change.inputs(other, other, other, None, None))


def test_old_files_name_two_layers_and_activate_the_output(tmp_path):
    module = Module(8, (1, 2, 1), "relu", norm=False, activate_output=True).requires_grad_(False)
    state = module.state_dict()
    old = {f"linear{n + 1}.{leaf}": state[f"linear.{2 * n}.{leaf}"] for n in (0, 1) for leaf in ("weight", "bias")}
    torch.save({8: (old, old), "activation_func": "relu"}, tmp_path / "old.pt")
    change = Hypernetwork(load_hypernetwork(tmp_path / "old.pt"), strength=0.5)
    x = torch.randn(2, 5, 8)
    torch.testing.assert_close(change.inputs(x, x, x, None, None)[1], x + 0.5 * (module(x) - x))


def test_a_model_has_it_where_its_widths_are(tiny, tmp_path, call):
    """Against hooks on the projections themselves."""
    pairs = write(tmp_path / "a.pt", [32, 48], norm=True)
    second = write(tmp_path / "b.pt", [48, 99], (1, 1), "tanh")
    model = with_hypernetwork(tiny.model, load_hypernetwork(tmp_path / "a.pt"), 1.0)
    model = with_hypernetwork(model, load_hypernetwork(tmp_path / "b.pt"), 1.0)
    with model.loaded() as network:
        found = network(call)
    chain = {32: [pairs[32]], 48: [pairs[48], second[48]]}
    with tiny.model.loaded() as network:
        before = network(call)
        handles = []
        for name, module in network.network.named_modules():
            if name.endswith((".to_k", ".to_v")):
                steps = [pair[name.endswith("to_v")] for pair in chain.get(module.in_features, [])]
                handles.append(module.register_forward_pre_hook(lambda _, i, steps=steps: nn.Sequential(*steps)(i[0])))
        expected = network(call)
        for handle in handles:
            handle.remove()
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert (found - before).abs().max() > 1e-3


def test_strength_0_leaves_the_model_as_it_is(tiny, tmp_path):
    write(tmp_path / "a.pt", [32])
    assert with_hypernetwork(tiny.model, load_hypernetwork(tmp_path / "a.pt"), 0.0) is tiny.model


def test_what_cannot_be_used_is_refused(tiny, tmp_path):
    write(tmp_path / "wide.pt", [640, 2048])
    with pytest.raises(WeightsError, match="widths of 640, 2048"):
        with_hypernetwork(tiny.model, load_hypernetwork(tmp_path / "wide.pt"), 1.0)
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="no hypernetwork"):
        load_hypernetwork(tmp_path / "other.pt")
    torch.save({8: ({"a.weight": torch.zeros(2)},) * 2}, tmp_path / "damaged.pt")
    with pytest.raises(WeightsError, match="damaged"):
        load_hypernetwork(tmp_path / "damaged.pt")
    torch.save({8: ({}, {}), "activation_func": "softmax"}, tmp_path / "softmax.pt")
    with pytest.raises(WeightsError, match="'softmax'"):
        load_hypernetwork(tmp_path / "softmax.pt")
