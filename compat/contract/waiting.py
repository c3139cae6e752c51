"""Running coroutines of packs where the engine cannot wait for them."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["finished"]


def finished(value: Any) -> Any:
    """The value itself, or what an awaitable gives in the end. On a thread of its own if this one has a loop."""
    if not inspect.isawaitable(value):
        return value

    async def wait() -> Any:
        return await value

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(wait())
    return _on_a_thread(lambda: asyncio.run(wait()))


def _on_a_thread(work: Callable[[], Any]) -> Any:
    outcome: list[Any] = []

    def attempt() -> None:
        try:
            outcome.extend((True, work()))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it belongs
            outcome.extend((False, error))

    thread = threading.Thread(target=attempt, name="coroutine of a pack")
    thread.start()
    thread.join()
    good, value = outcome
    if not good:
        raise value
    return value
