"""The command `python -m graph`, as a real process."""

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.graph.drawing import Drawing
from tests.running_server import ROOT, node, shown

PATIENCE = 60


class Command:
    """Runs the command with folders below `base`."""

    def __init__(self, base):
        self.base = base
        self.out = base / "out"

    def arguments(self, name, *arguments):
        own = ["--nodes", "tests.plain_nodes", "--base-directory", str(self.base), "--no-packs"]
        return [sys.executable, "-m", "graph", name, *map(str, arguments), *(own if name != "extract" else [])]

    def __call__(self, name, *arguments, status=0, given=""):
        """The standard output and the standard error of the command."""
        done = subprocess.run(
            self.arguments(name, *arguments), input=given, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout, done.stderr

    def file(self, content, name="workflow.json"):
        path = self.base / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    @contextmanager
    def running(self, *arguments):
        """`run`, as a process that is at work."""
        process = subprocess.Popen(
            self.arguments("run", *arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            with process:
                yield process
                process.kill()
        finally:
            process.kill()


@pytest.fixture
def command(tmp_path):
    return Command(tmp_path)


def kept(text="hello", **inputs):
    return {"1": node("Text", text=text), "2": node("KeepText", text=["1", 0], **inputs)}


def subgraph_document():
    inner = (
        Drawing().node(7, "Text", [], ["TEXT"], ["inner"]).output(0, (7, 0)).definition("sub", outputs=[{"name": "o"}])
    )
    drawing = Drawing().node(1, "sub", [], ["TEXT"]).node(2, "Show", [("text", "TEXT", (1, 0))])
    return drawing.document(definitions={"subgraphs": [inner]})


def test_files_lie_in_the_folder_and_their_paths_are_printed(command):
    output, error = command("run", command.file(kept()), "--out", command.out)
    assert output == f"{command.out / 'text_00001_.txt'}\n"
    assert "[####################]" in error
    assert (command.out / "text_00001_.txt").read_text() == "hello"
    assert not (command.base / "output").exists()


def test_previews_lie_in_the_folder_too(command):
    output, _ = command("run", command.file(kept(temporary=True)), "--out", command.out)
    assert output == f"{command.out / 'temp' / 'text_00001_.txt'}\n"


def test_without_a_folder_files_go_where_those_of_the_server_go(command):
    output, _ = command("run", command.file(kept()))
    assert output == f"{command.base / 'output' / 'text_00001_.txt'}\n"


def test_texts_are_printed_and_nothing_else(command):
    prompt = {**shown("a\nb 彩"), "3": node("Noisy", text=["1", 0]), "4": node("Show", text=["3", 0])}
    output, error = command("run", command.file(prompt), "--quiet")
    assert output == "a\nb 彩\na\nb 彩\n"
    assert error == "a node prints\n"


def test_values_are_set_and_the_cache_is_kept(command):
    path = command.file({"1": node("Sleep", seconds=0.01, text="a"), "2": node("Show", text=["1", 0])})
    arguments = ("run", path, "--set", "1.text=two words = one text", "--set", "Sleep.seconds=0.02", "--json")
    first = json.loads(command(*arguments)[0])
    assert (first["texts"], first["executed"]) == (["two words = one text"], ["1", "2"])
    assert json.loads(command(*arguments)[0])["executed"] == []
    assert json.loads(command(*arguments, "--no-cache")[0])["executed"] == ["1", "2"]


def test_only_what_is_wanted_is_run(command):
    prompt = {
        **shown("a"),
        "3": node("Show", text=["1", 0]),
        "4": node("Fail", text=["1", 0]),
        "5": node("Show", text=["4", 0]),
    }
    output, _ = command("run", command.file(prompt), "--targets", "2", "3", "--json")
    assert json.loads(output)["ui"] == {"2": {"text": ["a"]}, "3": {"text": ["a"]}}


def test_a_workflow_is_read_from_standard_input(command):
    assert command("run", "-", "--quiet", given=json.dumps(shown("piped")))[0] == "piped\n"
    assert "'standard input' is not valid JSON" in command("run", "-", given="", status=1)[1]


def test_a_document_is_run_with_its_subgraphs(command):
    path = command.file(subgraph_document())
    assert command("run", path, "--set", "1:7.text=changed", "--quiet") == ("changed\n", "")


def test_warnings_go_to_standard_error(command):
    path = command.file({"1": node("Text"), "2": node("Warn", text=["1", 0]), "3": node("Show", text=["2", 0])})
    output, error = command("run", path)
    assert output == "hello\n"
    assert "Warning: Warn (node 2): hello is odd\n" in error
    assert command("run", path, "--quiet", "--set", "1.text=b") == ("b\n", "")


def test_a_failure_is_a_sentence_with_the_node(command):
    path = command.file({**shown("a"), "2": node("Fail", text=["1", 0]), "3": node("Show", text=["2", 0])})
    output, error = command("run", path, status=1)
    assert (output, error.splitlines()[-1]) == ("", "Fail (node 2): cannot work with 'a'.")
    output, _ = command("run", path, "--json", status=1)
    told = json.loads(output)
    assert (told["error"]["node"], told["interrupted"]) == ("2", False)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "'workflow.json' is not valid JSON"),
        ("[]", "'workflow.json' is no workflow: it has neither nodes"),
        (
            {"1": node("Nowhere")},
            "Nowhere (node 1): the node type 'Nowhere' is not installed. Install the pack that has",
        ),
        ({"1": node("Text")}, "Add a node that shows or saves something, such as SaveImage or PreviewImage."),
        (kept(filename_prefix="../up"), "Keep Text (node 2): '../up' leads out of its folder. Use a name inside it."),
        (
            {"1": node("Count", steps="x"), "2": node("Show", text=["1", 0])},
            "'steps' takes a whole number, and 'x' is not",
        ),
        (
            {"nodes": [{"id": 1, "type": "Show"}, {"id": 1, "type": "Show"}], "links": []},
            "Two nodes of the document have",
        ),
    ],
)
def test_bad_workflows_end_with_a_sentence(command, content, sentence):
    output, error = command("run", command.file(content), "--out", command.out, status=1)
    assert output == ""
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.json"], "The file 'nowhere.json' cannot be read: No such file or directory."),
        (["FILE", "--set", "1.txt=a"], "Text (node 1) has no input 'txt'. Similar: text."),
        (["FILE", "--set", "Txt.text=a"], "There is no node 'Txt' among those of the workflow that run. Similar: Text"),
        (["FILE", "--set", "1.text"], "argument --set: '1.text' is not NODE.INPUT=VALUE"),
        (["FILE", "--set", "text=1"], "argument --set: 'text=1' is not NODE.INPUT=VALUE"),
        (["FILE", "--targets", "9"], "There is no node '9'"),
        (["FILE", "--cpu", "--device", "cpu"], "not allowed with argument"),
        (
            ["FILE", "--serve", "http://127.0.0.1:1", "--cpu"],
            "with --serve the server's settings hold; leave out --base-directory",
        ),
        (["FILE", "--nothing"], "unrecognized arguments: --nothing"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_bad_usage_has_a_status_of_its_own(command, arguments, sentence):
    path = command.file(shown("a"))
    assert sentence in command("run", *(path if each == "FILE" else each for each in arguments), status=2)[1]


def test_validate_says_all_that_is_wrong(command):
    path = command.file({"1": node("Count", steps=0, letter="c"), "2": node("Show", text=["1", 0])})
    output, _ = command("validate", path, status=1)
    assert [line.split(" must ")[0].split(" does ")[0] for line in output.splitlines()] == [
        "Count (node 1): the input 'steps'",
        "Count (node 1): the input 'letter'",
    ]
    assert command("validate", path, "--set", "1.steps=1", "--set", "1.letter=a")[0] == "Nothing is wrong with it.\n"


def test_compile_prints_the_prompt(command):
    prompt = json.loads(command("compile", command.file(subgraph_document()), "--set", "1:7.text=other")[0])
    assert prompt["1:7"]["inputs"] == {"text": "other"}
    assert prompt["2"]["inputs"] == {"text": ["1:7", 0]}


def test_subgraphs_are_put_in_place_and_made_again(command):
    document = command.file(subgraph_document())
    flat = json.loads(command("flatten", document)[0])
    assert "definitions" not in flat
    assert json.loads(command("inline", document, "1")[0]) == flat
    path = command.file(flat, "flat.json")
    (text,) = (node["id"] for node in flat["nodes"] if node["type"] == "Text")
    extracted = json.loads(command("extract", path, text, "--name", "Words")[0])
    assert [each["name"] for each in extracted["definitions"]["subgraphs"]] == ["Words"]
    assert command("run", command.file(extracted, "again.json"), "--quiet")[0] == "inner\n"
    assert "There is no node 99" in command("inline", document, "99", status=1)[1]
    assert (
        "a prompt in the API format, which has no subgraphs"
        in command("flatten", command.file(shown("a")), status=1)[1]
    )


def test_nodes_are_listed_and_described(command):
    listed, _ = command("nodes")
    assert ["Count", "test"] in [line.split() for line in listed.splitlines()]
    assert "OtherText" not in listed
    count = json.loads(command("nodes", "Count")[0])
    assert count["input"]["required"]["steps"] == ["INT", {"default": 3, "min": 1, "max": 1000}]
    assert json.loads(command("nodes", "OtherText")[0])["alias_of"] == "Text"
    assert "There is no node 'Cuont'. Similar: Count." in command("nodes", "Cuont", status=2)[1]


def wait_until_it_says(process, text):
    seen = b""
    while text.encode() not in seen:
        ready, _, _ = select.select([process.stderr], [], [], PATIENCE)
        part = os.read(process.stderr.fileno(), 1000) if ready else b""
        assert part, f"it said only {seen!r}"
        seen += part


def test_ctrl_c_ends_the_run_at_the_next_step(command):
    path = command.file({"1": node("Sleep", seconds=100), "2": node("Show", text=["1", 0])})
    with command.running(path, "--json") as process:
        wait_until_it_says(process, "Sleep")
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert error.decode().splitlines()[-1] == "The run was interrupted in Sleep (node 1)."
    assert json.loads(output)["interrupted"] is True


def test_ctrl_c_twice_ends_the_process_at_once(command):
    path = command.file({"1": node("Native"), "2": node("Show", text=["1", 0])})
    with command.running(path) as process:
        wait_until_it_says(process, "Native")
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert error.decode().splitlines()[-1] == "Ended."


def test_help_needs_no_nodes(command):
    assert (
        "run a workflow"
        in subprocess.run(
            [sys.executable, "-m", "graph", "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        ).stdout
    )
