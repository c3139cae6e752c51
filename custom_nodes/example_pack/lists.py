"""Lists: of an output that is a list, each value goes through the rest of the graph by itself."""

from collections.abc import Iterator
from typing import Annotated

from graph.declare import Context, Multiline, node


@node("ExampleSplitLines", title="Split Lines", category="example")
def split_lines(text: Annotated[str, Multiline()] = "red\ngreen\nblue") -> Iterator[str]:
    """Give the lines of a text one by one: nodes after this one run once for each."""
    for line in text.splitlines():
        if line.strip():
            yield line.strip()


@node("ExampleNumberLines", title="Number Lines", category="example", output_node=True)
def number_lines(ctx: Context, texts: list[str], start: int = 1) -> str:
    """Put texts in one again, each with its number: `list[str]` takes all values of its link at once.

    It is an output node, wanted for itself, and shows what it has made.
    """
    text = "\n".join(f"{number}. {text}" for number, text in enumerate(texts, start))
    ctx.show("text", [text])
    return text
