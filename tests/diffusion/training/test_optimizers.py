"""Optimizers: Lion against its algorithm written out, Prodigy against its authors' package."""

import prodigyopt
import pytest
import torch

from diffusion.training.optimizers import OPTIMIZERS, Lion, OptimizerError, Prodigy, new_optimizer

TARGET = torch.linspace(-1, 2, 12).reshape(3, 4)


def parameters(dtype: torch.dtype = torch.float32) -> list[torch.nn.Parameter]:
    values = torch.full((3, 4), 0.3, dtype=dtype), torch.ones(5, dtype=dtype)
    return [torch.nn.Parameter(value) for value in values]


def descend(optimizer: torch.optim.Optimizer, values: list[torch.nn.Parameter], steps: int) -> list[torch.Tensor]:
    for _ in range(steps):
        optimizer.zero_grad()
        ((values[0] - TARGET) ** 2).mean().add((values[1] ** 4).sum()).backward()
        optimizer.step()
    return [value.detach() for value in values]


def test_lion_follows_its_algorithm():
    ours, plain = parameters(), [value.detach().clone() for value in parameters()]
    descend(Lion(ours, lr=0.01, betas=(0.9, 0.98), weight_decay=0.1), ours, 7)
    means = [torch.zeros_like(value) for value in plain]
    for _ in range(7):
        gradients = [2 * (plain[0] - TARGET) / 12, 4 * plain[1] ** 3]
        for at, gradient in enumerate(gradients):
            sign = torch.sign(0.9 * means[at] + 0.1 * gradient)
            plain[at] = plain[at] - 0.01 * (sign + 0.1 * plain[at])
            means[at] = 0.98 * means[at] + 0.02 * gradient
    torch.testing.assert_close([value.detach() for value in ours], plain)


@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
def test_prodigy_is_that_of_its_authors(weight_decay):
    ours, theirs = parameters(torch.float64), parameters(torch.float64)
    optimizer = Prodigy(ours, weight_decay=weight_decay)
    expected = prodigyopt.Prodigy(theirs, weight_decay=weight_decay)
    torch.testing.assert_close(descend(optimizer, ours, 60), descend(expected, theirs, 60), rtol=1e-6, atol=1e-8)
    assert optimizer.distance == pytest.approx(expected.param_groups[0]["d"], rel=1e-6)
    assert optimizer.distance > 1e-3


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "AdamW 8-bit"])
def test_all_come_nearer_and_go_on_from_their_state(name):
    rate = {"Prodigy": 1.0, "AdamW": 0.02, "Adafactor": 0.02}.get(name, 0.01)
    straight = parameters()
    expected = descend(new_optimizer(name, [{"params": straight, "lr": rate}]), straight, 40)
    start = ((parameters()[0] - TARGET) ** 2).mean()
    assert ((expected[0] - TARGET) ** 2).mean() < start
    stopped = parameters()
    before = new_optimizer(name, [{"params": stopped, "lr": rate}])
    descend(before, stopped, 15)
    resumed = new_optimizer(name, [{"params": stopped, "lr": rate}])
    resumed.load_state_dict(before.state_dict())
    assert all(map(torch.equal, descend(resumed, stopped, 25), expected))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "bitsandbytes", None)
    with pytest.raises(OptimizerError, match="bitsandbytes"):
        new_optimizer("AdamW 8-bit", [{"params": parameters(), "lr": 0.1}])
