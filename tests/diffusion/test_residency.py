import gc
import threading
import time

import pytest
import torch
from torch import nn

from diffusion.residency import Part, Residency

CPU = torch.device("cpu")


class Memory:
    """A device of a fixed size whose occupation is what the parts take."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.parts: list[Part] = []
        self.made: list[str] = []

    def room(self, device: torch.device) -> int:
        return self.total - sum(part.size for part in self.parts if part.resident)

    def part(self, name: str, size: int) -> Part:
        def make() -> nn.Module:
            self.made.append(name)
            return nn.Identity()

        self.parts.append(Part(name, CPU, size, make))
        return self.parts[-1]


@pytest.fixture
def memory() -> Memory:
    return Memory(100)


@pytest.fixture
def residency(memory: Memory) -> Residency:
    return Residency(memory.room, reserve=10)


def use(residency: Residency, *parts: Part) -> None:
    for part in parts:
        with residency.use(part):
            pass


def names(residency: Residency) -> list[str]:
    return [part.name for part in residency.resident()]


def test_a_network_is_made_once_while_there_is_room(memory, residency):
    first, second = memory.part("first", 40), memory.part("second", 40)
    use(residency, first, second, first, second)
    assert memory.made == ["first", "second"]


def test_the_one_used_longest_ago_makes_room(memory, residency):
    first, second, third = (memory.part(name, 40) for name in ("first", "second", "third"))
    use(residency, first, second, first, third)
    assert names(residency) == ["first", "third"]
    use(residency, second)
    assert names(residency) == ["third", "second"]


def test_the_reserve_stays_free(memory, residency):
    use(residency, memory.part("first", 50), memory.part("second", 45))
    assert names(residency) == ["second"]


def test_a_network_in_use_stays(memory, residency):
    first, second = memory.part("first", 60), memory.part("second", 60)
    with residency.use(first):
        use(residency, second)
        residency.free()
        assert names(residency) == ["first"]
    residency.free()
    assert names(residency) == []


def test_a_failed_network_is_not_in_use_afterwards(memory, residency):
    def fail() -> nn.Module:
        raise RuntimeError("no")

    part = Part("broken", CPU, 10, fail)
    with pytest.raises(RuntimeError, match="no"):
        use(residency, part)
    assert names(residency) == []
    assert part._users == 0


def test_a_part_that_nobody_holds_is_forgotten(memory, residency):
    part = Part("lost", CPU, 10, nn.Identity)
    use(residency, part)
    assert names(residency) == ["lost"]
    del part
    gc.collect()
    assert names(residency) == []


class SlowMemory(Memory):
    """Of a device beside the processor; networks are made by threads that are remembered, when they may."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.may_make = threading.Event()
        self.threads: dict[str, str] = {}

    def part(self, name: str, size: int) -> Part:
        def make() -> nn.Module:
            assert self.may_make.wait(5)
            self.made.append(name)
            self.threads[name] = threading.current_thread().name
            return nn.Identity()

        self.parts.append(Part(name, torch.device("meta"), size, make, lambda *_arguments: None))
        return self.parts[-1]


@pytest.fixture
def slow() -> SlowMemory:
    return SlowMemory(100)


def test_what_was_used_next_is_brought_in_the_background_the_next_time(slow):
    residency = Residency(slow.room, reserve=10)
    text, unet, vae = (slow.part(name, 20) for name in ("text", "unet", "vae"))
    slow.may_make.set()
    use(residency, text, unet, vae)
    assert set(slow.threads.values()) == {threading.current_thread().name}
    residency.free()
    slow.made.clear()
    with residency.use(text):
        residency.settle()
        assert slow.made == ["text", "unet"]
        assert slow.threads["unet"] == "next-network"
        with residency.use(unet):
            residency.settle()
            assert vae.resident
    use(residency, vae)
    assert slow.made == ["text", "unet", "vae"]


@pytest.mark.parametrize(("size", "brought"), [(20, True), (21, False)])
def test_nothing_is_dropped_and_twice_the_reserve_stays_free_for_what_is_brought_ahead(slow, size, brought):
    residency = Residency(slow.room, reserve=10)
    idle, running, following = slow.part("idle", 30), slow.part("running", 30), slow.part("following", size)
    slow.may_make.set()
    use(residency, idle)
    running.next = following
    with residency.use(running):
        residency.settle()
        assert following.resident is brought
        assert idle.resident


def test_a_network_that_is_there_is_used_while_another_is_brought(slow):
    residency = Residency(slow.room, reserve=10)
    running, following = slow.part("running", 20), slow.part("following", 20)
    slow.may_make.set()
    use(residency, running)
    slow.may_make.clear()
    running.next = following
    with residency.use(running), residency.use(running):
        assert not following.resident
        slow.may_make.set()
        residency.settle()
        assert following.resident


def test_what_is_brought_ahead_is_let_go_if_memory_is_freed_meanwhile(slow):
    residency = Residency(slow.room, reserve=10)
    running, following = slow.part("running", 20), slow.part("following", 20)
    running.next = following
    slow.may_make.set()
    use(residency, running)  # begins to bring the other one
    residency.settle()
    residency.free()
    slow.may_make.clear()
    thread = threading.Thread(target=residency._bring_ahead, args=(following,))
    thread.start()
    for _ in range(5000):
        if residency._making.locked():
            break
        time.sleep(0.001)
    residency.free()
    slow.may_make.set()
    thread.join()
    assert not following.resident


def test_a_network_that_cannot_be_brought_ahead_fails_where_it_is_used(slow):
    residency = Residency(slow.room, reserve=10)

    def fail() -> nn.Module:
        raise RuntimeError("no")

    running, broken = slow.part("running", 20), Part("broken", torch.device("meta"), 20, fail, lambda *_arguments: None)
    running.next = broken
    slow.may_make.set()
    with residency.use(running):
        residency.settle()
    with pytest.raises(RuntimeError, match="no"):
        use(residency, broken)


def test_on_the_processor_nothing_is_brought_ahead(memory, residency):
    first, second = memory.part("first", 10), memory.part("second", 10)
    first.next = second
    with residency.use(first):
        residency.settle()
        assert memory.made == ["first"]
