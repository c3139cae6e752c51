"""What the engine and the editor know of a node, however it was declared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Input", "NodeSpec", "Output"]


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a node.

    `type` is a socket type or INT, FLOAT, STRING, BOOLEAN, COMBO; several are separated by commas. `options` are the
    keys of ComfyUI's schema that hold for it (default, min, max, step, multiline, tooltip …). `choices` lists a combo;
    `files` names a folder kind. A `lazy` input arrives as a `Lazy`, a `raw_link` as a `Reference`; one that takes
    `items` gets all values of its link at once, as a list. A `hidden` one is not shown in the editor.
    """

    name: str
    type: str
    required: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    choices: Callable[[], Sequence[Any]] | None = None
    files: str | None = None
    lazy: bool = False
    items: bool = False
    raw_link: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a node. With `items` a list of values is given, each to be worked on by itself."""

    name: str
    type: str
    items: bool = False
    tooltip: str = ""


Together = Callable[[Any, Sequence[Mapping[str, Any]]], Mapping[int, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """Everything that the engine and the editor know about a node.

    `function` gets the inputs by name, and the context as `context_parameter`. What it gives back is the value of the
    single output, a tuple where there are `several_outputs`, a `Subgraph`, or `Blocked`; it may be a generator that
    yields what it wants to be evaluated (`Lazy`) and, if its output is a list (`Output.items`), the values of that; it
    may be async.

    `aliases` maps the id that another program uses for the same node to the names of the inputs that differ there,
    as `{their name: our name}`. `always` says that a result is never reused; `not_idempotent` that it is reused only
    for the same node id. `fingerprint` is called with the folders and the values of all widgets by name (None for a
    linked one); it returns something that changes when what the node reads outside its inputs has changed, or NaN for a
    result that is never reused.

    `validate` is called before a job is queued, with the values of the widgets by name (None for a linked one) and, if
    it has a parameter `input_types`, the types of what is linked; with `reads_graph` also with `graph` (a GraphView),
    `node_id` and `folders`. It raises InputError. The inputs in `validated` (all
    with `*`) are its affair, and not checked otherwise; with `validates_types`, the types of links are too.

    `together` does several calls at once, where that is faster: it is given the context of the first one, and the
    inputs of all, and returns the results of the first and of those others that it has done along with it, by their
    places; nothing if they do not go together. They are what single calls give.

    `variadic` describes the further inputs that it takes under any name. `absent` names the optional inputs that are
    passed as None when they are not given. `reads_graph` says that its result depends on what the nodes before it are
    called, and how they are linked, beside what they compute. `sees_graph` says that it may name any node of the prompt
    in a subgraph. `gives_way` says that it takes long, and lets other jobs run meanwhile. `inputs_now` gives the inputs
    anew, for a node whose choices change while it is installed. `code` is a fingerprint of the code that it comes from.
    """

    id: str
    function: Callable[..., Any]
    title: str
    category: str
    description: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    context_parameter: str | None = None
    several_outputs: bool = False
    output_node: bool = False
    version: int = 1
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    search: tuple[str, ...] = ()
    always: bool = False
    not_idempotent: bool = False
    fingerprint: Callable[..., object] | None = None
    validate: Callable[..., None] | None = None
    together: Together | None = None
    validated: frozenset[str] = frozenset()
    validates_types: bool = False
    variadic: Input | None = None
    absent: tuple[str, ...] = ()
    is_async: bool = False
    reads_graph: bool = False
    sees_graph: bool = False
    gives_way: bool = False
    inputs_now: Callable[[], tuple[Input, ...]] | None = None
    deprecated: bool = False
    experimental: bool = False
    module: str = ""
    code: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the node's entry in /object_info."""

    def input(self, name: str) -> Input | None:
        """The input called `name`, or None."""
        return next((item for item in self.inputs if item.name == name), None)
