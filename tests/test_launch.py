"""The launcher: the whole way in a project with a server of twenty lines, and its parts."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from launcher import address, checks, doctor, environment

ROOT = Path(__file__).resolve().parent.parent
TINY_SERVER = """
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(" ".join(sys.argv[1:]).encode())

    def log_message(self, *arguments):
        pass

try:
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
except KeyboardInterrupt:
    pass
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project that has the launcher, no packages, and a small server."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "launch.py", folder)
    shutil.copytree(ROOT / "launcher", folder / "launcher")
    (folder / "requirements.txt").write_text("# nothing\n")
    (folder / "server.py").write_text(TINY_SERVER)
    return folder


def start(project: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "launch.py", "--no-browser", *arguments]
    return subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(text: str, lines: Iterable[str]) -> Iterator[str]:
    """The lines up to the first that has `text`, and that one."""
    for line in lines:
        yield line
        if text in line:
            return


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a single process")
def test_first_start_installs_and_second_does_not(project, free_port):
    for expected in (True, False):
        launcher = start(project, "--port", str(free_port), "--cpu")
        lines = list(until("Ctrl-C", launcher.stdout))
        assert f"http://127.0.0.1:{free_port}" in lines[-1]
        assert any("Installing requirements.txt" in line for line in lines) is expected
        assert address.answers(f"http://127.0.0.1:{free_port}")
        launcher.send_signal(signal.SIGINT)
        output, errors = launcher.communicate(timeout=30)
        assert (launcher.returncode, output, errors) == (0, "", ""), "stopping is quiet"
        assert address.is_free("127.0.0.1", free_port), "the server has ended too"


def test_a_used_port_is_named_with_a_free_one(project):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        launcher = start(project, "--port", str(port))
        _, errors = launcher.communicate(timeout=30)
    assert launcher.returncode == 1
    assert errors.startswith(f"Port {port} is used by another program. Try: python3 launch.py --port ")
    assert int(errors.split()[-1]) != port


def test_options_are_passed_on_but_for_the_browser():
    options = address.parse(["--cpu", "--port=9000", "--listen", "--no-browser", "--models", "weights"])
    assert options.server == ("--cpu", "--port=9000", "--listen", "--models", "weights")
    assert (options.host, options.port, options.browser) == ("0.0.0.0", 9000, False)
    assert options.url == "http://127.0.0.1:9000"
    assert address.parse([]).browser
    assert address.parse(["--base-directory", "there"]).models == Path("there/models")
    assert address.parse(["--listen", "::1"]).url == "http://[::1]:8188"


def test_port_zero_is_chosen_here_and_handed_on():
    options = address.parse(["--port", "0"])
    assert options.port >= address.DEFAULT_PORT
    assert options.server == ("--port", "0", "--port", str(options.port))


def test_what_is_no_port_is_refused(capsys):
    with pytest.raises(SystemExit):
        address.parse(["--port", "99999"])
    assert "99999 is no port; choose one from 1024 to 65535" in capsys.readouterr().err


def test_an_interrupted_installation_is_repeated_and_a_finished_one_is_not(tmp_path, capfd):
    stamp, mark = tmp_path / "stamp", tmp_path / "ran"
    fails = [sys.executable, "-c", "raise SystemExit(1)"]
    works = [sys.executable, "-c", f"open({str(mark)!r}, 'a').write('x')"]
    with pytest.raises(environment.SetupError, match="goes on where it stopped"):
        environment.install_once(stamp, "first", fails, "")
    assert not stamp.exists()
    for identity in ("first", "first", "second"):
        environment.install_once(stamp, identity, works, "")
    assert mark.read_text() == "xx"
    with pytest.raises(environment.SetupError):
        environment.install_once(stamp, "third", fails, "")
    environment.install_once(stamp, "second", works, "")
    assert mark.read_text() == "xxx", "what a failed installation has left is not trusted"


@pytest.mark.parametrize(
    "line",
    [
        "============ 12 passed in 3.21s ============",
        "1 failed, 12 passed, 2 skipped in 3.21s",
        "=== 2 passed, 1 warning in 75.01s (0:01:15) ===",
        "no tests ran in 0.01s",
    ],
)
def test_pytests_closing_line_is_recognized(line):
    assert checks.CLOSING_LINE.search(line)
    assert not checks.CLOSING_LINE.search("tests/test_launch.py::test_passed_in PASSED [ 10%]")


def test_doctor_finds_what_is_wrong_with_model_files(tmp_path):
    folder = tmp_path / "loras"
    folder.mkdir()
    (folder / "good.safetensors").write_bytes(b"weights")
    (folder / "empty.safetensors").touch()
    (folder / "big.safetensors.part").write_bytes(b"half")
    (folder / "notes.txt").write_text("nothing to say about")
    findings = list(doctor._model_folders(tmp_path))
    problems = {finding.text.split(" is ")[0].rsplit(os.sep, 1)[1] for finding in findings if finding.cure}
    assert problems == {"empty.safetensors", "big.safetensors.part"}
    assert findings[-1].text.endswith("loras 1 .safetensors")
    assert [bool(finding.cure) for finding in doctor._model_folders(tmp_path / "absent")] == [True]


def test_doctor_tells_which_packs_do_not_load_and_why(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "__init__.py").write_text("import a_package_that_nobody_has")
    problems = doctor._load_nodes(tmp_path)
    assert [problem["pack"] for problem in problems] == ["broken"]
    assert "a_package_that_nobody_has" in problems[0]["message"]
    assert problems[0]["cure"]


def test_doctor_compares_packages_with_the_requirements(tmp_path):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("pytest>=1  # there\npytest>=1000\nno-such-package-at-all\nabsent; python_version < '3'\n")
    probe = [sys.executable, str(ROOT / "launcher" / "probe.py"), "packages", str(wanted)]
    found = doctor._json_of(probe)
    assert [(item["fits"], item["version"] is None) for item in found] == [(True, False), (False, False), (False, True)]


def test_an_old_python_is_told_what_to_do():
    text = (ROOT / "launch.py").read_text(encoding="utf-8").replace("sys.version_info < (3, 11)", "True")
    answer = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Safelight needs Python 3.11 or newer; this is 3.")
