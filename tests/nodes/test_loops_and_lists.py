"""Loops and lists, run by the engine on numbers and words."""

import sys
from types import ModuleType

import pytest
from PIL import Image

from graph import events
from graph.declare import InputError, node
from graph.folders import Folders
from graph.packs.importing import Imported
from graph.registry import collect
from graph.testing import Recorder
from graph.values import Items
from nodes import lists, loops, prompt_lists
from tests.graph.sweeps.plots import Bench, given

calls: list[object] = []


@node("Plus", category="test")
def plus(a: float, b: float = 1) -> float:
    calls.append((a, b))
    return a + b


@node("More", category="test")
def more(a: float, than: float = 5) -> bool:
    return a > than


def imported(module: ModuleType) -> Imported:
    return Imported(module.__name__, module, None)


REGISTRY = collect([imported(module) for module in (lists, loops, prompt_lists, sys.modules[__name__])])


@pytest.fixture
def bench(tmp_path):
    calls.clear()
    return Bench(tmp_path, registry=REGISTRY)


def looped(bench, prompt, output=0):
    """An output of the loop's end `e`."""
    prompt["t"] = given("ListPart", values=["e", output])
    return bench.run(prompt)


def test_a_loop_carries_a_value_from_each_turn_to_the_next(bench):
    prompt = {
        "s": given("LoopStart", count=4, value_1=["a", 0]),
        "a": given("Plus", a=10.0, b=0.0),
        "b": given("Plus", a=["s", 3], b=["s", 1]),
        "e": given("LoopEnd", loop=["s", 0], value_1=["b", 0], collect=["b", 0]),
    }
    assert looped(bench, prompt) == Items([16])
    assert calls == [(10, 0), (10, 0), (10, 1), (11, 2), (13, 3)]
    assert looped(bench, prompt, 3) == Items([10, 11, 13, 16])
    prompt["s"]["inputs"]["count"] = 0
    assert looped(bench, prompt) == Items([10])
    assert looped(bench, prompt, 3) == Items([])


def test_what_does_not_depend_on_the_turn_is_done_once(bench):
    prompt = {
        "s": given("LoopStart", count=5),
        "once": given("Plus", a=1.0, b=1.0),
        "b": given("Plus", a=["s", 1], b=["once", 0]),
        "e": given("LoopEnd", loop=["s", 0], collect=["b", 0]),
    }
    assert looped(bench, prompt, 3) == Items([2, 3, 4, 5, 6])
    assert calls.count((1, 1)) == 1
    steps = [(each.value, each.total) for each in bench.events if isinstance(each, events.Progress)]
    assert steps == [(number, 5) for number in range(1, 6)]


def test_a_loop_goes_through_the_items_of_a_list(bench):
    prompt = {
        "l": given("SplitText", text="1\n\n 2 \n5"),
        "w": given("FloatRange", start=1.0, end=2.0, count=3),
        "s": given("LoopStart", items=["w", 0]),
        "b": given("Plus", a=["s", 1], b=1.0),
        "e": given("LoopEnd", loop=["s", 0], collect=["b", 0]),
    }
    assert looped(bench, prompt, 3) == Items([2, 2.5, 3])


def test_a_loop_may_stop_early_and_makes_no_turn_too_many(bench):
    prompt = {
        "s": given("LoopStart", count=100, value_1=["a", 0]),
        "a": given("Plus", a=0.0, b=0.0),
        "b": given("Plus", a=["s", 3], b=2.0),
        "m": given("More", a=["b", 0], than=5.0),
        "e": given("LoopEnd", loop=["s", 0], value_1=["b", 0], collect=["b", 0], stop=["m", 0]),
    }
    assert looped(bench, prompt) == Items([6])
    assert calls == [(0, 0), (0, 2), (2, 2), (4, 2)]
    assert looped(bench, prompt, 3) == Items([2, 4, 6])
    prompt["s"]["inputs"]["count"] = 2
    assert looped(bench, prompt, 3) == Items([2, 4])


def test_a_loop_may_be_in_a_loop(bench):
    prompt = {
        "s": given("LoopStart", count=3, value_1=["a", 0]),
        "a": given("Plus", a=0.0, b=0.0),
        "is": given("LoopStart", count=["s", 2], value_1=["s", 3]),
        "b": given("Plus", a=["is", 3], b=10.0),
        "ie": given("LoopEnd", loop=["is", 0], value_1=["b", 0]),
        "c": given("Plus", a=["ie", 0], b=1.0),
        "e": given("LoopEnd", loop=["s", 0], value_1=["c", 0], collect=["c", 0]),
    }
    assert looped(bench, prompt, 3) == Items([1, 12, 33])


def test_a_long_loop_needs_no_stack(bench):
    prompt = {
        "s": given("LoopStart", count=1500, value_1=["a", 0]),
        "a": given("Plus", a=0.0, b=0.0),
        "b": given("Plus", a=["s", 3], b=1.0),
        "m": given("More", a=["b", 0], than=1200.0),
        "e": given("LoopEnd", loop=["s", 0], value_1=["b", 0], stop=["m", 0]),
    }
    assert looped(bench, prompt) == Items([1201])


@pytest.mark.parametrize(
    ("class_type", "inputs", "outputs"),
    [
        ("ListItem", {"values": ["l", 0], "index": -1}, ["c"]),
        ("ListPart", {"values": ["l", 0], "start": 1, "count": 1}, ["b"]),
        ("ListPart", {"values": ["l", 0], "start": -2}, ["b", "c"]),
        ("ListReverse", {"values": ["l", 0]}, ["c", "b", "a"]),
        ("ListLength", {"values": ["l", 0]}, [3]),
        ("RepeatList", {"values": ["l", 0]}, ["a", "b", "c", "a", "b", "c"]),
        ("RepeatList", {"values": ["l", 0], "each": True}, ["a", "a", "b", "b", "c", "c"]),
        ("MakeList", {"one": ["l", 0], "two": ["n", 0]}, ["a", "b", "c", 3, 5]),
        ("JoinTexts", {"texts": ["l", 0], "separator": "\\n"}, ["a\nb\nc"]),
        ("PairLists", {"first": ["l", 0], "second": ["n", 0]}, ["a", "a", "b", "b", "c", "c"]),
        ("PairLists", {"first": ["l", 0], "second": ["n", 0], "how": "side by side"}, ["a", "b"]),
    ],
)
def test_lists(bench, class_type, inputs, outputs):
    prompt = {
        "l": given("SplitText", text="a, b,, c", at="commas"),
        "n": given("IntRange", start=3, count=2, step=2),
        "x": given(class_type, **inputs),
        "t": given("ListPart", values=["x", 0]),
    }
    assert bench.run(prompt) == Items(outputs)


def test_files_of_a_folder_are_a_list_and_a_new_one_is_seen(bench):
    folder = bench.folders.input / "set"
    folder.mkdir(parents=True)
    for size, name in ((8, "b.png"), (16, "a.png")):
        Image.new("RGB", (size, 8)).save(folder / name)
    (folder / "a.txt").write_text("eins", encoding="utf-8")
    prompt = {"x": given("FolderPictures", folder_name="set"), "t": given("ListPart", values=["x", 0])}
    assert [picture.shape[2] for picture in bench.run(prompt)] == [16, 8]
    names = {**prompt, "t": given("ListPart", values=["x", 1], start=1)}
    assert bench.run(names) == Items(["b.png"])
    texts = {"x": given("FolderTexts", folder_name="set"), "t": given("ListPart", values=["x", 0])}
    assert bench.run(texts) == Items(["eins"])
    (folder / "b.txt").write_text("zwei", encoding="utf-8")
    assert bench.run(texts) == Items(["eins", "zwei"])
    prompt["x"]["inputs"]["folder_name"] = "../set"
    assert bench.run(prompt) is None
    assert isinstance(bench.events[-1], events.Failed)


def test_pictures_go_by_their_numbers_and_one_that_is_damaged_is_named_and_left_out(tmp_path):
    ctx = Recorder(folders=Folders.under(tmp_path))
    folder = ctx.folders.input / "set"
    folder.mkdir(parents=True)
    for name in ("10.png", "2.png"):
        Image.new("RGB", (8, 8)).save(folder / name)
    (folder / "3.png").write_bytes(b"no picture")
    found = lists.folder_pictures(ctx, "set")
    assert found.names == ["2.png", "10.png"]
    assert len(found.images) == 2
    assert ctx.warnings == ["3.png is not a picture that can be read. Save it as PNG, JPEG or WebP."]
    with pytest.raises(InputError, match=r"3\.png is not a picture"):
        lists.folder_pictures(ctx, "set", start=1, count=1)


LINES = """a cat
--prompt a dog --steps 7 --sampler_name "Euler a" --seed 5 --n_iter 2 --batch_size 3
--prompt a fox --negative_prompt bad --sd_model A"""


def test_lines_become_lists_of_settings_and_each_is_for_its_line_alone(bench):
    prompt = {"t": given("PromptsFromText", lines=LINES, prompt="red", mode="end", seed=100, batch_size=2)}
    found = bench.run(prompt)
    assert found == Items(["red a cat", "red a dog", "red a dog", "red a fox"])
    of = {}
    for slot, name in enumerate(("prompt", "negative", "seed", "steps", "cfg", "sampler", "scheduler")):
        of[name] = bench.run({"x": prompt["t"], "t": given("ListPart", values=["x", slot])})
    assert of["negative"] == Items(["", "", "", "bad"])
    assert of["seed"] == Items([100, 5, 8, 104]), "two pictures a line; the line with a seed of its own has three"
    assert of["steps"] == Items([20, 7, 7, 20])
    assert of["sampler"] == Items(["euler", "euler_ancestral", "euler_ancestral", "euler"])
    checkpoints = bench.run({"x": prompt["t"], "t": given("ListPart", values=["x", 11])})
    assert checkpoints == Items(["", "", "", "a.pt"])


def test_seeds_of_lines_may_be_the_same_or_random(bench):
    prompt = {"x": given("PromptsFromText", lines="a\nb\nc", seed=9), "t": given("ListPart", values=["x", 2])}
    assert bench.run(prompt) == Items([9, 10, 11])
    prompt["x"]["inputs"]["seeds"] = "the same for all"
    assert bench.run(prompt) == Items([9, 9, 9])
    prompt["x"]["inputs"]["seeds"] = "random for each line"
    assert len(set(bench.run(prompt))) == 3


def test_a_matrix_is_a_list_of_prompts_with_seeds(bench):
    prompt = {"x": given("PromptMatrix", text="a|b|c", seed=4), "t": given("ListPart", values=["x", 0])}
    assert bench.run(prompt) == Items(["a", "a, b", "a, c", "a, b, c"])
    prompt["t"]["inputs"]["values"] = ["x", 1]
    assert bench.run(prompt) == Items([4, 4, 4, 4])
    prompt["x"]["inputs"]["different_seeds"] = True
    assert bench.run(prompt) == Items([4, 5, 6, 7])
