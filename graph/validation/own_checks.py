"""Where checking a prompt needs the code of its nodes: for choices of the moment, and for checks of their own."""

from collections.abc import Iterable

from graph.prompt import Prompt
from graph.schema import Schemas


def types_in(prompt: object) -> set[str]:
    """The node types of what may be a prompt."""
    nodes = prompt.values() if isinstance(prompt, dict) else ()
    found = {node.get("class_type") for node in nodes if isinstance(node, dict)}
    return {each for each in found if isinstance(each, str)}


def dynamic_types(schemas: Schemas, types: Iterable[str]) -> list[str]:
    """Those of the types whose choices change while they are installed."""
    return [each for each in types if schemas.get(each, {}).get("dynamic")]


def nodes_that_check(prompt: Prompt, schemas: Schemas) -> list[str]:
    """The nodes of a validated prompt that check their inputs themselves."""
    checking = {each for each in types_in(prompt) if schemas.get(each, {}).get("validates")}
    return [id for id, node in prompt.items() if node["class_type"] in checking] if checking else []
