"""`launch.py pack`: list, add, remove, enable, disable and test packs, install their needs, make new ones."""

import argparse
import json
import os
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from launcher.address import fetch_json, parse
from launcher.checks import DEVELOPMENT
from launcher.environment import PYTHON, REQUIREMENTS, ROOT, SetupError, prepare
from launcher.new_pack import make_pack
from launcher.pack_source import checked_name, fetched, name_of

DISABLED = ".disabled"
TAKES_NOTICE = "A running Safelight takes notice with 'Reload packs' in the editor, or when it is started again."


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit status. Raises SetupError."""
    options = _parser().parse_args(arguments)
    does: Callable[[argparse.Namespace, Path], int] = options.does
    return does(options, options.base_directory / "custom_nodes")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="launch.py pack", description="The packs in custom_nodes/.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Callable[[argparse.Namespace, Path], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(does=does)
        added.add_argument("--base-directory", type=Path, default=ROOT, metavar="DIR", help="as for the server")
        return added

    listing = command("list", _list, "list the packs with their state")
    listing.add_argument("--port", default="8188", metavar="N", help="where a running server is asked (default: 8188)")
    add = command("add", _add, "add a pack: a folder, a .py file, a zip archive, or the address of a git repository")
    add.add_argument("source", metavar="SOURCE")
    add.add_argument("--name", help="what it is to be called (default: as its source)")
    remove = command("remove", _remove, "delete a pack")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    command("enable", _enable, "load a pack again").add_argument("name", metavar="NAME")
    command("disable", _disable, "leave a pack out").add_argument("name", metavar="NAME")
    install = command("install", _install, "install what a pack needs into .venv")
    install.add_argument("name", metavar="NAME")
    install.add_argument("more", nargs="*", metavar="PACKAGE", help="further packages of Python that it needs")
    command("new", _new, "make a pack to begin with").add_argument("name", metavar="NAME")
    test = command("test", _test, "run the tests of a pack")
    test.add_argument("name", metavar="NAME")
    test.add_argument("more", nargs="*", metavar="ARGUMENT", help="further arguments for pytest, after --")
    return parser


def _list(options: argparse.Namespace, folder: Path) -> int:
    if not PYTHON.is_file():
        raise SetupError("There is no environment yet that could look at packs; `python3 launch.py` makes it.")
    command = [str(PYTHON), "-m", "graph.packs.folder", str(folder)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SetupError(f"The packs cannot be looked at: {last}. `python3 launch.py doctor` finds common causes.")
    packs = [json.loads(line) for line in answer.stdout.splitlines()]
    running = _running(options)
    rows = [("NAME", "STATE", "VERSION", "TITLE")]
    rows += [(pack["name"], _state(pack, running), pack["version"], pack["title"]) for pack in packs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, pack in zip(rows, [None, *packs], strict=True):
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        for remark in _remarks(pack, running) if pack else ():
            print(f"    {remark}")
    if not packs:
        print(f"No packs in {folder}.")
    return 0


def _running(options: argparse.Namespace) -> dict[str, Any]:
    """What a running server says of its packs, by name."""
    found = fetch_json(f"{parse(['--port', options.port]).url}/api/packs")
    return {pack["name"]: pack for pack in found} if isinstance(found, list) else {}


def _state(pack: dict[str, Any], running: dict[str, Any]) -> str:
    if not pack["enabled"]:
        return "disabled"
    state = running.get(pack["name"], {}).get("state")
    return state if state in ("loaded", "failed") else "enabled"


def _remarks(pack: dict[str, Any], running: dict[str, Any]) -> Iterator[str]:
    if pack["problem"]:
        yield pack["problem"]
    elif pack["lacks"]:
        yield f"needs {', '.join(pack['lacks'])}: python3 launch.py pack install {pack['name']}"
    elif problem := (running.get(pack["name"], {}).get("problem") if pack["enabled"] else None):
        yield f"{problem} {running[pack['name']]['cure']}"


def _add(options: argparse.Namespace, folder: Path) -> int:
    name = checked_name(options.name) if options.name else name_of(options.source)
    _refuse_taken(name, folder)
    with fetched(options.source, folder) as path:
        target = folder / (f"{name}.py" if path.is_file() else name)
        path.rename(target)
    print(f"Added {target}. A pack is a program: it runs with your rights.")
    if _requirements(target):
        print(f"It names packages that it needs. Install them with: python3 launch.py pack install {name}")
    print(TAKES_NOTICE)
    return 0


def _remove(options: argparse.Namespace, folder: Path) -> int:
    path = _existing(options.name, folder)
    if not options.yes:
        if not sys.stdin.isatty():
            raise SetupError("Nobody can be asked here whether that is meant; add --yes.")
        if input(f"Delete {path} with everything in it? [y/N] ").strip().lower() not in ("y", "yes"):
            print("Nothing was deleted.")
            return 1
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        for inside in path.rglob("*") if os.name == "nt" else ():
            inside.chmod(stat.S_IWRITE)  # git makes its files read-only, and Windows deletes no such file
        shutil.rmtree(path)
    print(f"Deleted {path}. {TAKES_NOTICE}")
    return 0


def _enable(options: argparse.Namespace, folder: Path) -> int:
    path = _existing(options.name, folder)
    if path.suffix != DISABLED:
        print(f"'{options.name}' is enabled already.")
        return 0
    return _rename(path, path.with_suffix(""), "enabled")


def _disable(options: argparse.Namespace, folder: Path) -> int:
    path = _existing(options.name, folder)
    if path.suffix == DISABLED:
        print(f"'{options.name}' is disabled already.")
        return 0
    return _rename(path, path.with_name(path.name + DISABLED), "disabled")


def _rename(path: Path, target: Path, state: str) -> int:
    if target.exists():
        raise SetupError(f"There is a '{target.name}' too. Rename or remove one of the two in {path.parent}.")
    path.rename(target)
    print(f"'{target.name.removesuffix(DISABLED)}' is {state}. {TAKES_NOTICE}")
    return 0


def _install(options: argparse.Namespace, folder: Path) -> int:
    if not PYTHON.is_file():
        raise SetupError("There is no environment to install into yet; `python3 launch.py` makes it.")
    wanted = [*_requirements(_existing(options.name, folder)), *options.more]
    if not wanted:
        print(f"'{options.name}' names nothing that it needs.")
        return 0
    # Our own pins hold: a pack must not take the program's packages from under it.
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "-c", str(REQUIREMENTS)]
    if subprocess.run([*pip, *wanted], cwd=ROOT, check=False).returncode != 0:
        raise SetupError(
            f"What '{options.name}' needs could not be installed; the lines above say why. If it wants other versions "
            f"than Safelight itself (those in {REQUIREMENTS.name}), it cannot be used as it is."
        )
    print(f"What '{options.name}' needs is installed. Start Safelight again, so that it takes notice.")
    return 0


def _new(options: argparse.Namespace, folder: Path) -> int:
    name = checked_name(options.name)
    _refuse_taken(name, folder)
    path = make_pack(name, folder)
    print(f"Made {path}; its README.md says what is where. {TAKES_NOTICE}")
    print(f"Run its tests with: python3 launch.py pack test {name}")
    return 0


def _test(options: argparse.Namespace, folder: Path) -> int:
    path = _existing(options.name, folder)
    prepare(REQUIREMENTS, DEVELOPMENT)
    return subprocess.run([str(PYTHON), "-m", "pytest", str(path), *options.more], cwd=ROOT, check=False).returncode


def _existing(name: str, folder: Path) -> Path:
    """The file or folder of a pack, enabled or not. Raises SetupError."""
    found = _find(name, folder)
    if found is None:
        raise SetupError(f"There is no pack '{name}' in {folder}. `python3 launch.py pack list` names those there are.")
    return found


def _refuse_taken(name: str, folder: Path) -> None:
    if _find(name, folder):
        raise SetupError(f"There is a pack '{name}' in {folder} already. Remove it first, or choose another name.")


def _find(name: str, folder: Path) -> Path | None:
    # Looked up among what is there, so that no name reaches out of the folder.
    there = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    of_folder = [there[each] for each in (name, name + DISABLED) if each in there and not there[each].is_file()]
    of_file = [there[each] for each in (f"{name}.py", f"{name}.py{DISABLED}") if each in there]
    return next((path for path in (*of_folder, *of_file) if not path.name.startswith((".", "__"))), None)


def _requirements(path: Path) -> list[str]:
    """What pip has to be told to install what a pack needs."""
    wanted = ["-r", str(path / "requirements.txt")] if (path / "requirements.txt").is_file() else []
    try:
        project = tomllib.loads((path / "pyproject.toml").read_text("utf-8")).get("project", {})
    except (OSError, ValueError):
        return wanted
    dependencies = project.get("dependencies") if isinstance(project, dict) else None
    return [*wanted, *map(str, dependencies)] if isinstance(dependencies, list) else wanted
