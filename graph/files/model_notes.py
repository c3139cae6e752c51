"""What the user notes of models, and their digests: small files in the user folder, which follow a model's name."""

import hashlib
import threading
from pathlib import Path

import msgspec

from graph.files.replace_file import replace_file
from graph.files.safe_path import inside

LONGEST_NOTE = 100_000
PIECE = 1 << 20


class ModelNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a user has written of a model."""

    text: str = ""
    trigger_words: str = ""
    """Those that the user wants to see, in place of the file's own."""
    favorite: bool = False

    @property
    def words(self) -> list[str]:
        """The trigger words, one by one."""
        return [word.strip() for word in self.trigger_words.split(",") if word.strip()]


class _Digest(msgspec.Struct, frozen=True):
    modified: int
    size: int
    sha256: str


class ModelNotes:
    """Notes and digests below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def of(self, kind: str, name: str) -> ModelNote:
        """The note of a model; an empty one if there is none, or it cannot be read."""
        try:
            return msgspec.json.decode(self._note(kind, name).read_bytes(), type=ModelNote)
        except (OSError, msgspec.DecodeError, msgspec.ValidationError):
            return ModelNote()

    def write(self, kind: str, name: str, note: ModelNote) -> None:
        """Keep a note; an empty one is taken away. Raises OSError."""
        path = self._note(kind, name)
        if note == ModelNote():
            path.unlink(missing_ok=True)
        else:
            replace_file(path, msgspec.json.format(msgspec.json.encode(note)))

    def _note(self, kind: str, name: str) -> Path:
        return inside(self._folder, f"{kind}/{name}.json")

    def sha256(self, path: Path) -> str:
        """The digest of a whole file, computed once as long as the file stays as it is. Raises OSError."""
        status = path.stat()
        place = str(path)
        with self._lock:
            known = self._digests().get(place)
        if known and (known.modified, known.size) == (status.st_mtime_ns, status.st_size):
            return known.sha256
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
        found = _Digest(status.st_mtime_ns, status.st_size, digest.hexdigest())
        with self._lock:
            replace_file(self._digest_file, msgspec.json.encode({**self._digests(), place: found}))
        return found.sha256

    def known_sha256(self, path: Path) -> str | None:
        """The digest, if it was computed before and the file is still the same."""
        try:
            status = path.stat()
        except OSError:
            return None
        known = self._digests().get(str(path))
        same = known and (known.modified, known.size) == (status.st_mtime_ns, status.st_size)
        return known.sha256 if known and same else None

    @property
    def _digest_file(self) -> Path:
        return self._folder / "digests.json"

    def _digests(self) -> dict[str, _Digest]:
        try:
            return msgspec.json.decode(self._digest_file.read_bytes(), type=dict[str, _Digest])
        except (OSError, msgspec.DecodeError, msgspec.ValidationError):
            return {}
