import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graph.registry import load, signature

ROOT = Path(__file__).parents[2]
NODE = """
from graph.declare import node

@node("{id}", category="test")
def function(value: int = 1) -> int:
    return value
"""


@pytest.fixture
def packs(tmp_path, forget_packs):
    return tmp_path / "custom_nodes"


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def only_problem(registry):
    (problem,) = registry.problems
    return problem


def test_packs_are_folders_and_single_files_and_disabled_ones_are_left_out(packs):
    put(packs / "single.py", NODE.format(id="Single"))
    put(packs / "my-pack.v2/__init__.py", "from .inner import function")
    put(packs / "my-pack.v2/inner.py", NODE.format(id="Inner"))
    put(packs / "off.disabled/__init__.py", "raise RuntimeError")
    put(packs / "__pycache__/x.py", "")
    put(packs / "README.md", "")
    registry = load([], packs)
    assert (set(registry.specs), registry.problems) == ({"Single", "Inner"}, ())
    assert registry.specs["Single"].module == "custom_nodes.single"


def test_the_modules_of_a_package_are_imported(packs, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    put(tmp_path / "some_nodes/__init__.py", "")
    put(tmp_path / "some_nodes/good.py", NODE.format(id="Good"))
    put(tmp_path / "some_nodes/bad.py", "import no_such_module.inside")
    put(tmp_path / "some_nodes/shared.py", "from some_nodes.good import function")
    registry = load(["some_nodes"], None)
    assert set(registry.specs) == {"Good"}
    problem = only_problem(registry)
    assert problem.pack == "some_nodes.bad"
    assert "no_such_module" in problem.message
    assert "`pip install no_such_module`" in problem.cure


@pytest.mark.parametrize(
    ("source", "message", "cure"),
    [
        ("import cv3", "'cv3' is not installed", "pip install cv3"),
        ("from PIL_ import x", "'PIL_' is not installed", "pip install PIL_"),
        ("from graph.declare import nothing", "import failed: cannot import name 'nothing'", "Another version"),
        ("x = (", "Line 1 of '__init__.py' is no valid Python", "Mend that line"),
        ("raise SystemExit(3)", "SystemExit while it was loaded: 3", "Update the pack"),
        ("1/0", "ZeroDivisionError", "Update the pack"),
        ("", "declares no nodes", "docs/nodes.md"),
    ],
)
def test_a_broken_pack_is_a_problem_with_a_cure_and_the_others_load(packs, source, message, cure):
    put(packs / "broken/__init__.py", source)
    put(packs / "works.py", NODE.format(id="Works"))
    registry = load([], packs)
    assert set(registry.specs) == {"Works"}
    problem = only_problem(registry)
    assert problem.pack == "broken"
    assert message in problem.message
    assert cure in problem.cure


def test_a_pack_with_requirements_is_cured_by_them(packs):
    put(packs / "needy/__init__.py", "import no_such_module")
    put(packs / "needy/requirements.txt", "no-such-module")
    assert "`pip install -r custom_nodes/needy/requirements.txt`" in only_problem(load([], packs)).cure


def test_of_two_nodes_with_one_id_the_first_stays(packs):
    put(packs / "a.py", NODE.format(id="Same"))
    put(packs / "b.py", NODE.format(id="Same"))
    registry = load([], packs)
    assert registry.specs["Same"].module == "custom_nodes.a"
    assert "'Same' is already taken by custom_nodes.a" in only_problem(registry).message


def test_the_check_prints_problems_as_json_lines(packs):
    put(packs / "broken.py", "print('noise')\n1/0")
    command = [sys.executable, "-m", "graph.registry", "--check", "--nodes", "json", "--custom-nodes", packs]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    (line,) = result.stdout.splitlines()
    assert result.returncode == 1
    assert json.loads(line)["pack"] == "broken.py"


def test_the_signature_follows_the_files(packs):
    path = put(packs / "a/inner.py", "x = 1")
    put(packs / "a/__init__.py", "")
    before = signature(["graph"], packs)
    assert signature(["graph"], packs) == before
    os.utime(path, (1, 1))
    changed = signature(["graph"], packs)
    assert changed != before
    put(packs / "b.py", "")
    assert len({before, changed, signature(["graph"], packs), signature(["nodes"], packs)}) == 4
    with pytest.raises(ImportError, match="no_such_package"):
        signature(["no_such_package"], None)
