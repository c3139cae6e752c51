"""Optimizers: Lion against its algorithm written out, Prodigy and Adafactor against packages of others."""

import prodigyopt
import pytest
import torch
from transformers.optimization import Adafactor

from diffusion.training.optimizer_arguments import OPTIMIZERS, OptimizerError, read_arguments
from diffusion.training.optimizers import Lion, Prodigy, new_optimizer, rate_of

TARGET = torch.linspace(-1, 2, 12).reshape(3, 4)


def parameters(dtype: torch.dtype = torch.float32) -> list[torch.nn.Parameter]:
    values = torch.full((3, 4), 0.3, dtype=dtype), torch.ones(5, dtype=dtype)
    return [torch.nn.Parameter(value) for value in values]


def descend(
    optimizer: torch.optim.Optimizer, values: list[torch.nn.Parameter], steps: int, scale: float = 1.0
) -> list[torch.Tensor]:
    for _ in range(steps):
        optimizer.zero_grad()
        (scale * ((values[0] - TARGET) ** 2).mean().add((values[1] ** 4).sum())).backward()
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


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weight_decay": 0.05},
        {"weight_decay": 0.05, "decouple": False, "beta3": 0.99, "d_coef": 2.0, "d0": 1e-5},
        {"use_bias_correction": True, "safeguard_warmup": True, "betas": (0.9, 0.99)},
        {"growth_rate": 1.2, "eps": 1e-6, "lr": 0.5},
    ],
)
def test_prodigy_is_that_of_its_authors(options):
    ours, theirs = parameters(torch.float64), parameters(torch.float64)
    optimizer, expected = Prodigy(ours, **options), prodigyopt.Prodigy(theirs, **options)
    torch.testing.assert_close(descend(optimizer, ours, 60), descend(expected, theirs, 60), rtol=1e-6, atol=1e-8)
    assert optimizer.distance == pytest.approx(expected.param_groups[0]["d"], rel=1e-6)
    assert optimizer.distance > 1e-3
    assert rate_of(optimizer) == optimizer.distance * options.get("lr", 1.0)


@pytest.mark.parametrize("gradients", [1.0, 1e-4])
def test_adafactor_moves_what_begins_at_zero_as_that_of_transformers_does(gradients):
    """Without its own scale and steps, which is how kohya's scripts are told to use it."""
    ours, theirs = ([torch.nn.Parameter(torch.zeros(3, 4)), torch.nn.Parameter(torch.full((5,), 0.1))] for _ in "12")
    optimizer = new_optimizer("Adafactor", [{"params": ours, "lr": 0.01}], weight_decay=0.1)
    expected = Adafactor(theirs, lr=0.01, scale_parameter=False, relative_step=False, weight_decay=0.1)
    found = descend(optimizer, ours, 20, gradients)
    torch.testing.assert_close(found, descend(expected, theirs, 20, gradients), rtol=1e-5, atol=1e-6)
    assert found[0].abs().mean() > 0.1


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("scale_parameter=True", {"scale_parameter": True, "relative_step": False, "lr": 0.02}),
        ("relative_step=True, scale_parameter=True", {"scale_parameter": True}),
        ("relative_step=True warmup_init=True", {"scale_parameter": False, "warmup_init": True}),
        (
            "clip_threshold=0.5 decay_rate=-0.7 eps=(1e-20, 0.1) scale_parameter=True",
            {"clip_threshold": 0.5, "decay_rate": -0.7, "eps": (1e-20, 0.1), "lr": 0.02, "relative_step": False},
        ),
    ],
)
def test_adafactors_own_scale_and_steps_are_those_of_transformers(arguments, options):
    ours, theirs = parameters(), parameters()
    rate = 0.02 if "lr" in options else 1.0
    optimizer = new_optimizer("Adafactor", [{"params": ours, "lr": rate}], weight_decay=0.1, arguments=arguments)
    expected = Adafactor(theirs, weight_decay=0.1, **options)
    torch.testing.assert_close(descend(optimizer, ours, 20), descend(expected, theirs, 20), rtol=1e-5, atol=1e-6)


def test_arguments_are_read_as_kohyas_scripts_have_them():
    text = '"decouple=True" "d_coef=2" betas=0.9,0.99\nd0 = 1e-5'
    assert read_arguments("Prodigy", text) == {"decouple": True, "d_coef": 2.0, "betas": (0.9, 0.99), "d0": 1e-5}
    assert read_arguments("SGD", " ") == {}
    made = new_optimizer("SGD", [{"params": parameters(), "lr": 0.1}], arguments="momentum=0 nesterov=False")
    assert (made.param_groups[0]["momentum"], made.param_groups[0]["nesterov"]) == (0, False)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Lion", "d_coef=2", "Lion takes no 'd_coef': it takes betas"),
        ("AdamW", "betas=0.9", "'0.9' is no value for betas"),
        ("AdamW", "betas=0.9,1", "no value"),
        ("Prodigy", "decouple=1", "no value"),
        ("Prodigy", "d0=-1", "no value"),
        ("Prodigy", "d0=__import__('os')", "no value"),
        ("AdamW", "weight_decay=0.1", "input of its own"),
        ("SGD", "nesterov=True momentum=0", "wants a momentum"),
        ("Adafactor", "warmup_init=True", "is for relative_step"),
        ("AdamW", "fast please", "no list of arguments"),
    ],
)
def test_arguments_that_an_optimizer_does_not_take_are_told(name, text, said):
    with pytest.raises(OptimizerError, match=said):
        new_optimizer(name, [{"params": parameters(), "lr": 0.1}], arguments=text)


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
