import os
import subprocess
import sys
from pathlib import Path

import pytest

from graph.packs.crash_mark import CrashMark
from graph.registry import Installation, load, signature

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
    assert [(pack.name, pack.nodes) for pack in registry.packs] == [("my-pack.v2", ["Inner"]), ("single", ["Single"])]
    assert all(0 < pack.seconds < 60 for pack in registry.packs)


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
        ("import cv3", "'cv3' is not installed", "pack install broken cv3"),
        ("import PIL.nothing.at_all", "'PIL.nothing' is not installed", "pack install broken pillow"),
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


def test_a_pack_that_fails_says_what_it_lacks(packs):
    put(packs / "needy/__init__.py", "import no_such_module")
    put(packs / "needy/requirements.txt", "no-such-module>=2\npytest\n")
    put(packs / "needy/pyproject.toml", '[project]\nname = "needy"\ndependencies = ["pytest>=1000"]\n')
    problem = only_problem(load([], packs))
    assert "'no_such_module' is not installed" in problem.message
    assert "no-such-module>=2 (installed: none)" in problem.message
    assert f"pytest>=1000 (installed: {pytest.__version__})" in problem.message
    assert problem.cure == "Run `python3 launch.py pack install needy`, then restart."


def test_a_pack_that_loads_without_what_it_lacks_says_so_all_the_same(packs):
    put(packs / "needy/__init__.py", NODE.format(id="Needy"))
    put(packs / "needy/requirements.txt", "no-such-module")
    registry = load([], packs)
    assert set(registry.specs) == {"Needy"}
    assert "It is loaded, but it wants no-such-module" in only_problem(registry).message


def test_a_pack_without_nodes_that_brings_something_else_is_no_problem(packs):
    put(packs / "looks/__init__.py", 'WEB_DIRECTORY = "./js"')
    put(packs / "looks/js/a.js", "")
    put(packs / "samples/__init__.py", "")
    put(packs / "samples/workflows/a.json", "{}")
    registry = load([], packs)
    assert registry.problems == ()
    assert [pack.web for pack in registry.packs] == [str(packs / "looks" / "js"), None]


def test_of_two_nodes_with_one_id_the_first_stays_and_both_packs_are_named(packs):
    put(packs / "a.py", NODE.format(id="Same"))
    put(packs / "b.py", NODE.format(id="Same"))
    registry = load([], packs)
    assert registry.specs["Same"].module == "custom_nodes.a"
    problem = only_problem(registry)
    assert problem.pack == "b"
    assert "'Same' has the same id as one of the pack 'a'" in problem.message


def test_packs_of_similar_names_do_not_share_modules(packs):
    for name in ("a.b", "a_b", "a"):
        put(packs / name / "__init__.py", "from .inner import function")
        put(packs / name / "inner.py", NODE.format(id=f"Node {name}"))
    registry = load([], packs)
    assert (set(registry.specs), registry.problems) == ({"Node a.b", "Node a_b", "Node a"}, ())
    assert len({spec.module for spec in registry.specs.values()}) == 3


def test_a_folder_and_a_file_of_one_name_are_told_apart(packs):
    put(packs / "twin/__init__.py", NODE.format(id="Folder"))
    put(packs / "twin.py", NODE.format(id="File"))
    registry = load([], packs)
    assert set(registry.specs) == {"Folder"}
    assert "'twin' too" in only_problem(registry).message


def test_readers_find_nodes_of_another_form_and_may_fail(packs):
    put(packs / "other/__init__.py", "KIND = 'other'\n" + NODE.format(id="Own"))
    put(packs / "third/__init__.py", "KIND = 'third'\n" + NODE.format(id="Third"))
    found = load([], packs).specs["Own"]

    def read(module):
        if module.KIND == "other":
            yield type(found)(**{**{name: getattr(found, name) for name in found.__slots__}, "id": "Read"})
            raise KeyError("broken")

    registry = load([], packs, [read])
    assert set(registry.specs) == {"Own", "Read", "Third"}
    assert "could not be read (KeyError: 'broken')" in only_problem(registry).message


def test_startup_scripts_run_before_anything_else(packs, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("EARLY", raising=False)
    put(tmp_path / "early_nodes/__init__.py", "")
    put(tmp_path / "early_nodes/one.py", "import os\nassert os.environ['EARLY'] == 'yes'\n" + NODE.format(id="One"))
    put(packs / "first/__init__.py", NODE.format(id="First"))
    put(packs / "first/prestartup_script.py", "import os\nos.environ['EARLY'] = 'yes'")
    put(packs / "second/__init__.py", NODE.format(id="Second"))
    put(packs / "second/prestartup_script.py", "1/0")
    put(packs / "off.disabled/__init__.py", "")
    put(packs / "off.disabled/prestartup_script.py", "import os\nos.environ['EARLY'] = 'no'")
    registry = load(["early_nodes"], packs)
    assert set(registry.specs) == {"One", "First", "Second"}
    problem = only_problem(registry)
    assert problem.pack == "second"
    assert "Its prestartup_script.py failed. ZeroDivisionError" in problem.message


def test_a_pack_is_loaded_anew_as_its_files_are_then(packs):
    put(packs / "pack/__init__.py", "from .inner import function")
    inner = put(packs / "pack/inner.py", NODE.format(id="Old"))
    put(packs / "still/__init__.py", NODE.format(id="Still"))
    installed = Installation([], packs)
    before, still = installed.registry.specs["Old"], installed.registry.specs["Still"]
    # The compiled file is that of the same second and size.
    status = inner.stat()
    put(inner, NODE.format(id="New"))
    os.utime(inner, ns=(status.st_atime_ns, status.st_mtime_ns))
    registry = installed.reload("pack")
    assert set(registry.specs) == {"New", "Still"}
    assert registry.specs["New"].code != before.code
    assert registry.specs["Still"].function is still.function, "the other pack was left alone"


def test_reloading_all_follows_what_is_added_broken_disabled_and_removed(packs):
    for name in ("breaks", "goes", "stays"):
        put(packs / name / "__init__.py", NODE.format(id=name))
    installed = Installation([], packs)
    put(packs / "breaks/__init__.py", "1/0")
    (packs / "goes").rename(packs / "goes.disabled")
    put(packs / "comes.py", NODE.format(id="comes"))
    registry = installed.reload()
    assert set(registry.specs) == {"comes", "stays"}
    assert only_problem(registry).pack == "breaks"
    assert [pack.name for pack in registry.packs] == ["comes", "stays"]
    put(packs / "breaks/__init__.py", NODE.format(id="mended"))
    (packs / "goes.disabled").rename(packs / "goes")
    registry = installed.reload()
    assert (set(registry.specs), registry.problems) == ({"comes", "stays", "mended", "goes"}, ())


def test_results_of_other_code_are_told_apart(packs):
    put(packs / "pack/__init__.py", "from .inner import function")
    inner = put(packs / "pack/inner.py", NODE.format(id="Node"))
    put(packs / "pack/README.md", "one")
    installed = Installation([], packs)
    code = installed.registry.specs["Node"].code
    assert code
    put(packs / "pack/README.md", "two")
    assert installed.reload().specs["Node"].code == code
    put(inner, NODE.format(id="Node") + "\n# a change\n")
    assert installed.reload().specs["Node"].code != code


def test_a_pack_that_takes_the_process_with_it_is_left_out_after_the_second_time(packs, tmp_path):
    mark = tmp_path / "cache" / "importing.json"
    put(packs / "deadly.py", "import os\nos._exit(7)")
    put(packs / "works.py", NODE.format(id="Works"))
    imports = "import sys; from pathlib import Path; from graph.registry import Installation"
    program = f"{imports}; Installation([], Path(sys.argv[1]), (), Path(sys.argv[2]))"

    def status():
        return subprocess.run([sys.executable, "-c", program, packs, mark], cwd=ROOT, check=False).returncode

    assert [status(), status()] == [7, 7]
    registry = Installation([], packs, (), mark).registry
    assert set(registry.specs) == {"Works"}
    assert "process died each time" in only_problem(registry).message
    assert "pack disable deadly" in only_problem(registry).cure
    assert not mark.exists()
    assert status() == 7, "it is tried again"


def test_a_mark_that_cannot_be_kept_keeps_no_pack_from_being_imported(packs, tmp_path):
    put(packs / "works.py", NODE.format(id="Works"))
    blocked = put(tmp_path / "file", "")
    for mark in (None, blocked / "below" / "mark.json", blocked):
        assert set(Installation([], packs, (), mark).registry.specs) == {"Works"}
    assert not CrashMark(put(tmp_path / "odd.json", '{"pack": 3}')).crashed("works")


def test_the_signature_follows_the_files(packs):
    path = put(packs / "a/inner.py", "x = 1")
    put(packs / "a/__init__.py", "")
    before = signature(["graph"], packs)
    assert signature(["graph"], packs) == before
    os.utime(path, (1, 1))
    changed = signature(["graph"], packs)
    assert changed != before
    put(packs / "b.py", "")
    put(packs / "off.disabled/__init__.py", "")
    added = signature(["graph"], packs)
    put(packs / "a/pyproject.toml", '[project]\nversion = "2"')
    assert len({before, changed, added, signature(["graph"], packs), signature(["nodes"], packs)}) == 5
    with pytest.raises(ImportError, match="no_such_package"):
        signature(["no_such_package"], None)
