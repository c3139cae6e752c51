"""Calling the function of a node: once, or for each value of a list, with all that it may ask for and give.

`call_node` is a generator that yields what it has to wait for (`Want`, `Expand`, `Wait`) and returns the outputs. So a
node that waits is an object in the engine's table, not a frame on the stack: graphs may be as deep as they like.
"""

import asyncio
import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graph.execution.node_context import NodeContext
from graph.execution.plan import Step
from graph.node_spec import NodeSpec
from graph.values import Blocked, Items, Lazy, Reference, Subgraph

Outputs = tuple[Any, ...]
Name = TypeVar("Name")
MOST_TOGETHER = 64
"""From so many calls a node may choose those that it does at once."""


@dataclass(frozen=True, slots=True)
class Want:
    """These inputs have to be evaluated, and put in `values`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expand:
    """This subgraph has to be run, and its results be sent."""

    subgraph: Subgraph
    index: int


@dataclass(frozen=True, slots=True)
class Wait:
    """These tasks have to end."""

    tasks: Sequence["asyncio.Task[Any]"]


Invoke = Callable[..., Any]
Request = Want | Expand | Wait
Call = Generator[Request, Any, Outputs]


def call(function: Callable[..., Any], /, *arguments: Any, **inputs: Any) -> Any:
    """Call the function of a node."""
    return function(*arguments, **inputs)


@dataclass(slots=True)
class Active:
    """A node that has begun and waits: for the lazy inputs `wanted`, for the results of a subgraph, or for tasks."""

    call: "NodeCall"
    course: Call
    begun: float
    contexts: list[NodeContext]
    wanted: tuple[str, ...] = ()
    expanded: tuple[Any, ...] | None = None
    sent: Any = None


@dataclass(slots=True)
class NodeCall:
    """What the calls of a node have in common.

    `values` are its inputs as far as they are evaluated. `invoke` calls a function, or goes on with a generator, on
    the node's behalf; `start` makes a task of a coroutine. `ask` evaluates an input for a coroutine.
    """

    step: Step
    values: dict[str, Any]
    context: Callable[[int], NodeContext]
    invoke: Callable[..., Any]
    start: Callable[[Any, NodeContext], "asyncio.Task[Any]"]
    ask: Callable[[str, int], "asyncio.Future[Any]"]
    blocked: list[str] = field(default_factory=list)
    """Messages of blocked values that kept the function from being called."""
    ahead: dict[int, Any] = field(default_factory=dict)
    """What it has given for later calls, where several are done at once."""


class NoValueError(Exception):
    """A lazy input is an empty list: the call that asked for it comes to nothing."""


class BlockedError(Exception):
    """A lazy input is blocked, and with it the call that asked for it."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__(blocked.message)
        self.blocked = blocked


_NOTHING = object()


def call_node(call: NodeCall, first: Any = _NOTHING) -> Call:
    """Call a node's function for each index, and return its outputs: each a value, or Items.

    `first` is what it gave for index 0, if it was called already.
    """
    step = call.step
    results: list[Outputs] = []
    while len(results) < count(step, call.values):  # evaluating a lazy input may give more values
        begun: list[Outputs | asyncio.Task[Any]] = []
        try:
            while (index := len(results) + len(begun)) < count(step, call.values):
                known = first is not _NOTHING and index == 0
                returned = _begun(call, call.context(0), first) if known else _call_once(call, index)
                begun.append((yield from _settle(call, index, returned)))
            tasks = [each for each in begun if isinstance(each, asyncio.Task)]
            if tasks:
                yield Wait(tasks)
            for each in begun:
                ended = each if isinstance(each, tuple) else (yield from _settle_task(call, len(results), each))
                results.append(ended)
        except NoValueError:
            return outputs_of(step, [], mapped=True)
    if not count(step, call.values):
        results = []
    return outputs_of(step, results, is_mapped(step, call.values))


def _settle_task(call: NodeCall, index: int, task: "asyncio.Task[Any]") -> Generator[Request, Any, Outputs]:
    """The outputs of a call whose task has ended. Raises NoValueError if that was because of an empty list."""
    if task.cancelled() and not count(call.step, call.values):
        raise NoValueError
    failure = task.exception()
    if isinstance(failure, BlockedError):
        return as_tuple(call.step, _tell(call, failure.blocked))
    settled = yield from _settle(call, index, task.result())
    assert isinstance(settled, tuple)
    return settled


def is_direct(spec: NodeSpec) -> bool:
    """Whether its inputs arrive as they are, unless one of them is a list or blocked: nothing lazy, no whole lists."""
    inputs = [*spec.inputs, *([spec.variadic] if spec.variadic else [])]
    return not any(item.lazy or item.items or item.raw_link for item in inputs)


def is_special(value: Any) -> bool:
    """Whether a value that travels along a link decides how, or whether, the node is called."""
    return type(value) is Items or type(value) is Blocked


def is_plain(returned: Any) -> bool:
    """Whether what a function gave is its outputs, and no generator, coroutine, subgraph or reference to an input."""
    return not (
        isinstance(returned, Subgraph | Lazy)
        or inspect.isgenerator(returned)
        or inspect.isawaitable(returned)
        or inspect.isasyncgen(returned)
    )


def count(step: Step, values: Mapping[str, Any]) -> int:
    """How often the function is called: as often as the longest list that it does not take as a whole has values.

    With an empty list among them it is not called at all.
    """
    lengths = [len(value) for name, value in values.items() if type(value) is Items and not _takes_list(step, name)]
    if not lengths:
        return 1
    return 0 if 0 in lengths else max(lengths)


def is_mapped(step: Step, values: Mapping[str, Any]) -> bool:
    """Whether the function is called for each value of a list."""
    return any(type(value) is Items and not _takes_list(step, name) for name, value in values.items())


def _takes_list(step: Step, name: str) -> bool:
    item = step.spec.input(name) or step.spec.variadic
    return item is not None and item.items


def pick(value: Any, index: int) -> Any:
    """The value of an index: of a list that is too short the last one, of a single value itself."""
    if type(value) is Items:
        return value[min(index, len(value) - 1)]
    return value


def _call_once(call: NodeCall, index: int) -> Any:
    """Call the function for one index, or say that a blocked value keeps it from being called."""
    step = call.step
    arguments = _arguments(call, index)
    if isinstance(arguments, Blocked):
        return _tell(call, arguments)
    for item in step.spec.inputs:
        link = step.links.get(item.name)
        if item.lazy and (link or item.name in step.literals):
            arguments[item.name] = _lazy(call, item.name, link, index)
        elif item.raw_link and link:
            arguments[item.name] = Reference(*link)
    context = call.context(index)
    if step.spec.together is not None:
        if index not in call.ahead:
            call.ahead |= ahead(step, context, _calls_from(call, index), call.invoke)
        if index in call.ahead:
            return call.ahead.pop(index)
    if step.spec.context_parameter:
        arguments[step.spec.context_parameter] = context
    return _begun(call, context, call.invoke(step.spec.function, context, **arguments))


def _arguments(call: NodeCall, index: int) -> dict[str, Any] | Blocked:
    """The inputs of one call, but for lazy ones; or the first that is blocked."""
    step = call.step
    arguments: dict[str, Any] = {}
    for name, value in call.values.items():
        if _is_lazy(step, name):
            continue
        given = arguments[name] = pick(value, index) if not _takes_list(step, name) else _as_list(value)
        for each in given if _takes_list(step, name) else [given]:
            if type(each) is Blocked:
                return each
    return arguments


def _as_list(value: Any) -> list[Any]:
    return list(value) if type(value) is Items else [value]


def _calls_from(call: NodeCall, index: int) -> dict[int, Mapping[str, Any]]:
    """The inputs of a call and of those after it that are not blocked."""
    last = min(count(call.step, call.values), index + MOST_TOGETHER)
    inputs = {number: _arguments(call, number) for number in range(index, last)}
    return {number: given for number, given in inputs.items() if not isinstance(given, Blocked)}


def ahead(
    step: Step, context: NodeContext, calls: Mapping[Name, Mapping[str, Any]], invoke: Callable[..., Any]
) -> dict[Name, Any]:
    """What the function gives for the first of some calls and those others that it does along with it, if any."""
    if step.spec.together is None or len(calls) < 2:
        return {}
    names = list(calls)
    found = invoke(step.spec.together, context, context, [calls[name] for name in names])
    return {names[place]: returned for place, returned in found.items()}


def _begun(call: NodeCall, context: NodeContext, returned: Any) -> Any:
    """What the function gave; a coroutine or an async generator is started."""
    if inspect.isasyncgen(returned):
        returned = _collected(returned)
    return call.start(returned, context) if inspect.iscoroutine(returned) else returned


def _is_lazy(step: Step, name: str) -> bool:
    item = step.spec.input(name)
    return item is not None and item.lazy


def _lazy(call: NodeCall, name: str, link: tuple[str, int] | None, index: int) -> "Lazy[Any]":
    return Lazy(name, link, lambda lazy: call.ask(lazy.name, index))


async def _collected(items: Any) -> list[Any]:
    return [item async for item in items]


def _settle(call: NodeCall, index: int, returned: Any) -> Generator[Request, Any, "Outputs | asyncio.Task[Any]"]:
    """Go on with what the function gave until it is outputs, or a task that will end. Raises NoValueError."""
    if isinstance(returned, asyncio.Task):
        return returned
    try:
        return (yield from _outputs(call, index, returned))
    except BlockedError as error:
        return as_tuple(call.step, _tell(call, error.blocked))


def _tell(call: NodeCall, blocked: Blocked) -> Blocked:
    """Note the message of a blocked value; what is given on has none, so that it is told once."""
    if blocked.message is not None:
        call.blocked.append(blocked.message)
    return Blocked()


def _outputs(call: NodeCall, index: int, returned: Any) -> Generator[Request, Any, Outputs]:
    if inspect.isgenerator(returned):
        returned = yield from _drive(call, index, returned)
    if isinstance(returned, Subgraph):
        return _given_by(returned, (yield Expand(returned, index)), call.step)
    outputs = as_tuple(call.step, returned)
    lazies = tuple(dict.fromkeys(value.name for value in outputs if isinstance(value, Lazy)))
    if lazies:
        yield from _evaluate(call, lazies)
        outputs = tuple(_value(call, v.name, index) if isinstance(v, Lazy) else v for v in outputs)
    return outputs


def _given_by(subgraph: Subgraph, results: Sequence[Any], step: Step) -> Outputs:
    """The results of a subgraph as outputs: where a list is wanted, the single value of a node is a list of one."""
    return tuple(
        Items([value]) if output.items and isinstance(given, Reference) and not is_special(value) else value
        for output, given, value in zip(step.spec.outputs, subgraph.results, results, strict=True)
    )


def _drive(call: NodeCall, index: int, generator: Generator[Any, Any, Any]) -> Generator[Request, Any, Any]:
    """Run a generator: evaluate the inputs that it yields, and gather the values of its list if it gives one."""
    gives_list = len(call.step.spec.outputs) == 1 and call.step.spec.outputs[0].items
    gathered: list[Any] = []
    sent: Any = None
    context = call.context(index)
    while True:
        try:
            yielded = call.invoke(generator.send, context, sent)
        except StopIteration as stop:
            return gathered if gives_list and stop.value is None else stop.value
        sent = None
        if isinstance(yielded, Lazy):
            yield from _evaluate(call, (yielded.name,))
            sent = _value(call, yielded.name, index)
        elif isinstance(yielded, tuple) and yielded and all(isinstance(each, Lazy) for each in yielded):
            yield from _evaluate(call, tuple(each.name for each in yielded))
            sent = tuple(_value(call, each.name, index) for each in yielded)
        elif gives_list:
            gathered.append(yielded)
        else:
            raise TypeError(f"it yielded {type(yielded).__name__}, and only lazy inputs can be asked for with yield")


def _evaluate(call: NodeCall, names: tuple[str, ...]) -> Generator[Request, Any, None]:
    missing = tuple(name for name in names if name not in call.values)
    if missing:
        yield Want(missing)


def _value(call: NodeCall, name: str, index: int) -> Any:
    return lazy_value(call.step, call.values[name], name, index)


def lazy_value(step: Step, value: Any, name: str, index: int) -> Any:
    """What a lazy input is for one call: its whole list, or the value of the index.

    Raises NoValueError if it is a list without values, and the node wants one; BlockedError if it is blocked.
    """
    if _takes_list(step, name):
        values = list(value) if type(value) is Items else [value]
        for each in values:
            _refuse_blocked(each)
        return values
    if type(value) is Items and not value:
        raise NoValueError
    picked = pick(value, index)
    _refuse_blocked(picked)
    return picked


def _refuse_blocked(value: Any) -> None:
    if type(value) is Blocked:
        raise BlockedError(value)


def as_tuple(step: Step, returned: Any) -> Outputs:
    """The outputs of one call. Raises TypeError if their number is wrong."""
    spec = step.spec
    if type(returned) is Blocked:
        return (returned,) * len(spec.outputs)
    if not spec.several_outputs:
        return (returned,) if spec.outputs else ()
    if not isinstance(returned, tuple) or len(returned) != len(spec.outputs):
        raise TypeError(f"it returned {type(returned).__name__} where {len(spec.outputs)} outputs are declared")
    return tuple(returned)


def outputs_of(step: Step, results: Sequence[Outputs], mapped: bool) -> Outputs:
    """The outputs of all calls together: lists are joined, and single values become a list if there may be several."""
    outputs = []
    for slot, output in enumerate(step.spec.outputs):
        several = mapped or output.items
        parts: list[Any] = []
        for result in results:
            value = result[slot]
            if type(value) is Items or (output.items and type(value) is not Blocked):
                parts.extend(value)
                several = True
            else:
                parts.append(value)
        outputs.append(Items(parts) if several else parts[0])
    return tuple(outputs)
