"""Drawing a document: nodes with their values by name, links and groups."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph.documents.widget_values import Widgets
from graph.schema import Schema, Schemas

FORMS = ("grid", "inset", "halves")


class Seed(NamedTuple):
    """A seed, and what becomes of it after a run: fixed, increment, decrement or randomize."""

    value: int
    control: str = "fixed"


class Output(NamedTuple):
    """An output of a node."""

    node: "Node"
    slot: int

    @property
    def type(self) -> str:
        """What travels from it."""
        kind = self.node.schema["output"][self.slot]
        return kind if isinstance(kind, str) else "COMBO"


@dataclass(eq=False)
class Node:
    """A node of a sheet. `node["CLIP"]` and `node[1]` are its outputs; alone it stands for the first of them."""

    id: int
    type: str
    title: str | None
    schema: Schema
    values: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Output] = field(default_factory=dict)

    def __getitem__(self, output: str | int) -> Output:
        names = self.schema["output_name"]
        slot = output if isinstance(output, int) else names.index(output) if output in names else -1
        if not 0 <= slot < len(names):
            raise KeyError(f"{self.type} has no output {output!r}; it has {', '.join(names) or 'none'}.")
        return Output(self, slot)

    def __iter__(self) -> Iterator[Output]:
        return iter(Output(self, slot) for slot in range(len(self.schema["output_name"])))

    def declared(self) -> dict[str, tuple[Any, dict[str, Any]]]:
        """Its type's inputs in order: the type of each, and its options."""
        groups = [self.schema["input"].get(group, {}) for group in ("required", "optional")]
        return {
            name: (config[0], config[1] if len(config) > 1 else {})
            for group in groups
            for name, config in group.items()
        }


@dataclass(eq=False)
class Group:
    """Nodes with a frame around them."""

    title: str
    nodes: list[Node] = field(default_factory=list)


class Sheet:
    """A drawing in the making. `schemas` are the nodes that there are, as entries of `/object_info`."""

    def __init__(self, schemas: Schemas) -> None:
        self.nodes: list[Node] = []
        self.groups: list[Group] = []
        self.pictures: tuple[Node, ...] = ()
        self.form = "grid"
        self._schemas = schemas
        self._open: Group | None = None

    def add(self, type: str, title: str | None = None, /, **inputs: Any) -> Node:
        """Add a node; an input is a value, a `Seed`, a node, or one of its outputs.

        Raises KeyError for a type, an input or an output that there is not.
        """
        if type not in self._schemas:
            raise KeyError(f"There is no node '{type}'.")
        node = Node(len(self.nodes) + 1, type, title, self._schemas[type])
        declared = node.declared()
        for name, value in inputs.items():
            linked = isinstance(value, Node | Output)
            if name not in declared and not (linked and "variadic" in node.schema):
                raise KeyError(f"{type} has no input '{name}'; it has {', '.join(declared)}.")
            if linked:
                node.links[name] = value[0] if isinstance(value, Node) else value
            else:
                node.values[name] = value
        self.nodes.append(node)
        if self._open is not None:
            self._open.nodes.append(node)
        return node

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Frame the nodes that are added within."""
        self._open = Group(title)
        self.groups.append(self._open)
        yield
        self._open = None

    def thumbnail(self, *nodes: Node, form: str = "grid") -> None:
        """Say whose pictures the thumbnail is made of, and how. Raises ValueError for a form that there is not."""
        if form not in FORMS:
            raise ValueError(f"There is no form '{form}' of thumbnails; there are {', '.join(FORMS)}.")
        self.pictures, self.form = nodes, form


def widget_values(node: Node) -> dict[str, Any]:
    """The values of a node's widgets in the order of files, with what follows some of them, by name.

    Raises ValueError for a file that was not named: which one comes first differs from one installation to another.
    """
    values: dict[str, Any] = {}
    declared = node.declared()
    for widget in Widgets(node.schema).in_order:
        kind, options = declared[widget.name]
        value = node.values.get(widget.name)
        if value is None:
            if "files" in options and not options.get("optional") and widget.name not in node.links:
                raise ValueError(f"Name a file for '{widget.name}' of {node.type}.")
            value = _default(kind, options)
        seed = value if isinstance(value, Seed) else Seed(value)
        values[widget.name] = seed.value
        if widget.extra == "control":
            values[f"{widget.name}/control"] = seed.control
        elif widget.extra == "upload":
            values[f"{widget.name}/upload"] = next(
                key.removesuffix("_upload") for key in options if key.endswith("_upload") and options[key]
            )
    return values


def _default(kind: str | Sequence[Any], options: dict[str, Any]) -> Any:
    if "default" in options:
        return options["default"]
    if not isinstance(kind, str):
        return kind[0] if kind else ""
    return {"INT": 0, "FLOAT": 0.0, "BOOLEAN": False}.get(kind, "")
