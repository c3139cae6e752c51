"""The meters, where there are cards: with a driver of our own in place of NVIDIA's."""

import sys
from types import SimpleNamespace

import pytest

from api.meters import merged
from graph.workers.nvidia import NvidiaCards

GIB = 1 << 30


class Driver(SimpleNamespace):
    """Two cards, of which the second one tells neither its load nor its power."""

    def nvmlInit(self) -> None:  # noqa: N802
        self.opened = getattr(self, "opened", 0) + 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, card: int) -> str | bytes:  # noqa: N802
        return "Card A" if card == 0 else b"Card B"

    def nvmlDeviceGetMemoryInfo(self, card: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=8 * GIB, used=(2 + card) * GIB)

    def nvmlDeviceGetUtilizationRates(self, card: int) -> SimpleNamespace:  # noqa: N802
        if card == 1:
            raise RuntimeError("not supported")
        return SimpleNamespace(gpu=70)

    def nvmlDeviceGetPowerUsage(self, card: int) -> int:  # noqa: N802
        if card == 1:
            raise RuntimeError("not supported")
        return 215_500

    def nvmlDeviceGetTemperature(self, card: int, sensor: int) -> int:  # noqa: N802
        return 60 + card + sensor


def test_cards_tell_what_they_can(monkeypatch: pytest.MonkeyPatch):
    driver = Driver()
    monkeypatch.setitem(sys.modules, "some_driver", driver)
    cards = NvidiaCards("some_driver")
    first, second = cards.read()
    cards.read()
    assert driver.opened == 1
    assert first == {
        "name": "Card A",
        "type": "cuda",
        "total": 8 * GIB,
        "used": 2 * GIB,
        "reserved": None,
        "busy": 70,
        "temperature": 60,
        "watts": 215.5,
    }
    assert (second["name"], second["busy"], second["watts"], second["temperature"]) == ("Card B", None, None, 61)


def test_a_machine_without_bindings_or_driver_has_no_cards(monkeypatch: pytest.MonkeyPatch):
    assert NvidiaCards("no_such_module_here").read() == []
    monkeypatch.setitem(sys.modules, "broken_driver", SimpleNamespace())
    assert NvidiaCards("broken_driver").read() == []


def device(name: str, kind: str = "cuda") -> dict:
    return {"name": name, "type": kind, "total": 8, "used": 1, "reserved": 5, "busy": None}


def card(name: str, used: int) -> dict:
    return {"name": name, "type": "cuda", "total": 8, "used": used, "reserved": None, "busy": 3}


def test_what_a_worker_says_is_put_to_its_card():
    cards = [card("Card A", 1), card("Card A", 6), card("Card B", 2)]
    assert merged([device("cuda:1 Card A")], cards) == [cards[0], {**cards[1], "reserved": 5}, cards[2]]
    assert merged([device("mps", "mps")], []) == [device("mps", "mps")]
    assert merged([device("cuda:0 Card C")], [cards[2]]) == [cards[2], device("cuda:0 Card C")]
