"""Declaring nodes: a node is a typed function.

The signature is the schema. A parameter whose type carries a `Socket` is a link, an annotated scalar is a widget, the
return type is the outputs (a `NamedTuple` for several), the docstring is the help; its lines `name: text` describe
single inputs. `node` returns the function unchanged, so that it can be called and tested as it is.

`list[Image]` takes or gives a list of values, `Lazy[Image]` is evaluated only when it is asked for, `Image | Mask`
takes both, `**images: Image` any number. The function may be a generator or `async`, and may return a `Subgraph`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from graph.annotations import (
    Advanced,
    Choice,
    Color,
    Curve,
    CurveValue,
    Files,
    FixedSeed,
    Multiline,
    Range,
    Seed,
    SeedControl,
    Widget,
    WidgetTarget,
    WidgetValues,
)
from graph.context import Context, Interrupted
from graph.figures import Plot, Series, Table, Words
from graph.folders import Folders
from graph.input_error import InputError
from graph.node_spec import Input, NodeSpec, Output, Together
from graph.signature import read_signature
from graph.values import Blocked, Items, Lazy, Reference, Subgraph

__all__ = [
    "Advanced",
    "Blocked",
    "Choice",
    "Color",
    "Context",
    "Curve",
    "CurveValue",
    "Files",
    "FixedSeed",
    "Folders",
    "Input",
    "InputError",
    "Interrupted",
    "Items",
    "Lazy",
    "Multiline",
    "NodeSpec",
    "Output",
    "Plot",
    "Range",
    "Reference",
    "Seed",
    "SeedControl",
    "Series",
    "Subgraph",
    "Table",
    "Together",
    "Widget",
    "WidgetTarget",
    "WidgetValues",
    "Words",
    "node",
    "spec_of",
]

SPEC_ATTRIBUTE = "__node_spec__"
Function = TypeVar("Function", bound=Callable[..., Any])


def spec_of(function: Callable[..., Any]) -> NodeSpec | None:
    """The spec that `node` has attached to a function, or None."""
    return getattr(function, SPEC_ATTRIBUTE, None)


def node(
    id: str,
    *,
    category: str,
    title: str | None = None,
    output_node: bool = False,
    version: int = 1,
    aliases: Mapping[str, Mapping[str, str]] | Sequence[str] = (),
    search: Sequence[str] = (),
    output_names: Sequence[str] = (),
    always: bool = False,
    not_idempotent: bool = False,
    reads_graph: bool = False,
    fingerprint: Callable[..., object] | None = None,
    validate: Callable[..., None] | None = None,
    together: Together | None = None,
    deprecated: bool = False,
    experimental: bool = False,
    internal: bool = False,
    gives_way: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function as a node; see the module's docstring, and `NodeSpec` for what the options mean.

    An `internal` node is there for the subgraphs that others give: the editor does not offer it.

    Raises TypeError, at import, for a parameter without a usable annotation and for a tooltip of an unknown input.
    """

    def attach(function: Function) -> Function:
        read = read_signature(function, output_names)
        spec = NodeSpec(
            id=id,
            function=function,
            title=title or _spaced(id),
            category=category,
            description=read.description,
            inputs=read.inputs,
            outputs=read.outputs,
            context_parameter=read.context_parameter,
            several_outputs=read.several_outputs,
            output_node=output_node,
            version=version,
            aliases=dict(aliases) if isinstance(aliases, Mapping) else {alias: {} for alias in aliases},
            search=tuple(search),
            always=always,
            not_idempotent=not_idempotent,
            reads_graph=reads_graph,
            fingerprint=fingerprint,
            validate=validate,
            together=together,
            variadic=read.variadic,
            absent=read.absent,
            is_async=read.is_async,
            gives_way=gives_way,
            deprecated=deprecated,
            experimental=experimental,
            module=function.__module__,
            extra={"internal": True} if internal else {},
        )
        setattr(function, SPEC_ATTRIBUTE, spec)
        return function

    return attach


def _spaced(id: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", id)
