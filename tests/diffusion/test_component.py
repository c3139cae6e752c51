"""Weights of a component: read, changed, restored and written back."""

import threading

import pytest
import torch
from torch import nn

from diffusion.component import Component, Entry, Source, read_ahead

CPU = torch.device("cpu")


def build() -> nn.Module:
    with torch.device("meta"):
        return nn.ModuleDict({name: nn.Linear(3, 2, bias=False) for name in ("query", "key", "out")})


def place(name: str) -> str | Entry:
    """A file that keeps query and key as one tensor, and the last layer the other way round."""
    layer = name.removesuffix(".weight")
    if layer == "out":
        return Entry("out", transposed=True)
    return Entry("in_proj", part=(["query", "key"].index(layer), 2))


COMPONENT = Component("thing", "prefix.", build, place)


@pytest.fixture
def stored() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {"prefix.in_proj": torch.randn(4, 3).half(), "prefix.out": torch.randn(3, 2).half()}


class Scaled:
    """Multiplies one layer."""

    def __init__(self, name: str, factor: float) -> None:
        self._name, self._factor = name, factor

    def changes(self):
        return {f"{self._name}.weight": lambda weight: weight * self._factor}


def test_tensors_in_pieces_and_turned_are_read_and_written(stored):
    tensors = Source(COMPONENT, stored, torch.float16, CPU).tensors()
    assert torch.equal(tensors["query.weight"], stored["prefix.in_proj"][:2])
    assert torch.equal(tensors["key.weight"], stored["prefix.in_proj"][2:])
    assert torch.equal(tensors["out.weight"], stored["prefix.out"].T)
    written = COMPONENT.to_file(tensors)
    assert written.keys() == stored.keys()
    assert all(torch.equal(written[name], stored[name]) for name in stored)


def test_changes_follow_one_another_in_full_precision(stored):
    source = Source(COMPONENT, stored, torch.float16, CPU)
    patches = (Scaled("out", 1e-6), Scaled("out", 1e6))
    changed = source.tensors(patches)["out.weight"]
    # In half precision the first change alone would leave next to nothing.
    torch.testing.assert_close(changed, stored["prefix.out"].T, rtol=1e-3, atol=1e-4)


def test_kernels_may_have_their_channels_last():
    kernel = torch.randn(4, 3, 3, 3)

    def build() -> nn.Module:
        with torch.device("meta"):
            return nn.Conv2d(3, 4, 3, bias=False)

    component = Component("thing", "", build, lambda name: name)
    plain, last = (
        Source(component, {"weight": kernel}, torch.float32, CPU, channels_last=flag).network()
        for flag in (False, True)
    )
    assert last.weight.is_contiguous(memory_format=torch.channels_last)
    assert not plain.weight.is_contiguous(memory_format=torch.channels_last)
    picture = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(last(picture), plain(picture))


def test_switching_patches_restores_every_bit(stored):
    source = Source(COMPONENT, stored, torch.float32, CPU, rounded=torch.bfloat16)
    network = source.network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    first, second = Scaled("query", 3.0), Scaled("out", 1.7)
    source.switch(network, (), (first, second))
    assert torch.equal(network["query"].weight, (before["query.weight"] * 3).bfloat16().float())
    assert torch.equal(network["key"].weight, before["key.weight"])
    source.switch(network, (first, second), (second,))
    assert torch.equal(network["query"].weight, before["query.weight"])
    assert not torch.equal(network["out"].weight, before["out.weight"])
    source.switch(network, (second,), ())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(3, 5),
        torch.zeros(()),
        torch.zeros(0, 4),
        torch.zeros(9, dtype=torch.float8_e4m3fn),
        torch.zeros(9, dtype=torch.bool),
        torch.zeros(4, 6).T,
        torch.zeros(3, device="meta"),
    ],
    ids=str,
)
def test_all_kinds_of_tensors_are_read_ahead(tensor, monkeypatch):
    faults = []
    monkeypatch.setattr(threading, "excepthook", faults.append)
    with read_ahead([tensor]):
        [reader] = [thread for thread in threading.enumerate() if thread.name == "read-ahead"] or [None]
        if reader:
            reader.join()
    assert not faults


def test_reading_ahead_ends_with_its_context():
    tensor = torch.zeros(1)
    with pytest.raises(KeyError), read_ahead([tensor] * 10_000_000):
        raise KeyError
    assert all(thread.name != "read-ahead" for thread in threading.enumerate())
