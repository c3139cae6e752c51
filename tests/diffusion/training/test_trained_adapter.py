"""Adapters in training: where they are, that they begin as nothing, and that what they learn is what files say."""

import pytest
import torch
from diffusers import UNet2DConditionModel
from lycoris.modules.boft import ButterflyOFTModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule

from bench.step_speed import MODELS
from diffusion.adapters.patches import AdapterPatch
from diffusion.component import Component, Source
from diffusion.training.new_kinds import ALGORITHMS, Shape, factors, new_tensors
from diffusion.training.targets import is_wide, target_layers
from diffusion.training.trained_adapter import TrainedAdapter

CPU = torch.device("cpu")
SHAPES = {
    **{name: Shape(name, rank=4, alpha=2.0) for name in ALGORITHMS},
    "DoRA": Shape("LoRA", rank=4, alpha=2.0, magnitude=True),
    "LoHa with DoRA": Shape("LoHa", rank=2, alpha=2.0, magnitude=True),
    "LoKr, whole": Shape("LoKr", rank=1000),
    "LoKr by 4": Shape("LoKr", rank=2, factor=4),
    "IA3 on input": Shape("IA3", on_input=True),
    "BOFT of 6": Shape("BOFT", rank=6),
    "LoCon with a core": Shape("LoRA", rank=3, alpha=1.0, tucker=True),
    "LoHa with cores": Shape("LoHa", rank=3, alpha=1.0, tucker=True),
    "LoKr with a core, of both": Shape("LoKr", rank=1, alpha=1.0, tucker=True, both=True),
    "LoRA, stabilized": Shape("LoRA", rank=4, alpha=2.0, stabilized=True),
}


class Net(torch.nn.Module):
    """A linear layer, convolutions of three and of one pixel, and a normalisation between them."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(8, 12)
        self.wide = torch.nn.Conv2d(12, 8, 3, stride=2, padding=1, bias=False)
        self.norm = torch.nn.GroupNorm(2, 8)
        self.narrow = torch.nn.Conv2d(8, 6, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.narrow(self.norm(self.wide(self.linear(x).movedim(-1, 1))))


def build() -> Net:
    with torch.device("meta"):
        return Net()


@pytest.fixture
def source() -> Source:
    torch.manual_seed(0)
    return Source(Component("net", "", build, lambda name: name), Net().state_dict(), torch.float32, CPU)


def adapter(source: Source, shape: Shape) -> TrainedAdapter:
    return TrainedAdapter.new(
        source, ["linear", "wide", "norm", "narrow"], lambda layer: shape, torch.Generator().manual_seed(1)
    )


def output(network: Net) -> torch.Tensor:
    return network(torch.randn(2, 5, 5, 8, generator=torch.Generator().manual_seed(3)))


@pytest.mark.parametrize("name", SHAPES)
def test_a_new_adapter_changes_nothing(name, source):
    network = source.network()
    before = output(network)
    with adapter(source, SHAPES[name]).attached(network):
        during = output(network)
    torch.testing.assert_close(during, before, rtol=0, atol=1e-6 if "DoRA" in name else 0)
    assert torch.equal(output(network), before)


@pytest.mark.parametrize("name", SHAPES)
def test_a_trained_adapter_does_in_training_what_its_file_does(name, source):
    network, trained = source.network(), adapter(source, SHAPES[name])
    optimizer = torch.optim.SGD(trained.parameters.values(), lr=0.01)
    with trained.attached(network):
        for _ in range(3):
            optimizer.zero_grad()
            output(network).square().mean().backward()
            optimizer.step()
        during = output(network).detach()
    assert not torch.allclose(during, output(network), atol=1e-4)
    patched = source.network()
    source.switch(patched, (), (AdapterPatch(trained.kinds(), 1.0),))
    torch.testing.assert_close(output(patched), during, rtol=1e-4, atol=1e-5)
    with TrainedAdapter.of(source, trained.kinds()).attached(network):
        torch.testing.assert_close(output(network), during, rtol=1e-4, atol=1e-5)
    with trained.attached(network), trained.off():
        assert torch.equal(output(network), output(source.network()))


@pytest.mark.parametrize("name", SHAPES)
def test_everything_that_is_trained_gets_a_gradient_and_nothing_else(name, source):
    network, trained = source.network(), adapter(source, SHAPES[name])
    optimizer = torch.optim.SGD(trained.parameters.values(), lr=0.1)
    with trained.attached(network):
        output(network).square().mean().backward()
        optimizer.step()  # where one factor is zero, the other has no gradient yet
        optimizer.zero_grad()
        output(network).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in trained.parameters.values())
    assert all(parameter.grad is None for parameter in network.parameters())


# Counted on the released networks, as kohya's scripts choose layers: how many, and rows plus columns of all together.
COUNTS = {
    ("sd15", False): (192, 423_936),
    ("sd15", True): (278, 423_936 + 626_880),
    ("sdxl", False): (722, 2_659_840),
    ("sdxl", True): (788, 2_659_840 + 414_400),
}


@pytest.mark.parametrize(("model", "convolutions"), COUNTS)
def test_layers_are_those_of_kohyas_scripts(model, convolutions):
    with torch.device("meta"):
        network = UNet2DConditionModel(**MODELS[model][1])
    layers = target_layers(network, convolutions=convolutions)
    shapes = [network.get_submodule(layer).weight.shape for layer in layers]
    assert (len(layers), sum(shape[0] + shape[1:].numel() for shape in shapes)) == COUNTS[model, convolutions]


def test_narrower_and_wider_choices_of_layers():
    with torch.device("meta"):
        network = UNet2DConditionModel(**MODELS["sd15"][1])
    attention = target_layers(network, "attention")
    assert len(attention) == 16 * 8
    assert all(".attn" in layer for layer in attention)
    everything = target_layers(network, "all layers", convolutions=True)
    linear = [layer for layer in everything if not is_wide(network.get_submodule(layer))]
    assert {"conv_in", "conv_out", "time_embedding.linear_1"} < set(everything)
    assert set(attention) < set(linear)


def test_sizes_are_split_into_factors():
    # from the table of LyCORIS' documentation
    assert [factors(size, -1) for size in (127, 128, 250, 360, 512, 1024)] == [
        *[(1, 127), (8, 16), (10, 25), (18, 20), (16, 32), (32, 32)],
    ]
    assert [factors(size, 4) for size in (127, 128, 250, 360, 512, 1024)] == [
        *[(1, 127), (4, 32), (2, 125), (4, 90), (4, 128), (4, 256)],
    ]


LYCORIS = {
    "LoRA": (LoConModule, {"alpha": 2.0}),
    "LoCon with a core": (LoConModule, {"use_tucker": True}),
    "LoHa with cores": (LohaModule, {"use_tucker": True}),
    "LoKr": (LokrModule, {"alpha": 2.0}),
    "LoKr with a core, of both": (LokrModule, {"use_tucker": True, "decompose_both": True}),
    "GLoRA": (GLoRAModule, {"alpha": 2.0}),
    "BOFT of 6": (ButterflyOFTModule, {"constraint": 0.0}),
}


@pytest.mark.parametrize("name", LYCORIS)
def test_the_tensors_are_those_that_lycoris_trains(name, source):
    """Their names, their shapes, and which of them begin at zero."""
    made, options = LYCORIS[name]
    for layer in ("linear", "wide", "narrow"):
        module = Net().get_submodule(layer)
        theirs = made("x", module, lora_dim=SHAPES[name].rank, **{"alpha": 1.0, **options}).state_dict()
        ours = new_tensors(SHAPES[name], module.weight, torch.Generator().manual_seed(1))
        assert {part: each.shape for part, each in ours.items()} == {part: each.shape for part, each in theirs.items()}
        assert {part: bool(each.any()) for part, each in ours.items()} == {
            part: bool(each.any()) for part, each in theirs.items()
        }


def test_stabilized_ranks_count_alpha_through_their_root(source):
    kind = adapter(source, SHAPES["LoRA, stabilized"]).kinds()["linear.weight"]
    assert kind.scale == pytest.approx(2.0 / 4**0.5)
    assert kind.to_tensors()["alpha"] / 4 == pytest.approx(2.0 / 4**0.5)  # what other programs make of the file


@pytest.mark.parametrize("name", ["LoRA", "LoCon with a core"])
def test_what_is_too_long_is_shortened_as_kohyas_scripts_do_it(name, source):
    """The norm of ``alpha / r up down`` becomes the limit, each matrix by the same root of the ratio."""
    trained = adapter(source, SHAPES[name])
    for parameter in trained.parameters.values():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(2))
    before = trained.kinds()
    network = source.network()

    def length(kind, layer: str) -> float:
        return float((kind.product(network.get_submodule(layer).weight) * kind.scale).norm())

    most = length(before["linear.weight"], "linear")
    trained.shorten(most * 0.999999)
    for name, kind in trained.kinds().items():
        layer, _, leaf = name.rpartition(".")
        if layer == "norm" or leaf == "bias":
            assert torch.equal(kind.value, before[name].value)
            continue
        old = length(before[name], layer)
        assert length(kind, layer) == pytest.approx(min(old, most), rel=1e-4)
        ratio = min(1.0, most / old) ** (1 / (2 if kind.mid is None else 3))
        torch.testing.assert_close(kind.up, before[name].up * ratio, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(kind.down, before[name].down * ratio, rtol=1e-4, atol=1e-6)
    assert any(length(before[f"{layer}.weight"], layer) > most for layer in ("wide", "narrow"))
