"""The editor's settings that are the server's affair: how much of the history is kept.

What is stored under these names holds instead of the command line's options; null gives them back their say.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from api.errors import ApiError
from graph.folders import Folders
from graph.queue.history import HistoryLimits
from graph.settings import Settings

SIZE, DAYS = "safelight.history.size", "safelight.history.days"
HISTORY_SETTINGS = frozenset({SIZE, DAYS})


def settings_file(folders: Folders) -> Path:
    """The file of the editor's settings."""
    return folders.user / "default" / "comfy.settings.json"


def read_settings(path: Path) -> dict[str, Any]:
    """The settings that are stored; none if the file is not there, or is no settings file."""
    try:
        stored = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {}
    return stored if isinstance(stored, dict) else {}


def check_history_settings(changes: Mapping[str, Any]) -> None:
    """Raises ApiError (400) for a limit that is none."""
    if changes.get(SIZE) is not None and _limit(changes[SIZE]) is None:
        raise ApiError(400, "invalid_setting", f"'{SIZE}', the jobs to remember, must be a number from 0 on, or null.")
    if changes.get(DAYS) is not None and _limit(changes[DAYS]) is None:
        raise ApiError(
            400, "invalid_setting", f"'{DAYS}', the days to remember jobs, must be a number from 0 on, or null."
        )


def history_limits(settings: Settings, stored: Mapping[str, Any]) -> HistoryLimits:
    """How much of the history is kept."""
    size, days = _limit(stored.get(SIZE)), _limit(stored.get(DAYS))
    return HistoryLimits(
        size=settings.history_limit if size is None else int(min(size, 1 << 40)),
        days=settings.history_days if days is None else days,
    )


def limits_at_start(settings: Settings) -> HistoryLimits:
    """How much of the history is kept by a server that starts."""
    try:
        stored = read_settings(settings_file(settings.folders))
    except OSError:  # whoever asks for the settings will be told
        stored = {}
    return history_limits(settings, stored)


def _limit(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return value
