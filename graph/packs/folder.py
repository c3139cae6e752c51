"""Packs as they lie on disk: found, and described without importing them.

`python -m graph.packs.folder FOLDER` prints every pack of a folder as a line of JSON.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graph.packs.requirements import requirement_lines, unmet

DISABLED = ".disabled"
TEMPLATE_FOLDERS = ("example_workflows", "example", "examples", "workflow", "workflows")


@dataclass(frozen=True, slots=True)
class PackFolder:
    """A pack: a folder with an `__init__.py`, or a single `.py` file.

    `name` is that of the folder, or of the file without its ending. `requirements` are what its `requirements.txt` and
    its `pyproject.toml` want to be installed. `problem` says, as a sentence, what is wrong with the files themselves.
    """

    path: Path
    name: str
    enabled: bool = True
    title: str = ""
    version: str = ""
    description: str = ""
    requirements: tuple[str, ...] = ()
    web: Path | None = None
    problem: str = ""

    @property
    def module_name(self) -> str:
        """The name of its module in `sys.modules`, with `_x_` for a dot, which would make it a part of another one."""
        return f"custom_nodes.{self.name.replace('.', '_x_')}"

    @property
    def source(self) -> Path:
        """The file that is imported."""
        return self.path / "__init__.py" if self.path.is_dir() else self.path

    def workflows(self) -> list[Path]:
        """The folders that have its workflows."""
        return [path for name in TEMPLATE_FOLDERS if (path := self.path / name).is_dir()]

    def locales(self) -> list[Path]:
        """The folders that have its translations, each named for its language."""
        return sorted(path for path in (self.path / "locales").glob("*/") if path.is_dir())

    def files(self) -> list[Path]:
        """The files that its nodes come from, without its tests."""
        if not self.path.is_dir():
            return [self.path]
        tests = self.path / "tests"
        code = (path for path in self.path.rglob("*.py") if tests not in path.parents)
        about = (self.path / "pyproject.toml", self.path / "requirements.txt")
        return [path for path in (*sorted(code), *about) if path.is_file()]


def find_packs(folder: Path) -> list[PackFolder]:
    """The packs of a folder by name, the disabled ones too, which have `.disabled` at the end of their name.

    What is hidden, starts with `__`, or holds no Python at all is no pack.
    """
    if not folder.is_dir():
        return []
    found: dict[str, PackFolder] = {}
    packs = []
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_file(), path.name)):
        pack = None if path.name.startswith((".", "__")) else _pack_at(path)
        if pack is None:
            continue
        other = found.setdefault(pack.module_name, pack) if pack.enabled else pack
        if other is not pack:
            problem = f"Its name is that of '{other.path.name}' too, so only that one is loaded. Rename one of the two."
            pack = replace(pack, name=path.name, problem=problem)
        packs.append(pack)
    return sorted(packs, key=lambda pack: (pack.name, not pack.enabled))


def _pack_at(path: Path) -> PackFolder | None:
    enabled = path.suffix != DISABLED
    name = path.name if enabled else path.stem
    if path.is_file():
        stem = name.removesuffix(".py")
        return PackFolder(path, stem, enabled, title=stem) if name.endswith(".py") else None
    holds_code = any(path.glob("*.py")) or any(path.glob("*/__init__.py"))
    return read_pack(path, name, enabled) if holds_code else None


def read_pack(path: Path, name: str, enabled: bool = True) -> PackFolder:
    """Read what a folder says of its pack. What cannot be read is told in `problem`, and otherwise left out."""
    problem = ""
    if not (path / "__init__.py").is_file():
        inner = next(iter(sorted(path.glob("*/__init__.py"))), None)
        advice = f" Move what is in '{inner.parent.name}' one folder up." if inner else ""
        problem = f"It has no file __init__.py, with which a pack begins.{advice}"
    content: Mapping[str, Any] = {}
    try:
        content = tomllib.loads((path / "pyproject.toml").read_text("utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        problem = problem or f"Its pyproject.toml cannot be read: {error}."
    project, tool = _table(content, "project"), _table(content, "tool")
    ours, comfy = _table(tool, "safelight"), _table(tool, "comfy")
    web = _text(ours, "web") or _text(comfy, "web") or "web"
    return PackFolder(
        path=path,
        name=name,
        enabled=enabled,
        title=_text(ours, "title") or _text(comfy, "DisplayName") or name,
        version=_text(project, "version"),
        description=_text(project, "description"),
        requirements=tuple(_requirements(path, project)),
        web=web_folder(path, web),
        problem=problem,
    )


def web_folder(path: Path, name: str) -> Path | None:
    """The folder of a pack that has what it adds to the editor, if it is there and lies in the pack."""
    web = (path / name).resolve()
    return path / name if web.is_dir() and web.is_relative_to(path.resolve()) and web != path.resolve() else None


def _requirements(path: Path, project: Mapping[str, Any]) -> Iterator[str]:
    try:
        yield from requirement_lines((path / "requirements.txt").read_text("utf-8", errors="replace"))
    except OSError:
        pass
    dependencies = project.get("dependencies")
    if isinstance(dependencies, list):
        yield from requirement_lines("\n".join(str(item) for item in dependencies))


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    return re.sub(r"\s+", " ", value).strip() if isinstance(value, str) else ""


def _main(folder: Path) -> None:
    for pack in find_packs(folder):
        lacks = [str(item) for item in unmet(pack.requirements)] if pack.enabled else []
        line = {"name": pack.name, "title": pack.title, "version": pack.version, "enabled": pack.enabled}
        sys.stdout.write(json.dumps({**line, "lacks": lacks, "problem": pack.problem}) + "\n")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
