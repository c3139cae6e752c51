"""The files that the editor keeps for a user: written whole, not over what has changed meanwhile, deleted with a way
back; of workflows earlier versions are kept.
"""

import re
import shutil
import threading
import time
from pathlib import Path

from graph.files.replace_file import replace_file
from graph.files.safe_path import UnsafePathError, inside
from graph.files.versions import Versions

TRASH = "trash"
TRASH_DAYS = 30
DAY_MS = 24 * 60 * 60 * 1000


class ChangedFileError(Exception):
    """A file is not what whoever writes it believes it to be; `etag` is what it is, None if it is gone."""

    def __init__(self, name: str, etag: str | None) -> None:
        super().__init__(name)
        self.name = name
        self.etag = etag


def etag_of(path: Path) -> str:
    """What changes with a file, in the form in which aiohttp says it of files that it sends."""
    status = path.stat()
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


class UserFiles:
    """The files below `root`; versions lie in a folder beside it. Names are relative, with `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions = Versions(root.with_name("versions"))
        self._lock = threading.Lock()

    def path(self, name: str) -> Path:
        """The path of a file; it need not exist. Raises UnsafePathError."""
        path = inside(self.root, name)
        if path == self.root:
            raise UnsafePathError("A file name is wanted, and there is none.")
        return path

    def write(
        self, name: str, content: bytes, *, overwrite: bool = True, match: str | None = None, automatic: bool = False
    ) -> Path:
        """Keep a file. With `match` only if its etag is that.

        Raises FileExistsError (without `overwrite`), ChangedFileError, OSError.
        """
        path = self.path(name)
        with self._lock:
            if not overwrite and path.exists():
                raise FileExistsError(name)
            if match is not None:
                now = etag_of(path) if path.is_file() else None
                if now != match:
                    raise ChangedFileError(name, now)
            if has_versions(self._name(path)):
                self._keep_versions(self._name(path), path, content, automatic)
            replace_file(path, content)
        return path

    def _keep_versions(self, name: str, path: Path, content: bytes, automatic: bool) -> None:
        if path.is_file() and not self.versions.of(name):
            # It was put there by hand, or by a server that kept none.
            self.versions.keep(name, path.read_bytes(), at=int(path.stat().st_mtime * 1000))
        self.versions.keep(name, content, automatic=automatic)

    def move(self, source: str, target: str, overwrite: bool = True) -> Path:
        """Give a file another name. Raises FileExistsError, FileNotFoundError, OSError."""
        old, new = self.path(source), self.path(target)
        with self._lock:
            if not overwrite and new.exists():
                raise FileExistsError(target)
            new.parent.mkdir(parents=True, exist_ok=True)
            old.replace(new)
            self.versions.move(self._name(old), self._name(new))
            self._drop_empty(old.parent)
        return new

    def delete(self, name: str) -> None:
        """Delete a file for ever. Raises FileNotFoundError, OSError."""
        path = self.path(name)
        with self._lock:
            path.unlink()
            if self._name(path).startswith(f"{TRASH}/"):
                self.versions.drop(self._name(path))
                self._drop_empty(path.parent)

    def throw_away(self, name: str) -> Path:
        """Put a file into the trash, from where it can be moved back. Raises as `move`."""
        now = int(time.time() * 1000)
        self._empty_trash(now - TRASH_DAYS * DAY_MS)
        return self.move(name, f"{TRASH}/{now}/{self._name(self.path(name))}")

    def _empty_trash(self, before: int) -> None:
        for folder in self._trash_folders():
            if int(folder.name) < before:
                for path in [path for path in folder.rglob("*") if path.is_file()]:
                    self.versions.drop(self._name(path))
                shutil.rmtree(folder, ignore_errors=True)

    def _trash_folders(self) -> list[Path]:
        trash = self.root / TRASH
        return [path for path in trash.iterdir() if re.fullmatch(r"\d+", path.name)] if trash.is_dir() else []

    def _drop_empty(self, folder: Path) -> None:
        """Folders come and go with what is in them; those directly below the root stay."""
        while folder.parent not in (self.root, folder) and folder.is_relative_to(self.root):
            if any(folder.iterdir()):
                return
            folder.rmdir()
            folder = folder.parent

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def has_versions(name: str) -> bool:
    """Whether earlier contents of a file are kept."""
    return name.startswith("workflows/") and name.endswith(".json")
