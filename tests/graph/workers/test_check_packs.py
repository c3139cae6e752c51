import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# Says which packs it was shown, as nodes that it finds wrong.
EXTENSION = """
from graph.messages import PackProblem

class Extension:
    def nodes_of(self, module):
        yield PackProblem(module.__name__, "It was read.", "")

def install(host):
    assert host.folders.custom_nodes.is_dir()
    return Extension()
"""


def check(folder: Path, *more: str) -> tuple[int, list[dict[str, str]]]:
    command = [sys.executable, "-m", "graph.workers.check_packs", "--nodes", "json", "--custom-nodes", str(folder)]
    answer = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.returncode, [json.loads(line) for line in answer.stdout.splitlines()]


def test_problems_are_printed_as_json_lines(tmp_path):
    (tmp_path / "broken.py").write_text("print('noise')\n1/0")
    status, (problem,) = check(tmp_path)
    assert status == 1
    assert problem["pack"] == "broken"
    assert "ZeroDivisionError" in problem["message"]
    assert "Traceback" in problem["traceback"]


def test_nothing_wrong_is_nothing_said(tmp_path):
    assert check(tmp_path) == (0, [])


def test_extensions_help_to_read_packs(tmp_path, monkeypatch):
    (tmp_path / "extensions").mkdir()
    (tmp_path / "extensions" / "an_extension.py").write_text(EXTENSION)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "extensions"))
    folder = tmp_path / "custom_nodes"
    folder.mkdir()
    (folder / "pack.py").write_text("routes = []")
    status, (problem,) = check(folder, "--extension", "an_extension")
    assert (status, problem["pack"], problem["message"]) == (1, "custom_nodes.pack", "It was read.")
