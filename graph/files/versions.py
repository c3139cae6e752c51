"""Earlier contents of files, so that one can return to them: each once, compressed, in a folder of its own per file.

A version is an entry of the file's `index.json`; its content lies beside it, named by its digest. Those without a name
go when there are more than `kept` of them, those with a name stay.
"""

import gzip
import hashlib
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from graph.files.replace_file import replace_file
from graph.files.safe_path import inside

INDEX = "index.json"
ENDING = ".gz"
SLOT_MS = 10 * 60 * 1000
"""Of what was kept by itself in so long a time only the last stays."""


@dataclass(frozen=True, slots=True)
class Version:
    """A content that a file had. `time` is in milliseconds since 1970; `automatic` if nobody asked to keep it."""

    id: str
    time: int
    digest: str
    size: int
    name: str | None = None
    automatic: bool = False


class Versions:
    """The versions of the files whose names are given, below `folder`."""

    def __init__(self, folder: Path, kept: int = 50) -> None:
        self._folder = folder
        self._kept = kept

    def of(self, file: str) -> list[Version]:
        """The versions of a file, newest first."""
        place = self._place(file)
        try:
            entries = orjson.loads((place / INDEX).read_bytes())
            return [Version(**entry) for entry in entries]
        except FileNotFoundError:
            return _found(place)
        except (orjson.JSONDecodeError, TypeError):
            return _found(place)

    def content(self, file: str, id: str) -> bytes:
        """What the file was. Raises FileNotFoundError if there is no such version."""
        return gzip.decompress(_blob(self._place(file), self._one(file, id).digest).read_bytes())

    def keep(
        self, file: str, content: bytes, *, name: str | None = None, automatic: bool = False, at: int | None = None
    ) -> Version:
        """Keep a content, unless it is what was kept last. Raises OSError."""
        before = self.of(file)
        digest = hashlib.sha256(content).hexdigest()
        newest = before[0] if before else None
        if newest and newest.digest == digest and (name is None or newest.name in (None, name)):
            return newest if name is None else self.rename(file, newest.id, name)
        moment = int(time.time() * 1000) if at is None else at
        if newest and automatic and newest.automatic and newest.name is None and _slot(newest.time) == _slot(moment):
            before = before[1:]
        place = self._place(file)
        blob = _blob(place, digest)
        if not blob.is_file():
            replace_file(blob, gzip.compress(content, mtime=0))
        version = Version(f"{moment}-{digest[:8]}", moment, digest, len(content), name, automatic)
        self._write(file, [version, *(other for other in before if other.id != version.id)])
        return version

    def rename(self, file: str, id: str, name: str | None) -> Version:
        """Give a version a name, so that it stays, or take it back. Raises FileNotFoundError."""
        renamed = replace(self._one(file, id), name=name)
        self._write(file, [renamed if version.id == id else version for version in self.of(file)])
        return renamed

    def forget(self, file: str, id: str) -> None:
        """Raises FileNotFoundError if there is no such version."""
        self._one(file, id)
        self._write(file, [version for version in self.of(file) if version.id != id])

    def move(self, source: str, target: str) -> None:
        """The file has another name now. What the versions of a file with that name were stays too, as older ones."""
        versions = self.of(source)
        if not versions:
            return
        old, new = self._place(source), self._place(target)
        others = self.of(target)
        for version in versions:
            if not _blob(new, version.digest).is_file():
                replace_file(_blob(new, version.digest), _blob(old, version.digest).read_bytes())
        known = {version.id for version in versions}
        both = [*versions, *(version for version in others if version.id not in known)]
        self._write(target, sorted(both, key=lambda version: version.time, reverse=True))
        self.drop(source)

    def drop(self, file: str) -> None:
        """Forget all versions of a file."""
        place = self._place(file)
        for path in [place / INDEX, *place.glob(f"*{ENDING}")]:
            path.unlink(missing_ok=True)
        if place.is_dir() and not any(place.iterdir()):
            shutil.rmtree(place, ignore_errors=True)

    def _place(self, file: str) -> Path:
        return inside(self._folder, file)

    def _one(self, file: str, id: str) -> Version:
        for version in self.of(file):
            if version.id == id:
                return version
        raise FileNotFoundError(f"'{file}' has no version '{id}'. It may have been too old to be kept.")

    def _write(self, file: str, versions: list[Version]) -> None:
        named = [version for version in versions if version.name is not None]
        others = [version for version in versions if version.name is None][: self._kept]
        left = sorted([*named, *others], key=lambda version: version.time, reverse=True)
        place = self._place(file)
        replace_file(place / INDEX, orjson.dumps([asdict(version) for version in left]))
        wanted = {version.digest for version in left}
        for path in place.glob(f"*{ENDING}"):
            if path.name.removesuffix(ENDING) not in wanted:
                path.unlink(missing_ok=True)


def _blob(place: Path, digest: str) -> Path:
    return place / f"{digest}{ENDING}"


def _slot(moment: int) -> int:
    return moment // SLOT_MS


def _found(place: Path) -> list[Version]:
    """The contents that lie there, where the list of them is lost."""
    versions = []
    for path in place.glob(f"*{ENDING}"):
        digest, moment = path.name.removesuffix(ENDING), int(path.stat().st_mtime * 1000)
        try:
            size = len(gzip.decompress(path.read_bytes()))
        except (OSError, EOFError):
            continue
        versions.append(Version(f"{moment}-{digest[:8]}", moment, digest, size))
    return sorted(versions, key=lambda version: version.time, reverse=True)
