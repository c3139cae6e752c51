"""What a request to `/prompt` says about the job beside the graph itself."""

import math
from dataclasses import dataclass
from typing import Any

from api.errors import ApiError
from graph.messages import PREVIEW_METHODS

MOST_JOBS = 1000
"""That one request may queue."""
LONGEST_TAG = 60
MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class JobFields:
    """How many jobs are wanted, in whose name, and where in the queue; `targets` are the wanted nodes (None: all)."""

    prompt_id: str | None
    client_id: str | None
    extra_data: dict[str, Any]
    targets: list[str] | None
    number: float | None
    priority: float
    front: bool
    batch_count: int | None
    name: str
    tags: list[str]


def read_fields(body: dict[str, Any]) -> JobFields:
    """The fields of a request. Raises ApiError (400)."""
    client_id = text(body, "client_id")
    extra = _extra_data(body)
    return JobFields(
        prompt_id=text(body, "prompt_id"),
        # Whoever is named in the extra data alone is told what happens as well.
        client_id=client_id or extra.get("client_id"),
        extra_data={**extra, **({"client_id": client_id} if client_id else {})},
        targets=_targets(body),
        number=finite(body, "number"),
        priority=finite(body, "priority") or 0.0,
        front=bool(body.get("front")),
        batch_count=_batch_count(body),
        name=text(body, "name") or "",
        tags=tags(body) or [],
    )


def finite(body: dict[str, Any], name: str) -> float | None:
    """A number of a request. Raises ApiError (400)."""
    if body.get(name) is None:
        return None
    try:
        number = float(body[name])
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ApiError(400, "invalid_prompt", f"'{name}', which orders the queue, must be a number.")
    return number


def tags(body: dict[str, Any]) -> list[str] | None:
    """The words that a user has put to a job, each once. Raises ApiError (400)."""
    given = body.get("tags")
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(tag, str) and len(tag) <= LONGEST_TAG for tag in given):
        raise ApiError(400, "invalid_request", f"'tags' must be a list of texts of at most {LONGEST_TAG} characters.")
    found = list(dict.fromkeys(tag.strip() for tag in given if tag.strip()))
    if len(found) > MOST_TAGS:
        raise ApiError(400, "invalid_request", f"A job has at most {MOST_TAGS} tags.")
    return found


def _batch_count(body: dict[str, Any]) -> int | None:
    count = body.get("batch_count")
    if count is not None and (type(count) is not int or not 1 <= count <= MOST_JOBS):
        raise ApiError(400, "invalid_prompt", f"'batch_count' must be a whole number from 1 to {MOST_JOBS}.")
    return count


def _extra_data(body: dict[str, Any]) -> dict[str, Any]:
    extra = body.get("extra_data") or {}
    if not isinstance(extra, dict) or not isinstance(extra.get("extra_pnginfo") or {}, dict):
        raise ApiError(400, "invalid_prompt", "'extra_data' and its 'extra_pnginfo' must be JSON objects.")
    text(extra, "client_id")
    if extra.get("preview_method", "default") not in ("default", *PREVIEW_METHODS):
        methods = ", ".join(PREVIEW_METHODS)
        raise ApiError(400, "invalid_prompt", f"'preview_method' must be one of {methods}, or default.")
    return {name: value for name, value in extra.items() if name != "extra_pnginfo" or value}


def _targets(body: dict[str, Any]) -> list[str] | None:
    targets = body.get("targets", body.get("partial_execution_targets"))
    if targets is None:
        return None
    if not isinstance(targets, list):
        raise ApiError(400, "invalid_prompt", "The wanted nodes must be a list of node ids.")
    return [str(target) for target in targets]


def text(body: dict[str, Any], name: str) -> str | None:
    """A short text of a request; None if it is empty. Raises ApiError (400)."""
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 200):
        raise ApiError(400, "invalid_prompt", f"'{name}' must be a text of at most 200 characters.")
    return value or None
