"""What NVIDIA's driver says of its cards, for processes that do not import torch.

The bindings are optional, as most machines have no such card: without them, or without a driver, there are no cards.
"""

import contextlib
import importlib
from types import ModuleType
from typing import Any


class NvidiaCards:
    """The cards of the machine. The driver is asked for at the first reading, and not again if it is not there."""

    def __init__(self, bindings: str = "pynvml") -> None:
        self._bindings = bindings
        self._driver: ModuleType | None = None
        self._handles: list[Any] | None = None

    def read(self) -> list[dict[str, Any]]:
        """Name, memory (bytes), load (percent), temperature (°C) and power (watts) of each card."""
        if self._handles is None:
            self._handles = self._open()
        assert self._driver is not None or not self._handles
        return [self._card(self._driver, handle) for handle in self._handles if self._driver is not None]

    def _open(self) -> list[Any]:
        try:
            driver = importlib.import_module(self._bindings)
            driver.nvmlInit()
            self._driver = driver
            return [driver.nvmlDeviceGetHandleByIndex(index) for index in range(driver.nvmlDeviceGetCount())]
        except Exception:  # noqa: BLE001 - no bindings, no driver, a driver that does not answer: no cards
            return []

    @staticmethod
    def _card(driver: ModuleType, handle: Any) -> dict[str, Any]:
        def asked(question: str, *arguments: Any) -> Any:
            """An answer, or None for what this card cannot tell."""
            with contextlib.suppress(Exception):
                return getattr(driver, question)(handle, *arguments)
            return None

        name, memory = asked("nvmlDeviceGetName"), asked("nvmlDeviceGetMemoryInfo")
        load, power = asked("nvmlDeviceGetUtilizationRates"), asked("nvmlDeviceGetPowerUsage")
        return {
            "name": name.decode() if isinstance(name, bytes) else str(name),
            "type": "cuda",
            "total": memory.total if memory else 0,
            "used": memory.used if memory else 0,
            "reserved": None,
            "busy": load.gpu if load else None,
            "temperature": asked("nvmlDeviceGetTemperature", 0),
            "watts": None if power is None else power / 1000,
        }
