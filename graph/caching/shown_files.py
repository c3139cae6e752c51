"""Whether the files that a result shows are still those that its node has made."""

from collections.abc import Iterator, Mapping

from graph.caching.result import Result, Stamp
from graph.folders import Folders, UnsafePathError


def stamps(result: Result, folders: Folders) -> tuple[Stamp | None, ...]:
    """Size and time of change of each file that a result shows; None for one that is not there.

    What a node shows names files as `{filename, subfolder, type}`.
    """
    return tuple(_stamp(item, folders) for item in _named(result))


def are_as_made(result: Result, folders: Folders) -> bool:
    """Whether every file that a result shows is there, and as it was: another one may have got its name since."""
    found = stamps(result, folders)
    return None not in found and found == result.files


def _named(result: Result) -> Iterator[Mapping[str, str]]:
    for ui in (result.ui or {}, *(inner.ui for inner in result.inner)):
        for items in ui.values():
            yield from (item for item in items if isinstance(item, Mapping) and "filename" in item)


def _stamp(item: Mapping[str, str], folders: Folders) -> Stamp | None:
    try:
        path = folders.resolve(item.get("type", "output"), item.get("subfolder", ""), item["filename"])
        status = path.stat()
    except (OSError, UnsafePathError):
        return None
    return (status.st_size, status.st_mtime_ns) if path.is_file() else None
