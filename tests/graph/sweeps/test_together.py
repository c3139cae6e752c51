"""Cells that a node does at once: in which company, with the results and the keys of single runs."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pytest

from graph import events
from graph.declare import Blocked, Context, Seed, node
from graph.packs.importing import Imported
from graph.registry import collect
from tests.graph.sweeps import plots
from tests.graph.sweeps.plots import Bench, Text, calls, given

MOST = 3


def _drawn(model: str, positive: str, seed: int = 0, cfg: float = 7.0) -> str:
    return f"{model} {positive} {seed} {cfg}"


def _at_once(ctx: Context, inputs: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Up to three that have one scale, as a batch has; not with seeds above 100."""
    chosen = [place for place, each in enumerate(inputs) if each.get("cfg") == inputs[0].get("cfg")][:MOST]
    if inputs[0]["seed"] > 100 or len(chosen) < 2:
        return {}
    calls.append(("batch", [inputs[place]["seed"] for place in chosen]))
    ctx.progress(1, 1)
    return {place: _drawn(**inputs[place]) for place in chosen}


@node("DrawMany", category="test", together=_at_once)
def draw_many(
    ctx: Context, model: Text, positive: Text, seed: Seed = 0, cfg: Annotated[float, plots.Range(0, 30)] = 7.0
) -> Text:
    calls.append(("alone", seed))
    return _drawn(model, positive, seed, cfg)


@node("Seeds", category="test")
def seeds(blocked: int = -1) -> list[int]:
    return [Blocked() if number == blocked else number for number in range(5)]


REGISTRY = collect([Imported("plots", plots, None), Imported("together", sys.modules[__name__], None)])


def drawing(**plotted):
    return {
        "1": given("Open", name="a.pt"),
        "2": {**given("Encode", model=["1", 0], text="a red cat"), "_meta": {"title": "Positive"}},
        "4": given("DrawMany", model=["1", 0], positive=["2", 0], seed=50, cfg=7.0),
        "t": given("Plot", picture=["4", 0], **plotted),
    }


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path, registry=REGISTRY)


def done(*names):
    return [call for call in calls if call[0] in names]


def test_seeds_are_drawn_at_once_and_a_single_run_finds_them_again(bench):
    found = bench.run(drawing(x_target="DrawMany.seed", x_values="1-7"))
    assert done("batch", "alone") == [("batch", [1, 2, 3]), ("batch", [4, 5, 6]), ("alone", 7)]
    assert found["cells"][1, 0, 0] == "[a.pt <a red cat> 2 7.0]"
    counted = [each.value for each in bench.events if isinstance(each, events.Progress) and each.node == "t"]
    assert counted == [1, 2, 3, 4, 5, 6, 7]
    told = bench.events
    [places] = [event.nodes for event in told if isinstance(event, events.Expanded)]
    drawn = [id for id, place in places.items() if place.class_type == "DrawMany"]
    ended = [event for event in told if isinstance(event, events.NodeFinished) and event.node in drawn]
    shares = [event.seconds for event in ended]
    assert shares[0] == shares[1] == shares[2] > 0
    prompt = drawing()
    prompt["4"]["inputs"]["seed"] = 5
    assert bench.run(prompt, "4") == "a.pt <a red cat> 5 7.0"
    assert not calls


def test_only_what_fits_goes_together_and_all_prompts_are_encoded_before(bench):
    found = bench.run(drawing(x_target="Positive.text", x_values="cat, dog", y_target="DrawMany.cfg", y_values="3, 4"))
    assert [name for name, _ in done("Encode", "batch", "alone")] == ["Encode", "Encode", "batch", "batch"]
    assert found["cells"][1, 0, 0] == "[a.pt <dog> 50 3.0]"
    assert found["cells"][0, 1, 0] == "[a.pt <cat> 50 4.0]"


def test_what_is_in_the_cache_is_not_drawn_again(bench):
    bench.run(drawing(x_target="DrawMany.seed", x_values="2"))
    bench.run(drawing(x_target="DrawMany.seed", x_values="1-4"))
    assert done("batch", "alone") == [("batch", [1, 3, 4])]


def test_pictures_of_a_batch_are_done_before_the_next_begins_and_an_interrupt_ends_it(bench):
    def interrupt(event):
        if isinstance(event, events.Progress) and event.node == "t" and event.value == 2:
            bench.interrupted.set()

    bench.on_event = interrupt
    assert bench.run(drawing(x_target="DrawMany.seed", x_values="1-9")) is None
    assert isinstance(bench.events[-1], events.Interrupted)
    assert done("batch", "alone") == [("batch", [1, 2, 3])]
    assert len(done("Frame")) == 2


def test_the_values_of_a_list_are_done_at_once_but_for_those_that_are_blocked(bench):
    prompt = {**drawing(), "5": given("Seeds", blocked=1)}
    prompt["4"]["inputs"]["seed"] = ["5", 0]
    found = bench.run(prompt, "4")
    assert done("batch", "alone") == [("batch", [0, 2, 3]), ("alone", 4)]
    assert isinstance(found[1], Blocked)
    assert [each for each in found if isinstance(each, str)] == [_drawn("a.pt", "<a red cat>", n) for n in (0, 2, 3, 4)]


def test_what_does_not_go_together_is_done_alone(bench):
    bench.run(drawing(x_target="DrawMany.seed", x_values="101-103"))
    assert done("batch", "alone") == [("alone", 101), ("alone", 102), ("alone", 103)]
