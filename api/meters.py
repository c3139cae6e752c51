"""How busy the machine is: `/meters`, small and cheap enough to be asked every second."""

import asyncio
import time
from typing import Any

import psutil
from aiohttp import web

from api.json_body import answer
from api.services import Services, services
from graph.workers.nvidia import NvidiaCards

SAMPLE_SECONDS = 0.5
"""Shares of time are measured over no less than this, however many ask."""


class Meters:
    """What is measured between one question and the next."""

    def __init__(self) -> None:
        psutil.cpu_percent()  # the first measurement begins here
        self._cpu = 0.0
        self._measured = time.monotonic()
        self._cards = NvidiaCards()

    def cpu(self) -> float:
        """The share of the processors' time that was used lately, in percent."""
        now = time.monotonic()
        if now - self._measured >= SAMPLE_SECONDS:
            self._cpu, self._measured = psutil.cpu_percent(), now
        return self._cpu

    def cards(self) -> list[dict[str, Any]]:
        """What the driver says of NVIDIA cards. Blocks for some milliseconds."""
        return self._cards.read()


METERS = web.AppKey("meters", Meters)

routes = web.RouteTableDef()


@routes.get("/meters")
async def meters(request: web.Request) -> web.Response:
    """Memory and load of the machine, of its cards, and of the worker."""
    meters = request.config_dict[METERS]
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    cards = await asyncio.to_thread(meters.cards)
    return answer(
        {
            "cpu": {"busy": meters.cpu(), "count": psutil.cpu_count() or 1},
            "ram": {"total": memory.total, "used": memory.total - memory.available},
            "swap": {"total": swap.total, "used": swap.used},
            "server": {"memory": psutil.Process().memory_info().rss},
            "workers": _workers(services(request)),
            "devices": _devices(services(request), cards),
        }
    )


def _workers(service: Services) -> list[dict[str, Any]]:
    return [
        {"memory": worker.vitals.memory if worker.vitals else None, "alive": worker.alive()}
        for worker in service.dispatcher.workers
        if worker is not None
    ]


def _devices(service: Services, cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The devices that workers compute on, other than the processor, and every card that the driver knows."""
    vitals = [worker.vitals for worker in service.dispatcher.workers if worker is not None and worker.vitals]
    found = [
        {
            "name": device.name,
            "type": device.type,
            "total": device.vram_total,
            "used": device.vram_total - device.vram_free,
            "reserved": device.torch_vram_total,
            "busy": None,
            "temperature": None,
            "watts": None,
        }
        for device in (state.device for state in vitals)
        if device.type != "cpu"
    ]
    return merged(found, cards)


def merged(devices: list[dict[str, Any]], cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cards with what a worker says of its own, and devices that are no such card.

    A worker's name of a card ends with the driver's; of equal cards the one with the most memory in use is taken.
    """
    left = list(cards)
    for device in devices:
        same = [card for card in left if device["type"] == "cuda" and device["name"].endswith(card["name"])]
        if not same:
            left.append(device)
            continue
        own = max(same, key=lambda card: card["used"])
        left[left.index(own)] = {**own, "reserved": device["reserved"]}
    return left
