"""Time: a node that never gives the same result twice, and one that waits without keeping others from running."""

import asyncio
from datetime import datetime
from typing import Annotated

from graph.declare import Range, node
from nodes.sockets import AnyValue


@node("ExampleClock", title="Clock", category="example", always=True)
def clock(format: str = "%H:%M:%S") -> str:
    """Tell the time: `always` says that a result is never used again."""
    return datetime.now().astimezone().strftime(format)


@node("ExampleWait", title="Wait", category="example")
async def wait(value: AnyValue, seconds: Annotated[float, Range(0, 60, step=0.1)] = 1.0) -> AnyValue:
    """Give a value on after a while. Several of them wait at the same time, as async nodes do."""
    await asyncio.sleep(seconds)
    return value
