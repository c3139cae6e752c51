"""The API prompt: `{node id: {"class_type": id, "inputs": {name: literal or link}, "_meta": {"title": ...}}}`.

A link is `[source id, output index]`. A literal that is a list is wrapped: `{"__value__": [...]}`.
"""

from typing import Any

Prompt = dict[str, dict[str, Any]]
Link = tuple[str, int]


def link_of(value: object) -> Link | None:
    """The link that an input's value is, or None if it is a literal or a malformed link."""
    match value:
        case [str() | int() as source, int() as slot] if not isinstance(source, bool) and not isinstance(slot, bool):
            return str(source), slot
    return None


def literal(value: Any) -> Any:
    """An input's literal value without its wrapping."""
    if isinstance(value, dict) and "__value__" in value:
        return value["__value__"]
    return value
