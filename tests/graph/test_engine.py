"""Running workflows in a script: `graph.engine`."""

import signal
import subprocess
import sys
import threading

import pytest

from graph.engine import Engine, Progress, WorkflowError, WorkflowInterrupted
from graph.prompt_builder import PromptBuilder
from graph.workflow_error import NotThereError
from tests.graph.drawing import Drawing
from tests.running_server import ROOT, node, shown

PACKAGE = ["tests.plain_nodes"]


def engine_at(base, **options):
    return Engine(base, packages=PACKAGE, **options)


@pytest.fixture
def engine(tmp_path):
    with engine_at(tmp_path) as engine:
        yield engine


def saved(text, **inputs):
    """A prompt that writes a text into a file."""
    return {"1": node("Sleep", seconds=0.01, text=text), "2": node("KeepText", text=["1", 0], **inputs)}


def test_a_prompt_is_run_and_gives_what_its_nodes_show(engine):
    results = engine.run(shown("hello"))
    assert results.texts == ["hello"]
    assert results.ui == {"2": {"text": ["hello"]}}
    assert (results.executed, results.cached, results.files) == (["1", "2"], [], [])
    assert results.outputs == {"2": None}


def test_a_second_run_executes_what_has_changed(engine):
    prompt = {**saved("a"), "3": node("Show", text=["1", 0])}
    assert engine.run(prompt).executed == ["1", "2", "3"]
    again = engine.run(prompt)
    assert (again.executed, sorted(again.cached)) == ([], ["1", "2", "3"])
    assert again.texts == ["a"]
    assert engine.run(prompt, set={"2.filename_prefix": "other"}).executed == ["2"]


def test_targets_are_named_by_id_title_or_type_and_give_their_values(engine):
    prompt = {
        "1": {**node("Text", text="a"), "_meta": {"title": "First"}},
        "2": node("Join", first=["1", 0], second=["1", 0]),
        "3": node("Fail", text=["2", 0]),
    }
    assert engine.run(prompt, targets=["Join", "First"]).outputs == {"2": "aa", "1": "a"}
    assert engine.run(prompt, targets=["2"]).executed == []


def test_files_are_those_of_the_output_folder(tmp_path):
    with engine_at(tmp_path / "base", output=tmp_path / "out", temp=tmp_path / "previews") as engine:
        kept = engine.run(saved("kept")).files
        shown_only = engine.run(saved("shown", temporary=True, filename_prefix="in/side")).files
    assert kept == [tmp_path / "out" / "text_00001_.txt"]
    assert shown_only == [tmp_path / "previews" / "in" / "side_00001_.txt"]
    assert kept[0].read_text() == "kept"
    assert not (tmp_path / "base" / "output").exists()


def test_a_run_into_another_folder_never_shows_the_file_of_another_run(tmp_path):
    with engine_at(tmp_path, output=tmp_path / "a") as engine:
        assert engine.run(saved("one")).files[0].read_text() == "one"
    with engine_at(tmp_path, output=tmp_path / "b") as engine:
        assert engine.run(saved("two")).files[0].read_text() == "two"
        results = engine.run(saved("one"))
    assert results.files == [tmp_path / "b" / "text_00002_.txt"]
    assert results.files[0].read_text() == "one"
    assert results.executed == ["2"]


def test_what_was_computed_is_there_after_closing(tmp_path):
    with engine_at(tmp_path) as engine:
        assert engine.run(saved("a")).executed == ["1", "2"]
    with engine_at(tmp_path) as engine:
        assert engine.run(saved("a")).executed == []
    with engine_at(tmp_path, disk_cache_bytes=0) as engine:
        assert engine.run(saved("a")).executed == ["1", "2"]


def test_a_closed_engine_says_so(tmp_path):
    engine = engine_at(tmp_path)
    engine.run(shown("a"))
    engine.close()
    with pytest.raises(WorkflowError, match="has been closed"):
        engine.run(shown("a"))
    engine.close()


def test_two_engines_with_folders_of_their_own_work_in_two_threads(tmp_path):
    """The same prompts at the same time: each engine has its own results and its own files."""
    found = {}

    def work(name, engine):
        found[name] = [engine.run(saved(f"{name}{number % 5}")) for number in range(10)]

    engines = {name: engine_at(tmp_path / name) for name in ("left", "right")}
    threads = [threading.Thread(target=work, args=item) for item in engines.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for name, engine in engines.items():
        engine.close()
        files = [results.files[0] for results in found[name]]
        assert {file.parent for file in files} == {tmp_path / name / "output"}
        assert [file.read_text() for file in files] == [f"{name}{number % 5}" for number in range(10)]
        assert [bool(results.executed) for results in found[name]] == [True] * 5 + [False] * 5


def test_progress_counts_nodes_and_their_steps(engine):
    prompt = {
        "1": node("Count", steps=2),
        "2": node("Count", steps=1),
        "3": node("Join", first=["1", 0], second=["2", 0]),
    }
    prompt["4"] = node("Show", text=["3", 0])
    engine.run(prompt, targets=["2"])
    seen = []
    engine.run(prompt, progress=seen.append)
    assert seen[0] == Progress("1", "Count", 0, 0, 0, 3)
    assert Progress("1", "Count", 2, 2, 0, 3) in seen
    assert [each.node for each in seen if each.steps == 0] == ["1", "3", "4", ""]
    fractions = [each.fraction for each in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)


def test_what_progress_raises_ends_the_run(engine):
    def refuse(progress):
        raise KeyError(progress.node)

    with pytest.raises(KeyError, match="1"):
        engine.run(shown("a"), progress=refuse)
    assert engine.run(shown("a")).texts == ["a"]


def test_a_run_is_interrupted_from_another_thread(engine):
    stop = threading.Event()
    prompt = {"1": node("Sleep", seconds=100), "2": node("Show", text=["1", 0])}
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    with pytest.raises(WorkflowInterrupted) as caught:
        engine.run(prompt, interrupt=stop)
    assert str(caught.value) == "The run was interrupted in Sleep (node 1)."
    assert caught.value.node == "1"
    assert engine.run(shown("a")).texts == ["a"]


def test_a_failure_says_which_node_and_what(engine):
    prompt = {"1": node("Text", text="a"), "2": node("Fail", text=["1", 0]), "3": node("Show", text=["2", 0])}
    with pytest.raises(WorkflowError) as caught:
        engine.run(prompt)
    assert str(caught.value) == "Fail (node 2): cannot work with 'a'."
    assert caught.value.node == "2"


def test_everything_that_is_wrong_is_said_at_once(engine):
    prompt = {"1": node("Count", steps=0, letter="c"), "2": node("Show", text=["1", 0])}
    problems = engine.validate(prompt)
    assert [problem.partition(":")[0] for problem in problems] == ["Count (node 1)"] * 2
    with pytest.raises(WorkflowError) as caught:
        engine.run(prompt)
    assert str(caught.value).splitlines() == problems
    assert (caught.value.node, caught.value.input) == ("1", "steps")
    assert list(caught.value.node_errors) == ["1"]
    assert engine.validate(prompt, set={"1.steps": 3, "1.letter": "b"}) == []


def test_a_part_that_is_wrong_keeps_the_rest_from_running_unless_it_is_not_wanted(engine):
    prompt = {**shown("a"), "3": node("Show")}
    with pytest.raises(WorkflowError, match=r"Show \(node 3\)"):
        engine.run(prompt)
    assert engine.run(prompt, targets=["2"]).texts == ["a"]


def test_warnings_are_kept(engine):
    prompt = {"1": node("Warn", text=["2", 0]), "2": node("Text", text="three"), "3": node("Show", text=["1", 0])}
    assert engine.run(prompt).warnings == ["Warn (node 1): three is odd"]
    assert engine.run(prompt, targets=["1"]).warnings == ["Warn (node 1): three is odd"]


@pytest.mark.parametrize(
    ("workflow", "sentence"),
    [
        ({}, "This is no workflow: it has neither nodes as the editor saves them"),
        ({"1": {"inputs": {}}}, "This is no workflow"),
        ({"nodes": [{"id": 1}], "links": []}, "This is no workflow as an editor saves it"),
        ({"1": node("Text")}, "Add a node that shows or saves something"),
        ({"1": node("Nothing")}, "the node type 'Nothing' is not installed"),
        ("missing.json", "The file 'missing.json' cannot be read: No such file or directory."),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(engine, workflow, sentence):
    with pytest.raises(WorkflowError) as caught:
        engine.run(workflow)
    assert sentence in str(caught.value)


def test_unknown_targets_are_refused(engine):
    with pytest.raises(
        NotThereError, match=r"There is no node 'Shwo' among those of the workflow that run. Similar: Show."
    ):
        engine.run(shown("a"), targets=["Shwo"])


def test_packages_that_are_not_there_are_named(tmp_path):
    with pytest.raises(WorkflowError, match="such a package: nodez"):
        Engine(tmp_path, packages=["nodez"]).run(shown("a"))


def test_packs_are_loaded_if_asked_for(tmp_path):
    (tmp_path / "custom_nodes").mkdir()
    source = (
        "from graph.declare import node\n@node('Twice', category='x')\ndef twice(text: str) -> str: return text * 2\n"
    )
    (tmp_path / "custom_nodes" / "twice_of_engine.py").write_text(source)
    (tmp_path / "custom_nodes" / "broken_of_engine.py").write_text("import nothing_of_the_kind")
    prompt = {"1": node("Twice", text="a")}
    with engine_at(tmp_path, packs=True) as engine:
        assert engine.run(prompt, targets=["1"]).outputs == {"1": "aa"}
        assert [problem.pack for problem in engine.problems] == ["broken_of_engine"]
    with engine_at(tmp_path) as engine:
        assert "Twice" not in engine.nodes
        assert engine.problems == []


def test_nodes_say_which_files_there_are_now(tmp_path):
    folder = tmp_path / "weights" / "checkpoints"
    folder.mkdir(parents=True)
    with engine_at(tmp_path, models=tmp_path / "weights") as engine:
        (folder / "new.safetensors").write_bytes(b"")
        assert engine.nodes["Checkpoint"]["input"]["required"]["name"][0] == ["new.safetensors"]


def test_a_document_is_compiled_with_other_values(engine):
    drawing = Drawing().node(1, "Text", [], ["TEXT"], ["drawn"]).node(2, "Show", [("text", "TEXT", (1, 0))])
    document = drawing.document()
    assert engine.compile(document)["1"]["inputs"] == {"text": "drawn"}
    assert engine.compile(document, set={"Text.text": "other"})["1"]["inputs"] == {"text": "other"}
    assert engine.run(document, set={"1.text": "third"}).texts == ["third"]


async def test_async_nodes_run_where_an_event_loop_turns_already(engine):
    """As in a notebook."""
    prompt = {
        "1": node("Wait", text=["2", 0], seconds=0.01),
        "2": node("Text", text="a"),
        "3": node("Show", text=["1", 0]),
    }
    assert engine.run(prompt).texts == ["a"]
    with pytest.raises(WorkflowError, match=r"Fail \(node 4\)"):
        engine.run({**prompt, "4": node("Fail", text=["1", 0]), "5": node("Show", text=["4", 0])})


NOTEBOOK = """
import asyncio, sys
from graph.engine import Engine

async def cell():
    prompt = {"1": {"class_type": "Sleep", "inputs": {"seconds": 100}}}
    engine = Engine(sys.argv[1], packages=["tests.plain_nodes"])
    engine.run(prompt, targets=["1"], progress=lambda progress: print("begun", flush=True))

loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(cell())
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_cell_of_a_notebook_can_be_interrupted(tmp_path):
    command = [sys.executable, "-c", NOTEBOOK, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert output == "interrupted\n"


def test_a_prompt_is_built_in_python(engine):
    from tests.plain_nodes.texts import join

    prompt = PromptBuilder()
    first = prompt.add("Text", text="a")
    first.title = "First"
    both = prompt.add(join, first=first, second=first.out(0))
    shown = prompt.add("Show", text=both)
    assert prompt.prompt() == {
        "1": {"class_type": "Text", "inputs": {"text": "a"}, "_meta": {"title": "First"}},
        "2": {"class_type": "Join", "inputs": {"first": ["1", 0], "second": ["1", 0]}},
        "3": {"class_type": "Show", "inputs": {"text": ["2", 0]}},
    }
    assert engine.run(prompt, set={"First.text": "b"}).ui[shown.id] == {"text": ["bb"]}
    prompt.add("Show", text=object())
    with pytest.raises(TypeError, match="The input 'text' of Show is a object, which a prompt cannot have"):
        engine.run(prompt)
