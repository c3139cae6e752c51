"""What docs/nodes.md says works."""

import re
from pathlib import Path
from types import ModuleType

import pytest
import torch

from graph.folders import Folders
from graph.packs.importing import Imported
from graph.registry import collect, load
from graph.values import Blocked, Items
from graph.workbench import RefusedError, Workbench

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "nodes.md").read_text(encoding="utf-8")


def blocks_of(page):
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


BLOCKS = blocks_of(PAGE)


@pytest.mark.usefixtures("forget_packs")
def test_the_first_example_is_a_pack(tmp_path):
    (tmp_path / "contrast.py").write_text(BLOCKS[0], encoding="utf-8")
    registry = load([], tmp_path)
    assert registry.problems == ()
    info = registry.schemas()["Contrast"]
    assert info["input"]["required"]["amount"][1]["tooltip"].startswith("1 changes nothing")
    assert info["output"] == ["IMAGE"]


@pytest.fixture(scope="module")
def examples():
    """What the page's blocks define, run one after the other in one module."""
    module = ModuleType("examples")
    for block in BLOCKS:
        exec(compile(block, "docs/nodes.md", "exec"), vars(module))
    return module


@pytest.fixture
def workbench(examples, tmp_path):
    """An engine that has the page's nodes."""
    return Workbench(collect([Imported("examples", examples)]), Folders.under(tmp_path))


DARK, BRIGHT = torch.zeros(1, 8, 8, 3), torch.ones(1, 8, 8, 3)


def test_all_examples_run_one_after_the_other(examples):
    halves = examples.split_image(examples.picture)
    assert (halves.left.shape, halves.right.shape) == ((1, 8, 4, 3), (1, 8, 4, 3))


def test_lists_are_cut_worked_on_one_by_one_and_joined(workbench):
    strips = workbench.node("CutStrips", image=BRIGHT, count=4)
    assert [strip.shape for strip in strips] == [(1, 8, 2, 3)] * 4
    grey = workbench.node("Contrast", image=Items(strips), amount=0.0)
    assert isinstance(grey, Items)
    assert torch.equal(workbench.node("JoinStrips", strips=grey), BRIGHT / 2)


def test_a_switch_evaluates_one_branch(workbench):
    assert torch.equal(workbench.node("Switch", condition=False, on_true=DARK, on_false=BRIGHT), BRIGHT)
    assert workbench.asked == ["on_false"]


def test_a_generator_asks_when_it_needs_to(workbench):
    assert torch.equal(workbench.node("BrightenDark", image=DARK, other=BRIGHT), BRIGHT / 2)
    assert workbench.asked == ["image", "other"]
    assert torch.equal(workbench.node("BrightenDark", image=BRIGHT, other=DARK), BRIGHT)
    assert workbench.asked == ["image"]


def test_plots_and_tables_are_shown_as_data(examples, tmp_path):
    recorder = examples.Recorder(Folders.under(tmp_path))
    assert examples.settle(recorder, 8.0, 0.5, 3) == 2.0
    [plot], [table] = recorder.shown["plots"], recorder.shown["tables"]
    assert [line["y"] for line in plot["series"]] == [[8.0, 4.0, 2.0], [8.0, 8.0]]
    assert table["rows"] == [[0, 8.0], [1, 4.0], [2, 2.0]]


def test_a_subgraph_runs_in_place_of_its_node(workbench):
    quarter = torch.full((1, 8, 8, 3), 0.4)
    result = workbench.node("ContrastAgain", image=quarter, times=2)
    assert torch.allclose(result, torch.full_like(result, 0.5 - 0.1 * 1.5**2))


def test_a_loop_may_be_long(workbench):
    assert workbench.node("HalveUntil", value=2.0**1000, limit=1.0) == 1.0


def test_a_node_that_looks_outside_runs_again_when_something_has_changed(workbench):
    workbench.folders.input.mkdir()
    for count, ran in ((0, ["1"]), (0, []), (1, ["1"])):
        if count:
            (workbench.folders.input / "new.png").write_bytes(b"")
        assert workbench.node("CountFiles") == count
        assert workbench.ran == ran
    with pytest.raises(RefusedError, match="'png' has no dot"):
        workbench.node("CountFiles", ending="png")


def test_a_blocked_value_keeps_the_rest_from_running(workbench):
    assert workbench.node("OnlyBright", image=DARK) == Blocked("The picture is too dark.")
    assert torch.equal(workbench.node("OnlyBright", image=BRIGHT), BRIGHT)


def test_inputs_of_any_name_and_of_two_types(workbench):
    mean = workbench.node("AverageAll", first=torch.zeros(1, 8, 8), left=BRIGHT, right=BRIGHT, other=DARK)
    assert torch.equal(mean, BRIGHT / 2)


def test_async_nodes_give_their_value(workbench):
    assert torch.equal(workbench.node("Later", value=BRIGHT, seconds=0.0), BRIGHT)


def test_the_chinese_page_has_the_same_examples():
    assert blocks_of((DOCS / "zh" / "nodes.md").read_text(encoding="utf-8")) == BLOCKS


@pytest.mark.parametrize("name", re.findall(r"`(?:Annotated\[\w+, )?([A-Z]\w+)\(", PAGE))
def test_every_annotation_of_the_page_exists(name):
    from graph import declare, types

    assert hasattr(declare, name) or hasattr(types, name)
