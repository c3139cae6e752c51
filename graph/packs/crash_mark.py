"""A file that says which pack is being imported, so that one that takes the whole process with it is found out.

Native code can end a process without an exception. A pack during whose import that has happened twice is left out of
the next start; the one after tries it again.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from graph.files.replace_file import replace_file
from graph.messages import PackProblem

DEATHS = 2


class _Import(msgspec.Struct):
    pack: str
    tries: int


class CrashMark:
    """The file `path`; None keeps no mark. What cannot be read or written is as if there were none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._left = self._read()

    def crashed(self, pack: str) -> bool:
        """Whether the process has died each time that it imported this pack; asked once, it is tried again."""
        if not self._left or self._left.pack != pack or self._left.tries < DEATHS:
            return False
        self._left = None
        self._remove()
        return True

    @contextlib.contextmanager
    def importing(self, pack: str) -> Iterator[None]:
        """Leave the mark for as long as a pack is imported."""
        tries = self._left.tries if self._left and self._left.pack == pack else 0
        with contextlib.suppress(OSError):
            if self._path:
                replace_file(self._path, msgspec.json.encode(_Import(pack, tries + 1)))
        yield
        self._remove()

    @staticmethod
    def problem(pack: str) -> PackProblem:
        """What to tell the user of a pack that was left out."""
        message = "The worker process died each time that it was loaded, so it was left out."
        cure = f"Update it, or leave it out with `python3 launch.py pack disable {pack}`. A restart tries it again."
        return PackProblem(pack, message, cure)

    def _read(self) -> _Import | None:
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self._path.read_bytes(), type=_Import) if self._path else None
        return None

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            if self._path:
                self._path.unlink(missing_ok=True)
