"""Nodes that do next to nothing, so that what is left is the engine."""

from typing import Annotated

from graph.declare import Context, node
from graph.types import Socket

Number = Annotated[int, Socket("NUMBER")]


@node("Start", category="bench")
def start(value: int = 0) -> Number:
    """Give a number."""
    return value


@node("Increment", category="bench")
def increment(number: Number) -> Number:
    """Add one."""
    return number + 1


@node("Finish", category="bench", output_node=True)
def finish(ctx: Context, number: Number) -> None:
    """Show the number."""
    ctx.show("text", [str(number)])
