"""Nodes that give graphs, block, check themselves, and are called for each value of a list."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

from graph.declare import Blocked, Context, InputError, Range, Subgraph, node
from tests.plain_nodes.texts import Text


@node("Words", category="test")
def words(text: str = "a b c") -> Iterator[Text]:
    yield from text.split()


@node("ShowAgain", category="test")
def show_again(text: Text, times: Annotated[int, Range(0, 1000)] = 2) -> Text | Subgraph:
    """Join a text to itself again and again, showing each."""
    graph = Subgraph()
    for _ in range(times):
        text = graph.add("Join", first=text, second=text)
        graph.add("Show", text=text)
    return graph.returns(text)


@node("CountInside", category="test")
def count_inside(steps: Annotated[int, Range(1, 1000)] = 3) -> Text | Subgraph:
    graph = Subgraph()
    return graph.returns(graph.add("Count", steps=steps))


@node("FailInside", category="test")
def fail_inside(text: Text) -> Text | Subgraph:
    graph = Subgraph()
    return graph.returns(graph.add("Fail", text=text))


@node("Closed", category="test")
def closed(text: Text, message: str = "The gate is closed.") -> Text | Blocked:
    return Blocked(message or None)


def _check_even(number: int | None) -> None:
    if number is not None and number % 2:
        raise InputError("number", f"It must be even, and is {number}. Choose another one.")


@node("Even", category="test", validate=_check_even)
def even(number: int = 2) -> Text:
    return str(number)


@node("Wait", category="test")
async def wait(ctx: Context, text: Text, seconds: float = 0.1) -> Text:
    ctx.progress(1, 2)
    await asyncio.sleep(seconds)
    return text


@node("Length", category="test")
def length(text: str) -> int:
    return len(text)
