"""Where packs come from: a folder, a file, a zip archive, a git repository. Nothing may land outside the pack."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from launcher.environment import SetupError

NAME = re.compile(r"\w[\w. -]*")
GIT_ADDRESS = re.compile(r"(https?|ssh|git|file)://|[\w.-]+@[\w.-]+:")
LEFT_OUT = ("__pycache__", ".venv", "node_modules")
ARCHIVE_ENDINGS = ("-main", "-master")
"""What code hosts put behind the name of the folder in their archives."""


def is_git_address(source: str) -> bool:
    """Whether git has to fetch it."""
    return GIT_ADDRESS.match(source) is not None


def name_of(source: str) -> str:
    """The name that a pack has by where it comes from. Raises SetupError if that is no name."""
    last = re.split(r"[/\\:]", source.rstrip("/\\"))[-1]
    for ending in (".git", ".zip", *ARCHIVE_ENDINGS):
        last = last.removesuffix(ending)
    return checked_name(last.removesuffix(".py"))


def checked_name(name: str) -> str:
    """The name itself. Raises SetupError for one that no pack can have."""
    if not NAME.fullmatch(name) or name.endswith((".", " ", ".disabled")) or ".." in name:
        raise SetupError(
            f"'{name}' cannot be the name of a pack: use letters, digits, '-', '_' and '.'. `--name` gives it another."
        )
    return name


@contextmanager
def fetched(source: str, beside: Path) -> Iterator[Path]:
    """The pack of a source as a folder or a `.py` file beside where it is going to lie, to be moved there.

    Raises SetupError for what is no pack, and for what would reach outside it.
    """
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=beside, ignore_cleanup_errors=True) as place:
        pack = Path(place) / "pack"
        path = Path(source).expanduser()
        if is_git_address(source):
            _clone(source, pack)
        elif path.is_dir():
            _refuse_links(path)
            _copy(path, pack)
        elif path.suffix == ".py" and path.is_file():
            pack = pack.with_suffix(".py")
            shutil.copyfile(path, pack)
        elif path.is_file() and zipfile.is_zipfile(path):
            pack = _unpacked(path, pack)
        else:
            raise SetupError(
                f"'{source}' is no folder, no .py file, no zip archive and no address of a git repository."
            )
        if pack.is_dir():
            _refuse_links(pack)
            _refuse_no_pack(pack, source)
        yield pack


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    except (OSError, shutil.Error) as error:
        raise SetupError(f"'{source}' cannot be copied: {error}.") from None


def _clone(source: str, target: Path) -> None:
    git = shutil.which("git")
    if git is None:
        raise SetupError("git is not installed. Install it, or download the repository as a zip archive and add that.")
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}  # a wrong address must not wait for a password
    options = ["--depth", "1", "--recurse-submodules", "--shallow-submodules"]
    command = [git, "-c", "core.symlinks=true", "clone", *options, "--", source, str(target)]
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise SetupError(f"git could not get {source}; the lines above say why. Check the address and the network.")


def _unpacked(archive: Path, target: Path) -> Path:
    """Unpack an archive; the one folder that it has at the top, if that is all, is the pack."""
    with zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
            if ".." in parts or entry.filename.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", entry.filename):
                raise SetupError(f"'{archive.name}' has a file outside its own folder ('{entry.filename}'). Not added.")
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise SetupError(f"'{archive.name}' has a link ('{entry.filename}'), which a pack may not. Not added.")
        size = sum(entry.file_size for entry in content.infolist())
        if size > shutil.disk_usage(target.parent).free:
            raise SetupError(f"'{archive.name}' unpacks to {size >> 20} MB, and the disk has less left. Not added.")
        try:
            content.extractall(target)
        except (OSError, RuntimeError, zipfile.BadZipFile) as error:
            raise SetupError(f"'{archive.name}' cannot be unpacked: {error}.") from None
    inside = [path for path in target.iterdir() if path.name != "__MACOSX"] if target.is_dir() else []
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else target


def _refuse_links(folder: Path) -> None:
    root = folder.resolve()
    for path in folder.rglob("*"):
        if path.is_symlink() and (path.readlink().is_absolute() or not path.resolve().is_relative_to(root)):
            raise SetupError(f"'{path.relative_to(folder)}' is a link that leads out of the pack. Not added.")


def _refuse_no_pack(folder: Path, source: str) -> None:
    if (folder / "__init__.py").is_file():
        return
    inner = sorted(path.parent.name for path in folder.glob("*/__init__.py"))
    advice = f" Did you mean {', '.join(repr(name) for name in inner[:3])} in it?" if inner else ""
    raise SetupError(f"'{source}' is no pack: it has no file __init__.py.{advice}")
