"""What a worker computes on, and how much memory is left there.

The diffusion library knows; it is asked if the nodes have loaded it, and not imported otherwise: the engine runs nodes
that need no torch as well.
"""

import gc
import importlib.metadata
import platform
import sys
from typing import Any

import psutil

from graph.messages import Device, Pong


def _loaded(module: str) -> Any:
    return sys.modules.get(f"diffusion.{module}")


def select(name: str | None) -> None:
    """Choose the device, once the nodes are loaded; None is the best that is there. Raises ValueError."""
    if devices := _loaded("devices"):
        devices.select(name)


def device() -> Device:
    """The device of this process, with its memory in bytes; for the CPU, the memory of the machine."""
    if devices := _loaded("devices"):
        return Device(**devices.memory_stats())
    memory = psutil.virtual_memory()
    return Device(
        name="cpu",
        type="cpu",
        index=None,
        vram_total=memory.total,
        vram_free=memory.available,
        torch_vram_total=memory.total,
        torch_vram_free=memory.available,
    )


def release_models() -> None:
    """Drop the networks that are in memory; they are made again from their files when they are used."""
    if residency := _loaded("residency"):
        residency.residency.free()
    gc.collect()


def vitals() -> Pong:
    """The answer to a ping."""
    return Pong(device(), psutil.Process().memory_info().rss)


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter in a report."""
    found = {"python": platform.python_version()}
    for package in ("torch", "diffusers", "transformers", "safetensors", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def default_cache_bytes() -> int:
    """The memory for results when nothing else is asked for: an eighth of the machine's."""
    return int(psutil.virtual_memory().total) // 8
