import gc

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
