"""Nodes that never look whether they are interrupted."""

import asyncio
import collections
import hashlib
import itertools
import time
from typing import Annotated

from graph.declare import Range, node
from graph.types import Socket

Text = Annotated[str, Socket("TEXT")]


@node("Stubborn", category="test")
def stubborn(seconds: Annotated[float, Range(0, 600)] = 1.0) -> Text:
    """Sleep."""
    time.sleep(seconds)
    return ""


@node("Spin", category="test")
def spin(seconds: Annotated[float, Range(0, 600)] = 1.0) -> Text:
    """Compute in Python."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return ""


@node("Swallow", category="test")
def swallow(seconds: Annotated[float, Range(0, 600)] = 1.0) -> Text:
    """Sleep, whatever happens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(end - time.monotonic())
        except BaseException:  # noqa: BLE001 - that is what it is for
            continue
    return ""


@node("Wrap", category="test")
def wrap(seconds: Annotated[float, Range(0, 600)] = 1.0) -> Text:
    """Sleep, and complain in its own words."""
    try:
        time.sleep(seconds)
    except Exception as error:
        raise ValueError("the night was short") from error
    return ""


@node("BlockLoop", category="test")
async def block_loop(seconds: Annotated[float, Range(0, 600)] = 1.0) -> Text:
    """Sleep in an async node, and with it all others."""
    await asyncio.sleep(0)
    time.sleep(seconds)
    return ""


@node("Native", category="test")
def native(number: int = 0) -> Text:
    """Compute in native code, for days."""
    return hashlib.pbkdf2_hmac("sha256", str(number).encode(), b"salt", 2**31 - 1).hex()


@node("Hold", category="test")
def hold(number: int = 0) -> Text:
    """Compute in native code for ever, without letting any other thread of Python run."""
    collections.deque(itertools.repeat(number), maxlen=0)
    return ""
