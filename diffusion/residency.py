"""Which networks are in memory: the one place that brings them to a device and drops them again.

A `Part` knows how to make its network from memory-mapped weights, so dropping it loses nothing: it is made again from
the file when it is next used, mostly out of the operating system's page cache.
"""

import gc
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch

from diffusion import devices
from diffusion.component import Patches

RESERVE = 1 << 30  # bytes left free beside the networks, for what they compute

_clock = itertools.count()


Switch = Callable[[Any, Patches, Patches], None]
"""``switch(network, old, new)`` gives a network that has its weights under `old` patches those under `new` ones."""


class Part:
    """A network that is on its device while it is used, and may be dropped between two uses."""

    def __init__(
        self, name: str, device: torch.device, size: int, make: Callable[[], Any], switch: Switch | None = None
    ) -> None:
        """`make` builds the network on `device`, where it takes about `size` bytes; `name` is for messages."""
        self.name = name
        self.device = device
        self.size = size
        self._make = make
        self._switch = switch
        self._network: Any | None = None
        self._patches: Patches = ()
        self._users = 0
        self._last_used = 0

    @property
    def resident(self) -> bool:
        """Whether the network is in memory now."""
        return self._network is not None

    def loaded(self, patches: Patches = ()) -> AbstractContextManager[Any]:
        """A context in which the network is on its device, with its weights under `patches`; its value is the network.

        Contexts of one part may lie within each other, but not in several threads at once with other patches.
        """
        return residency.use(self, patches)

    def apply(self, patches: Patches) -> None:
        """Bring the network, which is in memory, under other patches."""
        if patches == self._patches or self._network is None:
            return
        assert self._switch is not None, f"{self.name} cannot be patched"
        old, self._patches = self._patches, patches
        try:
            self._switch(self._network, old, patches)
        except BaseException:
            self.drop()  # half of it may be changed
            raise

    def drop(self) -> None:
        """Forget the network; it is made anew when it is next used."""
        self._network, self._patches = None, ()


class Residency:
    """Keeps networks in memory while there is room, and drops those that were used longest ago."""

    def __init__(self, room: Callable[[torch.device], int] = devices.free_bytes, reserve: int = RESERVE) -> None:
        """`room` says how many bytes a device has left; `reserve` of them are not given to networks."""
        self._room = room
        self._reserve = reserve
        self._parts: weakref.WeakSet[Part] = weakref.WeakSet()
        self._making = threading.Lock()
        self._lock = threading.RLock()  # never held while a network is made, so that others can look and free

    @contextmanager
    def use(self, part: Part, patches: Patches = ()) -> Iterator[Any]:
        """The network of `part` under `patches`, which is not dropped before the context ends."""
        with self._lock:
            part._users += 1
            part._last_used = next(_clock)
        try:
            network = self._bring(part)
            outer = part._patches
            part.apply(patches)
            try:
                yield network
            finally:
                if part._users > 1:
                    part.apply(outer)
        finally:
            with self._lock:
                part._users -= 1

    def free(self) -> None:
        """Drop every network that is not in use, and give the memory back to the system."""
        with self._lock:
            for part in self._idle():
                part.drop()
        _return_memory()

    def freeable(self, device: torch.device, kept: Part | None = None) -> int:
        """Bytes on a device that networks hold which nobody uses now, without those of `kept`."""
        with self._lock:
            return sum(part.size for part in self._idle(device) if part is not kept)

    def resident(self) -> list[Part]:
        """The parts whose networks are in memory, those used longest ago first."""
        with self._lock:
            return sorted((part for part in self._parts if part.resident), key=lambda part: part._last_used)

    def _bring(self, part: Part) -> Any:
        with self._making:
            if part._network is None:
                self._make_room(part)
                network = part._make()
                with self._lock:
                    part._network = network
                    self._parts.add(part)
            return part._network

    def _make_room(self, part: Part) -> None:
        while self._room(part.device) < part.size + self._reserve:
            with self._lock:
                idle = self._idle(part.device)
                if not idle:
                    return
                idle[0].drop()
            _return_memory()

    def _idle(self, device: torch.device | None = None) -> list[Part]:
        parts = [part for part in self.resident() if part._users == 0]
        return [part for part in parts if device is None or part.device == device]


def _return_memory() -> None:
    gc.collect()  # networks hold reference cycles
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


residency = Residency()
