"""Learning rates; the oracle is transformers' schedulers (whose cosine rises again after the end: ours stays down)."""

import pytest
import torch
from transformers import optimization

from diffusion.training.learning_rate import SHAPES, LearningRate

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
