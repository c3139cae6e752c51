"""`python -m graph run --serve`: workflows that a server runs, seen from the command."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from graph.headless.http_client import HttpClient
from graph.headless.progress import Progress
from graph.headless.remote import RemoteServer
from graph.workflow_error import NotThereError, WorkflowError, WorkflowInterrupted
from tests.graph.drawing import Drawing
from tests.running_server import ROOT, RunningServer, node, shown

PATIENCE = 60


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    server = RunningServer(tmp_path_factory.mktemp("remote"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def remote(running, tmp_path):
    return RemoteServer(running.url, tmp_path)


def kept(text="hello", **inputs):
    return {"1": node("Text", text=text), "2": node("KeepText", text=["1", 0], **inputs)}


def test_files_are_fetched_and_texts_are_told(remote, tmp_path):
    prompt = {**kept("fetched", filename_prefix="a/b"), "3": node("Show", text=["1", 0])}
    results = remote.run(prompt)
    assert results.files == [tmp_path / "a" / "b_00001_.txt"]
    assert results.files[0].read_text() == "fetched"
    assert results.texts == ["fetched"]
    assert results.executed == ["1", "2", "3"]
    again = remote.run(prompt)
    assert (again.files, again.executed, again.cached) == (results.files, [], ["1", "2", "3"])


def test_previews_lie_in_a_folder_of_their_own(remote, tmp_path):
    assert remote.run(kept("preview", temporary=True)).files[0].parent == tmp_path / "temp"


def test_no_file_is_written_over(remote, tmp_path):
    prompt = kept("theirs", filename_prefix="taken")
    mine = tmp_path / "taken_00001_.txt"
    mine.write_text("mine")
    (theirs,) = remote.run(prompt).files
    assert (mine.read_text(), theirs.read_text()) == ("mine", "theirs")
    assert remote.run(prompt).files == [theirs]


def test_a_folder_that_cannot_be_written_is_named(running, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(WorkflowError, match=r"The file '.*file/text_0000._.txt' cannot be written: "):
        RemoteServer(running.url, tmp_path / "file").run(kept("nowhere"))


def test_progress_comes_step_by_step(remote):
    seen = []
    prompt = {"1": node("Count", steps=700), "2": node("Show", text=["1", 0])}
    remote.run(prompt, progress=seen.append)
    assert Progress("1", "Count", 700, 700, 0, 2) in seen
    assert seen[-1] == Progress("", "", 0, 0, 2, 2)
    fractions = [each.fraction for each in seen]
    assert fractions == sorted(fractions)


def test_a_document_is_compiled_here_and_goes_into_the_files_of_the_server(remote, running):
    drawing = (
        Drawing().node(1, "Text", [], ["TEXT"], ["drawn"], title="Words").node(2, "Show", [("text", "TEXT", (1, 0))])
    )
    assert remote.run(drawing.document(), set={"Words.text": "changed"}).texts == ["changed"]


def test_a_document_travels_along_with_its_values(remote):
    drawing = Drawing().node(1, "Metadata", [], ["TEXT"], [""]).node(2, "Show", [("text", "TEXT", (1, 0))])
    (text,) = remote.run(drawing.document(), set={"1.name": "workflow"}).texts
    assert json.loads(text)["nodes"][0]["widgets_values"] == ["workflow"]


def test_a_failure_is_the_servers_sentence(remote):
    with pytest.raises(WorkflowError) as caught:
        remote.run({**shown("a"), "3": node("Fail", text=["1", 0]), "4": node("Show", text=["3", 0])})
    assert str(caught.value) == "Fail (node 3): cannot work with 'a'."
    assert caught.value.node == "3"


def test_warnings_come_along(remote):
    prompt = {"1": node("Warn", text=["2", 0]), "2": node("Text", text="three"), "3": node("Show", text=["1", 0])}
    assert remote.run(prompt).warnings == ["Warn (node 1): three is odd"]


def test_what_the_server_refuses_is_told_in_full(remote):
    with pytest.raises(WorkflowError) as caught:
        remote.run({"1": node("Count", steps=0, letter="c"), "2": node("Show", text=["1", 0])})
    assert [line.partition(" must")[0].partition(" does")[0] for line in str(caught.value).splitlines()] == [
        "Count (node 1): the input 'steps'",
        "Count (node 1): the input 'letter'",
    ]
    assert list(caught.value.node_errors) == ["1"]


def test_nothing_runs_if_a_part_is_wrong(remote, running):
    with pytest.raises(WorkflowError, match=r"Show \(node 4\): the input 'text' .* is missing"):
        remote.run({"1": node("Sleep", seconds=30), "2": node("Show", text=["1", 0]), "4": node("Show")})
    assert remote.run(shown("free again")).texts == ["free again"]


def test_wanted_nodes_and_places_are_looked_for_here(remote):
    prompt = {**shown("a"), "3": node("Show", text=["1", 0])}
    assert remote.run(prompt, targets=["3"]).ui == {"3": {"text": ["a"]}}
    with pytest.raises(NotThereError, match="There is no node 'Shw'"):
        remote.run(prompt, targets=["Shw"])


def test_an_interrupted_job_ends_on_the_server_too(remote):
    stop = threading.Event()

    def stop_once_it_runs(progress):
        if progress.node == "1":
            stop.set()

    with pytest.raises(WorkflowInterrupted, match=r"The run was interrupted\."):
        remote.run(
            {"1": node("Sleep", seconds=100), "2": node("Show", text=["1", 0])},
            progress=stop_once_it_runs,
            interrupt=stop,
        )
    assert remote.run(shown("next")).texts == ["next"]


def test_a_job_that_waits_is_told_its_place_and_can_be_given_up(remote, running, tmp_path):
    busy, waiting = threading.Event(), threading.Event()
    first = RemoteServer(running.url, tmp_path)
    prompt = {"1": node("Sleep", seconds=100, text="first"), "2": node("Show", text=["1", 0])}

    def work():
        with pytest.raises(WorkflowInterrupted):
            first.run(prompt, progress=lambda progress: busy.set(), interrupt=waiting)

    thread = threading.Thread(target=work)
    thread.start()
    assert busy.wait(PATIENCE)
    told = []
    stop = threading.Event()

    def hear(text):
        told.append(text)
        stop.set()

    with pytest.raises(WorkflowInterrupted):
        remote.run(shown("second"), waiting=hear, interrupt=stop)
    assert told[0] == "Waiting: 1 jobs come before"
    waiting.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert remote.run(shown("third")).texts == ["third"]


def test_a_job_that_somebody_takes_out_is_missed(remote, running, tmp_path):
    busy, stop = threading.Event(), threading.Event()
    prompt = {"1": node("Sleep", seconds=100, text="a"), "2": node("Show", text=["1", 0])}

    def work():
        with pytest.raises(WorkflowInterrupted):
            RemoteServer(running.url, tmp_path).run(prompt, progress=lambda progress: busy.set(), interrupt=stop)

    thread = threading.Thread(target=work)
    thread.start()
    assert busy.wait(PATIENCE)
    with pytest.raises(WorkflowError, match="Somebody has taken the job out of the server's queue"):
        remote.run(shown("b"), waiting=lambda text: HttpClient(running.url).post("/queue", {"clear": True}))
    stop.set()
    thread.join(PATIENCE)


def test_the_result_is_there_after_a_restart_of_the_server(tmp_path, free_port):
    server = RunningServer(tmp_path, "--port", str(free_port))
    server.start()
    prompt = {"1": node("Sleep", seconds=1.5, text="late"), "2": node("Show", text=["1", 0])}
    begun = threading.Event()
    found = []
    remote = RemoteServer(server.url, tmp_path / "out")
    thread = threading.Thread(target=lambda: found.append(remote.run(prompt, progress=lambda progress: begun.set())))
    thread.start()
    assert begun.wait(PATIENCE)
    server.kill()
    server.start()
    thread.join(PATIENCE)
    server.stop()
    assert found[0].texts == ["late"]


def command(*arguments):
    return [sys.executable, "-m", "graph", "run", *map(str, arguments)]


def test_the_command_prints_what_the_server_has_made(running, tmp_path):
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps({**kept("by command"), "3": node("Show", text=["1", 0])}))
    arguments = command(path, "--serve", running.url, "--out", tmp_path / "out", "--set", "2.filename_prefix=made")
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (0, f"by command\n{tmp_path / 'out' / 'made_00001_.txt'}\n")
    assert "100% [####################]" in done.stderr


def test_ctrl_c_ends_the_job_on_the_server(running, tmp_path):
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps({"1": node("Sleep", seconds=100, text="c"), "2": node("Show", text=["1", 0])}))
    with subprocess.Popen(command(path, "--serve", running.url), cwd=ROOT, stderr=subprocess.PIPE) as process:
        seen = b""
        while b"Sleep" not in seen:
            part = os.read(process.stderr.fileno(), 1000)
            assert part, seen
            seen += part
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert error.decode().splitlines()[-1] == "The run was interrupted."
    assert RemoteServer(running.url, tmp_path).run(shown("free")).texts == ["free"]


def test_nobody_at_the_address(free_port, tmp_path):
    with pytest.raises(WorkflowError, match=rf"The server at http://127.0.0.1:{free_port} does not answer"):
        RemoteServer(f"127.0.0.1:{free_port}/", tmp_path).run(shown("a"))
    for wrong in ("file:///etc/passwd", "http://", "ftp://a"):
        with pytest.raises(WorkflowError, match="is no address of a server"):
            RemoteServer(wrong, tmp_path)
