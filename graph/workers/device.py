"""What a worker computes on, and how much memory is left there; torch is asked only if it has been loaded."""

import gc
import importlib.metadata
import platform
import sys
from typing import Any

import psutil

from graph.messages import Device, Pong


def device() -> Device:
    """The device of this process, with its memory in bytes; for the CPU, the memory of the machine."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return _cuda(torch)
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


def _cuda(torch: Any) -> Device:
    index = torch.cuda.current_device()
    free, total = torch.cuda.mem_get_info(index)
    statistics = torch.cuda.memory_stats(index)
    reserved = statistics.get("reserved_bytes.all.current", 0)
    unused = reserved - statistics.get("active_bytes.all.current", 0)
    return Device(
        name=f"cuda:{index} {torch.cuda.get_device_name(index)}",
        type="cuda",
        index=index,
        vram_total=total,
        vram_free=free + unused,
        torch_vram_total=reserved,
        torch_vram_free=unused,
    )


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


def release_unused() -> None:
    """Give memory that torch holds but does not use back to the device."""
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
