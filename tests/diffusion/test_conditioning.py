import pytest
import torch

from diffusion import conditioning


def states(value: float, tokens: int = 77) -> torch.Tensor:
    return torch.full((1, tokens, 4), value)


def pooled(value: float) -> dict[str, torch.Tensor]:
    return {"pooled_output": torch.full((1, 4), value)}


def test_options_are_set_on_copies():
    before = [[states(1.0), {"strength": 1.0}], [states(2.0), {}]]
    after = conditioning.with_options(before, strength=0.5, area=(1, 2, 3, 4))
    assert [options for _, options in after] == [{"strength": 0.5, "area": (1, 2, 3, 4)}] * 2
    assert [options for _, options in before] == [{"strength": 1.0}, {}]
    assert after[0][0] is before[0][0]


def test_concatenation_keeps_the_options_of_the_first():
    result = conditioning.concatenate([[states(1.0), {"a": 1}], [states(2.0), {}]], [[states(3.0, 154), {"b": 2}]])
    assert [tuple(item[0].shape) for item in result] == [(1, 231, 4)] * 2
    assert result[0][0][0, :77].eq(1).all()
    assert result[0][0][0, 77:].eq(3).all()
    assert result[0][1] == {"a": 1}


@pytest.mark.parametrize("tokens", [77, 154, 40])
def test_average_is_the_weighted_mean_with_missing_tokens_as_zeros(tokens):
    [(mixed, options)] = conditioning.average([[states(1.0), pooled(1.0)]], [[states(5.0, tokens), pooled(5.0)]], 0.25)
    shared = min(tokens, 77)
    assert mixed.shape == (1, 77, 4)
    assert mixed[0, :shared].eq(4).all()
    assert mixed[0, shared:].eq(0.25).all()
    assert options["pooled_output"].eq(4).all()


def test_average_without_pooled_states():
    assert conditioning.average([[states(1.0), {}]], [[states(5.0), {}]], 0.5)[0][1] == {}
    assert conditioning.average([[states(1.0), pooled(1.0)]], [[states(5.0), {}]], 0.5)[0][1].keys() == {
        "pooled_output"
    }
    only_from = conditioning.average([[states(1.0), {}]], [[states(5.0), pooled(5.0)]], 0.5)
    assert only_from[0][1]["pooled_output"].eq(5).all()


def test_zeros_have_the_same_shapes_and_other_options():
    [(zeros, options)] = conditioning.zero([[states(1.0), {**pooled(1.0), "strength": 0.5}]])
    assert zeros.shape == (1, 77, 4)
    assert not zeros.any()
    assert not options["pooled_output"].any()
    assert options["strength"] == 0.5


@pytest.mark.parametrize("operation", [conditioning.concatenate, lambda a, b: conditioning.average(a, b, 0.5)])
def test_nothing_to_take_from(operation):
    with pytest.raises(ValueError, match="is empty"):
        operation([[states(1.0), {}]], [])
