import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from graph.packs.folder import find_packs, read_pack
from graph.packs.requirements import requirement_lines, unmet

ROOT = Path(__file__).parents[2]


def put(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pack_tells_about_itself(tmp_path):
    put(tmp_path / "pack/__init__.py")
    put(
        tmp_path / "pack/pyproject.toml",
        """
        [project]
        name = "some-pack"
        version = "1.2.3"
        description = "Makes   things\\nbetter"
        dependencies = ["numpy>=1"]
        [tool.comfy]
        DisplayName = "Some Pack"
        web = "js"
        """,
    )
    put(tmp_path / "pack/requirements.txt", "pillow\n")
    put(tmp_path / "pack/js/a.js")
    put(tmp_path / "pack/workflows/a.json")
    put(tmp_path / "pack/example/a.json")
    put(tmp_path / "pack/locales/de/main.json")
    (pack,) = find_packs(tmp_path)
    assert (pack.name, pack.title, pack.version, pack.description) == (
        "pack", "Some Pack", "1.2.3", "Makes things better",
    )  # fmt: skip
    assert pack.requirements == ("pillow", "numpy>=1")
    assert pack.web == tmp_path / "pack" / "js"
    assert [path.name for path in pack.workflows()] == ["example", "workflows"]
    assert [path.name for path in pack.locales()] == ["de"]
    assert pack.problem == ""


def test_our_own_table_goes_before_that_of_the_other_program(tmp_path):
    put(tmp_path / "__init__.py")
    put(tmp_path / "pyproject.toml", '[tool.comfy]\nDisplayName = "Theirs"\n[tool.safelight]\ntitle = "Ours"\n')
    assert read_pack(tmp_path, "pack").title == "Ours"


@pytest.mark.parametrize(
    "text", ["[project", "project = 3", "[project]\nversion = [1]\ndependencies = 3", "tool = {comfy = 3}", "\0"]
)
def test_what_cannot_be_read_of_pyproject_is_left_out(tmp_path, text):
    put(tmp_path / "__init__.py")
    put(tmp_path / "pyproject.toml", text)
    pack = read_pack(tmp_path, "pack")
    assert (pack.title, pack.version, pack.requirements) == ("pack", "", ())
    assert bool(pack.problem) == (text in ("[project", "\0"))


def test_an_editor_folder_outside_the_pack_is_no_folder_of_it(tmp_path):
    put(tmp_path / "secret/a.js")
    put(tmp_path / "pack/__init__.py")
    for name in ("../secret", ".", "nowhere", str(tmp_path / "secret")):
        put(tmp_path / "pack/pyproject.toml", f'[tool.comfy]\nweb = "{name}"')
        assert read_pack(tmp_path / "pack", "pack").web is None


def test_disabled_packs_are_listed_and_other_files_are_not(tmp_path):
    put(tmp_path / "on/__init__.py")
    put(tmp_path / "off.disabled/__init__.py")
    put(tmp_path / "on.disabled/__init__.py")
    put(tmp_path / "single.py.disabled")
    put(tmp_path / ".git/x.py")
    put(tmp_path / "__pycache__/x.py")
    put(tmp_path / "data/picture.png")
    put(tmp_path / "README.md")
    found = [(pack.name, pack.enabled) for pack in find_packs(tmp_path)]
    assert found == [("off", False), ("on", True), ("on", False), ("single", False)]
    assert find_packs(tmp_path / "absent") == []


def test_a_pack_one_folder_too_deep_says_where_it_is(tmp_path):
    put(tmp_path / "outer/inner/__init__.py")
    put(tmp_path / "loose/module.py")
    deep, loose = sorted(find_packs(tmp_path), key=lambda pack: pack.name, reverse=True)
    assert "no file __init__.py" in deep.problem
    assert "Move what is in 'inner'" in deep.problem
    assert loose.problem.endswith("with which a pack begins.")


def test_requirements_are_read_as_pip_reads_them():
    text = """
    numpy>=1,<9   # why
    # nothing
    pillow ; python_version < "3"
    -r other.txt
    --extra-index-url somewhere
    ./wheel.whl
    git+ssh://somewhere/repository.git
    thing @ file:///there.whl#sha256=0
    long \\
      >=2 --hash=sha256:00
    [broken
    """
    lines = requirement_lines(text)
    assert [Requirement(line).name for line in lines] == ["numpy", "pillow", "thing", "long"]
    assert str(Requirement(lines[-1])) == "long>=2"


@given(st.text(alphabet="ab-_.[]<>=!~;#@ \\\n\"'1,", max_size=60))
def test_any_requirements_file_is_read(text):
    for line in requirement_lines(text):
        Requirement(line)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True),
            st.sampled_from(["", ">=1", "==2.*", "~=3.1", "<4,>=1"]),
            st.sampled_from(["", "  # a remark", "\t#x"]),
        ),
        max_size=5,
    )
)
def test_every_plain_requirement_is_found(requirements):
    text = "\n".join(name + specifier + remark for name, specifier, remark in requirements)
    assert requirement_lines(text) == [name + specifier for name, specifier, _ in requirements]


def test_what_is_lacking_is_named_with_what_is_there():
    wanted = ["pytest>=1", "pytest>=1000", "pytest>=1000", "no-such-thing", "no-such-thing; python_version < '3'"]
    assert [(item.requirement, item.installed) for item in unmet(wanted)] == [
        ("pytest>=1000", version("pytest")),
        ("no-such-thing", None),
    ]
    assert unmet(["opencv-python>=1", "OpenCV_Python"]) == [], "the headless one brings the same module"


def test_the_list_for_the_command_line(tmp_path):
    put(tmp_path / "b/__init__.py")
    put(tmp_path / "b/requirements.txt", "no-such-thing")
    put(tmp_path / "a.disabled/__init__.py")
    put(tmp_path / "a.disabled/requirements.txt", "no-such-thing")
    command = [sys.executable, "-m", "graph.packs.folder", str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert [msgspec.json.decode(line) for line in answer.stdout.splitlines()] == [
        {"name": "a", "title": "a", "version": "", "enabled": False, "lacks": [], "problem": ""},
        {
            "name": "b", "title": "b", "version": "", "enabled": True, "problem": "",
            "lacks": ["no-such-thing (installed: none)"],
        },
    ]  # fmt: skip
