"""Finding the user's model files by the names and hashes that an infotext has."""

import hashlib
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Literal

from graph.files.model_notes import ModelNotes
from graph.folders import Folders

LEGACY_START, LEGACY_LENGTH = 0x100000, 0x10000
SHORT = 10
ALIKE = 0.85
"""How alike two names must be for one to be taken for the other, with a word about it."""


@dataclass(frozen=True)
class Found:
    """A file, and how sure it is that it is the one that was meant."""

    name: str
    how: Literal["hash", "name", "like"]
    other_content: bool = False
    """The name fits, but the hash of that file is known to be another one."""


def find_model(folders: Folders, kind: str, name: str, hash: str = "") -> Found | None:
    """The file of `kind` that an infotext means, by its hash before its name; None if there is none like it.

    `hash` has 10 or more digits of the SHA-256 of the whole file, or 8 of the older hash of a part of it. Whole files
    are not read for this: of them only those are known by hash whose digest has been computed before.
    """
    names = folders.model_names(kind)
    wanted = hash.lower().strip()
    if by_hash := next((each for each in names if _has_hash(folders, kind, each, wanted)), None):
        return Found(by_hash, "hash")
    plain = {_plain(each): each for each in reversed(names)}
    if exact := plain.get(_plain(name)):
        return Found(exact, "name", _is_other(folders, kind, exact, wanted))
    close = get_close_matches(_plain(name), list(plain), n=1, cutoff=ALIKE)
    return Found(plain[close[0]], "like") if close else None


def legacy_hash(path: Path) -> str:
    """The hash of a model file that the WebUI wrote until the end of 2022: of 64 KB from 1 MB on. Raises OSError."""
    with path.open("rb") as file:
        file.seek(LEGACY_START)
        return hashlib.sha256(file.read(LEGACY_LENGTH)).hexdigest()[:8]


def digests(folders: Folders) -> ModelNotes:
    """Where the digests of model files are kept."""
    return ModelNotes(folders.user / "models")


def _has_hash(folders: Folders, kind: str, name: str, wanted: str) -> bool:
    if not re.fullmatch(r"[0-9a-f]{8,64}", wanted):
        return False
    try:
        path = folders.model_path(kind, name)
        if len(wanted) < SHORT:
            return legacy_hash(path) == wanted[:8]
        known = digests(folders).known_sha256(path)
    except OSError:
        return False
    return known is not None and known.startswith(wanted)


def _is_other(folders: Folders, kind: str, name: str, wanted: str) -> bool:
    if len(wanted) < SHORT:
        return False
    known = digests(folders).known_sha256(folders.model_path(kind, name))
    return known is not None and not known.startswith(wanted)


def _plain(name: str) -> str:
    """A name without its folder, its ending, a hash behind it, and all that is no letter or digit."""
    name = re.sub(r"\s*[\[(][0-9a-f]{8,64}[\])]\s*$", "", name.strip())
    last = PurePosixPath(name.replace("\\", "/")).name
    stem = re.sub(r"\.(safetensors|sft|ckpt|pt|pth|bin)$", "", last, flags=re.IGNORECASE)
    return "".join(character for character in stem.lower() if character.isalnum())
