"""Starting and stopping the server's process."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.running_server import ROOT, RunningServer, shown


def run(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "server.py", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_in_use_is_one_sentence(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        ended = run("--port", port, "--base-directory", str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.strip() == f"Port {port} is in use by another program. Choose another one with --port."


@pytest.mark.parametrize(("options", "words"), [(["--port", "99999"], "99999"), (["--listen", "203.0.113.7"], "203.0")])
def test_an_address_that_cannot_be_had_is_one_sentence(options: list[str], words: str, tmp_path: Path):
    ended = run("--port", "0", "--base-directory", str(tmp_path), *options)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_two_servers_do_not_share_a_folder(tmp_path: Path):
    first = RunningServer(tmp_path).start()
    ended = run("--port", "0", "--base-directory", str(tmp_path))
    assert ended.returncode == 1
    assert "Another Safelight already uses" in ended.stderr
    assert first.stop() == 0


def test_a_damaged_queue_is_one_sentence(tmp_path: Path):
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "jobs.sqlite").write_bytes(b"not a database" * 100)
    ended = run("--port", "0", "--base-directory", str(tmp_path))
    assert ended.returncode == 1
    assert "not a database" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_with_its_worker_when_asked(number: signal.Signals, tmp_path: Path):
    server = RunningServer(tmp_path).start()
    async with server.session() as session:
        await session.finished(await session.queue(shown("x")))
    (worker,) = psutil.Process(server.pid).children()
    psutil.Process(server.pid).send_signal(number)
    assert server.wait() == 0
    assert not worker.is_running()
    assert "Traceback" not in server.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_running_server_has_no_torch_in_it(tmp_path: Path):
    server = RunningServer(tmp_path).start()
    async with server.session() as session:
        await session.finished(await session.queue(shown("x")))
        await session.get("/object_info")
        await session.get("/system_stats")
        mapped = Path(f"/proc/{server.pid}/maps").read_text()
    assert "_sqlite3" in mapped
    assert not re.search(r"torch|numpy|/PIL/", mapped)
    server.stop()


async def test_nodes_are_known_before_the_worker_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    server = RunningServer(tmp_path).start()
    async with server.session() as session:
        known = await session.get("/object_info")
    server.stop()
    monkeypatch.setenv("PLAIN_NODES_DELAY", "600")
    server.start()
    async with server.session() as session:
        assert await session.get("/object_info") == known
        assert (await session.post("/prompt", {"prompt": shown("early")}))["node_errors"] == {}
        assert len((await session.get("/queue"))["queue_pending"]) == 1
    assert server.stop() == 0


def test_old_files_leave_the_temporary_folder_and_no_other(tmp_path: Path):
    long_ago = time.time() - 30 * 24 * 3600
    for name in ("temp/a.png", "temp/sub/b.png", "output/c.png", "elsewhere/temp/d.png", "elsewhere/e.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (long_ago, long_ago))
    (tmp_path / "elsewhere/temp/new.png").touch()
    RunningServer(tmp_path, "--temp-directory", str(tmp_path / "elsewhere")).start().stop()
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")}
    left = {name for name in left if not name.startswith("input/examples/")}
    assert left == {"temp/a.png", "temp/sub/b.png", "output/c.png", "elsewhere/temp/new.png", "elsewhere/e.png"}
