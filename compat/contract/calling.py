"""The function of a node of a pack, as the engine calls it."""

import asyncio
import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compat.contract import inference
from compat.contract.given import GIVEN
from compat.contract.inputs import Takes
from compat.contract.returned import Returned, outcome
from compat.contract.waiting import finished
from graph.context import Context
from graph.node_spec import Output
from graph.values import Lazy, Reference

__all__ = ["CONTEXT", "Calling", "Target", "function_of"]

CONTEXT = "__context__"
"""The parameter by which the engine hands over the context; no input of a pack has this name."""


@dataclass(frozen=True, slots=True)
class Target:
    """A node that is about to be called: its function, and the one that says which lazy inputs it wants."""

    run: Callable[..., Any]
    lazy_status: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """How the nodes of a class are called.

    `bind` makes the target of one call, and `read` reads what its function returns. With `given_as_inputs` the hidden
    values of the engine are among the arguments.
    """

    title: str
    takes: Takes
    outputs: Sequence[Output]
    bind: Callable[[Context], Target]
    read: Callable[[Any], Returned]
    whole_lists: bool = False
    is_async: bool = False
    given_as_inputs: bool = True


def function_of(calling: Calling) -> Callable[..., Any]:
    """The function for a NodeSpec: async, a generator, or a plain one, as the class needs it."""

    def call(**inputs: Any) -> Any:
        context: Context = inputs.pop(CONTEXT)
        target = calling.bind(context)
        # A decorator may hide that a function is async.
        returned = finished(inference.call(target.run, **_arguments(calling, context, inputs)))
        return outcome(calling.read(returned), calling.outputs, context, calling.title)

    def call_lazily(**inputs: Any) -> Generator[Any, Any, Any]:
        return (yield from _course(calling, inputs))

    async def call_async(**inputs: Any) -> Any:
        return await _awaiting(_course(calling, inputs))

    if calling.is_async:
        return call_async
    return call_lazily if calling.takes.lazy else call


def _arguments(calling: Calling, context: Context, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the function gets; lazy inputs are left out."""
    takes, whole = calling.takes, calling.whole_lists
    arguments = {name: _linked(value, whole) for name, value in inputs.items() if not isinstance(value, Lazy)}
    if takes.variadic and not takes.any_value:
        declared = {item.name for item in takes.inputs}
        for name in _literals_among(context, [name for name in arguments if name not in declared]):
            del arguments[name]
    for name, kind in takes.given.items():
        arguments.pop(name, None)
        if calling.given_as_inputs:
            value = GIVEN[kind](context)
            arguments[name] = [value] if whole else value
    return arguments


def _linked(value: Any, whole: bool) -> Any:
    if not isinstance(value, Reference):
        return value
    link = [value.node, value.slot]
    return [link] if whole else link


def _literals_among(context: Context, names: Sequence[str]) -> list[str]:
    """Those of the inputs that are no links: a value that nothing declares is not for the function."""
    inputs = context.graph.node(context.node_id)["inputs"] if names else {}
    return [name for name in names if not isinstance(inputs.get(name), list)]


def _course(calling: Calling, inputs: dict[str, Any]) -> Generator[Any, Any, Any]:
    """Call a node that may have lazy inputs and be async. Yields tuples of lazy inputs, and awaitables."""
    context: Context = inputs.pop(CONTEXT)
    target = calling.bind(context)
    arguments = _arguments(calling, context, inputs)
    unevaluated = {name: value for name, value in inputs.items() if isinstance(value, Lazy)}
    wanted = [name for name, lazy in unevaluated.items() if lazy.link is None]  # values, which are at hand
    nothing = [None] if calling.whole_lists else None
    while True:
        if wanted:
            values = yield tuple(unevaluated.pop(name) for name in wanted)
            arguments.update(zip(wanted, values, strict=True))
        known = {**dict.fromkeys(unevaluated, nothing), **arguments}
        if not unevaluated or target.lazy_status is None:
            break
        asked = inference.call(target.lazy_status, **known)
        if inspect.isawaitable(asked):
            asked = yield inference.Inferring(asked)
        wanted = [name for name in unevaluated if name in (asked or ())]
        if not wanted:
            break
    returned = inference.call(target.run, **known)
    if inspect.isawaitable(returned):
        returned = yield inference.Inferring(returned)
    return outcome(calling.read(returned), calling.outputs, context, calling.title)


async def _awaiting(course: Generator[Any, Any, Any]) -> Any:
    """Run a course to its end on the event loop."""
    sent = None
    while True:
        try:
            asked = course.send(sent)
        except StopIteration as stop:
            return stop.value
        sent = await asyncio.gather(*asked) if isinstance(asked, tuple) else await asked
