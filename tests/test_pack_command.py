"""`launch.py pack`: the packs of a folder of the test's own, changed from the command line."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import venv
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from launcher import new_pack, pack_source, packs
from launcher.environment import SetupError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def base(tmp_path) -> Path:
    return tmp_path / "base"


@pytest.fixture
def folder(base) -> Path:
    (base / "custom_nodes").mkdir(parents=True)
    return base / "custom_nodes"


@pytest.fixture
def pack(base, folder, capsys):
    """Runs a command and gives what it printed."""

    def run(command: str, *arguments: str, status: int = 0) -> str:
        assert packs.run([command, *arguments, "--base-directory", str(base)]) == status
        return capsys.readouterr().out

    return run


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def archive(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as content:
        for name, text in files.items():
            content.writestr(name, text)
    return path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_packs_are_listed_with_their_state(pack, folder):
    put(folder / "good/__init__.py")
    put(folder / "good/pyproject.toml", '[project]\nversion = "1.2"\n[tool.comfy]\nDisplayName = "Good Nodes"')
    put(folder / "needy/__init__.py")
    put(folder / "needy/requirements.txt", "no-such-thing>=2")
    put(folder / "off.py.disabled")
    put(folder / "deep/inner/__init__.py")
    lines = pack("list", "--port", "9").splitlines()
    assert [line.split() for line in lines if not line.startswith(" ")] == [
        ["NAME", "STATE", "VERSION", "TITLE"],
        ["deep", "enabled", "deep"],
        ["good", "enabled", "1.2", "Good", "Nodes"],
        ["needy", "enabled", "needy"],
        ["off", "disabled", "off"],
    ]
    assert "    needs no-such-thing>=2 (installed: none): python3 launch.py pack install needy" in lines
    assert any("no file __init__.py" in line for line in lines)


def test_a_running_server_is_asked_how_the_packs_are_doing(pack, folder, free_port):
    answer = [
        {"name": "good", "state": "loaded", "problem": None, "cure": None},
        {"name": "bad", "state": "failed", "problem": "It broke.", "cure": "Mend it."},
        {"name": "off", "state": "loaded", "problem": None, "cure": None},
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/api/packs" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *arguments):
            pass

    for name in ("good", "bad", "off.disabled"):
        put(folder / name / "__init__.py")
    with HTTPServer(("127.0.0.1", free_port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lines = pack("list", "--port", str(free_port)).splitlines()
        server.shutdown()
    states = {line.split()[0]: line.split()[1] for line in lines[1:] if not line.startswith(" ")}
    assert states == {"bad": "failed", "good": "loaded", "off": "disabled"}
    assert "    It broke. Mend it." in lines


def test_a_folder_a_file_and_an_archive_are_added(pack, folder, tmp_path):
    source = tmp_path / "some-pack"
    put(source / "__init__.py", "x = 1")
    put(source / "inner/data.txt", "data")
    put(source / "__pycache__/old.pyc")
    put(source / "requirements.txt", "pillow")
    (source / "linked.txt").symlink_to("inner/data.txt")
    said = pack("add", str(source))
    assert "python3 launch.py pack install some-pack" in said
    assert left(folder / "some-pack") == ["__init__.py", "inner", "linked.txt", "requirements.txt"]
    assert (folder / "some-pack/linked.txt").read_text() == "data"
    pack("add", str(put(tmp_path / "single.py", "x = 1")))
    files = {"repository-main/__init__.py": "", "repository-main/web/a.js": ""}
    pack("add", str(archive(tmp_path / "repository-main.zip", files)))
    pack("add", str(archive(tmp_path / "flat.zip", {"__init__.py": "", "a.py": ""})), "--name", "other")
    assert left(folder) == ["other", "repository", "single.py", "some-pack"]
    assert left(folder / "repository") == ["__init__.py", "web"]
    assert left(folder / "other") == ["__init__.py", "a.py"]


def test_a_repository_is_cloned(pack, folder, tmp_path):
    source = tmp_path / "remote pack"
    put(source / "__init__.py", "x = 1")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(source)]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
        subprocess.run([*git, *command], check=True)
    pack("add", source.as_uri().replace("%20", " "), "--name", "cloned")
    assert (folder / "cloned/__init__.py").read_text() == "x = 1"
    with pytest.raises(SetupError, match="git could not get"):
        pack("add", (tmp_path / "absent").as_uri())
    assert left(folder) == ["cloned"]


def test_what_is_there_is_not_overwritten(pack, folder, tmp_path):
    source = put(tmp_path / "mine/__init__.py").parent
    for taken in ("mine/__init__.py", "mine.disabled/__init__.py", "mine.py"):
        there = put(folder / taken, "old")
        with pytest.raises(SetupError, match=r"There is a pack 'mine' in .* already"):
            pack("add", str(source))
        assert there.read_text() == "old"
        shutil.rmtree(folder)
        folder.mkdir()
    pack("add", str(source))


@pytest.mark.parametrize(
    "name", ["../outside.py", "/outside.py", "a/../../outside.py", "C:\\outside.py", "..\\outside.py"]
)
def test_an_archive_that_reaches_out_is_refused(pack, folder, tmp_path, name):
    path = archive(tmp_path / "evil.zip", {"__init__.py": "", name: "evil"})
    with pytest.raises(SetupError, match="outside its own folder"):
        pack("add", str(path))
    assert left(folder) == []
    assert not list(tmp_path.rglob("outside.py"))


def test_links_that_lead_out_are_refused(pack, folder, tmp_path):
    put(tmp_path / "secret.txt", "secret")
    for target in ("../secret.txt", str(tmp_path / "secret.txt"), ".."):
        source = tmp_path / "linking"
        put(source / "__init__.py")
        (source / "link").symlink_to(target)
        with pytest.raises(SetupError, match="'link' is a link that leads out"):
            pack("add", str(source))
        shutil.rmtree(source)
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as content:
        content.writestr("__init__.py", "")
        content.writestr(link, "../../secret.txt")
    with pytest.raises(SetupError, match="has a link"):
        pack("add", str(tmp_path / "links.zip"))
    assert left(folder) == []


def test_what_is_no_pack_is_refused(pack, folder, tmp_path):
    put(tmp_path / "outer/inner/__init__.py")
    put(tmp_path / "notes.txt")
    put(tmp_path / "damaged.zip", "PK nothing")
    for source, complaint in {
        "outer": "no file __init__.py. Did you mean 'inner'",
        "notes.txt": "is no folder",
        "damaged.zip": "is no folder",
        "absent": "is no folder",
    }.items():
        with pytest.raises(SetupError, match=complaint):
            pack("add", str(tmp_path / source))
    half = archive(tmp_path / "half.zip", {"__init__.py": "x" * 1000}).read_bytes()
    (tmp_path / "half.zip").write_bytes(half.replace(b"xxxx", b"yyyy", 1))
    with pytest.raises(SetupError, match="cannot be unpacked"):
        pack("add", str(tmp_path / "half.zip"))
    assert left(folder) == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://somewhere/owner/Some_Nodes.git", "Some_Nodes"),
        ("https://somewhere/owner/Some-Nodes/", "Some-Nodes"),
        ("git@somewhere:owner/some.git", "some"),
        ("some/where/pack-main.zip", "pack"),
        ("some\\where\\single.py", "single"),
    ],
)
def test_a_pack_is_named_for_its_source(source, name):
    assert pack_source.name_of(source) == name


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", "", "x.disabled", "a..b", "-x", "x "])
def test_names_that_no_pack_can_have_are_refused(name):
    with pytest.raises(SetupError, match="cannot be the name"):
        pack_source.checked_name(name)


def test_packs_are_disabled_and_enabled(pack, folder):
    put(folder / "pack/__init__.py")
    put(folder / "single.py")
    assert "'pack' is disabled." in pack("disable", "pack")
    assert "disabled already" in pack("disable", "pack")
    pack("disable", "single")
    assert left(folder) == ["pack.disabled", "single.py.disabled"]
    assert "'pack' is enabled." in pack("enable", "pack")
    assert "enabled already" in pack("enable", "pack")
    pack("enable", "single")
    assert left(folder) == ["pack", "single.py"]
    put(folder / "pack.disabled/__init__.py")
    with pytest.raises(SetupError, match=r"There is a 'pack.disabled' too"):
        pack("disable", "pack")


def test_removing_asks_first(pack, folder, tmp_path, monkeypatch):
    put(folder / "pack/__init__.py")
    with pytest.raises(SetupError, match="add --yes"):
        pack("remove", "pack")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert "Nothing was deleted" in pack("remove", "pack", status=1)
    assert left(folder) == ["pack"]
    monkeypatch.setattr("builtins.input", lambda question: "Y")
    pack("remove", "pack")
    elsewhere = put(tmp_path / "developed/__init__.py")
    (folder / "linked").symlink_to(elsewhere.parent)
    put(folder / "off.py.disabled")
    pack("remove", "linked", "--yes")
    pack("remove", "off", "--yes")
    assert left(folder) == []
    assert elsewhere.exists(), "the link is removed, and not what it leads to"


@pytest.mark.parametrize("name", ["absent", "README.md", "../base", ".", "..", ".hidden", "__pycache__"])
def test_only_packs_can_be_named(pack, folder, name):
    put(folder / "README.md")
    put(folder / ".hidden/__init__.py")
    put(folder / "__pycache__/x.pyc")
    for command in (["remove", name, "--yes"], ["disable", name], ["enable", name], ["install", name]):
        with pytest.raises(SetupError, match="There is no pack"):
            pack(*command)
    assert left(folder) == [".hidden", "README.md", "__pycache__"]


def wheel(folder: Path, name: str) -> Path:
    """The smallest package that pip installs."""
    about = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{about}/RECORD"))
    return archive(folder / f"{name}-1.0-py3-none-any.whl", {**files, f"{about}/RECORD": record})


def test_what_a_pack_needs_is_installed_but_not_over_our_own(pack, folder, tmp_path, monkeypatch):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    monkeypatch.setattr(packs, "PYTHON", python)
    monkeypatch.setattr(packs, "REQUIREMENTS", put(tmp_path / "ours.txt", "pinned<1\n"))
    wheels = {name: wheel(tmp_path, name).as_uri() for name in ("first", "second", "third", "pinned")}
    put(folder / "pack/__init__.py")
    assert "names nothing" in pack("install", "pack")
    put(folder / "pack/requirements.txt", f"first @ {wheels['first']}\n")
    put(folder / "pack/pyproject.toml", f'[project]\ndependencies = ["second @ {wheels["second"]}"]')
    pack("install", "pack", str(tmp_path / "third-1.0-py3-none-any.whl"))
    subprocess.run([python, "-c", "import first, second, third"], check=True)
    put(folder / "pack/requirements.txt", f"pinned @ {wheels['pinned']}\n")
    with pytest.raises(SetupError, match="What 'pack' needs could not be installed"):
        pack("install", "pack")
    assert subprocess.run([python, "-c", "import pinned"], capture_output=True, check=False).returncode != 0


def test_without_an_environment_it_is_said_what_makes_one(pack, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "PYTHON", tmp_path / "absent")
    put(folder / "pack/__init__.py")
    for command in (["list"], ["install", "pack"]):
        with pytest.raises(SetupError, match=r"`python3 launch.py` makes it"):
            pack(*command)


def test_the_command_line_reports_errors_in_a_sentence(tmp_path):
    command = [sys.executable, "launch.py", "pack", "enable", "absent", "--base-directory", str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("There is no pack 'absent'")


@pytest.mark.parametrize("name", ["My", "1st", "a-b", "a b", "x.y", "../x"])
def test_a_new_pack_has_a_name_that_code_can_have(tmp_path, name):
    with pytest.raises(SetupError, match="small letters"):
        new_pack.make_pack(name, tmp_path)
    assert left(tmp_path) == []


def test_a_new_pack_has_its_own_names_throughout(pack, folder):
    pack("new", "tone_it_2")
    with pytest.raises(SetupError, match="already"):
        pack("new", "tone_it_2")
    files = [path for path in (folder / "tone_it_2").rglob("*") if path.is_file()]
    assert folder / "tone_it_2/workflows/tone_it_2.json" in files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not any(old in text for old in ("new_pack", "new-pack", "New pack", "NewPack")), path
    assert "ToneIt2Warmth" in (folder / "tone_it_2/nodes.py").read_text()
    assert 'name = "tone-it-2"' in (folder / "tone_it_2/pyproject.toml").read_text()


@pytest.mark.slow
def test_a_new_pack_loads_and_its_tests_pass(pack, folder):
    pack("new", "fresh")
    check = [sys.executable, "-m", "graph.workers.check_packs", "--custom-nodes", str(folder)]
    answer = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (0, "")
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    answer = subprocess.run(tests, cwd=folder / "fresh", capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "6 passed" in answer.stdout
