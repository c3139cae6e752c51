"""Nodes that do next to nothing, so that what is left is the engine."""

from typing import Annotated

from graph.declare import Context, Range, node
from graph.types import Socket

Number = Annotated[int, Socket("NUMBER")]
Constant = Annotated[int, Range(-(2**62), 2**62)]


@node("BenchStart", category="bench")
def start(value: Constant = 0) -> Number:
    """Give a number."""
    return value


@node("BenchIncrement", category="bench")
def increment(number: Number, by: Constant = 1) -> Number:
    """Add a constant."""
    return number + by


@node("BenchAdd", category="bench")
def add(left: Number, right: Number, more: Constant = 0) -> Number:
    """Add two numbers and a constant."""
    return (left + right + more) % 2**40


@node("BenchFinish", category="bench", output_node=True)
def finish(ctx: Context, number: Number) -> None:
    """Show the number."""
    ctx.show("text", [str(number)])
