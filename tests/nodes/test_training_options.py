"""Options of trainings that do not fit together: all are told at their input, before anything is trained."""

import pytest

from diffusion.training.lora import AdapterPlan, check_plan
from diffusion.training.new_kinds import Shape
from diffusion.training.trainer import TrainingError
from graph.declare import InputError
from nodes.training_course import planned
from nodes.training_monitor import training_monitor
from nodes.training_options import adapter_options, learning_options


@pytest.mark.parametrize(
    ("options", "wrong", "said"),
    [
        ({"schedule": "piecewise"}, "rates", "needs some"),
        ({"rates": "0.1:5, 0.2"}, "rates", "are for the schedule piecewise"),
        ({"schedule": "piecewise", "rates": "0.1:5, 0.2:4"}, "rates", "never comes"),
        ({"optimizer_arguments": "d_coef=2"}, "optimizer_arguments", "AdamW takes no 'd_coef'"),
    ],
)
def test_how_a_training_learns(options, wrong, said):
    with pytest.raises(InputError, match=said) as refused:
        learning_options(**options)
    assert refused.value.input_name == wrong


def test_rates_are_those_of_the_training_or_factors_of_them():
    for rates, rate in (("0.005:2, 0.001", 0.005), ("1:2, 0.2", 0.005), ("1:2, 0.2", 3.0)):
        plan = planned(learning_options(schedule="piecewise", rates=rates), 9, rate, 1, 0, None, None)
        found = [rate * plan.schedule.factor(step) for step in range(4)]
        assert found == pytest.approx([rate, rate, rate / 5, rate / 5])
    with pytest.raises(InputError, match=r"begin with 0\.005") as refused:
        planned(learning_options(schedule="piecewise", rates="0.005:2, 0.001"), 9, 1e-4, 1, 0, None, None)
    assert refused.value.input_name == "learning_rate"


def test_options_of_adapters_are_those_of_the_plan():
    plan = adapter_options(max_norm=1.0, rank_stabilized=True, norms=True)
    assert plan == AdapterPlan(Shape(stabilized=True), longest=1.0, norms=True)


@pytest.mark.parametrize(
    ("plan", "option"),
    [
        (AdapterPlan(Shape("LoHa"), longest=1.0), "adapter"),
        (AdapterPlan(Shape(magnitude=True), longest=1.0), "adapter"),
        (AdapterPlan(Shape("IA3", magnitude=True)), "dora"),
        (AdapterPlan(Shape("GLoRA", magnitude=True)), "dora"),
        (AdapterPlan(Shape("full", stabilized=True)), "adapter"),
        (AdapterPlan(Shape("LoRA", both=True)), "adapter"),
        (AdapterPlan(Shape("LoRA", tucker=True)), "adapter"),
        (AdapterPlan(Shape("OFT", tucker=True), wide_rank=2), "adapter"),
    ],
)
def test_parts_that_an_algorithm_does_not_have(plan, option):
    with pytest.raises(TrainingError) as refused:
        check_plan(plan)
    assert refused.value.option == option


def test_parts_that_it_has():
    for shape in (Shape(tucker=True), Shape("LoKr", both=True, tucker=True), Shape("GLoRA", stabilized=True)):
        check_plan(AdapterPlan(shape, wide_rank=2))
    check_plan(AdapterPlan(Shape("LoHa", tucker=True), "all layers"))


def test_lines_of_sample_prompts():
    assert training_monitor("a\n\n b --w 64 ").samples.prompts == ("a", "b --w 64")
    with pytest.raises(InputError, match="'--q' is no option") as refused:
        training_monitor("a --q 5")
    assert refused.value.input_name == "prompts"
