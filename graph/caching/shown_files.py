"""Whether the files that a result shows, or stands for, are still those that its node has made."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from graph.caching.result import Result, Stamp
from graph.folders import Folders, UnsafePathError


def stamps(result: Result, folders: Folders) -> tuple[Stamp | None, ...]:
    """Size and time of change of each file that a result shows or stands for; None for one that is not there.

    What a node shows names files as `{filename, subfolder, type}`.
    """
    shown = [_stamp(item, folders) for item in _named(result)]
    return (*shown, *(_stamp_of(Path(path)) for path in result.paths))


def are_as_made(result: Result, folders: Folders) -> bool:
    """Whether every file that a result shows or stands for is there, and as it was.

    Another one may have got its name since.
    """
    found = stamps(result, folders)
    return None not in found and found == result.files


def _named(result: Result) -> Iterator[Mapping[str, str]]:
    for ui in (result.ui or {}, *(inner.ui for inner in result.inner)):
        for items in ui.values():
            yield from (item for item in items if isinstance(item, Mapping) and "filename" in item)


def _stamp(item: Mapping[str, str], folders: Folders) -> Stamp | None:
    try:
        return _stamp_of(folders.resolve(item.get("type", "output"), item.get("subfolder", ""), item["filename"]))
    except (OSError, UnsafePathError):
        return None


def _stamp_of(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if path.is_file() else None
