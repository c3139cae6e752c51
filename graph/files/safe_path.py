r"""The one place that decides whether a name that came from outside may be used as a path.

A name is refused if it is absolute, climbs with `..`, holds control characters or a Windows device name, or leads out
of its folder through a link. Both `/` and `\` separate, on every system, so that a workflow means the same everywhere.
"""

import os
import re
from pathlib import Path

MAX_PART_BYTES = 255
DEVICE_NAMES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³"}
)


class UnsafePathError(ValueError):
    """A name that may not be used as a path; the message says why."""


class OutsideFolderError(UnsafePathError):
    """A harmless-looking name that leads out of its folder, through a link."""


def safe_parts(name: str) -> tuple[str, ...]:
    """The parts of a relative name; empty parts and `.` are dropped.

    Raises UnsafePathError.
    """
    if re.search(r"[\x00-\x1f\x7f]", name):
        raise UnsafePathError(f"{name!r} holds a control character, which a file name may not. Remove it.")
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise UnsafePathError(f"{_quoted(name)} is an absolute path. Use a name inside the folder.")
    parts = tuple(part for part in re.split(r"[/\\]", name) if part not in ("", "."))
    for part in parts:
        _check_part(part, name)
    return parts


def _quoted(name: str) -> str:
    return repr(name).replace(r"\\", "\\")  # as it was written: repr doubles backslashes


def _check_part(part: str, name: str) -> None:
    # Windows drops spaces and dots at the end of a part: ".. " is "..", "con .txt" is "con".
    trimmed = part.rstrip(" .")
    if not trimmed:
        raise UnsafePathError(f"{_quoted(name)} leads out of its folder. Use a name inside it.")
    if trimmed.split(".")[0].rstrip().lower() in DEVICE_NAMES:
        raise UnsafePathError(f"{name!r} uses a name that Windows reserves for a device. Use another one.")
    if os.name == "nt" and ":" in part:
        raise UnsafePathError(f"{name!r} holds a colon, which a file name on Windows may not.")
    try:
        length = len(part.encode())
    except UnicodeEncodeError:
        raise UnsafePathError(f"{name!r} holds a character that no file name can have.") from None
    if length > MAX_PART_BYTES:
        raise UnsafePathError(f"A file name of {length} bytes is too long; at most {MAX_PART_BYTES} are possible.")


def inside(folder: Path, *names: str) -> Path:
    """The path of `names` (each may have several parts) below `folder`; it need not exist.

    Raises UnsafePathError, OutsideFolderError.
    """
    parts = [part for name in names for part in safe_parts(name)]
    real_folder = folder.resolve()
    path = folder.joinpath(*parts)
    if not path.resolve().is_relative_to(real_folder):
        raise OutsideFolderError(f"'{'/'.join(parts)}' is a link that leads out of the folder '{folder.name}'.")
    return path
