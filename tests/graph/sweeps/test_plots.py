"""A sweep as a graph: what is done how often, in which order, and that each cell is what a single run gives."""

import pytest

from graph import events
from tests.graph.sweeps.plots import Bench, calls, drawing, given


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def count(name):
    return sum(each == name for each, _ in calls)


def single(bench, **values):
    """The picture of one run with other values, by `node__input`."""
    prompt = drawing()
    for place, value in values.items():
        node, name = place.removeprefix("_").split("__")
        prompt[node]["inputs"][name] = value
    return bench.run(prompt, "4")


def test_what_no_axis_touches_is_done_once_and_every_cell_is_what_a_single_run_gives(tmp_path):
    bench = Bench(tmp_path, budget=0)  # so that nothing is owed to the cache
    given_ = bench.run(drawing(x_target="Draw.seed", x_values="0-9", y_target="4.cfg", y_values="1-10"))
    assert (count("Open"), count("Encode"), count("Draw"), count("Frame")) == (1, 2, 100, 100)
    assert len(given_["cells"]) == 100
    for x, y in ((0, 0), (9, 0), (4, 7)):
        assert given_["cells"][x, y, 0] == f"[{single(bench, _4__seed=x, _4__cfg=y + 1.0)}]"


def test_what_one_axis_touches_is_done_once_for_each_of_its_values(tmp_path):
    bench = Bench(tmp_path, budget=0)
    bench.run(drawing(x_target="Positive.text", x_values="cat, dog, fox", y_target="Draw.seed", y_values="1-4"))
    assert (count("Open"), count("Encode"), count("Draw")) == (1, 4, 12)


def test_a_plot_needs_no_single_run_and_shares_what_others_of_the_job_make(bench):
    bench.run(drawing(x_target="Draw.seed", x_values="7, 8"))
    assert [call for call in calls if call[0] == "Draw"] == [("Draw", ("a.pt", 7, 7.0)), ("Draw", ("a.pt", 8, 7.0))]
    bench.run(drawing(x_target="Draw.seed", x_values="6-9"))
    assert [seed for name, (_, seed, _) in ((n, c) for n, c in calls if n == "Draw")] == [6, 9]


def test_dear_files_change_seldom_and_stay_where_the_axis_puts_them(bench):
    found = bench.run(drawing(x_target="Open.name", x_values="a, b", y_target="Draw.seed", y_values="1-3"))
    models = [model for name, (model, *_) in (c for c in calls if c[0] == "Draw")]
    assert models == ["a.pt"] * 3 + ["b.pt"] * 3
    assert found["labels"][0] == ["a", "b"]
    assert [found["cells"][x, 2, 0].split()[0] for x in (0, 1)] == ["[a.pt", "[b.pt"]


def test_cells_are_made_row_by_row_and_each_is_finished_before_the_next(bench):
    bench.run(drawing(x_target="Draw.seed", x_values="1,2", y_target="Draw.cfg", y_values="3,4"))
    made = [call for call in calls if call[0] in ("Draw", "Frame")]
    assert [name for name, _ in made] == ["Draw", "Frame"] * 4
    assert [what[1:] for name, what in made if name == "Draw"] == [(1, 3), (2, 3), (1, 4), (2, 4)]


def test_labels_name_the_widget_or_the_choice(bench):
    found = bench.run(
        drawing(x_target="Draw.cfg", x_values="1-2 (+0.5)", y_target="Draw.sampler", y_values="Euler, dpm++ 2m")
    )
    assert found["labels"] == [["cfg: 1", "cfg: 1.5", "cfg: 2"], ["euler", "dpmpp_2m"], [""]]


def test_snapshots_are_taken_in_the_order_of_their_numbers(bench):
    found = bench.run(drawing(x_target="Open.name", x_values="lora-*, lora"))
    assert found["labels"][0] == ["lora-2", "lora-10", "lora"]
    assert [model for name, model in calls if name == "Open"] == ["lora-2.pt", "lora-10.pt", "lora.pt"]


def test_search_and_replace_reaches_both_prompts(bench):
    found = bench.run(drawing(x_target="Prompt S/R", x_values="red, blue, 蓝色"))
    texts = [found["cells"][x, 0, 0] for x in range(3)]
    assert [text.split("> <")[0].split("<")[1] for text in texts] == [
        "a red cat, sitting", "a blue cat, sitting", "a 蓝色 cat, sitting",
    ]  # fmt: skip
    assert ["<ugly, blue>" in text for text in texts] == [False, True, False]
    assert found["labels"][0] == ["red", "blue", "蓝色"]


def test_the_order_of_words_is_permuted_in_their_places(bench):
    found = bench.run(drawing(x_target="Prompt order", x_values="sitting, red, cat"))
    texts = [found["cells"][x, 0, 0].split("<")[1] for x in range(6)]
    assert found["labels"][0][:2] == ["sitting, red, cat", "sitting, cat, red"]
    assert [text.split(">")[0] for text in texts] == [
        "a sitting red, cat", "a sitting cat, red", "a red sitting, cat",
        "a red cat, sitting", "a cat sitting, red", "a cat red, sitting",
    ]  # fmt: skip


def test_seeds_can_vary_from_cell_to_cell_and_be_random(bench):
    found = bench.run(drawing(x_target="Draw.steps", x_values="1,2", y_target="Draw.cfg", y_values="3,4,5", vary=True))
    seeds = {index: int(text.split("> ")[2].split()[0]) for index, text in found["cells"].items()}
    assert seeds == {(x, y, 0): 7 + x + 2 * y for x in range(2) for y in range(3)}
    once = bench.run(drawing(x_target="Seed", x_values="-1, 3, -1"))
    assert once["labels"][0][1] == "seed: 3"
    assert len(set(once["labels"][0])) == 3
    assert bench.run(drawing(x_target="Seed", x_values="-1, 3, -1")) == once


def test_an_alias_and_a_linked_widget_can_be_swept(bench):
    prompt = drawing(x_target="2.words", x_values="one, two", y_target="Draw.steps", y_values="3")
    prompt["2"] = given("Tokens", model=["1", 0], words="none")
    assert "<two>" in bench.run(prompt)["cells"][1, 0, 0]
    prompt["5"] = given("Twice", number=6)
    prompt["4"]["inputs"]["steps"] = ["5", 0]
    assert " 3 7.0 " in bench.run(prompt)["cells"][1, 0, 0]
    assert count("Twice") == 0


def test_progress_counts_cells_and_what_they_do_is_shown_on_the_nodes_that_they_stand_for(bench):
    bench.run(drawing(x_target="Draw.seed", x_values="1-5"))
    steps = [(each.value, each.total) for each in bench.events if isinstance(each, events.Progress)]
    assert steps == [(number, 5) for number in range(1, 6)]
    (placed,) = [each.nodes for each in bench.events if isinstance(each, events.Expanded)]
    assert {place.display for place in placed.values() if place.class_type == "Draw"} == {"4"}


def test_a_plot_is_made_anew_when_the_nodes_before_it_are_called_otherwise(bench):
    prompt = drawing(x_target="Positive.text", x_values="cat")
    assert "<cat> <ugly, red>" in bench.run(prompt)["cells"][0, 0, 0]
    prompt["2"]["_meta"], prompt["3"]["_meta"] = prompt["3"]["_meta"], prompt["2"]["_meta"]
    assert "<a red cat, sitting> <cat>" in bench.run(prompt)["cells"][0, 0, 0]


def test_an_interrupt_ends_it_between_two_cells(bench):
    def stop(event):
        if isinstance(event, events.Progress) and event.value == 3:
            bench.interrupted.set()

    bench.on_event = stop
    assert bench.run(drawing(x_target="Draw.seed", x_values="11-19")) is None
    assert isinstance(bench.events[-1], events.Interrupted)
    assert count("Draw") == 3


@pytest.mark.parametrize(
    ("inputs", "input", "said"),
    [
        ({"x_target": "Drow.cfg", "x_values": "1"}, "x_target", "Similar: Draw"),
        ({"x_target": "Draw.cgf", "x_values": "1"}, "x_target", "Similar: cfg"),
        ({"y_target": "Draw.model", "y_values": "1"}, "y_target", "takes a link"),
        ({"x_target": "Encode.text", "x_values": "1"}, "x_target", "Several nodes"),
        ({"x_target": "Draw.cfg", "x_values": "1-2 (0.5)"}, "x_values", "no range"),
        ({"x_target": "Draw.cfg", "x_values": "1-40"}, "x_values", "at most 30"),
        ({"x_target": "Draw.steps", "x_values": "10-1"}, "x_values", "There is no value"),
        ({"x_target": "Draw.sampler", "x_values": "euler, heun"}, "x_values", "'heun'"),
        ({"x_target": "Open.name", "x_values": "zebra"}, "x_values", "'zebra'"),
        ({"x_target": "Open.name", "x_values": "zebra-*"}, "x_values", "Nothing matches"),
        ({"x_target": "Draw.tiled", "x_values": "perhaps"}, "x_values", "neither true nor false"),
        ({"x_target": "Prompt S/R", "x_values": "dog, cat"}, None, "none of the prompts"),
        ({"x_target": "Prompt S/R", "x_values": ", cat"}, None, "none of the prompts"),
        ({"x_target": "Prompt order", "x_values": "cat, dog"}, None, "No prompt has all"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(bench, inputs, input, said):
    calls.clear()
    (complaint,) = bench.complaints(drawing(**inputs))
    assert complaint.startswith(f"{input}: ")
    assert said in complaint
    assert not calls
