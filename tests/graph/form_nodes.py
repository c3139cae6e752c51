"""Nodes in every form that a declaration can have, for the tests of the engine's semantics."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Annotated, Any, NamedTuple

from graph.declare import Blocked, Context, InputError, Lazy, Subgraph, node
from graph.packs.importing import Imported
from graph.registry import Registry, collect
from graph.types import ANY, Socket
from tests.graph import sample_nodes
from tests.graph.sample_nodes import calls

AnyValue = Annotated[Any, Socket(ANY)]
Hole = Annotated[Any, Socket("MASK")]
Whole = Annotated[Any, Socket("IMAGE")]


class Division(NamedTuple):
    quotients: list[int]
    count: int


@node("Numbers", category="test")
def numbers(text: str) -> list[int]:
    calls.append(("Numbers", text))
    return [int(part) for part in text.split()]


@node("Countdown", category="test")
def countdown(start: int) -> Iterator[int]:
    while start:
        yield start
        start -= 1


@node("Ticks", category="test")
async def ticks(count: int) -> AsyncIterator[int]:
    for tick in range(count):
        await asyncio.sleep(0)
        yield tick


@node("Sum", category="test")
def sum_up(numbers: list[int], times: int = 1) -> int:
    calls.append(("Sum", list(numbers)))
    return sum(numbers) * times


@node("Divide", category="test")
def divide(numbers: list[int], by: int) -> Division:
    return Division([number // by for number in numbers], len(numbers))


@node("Times", category="test")
def times(a: int, b: int) -> int:
    calls.append(("Times", (a, b)))
    return a * b


@node("Choose", category="test")
def choose(condition: bool, on_true: Lazy[AnyValue] | None, on_false: Lazy[AnyValue] | None) -> AnyValue:
    return on_true if condition else on_false


@node("ChooseMany", category="test")
def choose_many(conditions: list[int], values: Lazy[AnyValue]) -> Generator[Any, Any, AnyValue]:
    given = (yield values) if any(conditions) else None
    return given


@node("Clamp", category="test")
def clamp(value: Lazy[int], low: int = 0) -> Generator[Any, Any, int]:
    if low > 100:
        return low
    number = yield value
    return max(number, low)


@node("Both", category="test")
def both(a: Lazy[int], b: Lazy[int]) -> Generator[Any, Any, int]:
    first, second = yield a, b
    return first + second


@node("AsyncChoose", category="test")
async def async_choose(condition: bool, on_true: Lazy[AnyValue], on_false: Lazy[AnyValue]) -> AnyValue:
    await asyncio.sleep(0)
    return await (on_true if condition else on_false)


meeting: list[str] = []


@node("Meet", category="test")
async def meet(name: str, others: int) -> str:
    """Ends when as many have come as it waits for: only if async nodes overlap."""
    meeting.append(name)
    while len(meeting) < others:
        await asyncio.sleep(0.001)
    return name


@node("Gate", category="test")
def gate(value: AnyValue, open: bool = True, message: str = "") -> AnyValue:
    return value if open else Blocked(message or None)


@node("Filter", category="test")
def keep_even(number: int) -> int:
    return number if number % 2 == 0 else Blocked("It is odd.")


@node("Pick", category="test")
def pick(**values: AnyValue) -> str:
    calls.append(("Pick", values))
    return ",".join(f"{name}={values[name]}" for name in sorted(values))


@node("Either", category="test")
def either(value: Whole | Hole, number: int | float | None = None) -> str:
    return f"{value} {number}"


@node("Repeat", category="test")
def repeat(value: int, count: int) -> int | Subgraph:
    graph = Subgraph()
    for _ in range(count):
        value = graph.add("Add", a=value, b=1)
    return graph.returns(value)


@node("Factorial", category="test")
def factorial(n: int) -> int | Subgraph:
    calls.append(("Factorial", n))
    if n <= 1:
        return 1
    graph = Subgraph()
    return graph.returns(graph.add(times, a=n, b=graph.add("Factorial", n=n - 1)))


@node("Announce", category="test")
def announce(value: AnyValue, text: str = "") -> AnyValue | Subgraph:
    graph = Subgraph()
    graph.add("Show", value=value)
    return graph.returns(value)


@node("BadSubgraph", category="test")
def bad_subgraph(kind: str) -> int | Subgraph:
    graph = Subgraph()
    inner = graph.add("Add", a=1)
    match kind:
        case "type":
            return graph.returns(graph.add("Nope", a=1))
        case "results":
            return graph.returns(inner, inner)
        case "circle":
            other = graph.add("Add", a=inner)
            inner.inputs["a"] = other.out(0)
            return graph.returns(inner)
        case "link":
            inner.inputs["a"] = type(inner.out(0))("99", 0)
            return graph.returns(inner)
    raise InputError("kind", "There is no such kind.")


@node("Whoami", category="test", not_idempotent=True)
def whoami(ctx: Context) -> str:
    calls.append(("Whoami", ctx.node_id))
    return f"{ctx.node_id} {ctx.graph.node(ctx.node_id)['class_type']} {ctx.graph.real(ctx.node_id)}"


@node("Never", category="test", fingerprint=lambda folders, value: float("nan"))
def never(value: int = 0) -> int:
    calls.append(("Never", value))
    return value


@node("Random", category="test", always=True)
def random_number() -> int:
    return random.randint(0, 2**40)


@node("Calls", category="test", output_node=True)
def show_call(ctx: Context, value: AnyValue) -> None:
    ctx.show("text", [f"{ctx.index}: {value}"])


@node("AskWrongly", category="test")
def ask_wrongly(value: int) -> Generator[Any, Any, int]:
    yield value
    return 1


def registry() -> Registry:
    """A registry of the nodes of this file and of the plain ones."""
    modules = (sys.modules[__name__], sample_nodes)
    return collect([Imported(module.__name__, module) for module in modules])
