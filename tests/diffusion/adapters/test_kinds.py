"""Each kind of adapter against the forward pass of LyCORIS' own module (never its merge, which scales twice), and by
hand where a number says more.
"""

import itertools

import pytest
import torch
import torch.nn.functional as F
from lycoris.modules.boft import ButterflyOFTModule
from lycoris.modules.diag_oft import DiagOFTModule
from lycoris.modules.full import FullModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.ia3 import IA3Module
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.norms import NormModule
from torch import nn

import diffusion  # noqa: F401 (lets torchvision, which the libraries below import, be found without its operators)
from diffusion.adapters.kinds import Difference, Generalized, LowRank, Replacement, read_bias, read_weight

LAYERS = {
    "linear": lambda: nn.Linear(24, 16),
    "conv3": lambda: nn.Conv2d(24, 16, 3, stride=2, padding=1),
    "conv1": lambda: nn.Conv2d(24, 16, 1),
}
# Of each kind: LyCORIS' module, its arguments, and the multipliers at which it does what it says.
ANY, WHOLE = (0.7, 1.0, -0.5), (1.0,)
DORA = {"weight_decompose": True}
COLUMNS = {"weight_decompose": True, "wd_on_out": False}
KINDS = {
    "lora": (LoConModule, {"alpha": 2}, ANY),
    "lora, tucker": (LoConModule, {"alpha": 2, "use_tucker": True}, ANY),
    "lora, dora": (LoConModule, {"alpha": 2, **DORA}, WHOLE),
    "lora, dora on columns": (LoConModule, {"alpha": 2, **COLUMNS}, WHOLE),
    "loha": (LohaModule, {"alpha": 2}, ANY),
    "loha, tucker": (LohaModule, {"alpha": 2, "use_tucker": True}, ANY),
    "loha, dora": (LohaModule, {"alpha": 2, **DORA}, WHOLE),
    "loha, dora on columns": (LohaModule, {"alpha": 2, **COLUMNS}, WHOLE),
    "lokr": (LokrModule, {"alpha": 1, "lora_dim": 2}, ANY),
    "lokr, both decomposed": (LokrModule, {"alpha": 1, "lora_dim": 1, "decompose_both": True}, ANY),
    "lokr, both whole": (LokrModule, {"alpha": 1, "lora_dim": 10_000}, ANY),
    "lokr, tucker": (LokrModule, {"alpha": 1, "lora_dim": 2, "use_tucker": True}, ANY),
    "lokr, dora": (LokrModule, {"alpha": 1, "lora_dim": 2, **DORA}, WHOLE),
    "lokr, dora on columns": (
        LokrModule,
        {"alpha": 1, "lora_dim": 2, "weight_decompose": True, "wd_on_out": False},
        WHOLE,
    ),
    "ia3, rows": (IA3Module, {}, ANY),
    "ia3, columns": (IA3Module, {"train_on_input": True}, ANY),
    "oft": (DiagOFTModule, {"alpha": 1}, ANY),
    "oft, constrained": (DiagOFTModule, {"constraint": 0.01}, ANY),
    "oft, rescaled": (DiagOFTModule, {"rescaled": True}, WHOLE),
    "boft": (ButterflyOFTModule, {}, ANY),
    "boft, constrained, rescaled": (ButterflyOFTModule, {"constraint": 0.01, "rescaled": True}, WHOLE),
    "glora": (GLoRAModule, {"alpha": 2}, ANY),
    "full": (FullModule, {}, WHOLE),
}


def lycoris(kind: str, layer: nn.Module, multiplier: float) -> nn.Module:
    """LyCORIS' module on a layer, every number of it random."""
    make, arguments, _ = KINDS[kind]
    module = make("name", layer, multiplier=multiplier, **{"lora_dim": 4, **arguments})
    for name, parameter in module.named_parameters():
        if "dora" in name or "rescale" in name:  # lengths
            parameter.data *= 0.5 + torch.rand_like(parameter)
        else:
            parameter.data = torch.randn_like(parameter) * 0.3
    module.apply_to()
    return module


def stored(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(("kind", "layer"), list(itertools.product(KINDS, LAYERS)))
@torch.no_grad()
def test_a_weight_is_changed_as_lycoris_computes_it(kind, layer):
    torch.manual_seed(1)
    x = torch.randn(2, 24) if layer == "linear" else torch.randn(2, 24, 6, 6)
    for multiplier in KINDS[kind][2]:
        original = LAYERS[layer]()
        weight, bias = original.weight.clone(), original.bias.clone()
        module = lycoris(kind, original, multiplier)
        tensors = stored(module)
        if kind == "full":  # trained as a whole weight, and saved as a difference
            tensors = {name: t.detach() for name, t in module.custom_state_dict().items()}
        expected = module(x)
        change, of_bias = read_weight(tensors), read_bias(tensors)
        assert change.fits(weight.shape)
        assert not change.fits((17, *weight.shape[1:])) or kind.startswith("ia3, col")
        new = change.apply(weight, multiplier)
        new_bias = bias if of_bias is None else of_bias.apply(bias, multiplier)
        found = (
            F.linear(x, new, new_bias)
            if layer == "linear"
            else F.conv2d(x, new, new_bias, original.stride, original.padding)
        )
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=2e-5)
        assert torch.equal(change.apply(weight, 0.0), weight)
        assert not torch.allclose(new, weight, atol=1e-3)


@pytest.mark.parametrize(("kind", "layer"), list(itertools.product(KINDS, LAYERS)))
@torch.no_grad()
def test_tensors_are_given_back(kind, layer):
    torch.manual_seed(1)
    original = LAYERS[layer]()
    weight = original.weight.clone()
    module = lycoris(kind, original, 1.0)
    tensors = module.custom_state_dict() if kind == "full" else stored(module)
    change = read_weight(tensors)
    given = change.to_tensors()
    for name in given.keys() & tensors.keys():
        torch.testing.assert_close(given[name].float(), tensors[name].float(), rtol=0, atol=0)
    assert tensors.keys() - given.keys() <= {"scalar", "diff_b", "alpha"}
    torch.testing.assert_close(read_weight(given).apply(weight, 0.6), change.apply(weight, 0.6), rtol=0, atol=0)


@pytest.mark.parametrize("layer", [nn.GroupNorm(4, 16), nn.LayerNorm(16)])
@torch.no_grad()
def test_norms(layer):
    torch.manual_seed(1)
    x = torch.randn(3, 16)
    module = NormModule("name", layer, multiplier=0.5)
    module.w_norm.data, module.b_norm.data = torch.randn(16), torch.randn(16)
    weight, bias = layer.weight.clone(), layer.bias.clone()
    module.apply_to()
    tensors = stored(module)
    new = read_weight(tensors).apply(weight, 0.5), read_bias(tensors).apply(bias, 0.5)
    found = F.group_norm(x, 4, *new) if isinstance(layer, nn.GroupNorm) else F.layer_norm(x, (16,), *new)
    torch.testing.assert_close(found, module(x))


def test_alpha_is_divided_by_the_rank():
    """Rank 4, alpha 2, ones: 4 * 2 / 4 = 2 everywhere."""
    tensors = {"lora_up.weight": torch.ones(3, 4), "lora_down.weight": torch.ones(4, 5), "alpha": torch.tensor(2.0)}
    assert read_weight(tensors).apply(torch.zeros(3, 5), 1.0).eq(2).all()
    del tensors["alpha"]
    assert read_weight(tensors).apply(torch.zeros(3, 5), 1.0).eq(4).all()
    assert read_weight({**tensors, "scale": torch.tensor(0.25)}).apply(torch.zeros(3, 5), 1.0).eq(1).all()


def test_a_convolution_is_its_two_layers_one_after_the_other():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 6, 9, 7), torch.randn(8, 6, 3, 3)
    up, down = torch.randn(8, 4, 1, 1), torch.randn(4, 6, 3, 3)
    change = LowRank(up=up, down=down, alpha=1.0)
    expected = F.conv2d(x, weight, padding=1) + F.conv2d(F.conv2d(x, down, padding=1), up) * (0.8 / 4)
    torch.testing.assert_close(F.conv2d(x, change.apply(weight, 0.8), padding=1), expected, rtol=1e-4, atol=1e-4)


def test_small_numbers_by_hand():
    kron = {"lokr_w1": torch.tensor([[1.0, 2.0]]), "lokr_w2": torch.tensor([[3.0], [4.0]]), "alpha": torch.tensor(9.0)}
    assert read_weight(kron).apply(torch.zeros(2, 2), 1.0).tolist() == [[3, 6], [4, 8]]
    hada = {
        "hada_w1_a": torch.tensor([[1.0], [2.0]]),
        "hada_w1_b": torch.tensor([[3.0, 4.0]]),
        "hada_w2_a": torch.tensor([[1.0], [10.0]]),
        "hada_w2_b": torch.tensor([[1.0, 2.0]]),
    }
    assert read_weight(hada).apply(torch.zeros(2, 2), 1.0).tolist() == [[3, 8], [60, 160]]
    scaled = {"weight": torch.tensor([1.0, 0.0]), "on_input": torch.tensor(1)}
    assert read_weight(scaled).apply(torch.ones(2, 2), 0.5).tolist() == [[1.5, 1], [1.5, 1]]
    old = {"diff": torch.ones(2, 2), "diff_b": torch.ones(2)}
    assert read_weight(old).apply(torch.zeros(2, 2), 3.0).eq(3).all()
    assert read_bias(old).apply(torch.zeros(2), 0.5).eq(0.5).all()
    overwritten = {"set_weight": torch.full((2, 2), 5.0), "set_bias": torch.full((2,), 7.0)}
    assert isinstance(read_weight(overwritten), Replacement)
    assert read_weight(overwritten).apply(torch.ones(2, 2), 1.0).eq(5).all()
    assert read_bias(overwritten).apply(torch.ones(2), 0.5).eq(4).all()


def test_old_glora_has_the_factors_the_other_way_round():
    """Of LyCORIS before 2.0: ``b2 @ b1 + W @ a2 @ a1``, without a scale."""
    torch.manual_seed(0)
    weight = torch.randn(6, 5)
    a1, a2, b1, b2 = torch.randn(2, 5), torch.randn(5, 2), torch.randn(2, 5), torch.randn(6, 2)
    tensors = {"a1.weight": a1, "a2.weight": a2, "b1.weight": b1, "b2.weight": b2, "alpha": torch.tensor(1.0)}
    change = read_weight(tensors)
    assert isinstance(change, Generalized)
    torch.testing.assert_close(change.apply(weight, 0.5), weight + 0.5 * (b2 @ b1 + weight @ a2 @ a1))


def test_a_sparse_residual_is_added_before_scaling():
    tensors = {
        "lora_up.weight": torch.zeros(2, 2),
        "lora_down.weight": torch.zeros(2, 3),
        "alpha": torch.tensor(1.0),
        "bias_indices": torch.tensor([[0, 1], [2, 0]]),
        "bias_values": torch.tensor([4.0, 6.0]),
        "bias_size": torch.tensor([2, 3]),
    }
    change = read_weight(tensors)
    assert change.apply(torch.zeros(2, 3), 1.0).tolist() == [[0, 0, 2], [3, 0, 0]]
    assert read_weight(change.to_tensors()).apply(torch.zeros(2, 3), 1.0).tolist() == [[0, 0, 2], [3, 0, 0]]


def test_a_lora_with_a_bias_adds_it_under_the_same_scale():
    torch.manual_seed(0)
    tensors = {"lora_up.weight": torch.randn(3, 2), "lora_down.weight": torch.randn(2, 4), "alpha": torch.tensor(1.0)}
    tensors["lora_up.bias"] = torch.randn(3)
    x, weight, bias = torch.randn(5, 4), torch.randn(3, 4), torch.randn(3)
    lora = F.linear(F.linear(x, tensors["lora_down.weight"]), tensors["lora_up.weight"], tensors["lora_up.bias"])
    found = F.linear(x, read_weight(tensors).apply(weight, 0.6), read_bias(tensors).apply(bias, 0.6))
    torch.testing.assert_close(found, F.linear(x, weight, bias) + 0.6 * 0.5 * lora)


def test_gradients_reach_the_factors():
    up, down = torch.zeros(3, 2, requires_grad=True), torch.randn(2, 4, requires_grad=True)
    change = LowRank(up=up, down=down, alpha=2.0, magnitude=torch.ones(3, 1))
    change.apply(torch.randn(3, 4), 1.0).sum().backward()
    assert up.grad.abs().sum() > 0


def test_nothing_that_is_known():
    assert read_weight({"alpha": torch.tensor(1.0)}) is None
    assert read_bias({"diff": torch.ones(2, 2)}) is None
    assert isinstance(read_weight({"w_norm": torch.ones(2)}), Difference)
