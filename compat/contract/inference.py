"""Running code of packs without gradients, as they expect it."""

from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def _mode() -> "torch.inference_mode":
    # Imported at the first call: packs may have to do something before torch is loaded.
    import torch

    return torch.inference_mode()


def call(function: Callable[..., Any], /, **arguments: Any) -> Any:
    """Call a function under `torch.inference_mode`."""
    with _mode():
        return function(**arguments)


class Inferring(Awaitable[Any]):
    """An awaitable whose steps run under `torch.inference_mode`, and what runs between them does not.

    The mode belongs to the thread, and other nodes get their turn on it while this one waits.
    """

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, Any]:
        with _mode():
            steps = self._awaitable.__await__()
        step, value = steps.send, None
        while True:
            with _mode():
                try:
                    waits_for = step(value)
                except StopIteration as stop:
                    return stop.value
            try:
                step, value = steps.send, (yield waits_for)
            except BaseException as error:  # noqa: BLE001 - a cancelled task is told so too
                step, value = steps.throw, error
