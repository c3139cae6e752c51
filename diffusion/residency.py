"""Which networks are in memory: the one place that brings them to a device and drops them again.

A `Part` knows how to make its network from memory-mapped weights, so dropping it loses nothing: it is made again from
the file when it is next used, mostly out of the operating system's page cache.

While a network runs on another device than the processor, the one that was used after it the last time is brought there
in the background, if there is room without dropping any.
"""

import gc
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
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
        self._next: weakref.ref[Part] | None = None
        self._network: Any | None = None
        self._patches: Patches = ()
        self._users = 0
        self._last_used = 0

    @property
    def resident(self) -> bool:
        """Whether the network is in memory now."""
        return self._network is not None

    @property
    def next(self) -> "Part | None":
        """The part that was used after this one the last time, or that will probably be."""
        return self._next() if self._next is not None else None

    @next.setter
    def next(self, part: "Part") -> None:
        self._next = weakref.ref(part)

    @property
    def can_be_made_beside(self) -> bool:
        """Whether another thread may make it while networks run: it is on a device of its own, and its weights alone
        are read. Constructors of other packages change what the whole process shares, such as where it prints to.
        """
        return self.device.type not in ("cpu", "mps") and self._switch is not None

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
        self._ahead: threading.Thread | None = None
        self._last: weakref.ref[Part] | None = None
        self._freed = 0
        self._lock = threading.RLock()  # never held while a network is made, so that others can look and free

    @contextmanager
    def use(self, part: Part, patches: Patches = ()) -> Iterator[Any]:
        """The network of `part` under `patches`, which is not dropped before the context ends."""
        with self._lock:
            part._users += 1
            part._last_used = next(_clock)
            before = self._last() if self._last is not None else None
            if before is not None and before is not part:
                before.next = part
            self._last = weakref.ref(part)
        try:
            network = self._bring(part)
            self._begin_next(part)
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
            self._freed += 1
            for part in self._idle():
                part.drop()
        _return_memory()

    def settle(self) -> None:
        """Wait until nothing is brought in the background."""
        if self._ahead is not None:
            self._ahead.join()

    def freeable(self, device: torch.device, kept: Part | None = None) -> int:
        """Bytes on a device that networks hold which nobody uses now, without those of `kept`."""
        with self._lock:
            return sum(part.size for part in self._idle(device) if part is not kept)

    def resident(self) -> list[Part]:
        """The parts whose networks are in memory, those used longest ago first."""
        with self._lock:
            return sorted((part for part in self._parts if part.resident), key=lambda part: part._last_used)

    def _bring(self, part: Part) -> Any:
        """The network of a part that is in use, so that nobody drops it."""
        if part._network is None:
            self.settle()  # which can be interrupted, as waiting for a bare lock cannot
            with self._making:
                if part._network is None:
                    self._make_room(part)
                    self._hold(part, part._make())
        return part._network

    def _hold(self, part: Part, network: Any) -> None:
        with self._lock:
            part._network = network
            self._parts.add(part)

    def _begin_next(self, part: Part) -> None:
        """Bring what comes after a part that is used now, in the background; one at a time."""
        following = part.next
        if following is None or following.resident or not following.can_be_made_beside:
            return
        if self._ahead is None or not self._ahead.is_alive():
            self._ahead = threading.Thread(
                target=self._bring_ahead, args=(following,), name="next-network", daemon=True
            )
            self._ahead.start()

    def _bring_ahead(self, part: Part) -> None:
        freed = self._freed
        with self._making:
            # Twice the reserve stays free: what runs has perhaps not yet taken all that it computes with.
            if part._network is not None or self._room(part.device) < part.size + 2 * self._reserve:
                return
            with suppress(Exception), _beside_others(part.device) as others:  # whoever uses it meets the error again
                network = part._make()
                others(network)
                if self._freed == freed:  # or else the memory was asked for meanwhile
                    part._last_used = next(_clock)
                    self._hold(part, network)

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


@contextmanager
def _beside_others(device: torch.device) -> Iterator[Callable[[Any], None]]:
    """A context in which copies to a device go beside what it computes; its value prepares a network for the others.

    The memory of its weights must not be given to another network before those who computed with it have ended.
    """
    if device.type != "cuda":
        yield lambda network: None
        return
    stream = torch.cuda.Stream(device)

    def prepare(network: Any) -> None:
        stream.synchronize()
        for tensor in network.state_dict().values():
            tensor.record_stream(torch.cuda.default_stream(device))

    with torch.cuda.stream(stream):
        yield prepare


def _return_memory() -> None:
    gc.collect()  # networks hold reference cycles
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


residency = Residency()
