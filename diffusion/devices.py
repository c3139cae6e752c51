"""Which device computes, and in which number format each part of a model computes there."""

from dataclasses import dataclass
from typing import Any

import psutil
import torch

_selected: torch.device | None = None


@dataclass(frozen=True, slots=True)
class Precision:
    """Number formats of a model's parts on a device.

    The text encoder's weights are rounded to `text_storage` and then computed in `text`, as ComfyUI does.
    """

    denoiser: torch.dtype
    autoencoder: torch.dtype
    text: torch.dtype
    text_storage: torch.dtype


def select(name: str | None = None) -> torch.device:
    """Choose the device of this process: `cpu`, `cuda:1`, `mps`, `xpu` …, or with None the best that is there.

    Raises ValueError, with a sentence, for a device that this machine or this build of torch does not have.
    """
    global _selected
    if name is None:
        device = _best()
    else:
        try:
            device = torch.device(name)
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"The device '{name}' cannot be used ({reason}); choose another, or 'cpu'.") from None
    _selected = device
    return device


def current() -> torch.device:
    """The device of this process; chosen at the first call if `select` was not called."""
    return _selected or select()


def precision(device: torch.device) -> Precision:
    """The number formats for a device.

    Half precision is taken where it is fast; CPUs compute in float32, which bfloat16 did not beat on any CPU without
    matrix tiles that was measured. VAEs overflow in float16.
    """
    full, half = torch.float32, torch.float16
    if device.type == "cuda":
        brain = torch.cuda.is_bf16_supported(including_emulation=False)
        return Precision(half, torch.bfloat16 if brain else full, full, half)
    if device.type in ("mps", "xpu"):
        return Precision(half, full, full, half)
    return Precision(full, full, full, half)


def free_bytes(device: torch.device) -> int:
    """Memory that can still be taken on a device, in bytes: of the machine for a CPU (and for shared memory)."""
    if device.type == "cuda":
        unused_by_torch = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0] + unused_by_torch)
    return int(psutil.virtual_memory().available)


def memory_stats(device: torch.device | None = None) -> dict[str, Any]:
    """Name, type and memory of a device, with the keys of ComfyUI's `/system_stats`; sizes in bytes."""
    device = device or current()
    if device.type == "cuda":
        total = int(torch.cuda.get_device_properties(device).total_memory)
        reserved = int(torch.cuda.memory_reserved(device))
        name = f"{device} {torch.cuda.get_device_name(device)}"
        unused = reserved - int(torch.cuda.memory_allocated(device))
    else:
        total = reserved = int(psutil.virtual_memory().total)
        name, unused = device.type, free_bytes(device)
    return {
        "name": name,
        "type": device.type,
        "index": device.index,
        "vram_total": total,
        "vram_free": free_bytes(device),
        "torch_vram_total": reserved,
        "torch_vram_free": unused,
    }


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory for a tensor could not be had."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def _best() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return torch.device("xpu", 0)
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
