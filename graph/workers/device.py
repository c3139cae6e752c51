"""What a worker computes on, and how much memory is left there.

The diffusion library knows; it is asked if the nodes have loaded it, and not imported otherwise: the engine runs nodes
that need no torch as well.
"""

import contextlib
import ctypes
import gc
import importlib.metadata
import platform
import sys
from pathlib import Path
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


def resident_bytes() -> int:
    """How much memory the networks take that are on a device now."""
    if residency := _loaded("residency"):
        return sum(part.size for part in residency.residency.resident())
    return 0


def release_models() -> None:
    """Drop the networks that are in memory; they are made again from their files when they are used.

    What the process does not need after that goes back to the system.
    """
    if residency := _loaded("residency"):
        residency.residency.free()
    gc.collect()
    _trim_heap()


def _trim_heap() -> None:
    """Give back the free pages of the heap, which glibc keeps otherwise; other systems do so of themselves."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


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
    """The memory for results when nothing else is asked for: an eighth of the machine's, or of the container's."""
    return memory_limit(int(psutil.virtual_memory().total)) // 8


def memory_limit(total: int, groups: Path = Path("/sys/fs/cgroup")) -> int:
    """The memory that this process may have on a machine with `total` bytes: a container may be given less."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # no Linux, another version of control groups, or no limit
            total = min(total, int((groups / name).read_text("ascii")))
    return total
