"""Whether the files that a result shows are still there."""

from collections.abc import Mapping
from typing import Any

from graph.folders import Folders, UnsafePathError


def all_exist(ui: Mapping[str, list[Any]], folders: Folders) -> bool:
    """Whether every file that `ui` names (`{filename, subfolder, type}`) exists."""
    for items in ui.values():
        for item in items:
            if not (isinstance(item, Mapping) and "filename" in item):
                continue
            try:
                path = folders.resolve(item.get("type", "output"), item.get("subfolder", ""), item["filename"])
            except UnsafePathError:
                return False
            if not path.is_file():
                return False
    return True
