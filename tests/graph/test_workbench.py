import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, NamedTuple

import pytest

from graph.context import Interrupted
from graph.declare import Context, Files, InputError, Lazy, Range, node
from graph.folders import Folders
from graph.values import Blocked, Items
from graph.workbench import RefusedError, Workbench
from tests.graph import form_nodes

ROOT = Path(__file__).parents[2]


class Opaque:
    """A value that no JSON has."""


class Pair(NamedTuple):
    first: int
    second: str


@node("BenchPair", category="test")
def pair(number: Annotated[int, Range(0, 9)] = 1, text: str = "a") -> Pair:
    return Pair(number, text)


@node("BenchSame", category="test")
def same(value: form_nodes.AnyValue) -> form_nodes.AnyValue:
    return value


@node("BenchTell", category="test", output_node=True)
def tell(ctx: Context, text: str) -> None:
    ctx.show("text", [text, ctx.node_id])
    ctx.warn(f"careful with {text}")


@node("BenchFail", category="test")
def fail(value: int = 0, lazy: Lazy[form_nodes.AnyValue] | None = None) -> int:
    raise KeyError(value)


@node("BenchFile", category="test")
def read(ctx: Context, name: Annotated[str, Files("input", extensions=(".txt",))]) -> str:
    return ctx.folders.input_path(name).read_text()


def refuse(number: int) -> None:
    if number == 13:
        raise InputError("number", "That number brings no luck. Choose another.")


@node("BenchPicky", category="test", validate=refuse)
def picky(number: int) -> int:
    return number


@pytest.fixture
def bench(tmp_path):
    bench = Workbench(form_nodes.registry(), Folders.under(tmp_path))
    bench.folders.input.mkdir()
    return bench


def test_a_node_is_run_by_its_function_or_its_id(bench):
    assert bench.node(pair, number=3) == (3, "a")
    assert bench.node("Times", a=6, b=7) == 42
    assert bench.node(tell, text="x") is None
    assert bench.shown == {"1": {"text": ["x", "1"]}}
    assert bench.warnings == ["careful with x"]
    assert bench.ran == ["1"]


def test_any_value_can_be_given(bench):
    value = Opaque()
    assert bench.node(same, value=value) is value
    for given in ([1, 2], {"a": [1, 0]}, None, float("nan"), ["1", 0]):
        assert bench.node(same, value=given) is given


def test_lists_are_given_whole_or_one_by_one(bench):
    assert bench.node("Sum", numbers=[1, 2, 3]) == 6
    assert bench.node("Times", a=Items([1, 2, 3]), b=Items([10])) == [10, 20, 30]
    assert bench.node("Numbers", text="1 2") == [1, 2]
    assert bench.node("Countdown", start=3) == [3, 2, 1]
    assert bench.node("Ticks", count=2) == [0, 1]
    assert bench.node("Divide", numbers=[8, 9], by=2) == ([4, 4], 2)


def test_every_form_of_a_node_runs(bench):
    assert bench.node("Clamp", value=3, low=5) == 5
    assert bench.node("Factorial", n=5) == 120
    assert bench.node("Pick", a=1, b="x") == "a=1,b=x"
    assert bench.node("AsyncChoose", condition=True, on_true=1, on_false=2) == 1
    assert bench.node("Gate", value=1, open=False, message="closed") == Blocked("closed")


def test_lazy_inputs_that_are_not_asked_for_are_not_evaluated(bench):
    assert bench.node("Choose", condition=True, on_true="yes", on_false="no") == "yes"
    assert bench.asked == ["on_true"]
    assert bench.node("Clamp", value=3, low=101) == 101
    assert bench.asked == []


def test_what_a_node_raises_comes_out_as_it_is(bench):
    with pytest.raises(KeyError) as raised:
        bench.node(fail, value=7)
    assert raised.value.args == (7,)
    assert raised.value.__notes__ == ["(in the node 1, BenchFail)"]


def test_what_the_server_would_refuse_is_refused(bench):
    with pytest.raises(RefusedError, match="number") as refused:
        bench.node(pair, number=10)
    assert [error["type"] for error in refused.value.node_errors["1"]["errors"]] == ["value_bigger_than_max"]
    with pytest.raises(RefusedError, match="brings no luck"):
        bench.node(picky, number=13)
    assert bench.node(picky, number=12) == 12
    with pytest.raises(RefusedError, match="value"):
        bench.node(same)
    with pytest.raises(TypeError, match="'BenchPair' has no input 'nummer'"):
        bench.node(pair, nummer=1)
    with pytest.raises(TypeError, match="is no node"):
        bench.node(refuse, number=1)


def test_files_lie_in_the_folders_of_the_bench(bench):
    (bench.folders.input / "a.txt").write_text("content")
    assert bench.node(read, name="a.txt") == "content"
    with pytest.raises(RefusedError, match=r"b\.txt"):
        bench.node(read, name="b.txt")


PROMPT = {
    "1": {"class_type": "Times", "inputs": {"a": 2, "b": 3}},
    "2": {"class_type": "Times", "inputs": {"a": ["1", 0], "b": 4}},
    "3": {"class_type": "Divide", "inputs": {"numbers": ["2", 0], "by": 5}},
}


def test_a_graph_gives_the_outputs_of_its_ends_or_of_what_is_wanted(bench):
    assert bench.graph(PROMPT) == {"3": ([4], 1)}
    assert bench.ran == ["1", "2", "3"]
    assert bench.graph(PROMPT, targets=["1", "2"]) == {"1": 6, "2": 24}
    assert bench.ran == [], "both are known from before"
    changed = {**PROMPT, "2": {"class_type": "Times", "inputs": {"a": ["1", 0], "b": 5}}}
    assert bench.graph(changed) == {"3": ([6], 1)}
    assert bench.ran == ["2", "3"]


def test_a_graph_is_read_from_a_file_and_a_document_is_compiled(bench, tmp_path):
    path = tmp_path / "prompt.json"
    path.write_text(json.dumps(PROMPT))
    assert bench.graph(path, ["2"]) == bench.graph(str(path), ["2"]) == {"2": 24}
    document = {
        "nodes": [
            {"id": 1, "type": "Times", "widgets_values": [2, 3], "outputs": [{"name": "INT", "links": [1]}]},
            {"id": 2, "type": "Clamp", "inputs": [{"name": "value", "link": 1}], "widgets_values": [1, 10]},
        ],
        "links": [[1, 1, 0, 2, 0, "INT"]],
    }
    assert bench.graph(document) == {"2": 10}


def test_a_graph_that_cannot_run_says_all_that_is_wrong(bench):
    wrong = {"1": {"class_type": "Times", "inputs": {"a": "x"}}, "2": {"class_type": "Absent", "inputs": {}}}
    with pytest.raises(RefusedError) as refused:
        bench.graph(wrong)
    assert "Absent" in str(refused.value)
    with pytest.raises(RefusedError) as refused:
        bench.graph(wrong, ["1"])
    assert len(str(refused.value).splitlines()) == 2


def test_a_run_can_be_interrupted(bench):
    bench.interrupt.set()
    with pytest.raises(Interrupted):
        bench.node("Times", a=1, b=2)


TEST = """
def test_the_pack(pack, run_node, run_graph, bench, pocket):
    assert pack.__name__ == "custom_nodes.mine"
    assert run_node(pack.double, value=4) == run_node("MineDouble", value=4) == 8
    prompt = {"1": {"class_type": "MineDouble", "inputs": {"value": 1}}}
    assert run_graph(prompt) == {"1": 2}
    assert bench.folders.model_path("checkpoints", pocket).is_file()
    assert "CheckpointLoader" in bench.registry.specs
"""


def test_the_plugin_finds_the_pack_and_imports_it_once(tmp_path):
    source = (
        "import sys\nfrom graph.declare import node\nprint('imported', __name__, file=sys.stderr)\n\n"
        "@node('MineDouble', category='test')\ndef double(value: int) -> int:\n    return value * 2\n"
    )
    options = f'[tool.pytest.ini_options]\naddopts = "-s -p no:asyncio"\npythonpath = ["{ROOT.as_posix()}"]\n'
    for pack, code in (("mine", source), ("broken", "import no_such_module")):
        for name, text in {
            "__init__.py": code,
            "pyproject.toml": options,
            "tests/conftest.py": 'pytest_plugins = ["graph.pytest_plugin"]',
            f"tests/test_{pack}.py": TEST,
        }.items():
            (tmp_path / pack / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / pack / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    for where, arguments in ((tmp_path / "mine", ["."]), (tmp_path, ["mine/tests/test_mine.py", "broken"])):
        answer = subprocess.run([*command, *arguments], cwd=where, capture_output=True, text=True, check=False)
        assert "1 passed" in answer.stdout, answer.stdout + answer.stderr
        assert answer.stderr.count("imported") == 1, answer.stderr
    assert "The pack 'broken' could not be imported. The Python module 'no_such_module'" in answer.stdout
