"""Files that nodes of packs read because a combo names them: a changed file is a changed input."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path, PurePath
from typing import Any

from compat.host import installation
from graph.files.safe_path import UnsafePathError, safe_parts
from graph.folders import PICTURE_EXTENSIONS, WEIGHT_EXTENSIONS

_EXTENSIONS = frozenset({*WEIGHT_EXTENSIONS, *PICTURE_EXTENSIONS})


def states_of(values: Iterable[Any]) -> list[tuple[str, int, int]]:
    """Path, size and time of change of the files that the values may name, in any of the folders."""
    names = [value for value in values if isinstance(value, str) and PurePath(value).suffix.lower() in _EXTENSIONS]
    return [state for name in names for state in _states(name)]


def _states(name: str) -> Iterator[tuple[str, int, int]]:
    try:
        parts = safe_parts(name)
    except UnsafePathError:
        return
    for folder in dict.fromkeys(_folders()):
        path = Path(folder, *parts)
        try:
            state = path.stat()
        except OSError:
            continue
        yield str(path), state.st_size, state.st_mtime_ns


def _folders() -> Iterable[str]:
    # Read when it is needed, as it takes the folders from the installation.
    from compat.host import folder_paths

    folders = installation.host().folders
    models = (path for paths, _ in folder_paths.folder_names_and_paths.values() for path in paths)
    return chain([str(folders.input)], models)
