"""Writing prompts in Python."""

from collections.abc import Callable
from typing import Any

from graph.prompt import Prompt
from graph.values import InnerNode, Reference, Subgraph


class PromptBuilder:
    """A prompt to which nodes are added one after the other.

    prompt = PromptBuilder()
    loader = prompt.add("CheckpointLoader", ckpt_name="pocket.safetensors")
    text = prompt.add("CLIPEncode", clip=loader.out(1), text="a red heart")
    """

    def __init__(self) -> None:
        self._graph = Subgraph()

    def add(self, node_type: str | Callable[..., Any], /, **inputs: Any) -> InnerNode:
        """Add a node by its id or the function that declares it; an input is a value, a node, or one of its outputs.

        A node stands for its first output; `node.out(1)` is the second one, `node.id` its id in the prompt, and
        `node.title` how messages call it. Raises TypeError for a function that is no node.
        """
        return self._graph.add(node_type, **inputs)

    def prompt(self) -> Prompt:
        """The prompt, in the API format. Raises TypeError for a value that is none of JSON."""
        return {id: _entry(node) for id, node in self._graph.nodes.items()}


def _entry(node: InnerNode) -> dict[str, Any]:
    entry: dict[str, Any] = {"class_type": node.class_type, "inputs": {}}
    for name, value in node.inputs.items():
        entry["inputs"][name] = _written(node, name, value)
    if node.title is not None:
        entry["_meta"] = {"title": node.title}
    return entry


def _written(node: InnerNode, name: str, value: Any) -> Any:
    match value:
        case Reference():
            return [value.node, value.slot]
        case None | bool() | int() | float() | str():
            return value
        case list() | dict():
            return {"__value__": value}
    raise TypeError(
        f"The input '{name}' of {node.class_type} is a {type(value).__name__}, which a prompt cannot have: give it a"
        " number, a text, true or false, a list, or a node."
    )
