"""Learning rates; the oracle is transformers' schedulers (whose cosine rises again after the end: ours stays down)."""

import pytest
import torch
from transformers import optimization

from diffusion.training.learning_rate import SHAPES, LearningRate, RatesError, read_pieces

OPTIMIZER = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
WARMUP, TOTAL = 7, 50
CASES = {
    "constant": (LearningRate("constant", TOTAL, WARMUP), optimization.get_constant_schedule_with_warmup, {}),
    "linear": (LearningRate("linear", TOTAL, WARMUP), optimization.get_linear_schedule_with_warmup, None),
    "cosine": (LearningRate("cosine", TOTAL, WARMUP), optimization.get_cosine_schedule_with_warmup, None),
    "low": (
        LearningRate("cosine", TOTAL, WARMUP, low=0.1),
        optimization.get_cosine_with_min_lr_schedule_with_warmup,
        {"num_training_steps": TOTAL, "min_lr": 0.1},
    ),
    "restarts": (
        LearningRate("cosine with restarts", TOTAL, WARMUP, cycles=3),
        optimization.get_cosine_with_hard_restarts_schedule_with_warmup,
        {"num_training_steps": TOTAL, "num_cycles": 3},
    ),
    "polynomial": (
        LearningRate("polynomial", TOTAL, WARMUP, power=2.0),
        optimization.get_polynomial_decay_schedule_with_warmup,
        {"num_training_steps": TOTAL, "power": 2.0, "lr_end": 0.0},
    ),
    "inverse": (LearningRate("inverse square root", TOTAL, WARMUP), optimization.get_inverse_sqrt_schedule, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_rates_are_those_of_transformers(case):
    rate, scheduler, options = CASES[case]
    options = {"num_training_steps": TOTAL} if options is None else options
    expected = scheduler(OPTIMIZER, num_warmup_steps=WARMUP, **options).lr_lambdas[0]
    found = [rate.factor(step) for step in range(TOTAL + 1)]
    assert found == pytest.approx([expected(step) for step in range(TOTAL + 1)])


def test_a_stable_rate_falls_at_the_end():
    rate = LearningRate("warmup stable decay", 100, 10, decay=0.5)
    assert [rate.factor(step) for step in (0, 5, 10, 54, 100)] == pytest.approx([0, 0.5, 1, 1, 0])
    assert rate.factor(10 + 90 * 3 // 4) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_rate_stays_within_its_bounds_beyond_the_end(shape):
    rate = LearningRate(shape, 20, 4, low=0.25 if shape != "inverse square root" else 0.0)
    factors = [rate.factor(step) for step in range(200)]
    assert factors[0] == 0
    assert max(factors) == pytest.approx(1)
    assert min(factors[4:]) >= rate.low


def test_pieces_are_those_that_the_webui_reads():
    """The oracle is what its documentation says: 0.005 for the first 100 steps, 0.001 until step 1000, then 0.00001."""
    rate = LearningRate("piecewise", pieces=read_pieces("0.005:100, 1e-3:1000, 1e-5"), total=3)
    found = {step: 0.005 * rate.factor(step) for step in (0, 99, 100, 999, 1000, 100_000)}
    assert found == pytest.approx({0: 0.005, 99: 0.005, 100: 1e-3, 999: 1e-3, 1000: 1e-5, 100_000: 1e-5})
    assert rate.endless
    assert LearningRate("piecewise", pieces=read_pieces("1:10\n0.5:20")).factor(50) == 0.5
    assert LearningRate("piecewise", warmup=4, pieces=read_pieces("0.1:-1")).factor(1) == 0.25


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" , ", "There are no"),
        ("fast", "'fast' is no"),
        ("1e-3:x", "is no learning rate"),
        ("0", "above 0"),
        ("nan", "above 0"),
        ("1:100, 2:50", "'2:50' never comes"),
        ("1, 2:50", "'2:50' never comes"),
    ],
)
def test_rates_that_make_no_schedule_are_told(text, said):
    with pytest.raises(RatesError, match=said):
        read_pieces(text)
