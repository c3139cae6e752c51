"""Choosing what runs: an input that is evaluated only when it is asked for, and a value that is withheld."""

from collections.abc import Generator
from typing import Annotated, Any

from graph.declare import Blocked, Lazy, Range, node
from nodes.sockets import AnyValue, Image


@node("ExampleSwitch", title="Switch", category="example")
def switch(condition: bool, on_true: Lazy[AnyValue], on_false: Lazy[AnyValue]) -> Generator[Any, Any, AnyValue]:
    """Give one of two values on. What leads to the other one does not run.

    A generator gets the value of a lazy input with `yield`, and returns its output.
    """
    value = yield on_true if condition else on_false
    return value


@node("ExamplePassBright", title="Pass Bright", category="example")
def pass_bright(image: Image, least: Annotated[float, Range(0, 1, step=0.01)] = 0.5) -> Image | Blocked:
    """Give a picture on only if it is bright enough: what would read a Blocked value is skipped.

    least: The mean brightness that it must have.
    """
    brightness = float(image[..., :3].mean())
    if brightness < least:
        return Blocked(f"The picture's brightness is {brightness:.2f}, and {least:.2f} is wanted.")
    return image
