"""Texts: a node that blames an input, and one that takes any number of inputs and checks them before it is queued."""

import string
from typing import Annotated

from graph.declare import InputError, Multiline, node
from nodes.sockets import AnyValue


@node("JoinText", category="example", search=["concatenate", "prompt"])
def join_text(
    first: Annotated[str, Multiline()] = "",
    second: Annotated[str, Multiline()] = "",
    separator: str = ", ",
) -> str:
    """Join two texts, for example the subject and the style of a prompt. An empty one leaves no separator.

    separator: What comes between the two.
    """
    if not first and not second:
        raise InputError("first", "Both texts are empty. Write something in one of them.")
    return separator.join(text for text in (first, second) if text)


def _check_template(template: str | None) -> None:
    """Called before the job is queued; None where the template comes from a link."""
    try:
        list(string.Formatter().parse(template or ""))
    except ValueError as error:
        raise InputError("template", f"Its braces do not fit together ({error}). Write {{{{ for a brace.") from None


@node("ExampleFillTemplate", title="Fill Template", category="example", validate=_check_template)
def fill_template(template: Annotated[str, Multiline()] = "a {colour} {shape}", **values: AnyValue) -> str:
    """Put values in the places of a text: `**values` takes inputs of any name."""
    try:
        return template.format(**values)
    except (KeyError, IndexError) as error:
        raise InputError("template", f"There is no input for the place {error}. Link one, or remove it.") from None
