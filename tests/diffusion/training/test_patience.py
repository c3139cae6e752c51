"""When a training has learned enough: the losses are written by hand, and so is what follows from them."""

import math

import pytest

from diffusion.training.patience import Patience
from diffusion.training.run import Check


def checks(*losses: float, every: int = 10) -> list[Check]:
    """The first is of step 0; what is held out has ten times the loss, turned around."""
    return [Check(every * at, loss, -10 * loss) for at, loss in enumerate(losses)]


@pytest.mark.parametrize(
    ("patience", "losses", "over", "best"),
    [
        (2, (0.1, 0.9, 0.8, 0.8, 0.7), False, 40),  # the first loss is of what was not trained; equal is not lower
        (2, (0.9, 0.8, 0.8, 0.81, 0.1), True, 10),  # what comes after the end does not count
        (2, (0.9, 0.8, math.nan, 0.8, 0.1), False, 40),  # neither does what is no number
        (1, (0.9, 0.8, 0.7), False, 20),
        (0, (0.9, 0.8, 0.9, 0.9, 0.9), False, 10),
    ],
)
def test_patience_ends_when_the_loss_has_not_fallen_so_often(patience, losses, over, best):
    found = Patience(patience, 10, held_out=False)
    assert found.is_over(checks(*losses)) == over
    assert found.best(checks(*losses)).steps == best


def test_what_counts_is_what_is_held_out_and_measured_when_it_was_to_be():
    measured = [*checks(0.5, 0.4, 0.3), Check(25, 0.9, -9.0), Check(30, 0.2), Check(35, 0.95, -9.5)]
    found = Patience(1, 10, held_out=True)
    assert found.best(measured).steps == 10
    assert found.is_over(measured)
    assert Patience(5, 10, held_out=True).best(measured, end=35).steps == 35
    assert found.best([]) is None
