"""A node with the sockets and widgets that nodes have on the average, for measurements of the editor."""

from typing import Annotated, NamedTuple

from bench.trivial_nodes.numbers import Number
from graph.declare import Choice, Range, node
from graph.types import Socket

Words = Annotated[str, Socket("BENCH_WORDS")]


class Both(NamedTuple):
    """What a block gives."""

    number: Number
    words: Words


@node("BenchBlock", category="bench")
def block(
    number: Number,
    words: Words,
    more: Number,
    amount: Annotated[float, Range(0, 100, step=0.5)] = 1.0,
    mode: Annotated[str, Choice(("add", "multiply", "keep"))] = "add",
) -> Both:
    """Pass on what comes in."""
    return Both(number + more if mode == "add" else number, words)
