"""The part of ComfyUI's `comfy.utils` that reads and changes tables of weights."""

import math
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion import weights
from diffusion.weights import WeightsError

HEADER_LIMIT = 100 << 20


def load_torch_file(
    ckpt: str | Path, safe_load: bool = False, device: torch.device | str | None = None, return_metadata: bool = False
) -> Any:
    """The weights of a file, never executing what a pickle holds, whatever `safe_load` says.

    Of a pickle a table under `state_dict`, or the only entry, is taken. With `return_metadata` a pair with the metadata
    of a safetensors file, or None. Raises `WeightsError`, a ValueError.
    """
    path = Path(ckpt)
    metadata: dict[str, str] | None = None
    if weights.is_pickle(path):
        content = _unwrapped(weights.load_pickle(path))
    else:
        content = weights.load_weights(path)
        metadata = dict(weights.read_header(path).metadata)
    if device is not None and str(device) != "cpu":
        content = {name: value.to(device) if isinstance(value, Tensor) else value for name, value in content.items()}
    return (content, metadata) if return_metadata else content


def _unwrapped(content: Any) -> Any:
    if not isinstance(content, Mapping):
        return content
    if isinstance(content.get("state_dict"), Mapping):
        return content["state_dict"]
    only = next(iter(content.values())) if len(content) == 1 else None
    return only if isinstance(only, Mapping) else content


def save_torch_file(sd: Mapping[str, Tensor], ckpt: str | Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file."""
    weights.save_weights(Path(ckpt), sd, metadata)


def safetensors_header(safetensors_path: str | Path, max_size: int = HEADER_LIMIT) -> bytes | None:
    """The header of a safetensors file, JSON; None if it is longer than `max_size` bytes."""
    with Path(safetensors_path).open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise WeightsError(f"{Path(safetensors_path).name} is not a safetensors file: get the file again.")
        length = struct.unpack("<Q", start)[0]
        return file.read(length) if length <= max_size else None


def calculate_parameters(sd: Mapping[str, Tensor], prefix: str = "") -> int:
    """How many numbers the tensors have whose names start with `prefix`."""
    return sum(tensor.nelement() for name, tensor in sd.items() if name.startswith(prefix))


def weight_dtype(sd: Mapping[str, Tensor], prefix: str = "") -> torch.dtype | None:
    """The number format that most of these numbers have; None if there are none."""
    counts: Counter[torch.dtype] = Counter()
    for name, tensor in sd.items():
        if name.startswith(prefix):
            counts[tensor.dtype] += tensor.numel()
    return counts.most_common(1)[0][0] if counts else None


def state_dict_key_replace(state_dict: dict[str, Any], keys_to_replace: Mapping[str, str]) -> dict[str, Any]:
    """Rename entries in place; those that are not there are left out."""
    for old, new in keys_to_replace.items():
        if old in state_dict:
            state_dict[new] = state_dict.pop(old)
    return state_dict


def state_dict_prefix_replace(
    state_dict: dict[str, Any], replace_prefix: Mapping[str, str], filter_keys: bool = False
) -> dict[str, Any]:
    """Rename the entries whose names start with a prefix.

    With `filter_keys` only these are returned, in a new table that has taken them out of the old one.
    """
    result = {} if filter_keys else state_dict
    for prefix, new in replace_prefix.items():
        for name in [name for name in state_dict if name.startswith(prefix)]:
            result[new + name[len(prefix) :]] = state_dict.pop(name)
    return result


def string_to_seed(data: str) -> int:
    """A number of 32 bits that stands for a text: the CRC-32 of its characters' numbers, each taken as one step."""
    remainder = 0xFFFFFFFF
    for character in data:
        remainder ^= ord(character)
        for _ in range(8):
            remainder = (remainder >> 1) ^ (0xEDB88320 if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF


def pack_latents(latents: Sequence[Tensor]) -> tuple[Tensor, list[torch.Size]]:
    """Latents of several shapes side by side in one tensor `[B, 1, n]`, and their shapes."""
    flat = [latent.reshape(latent.shape[0], 1, -1) for latent in latents]
    return torch.cat(flat, dim=-1), [latent.shape for latent in latents]


def unpack_latents(combined_latent: Tensor, latent_shapes: Sequence[Sequence[int]]) -> list[Tensor]:
    """The latents that `pack_latents` has put together; a single one comes back as it is."""
    if len(latent_shapes) <= 1:
        return [combined_latent]
    lengths = [math.prod(shape[1:]) for shape in latent_shapes]
    parts = combined_latent.split(lengths, dim=-1)
    return [part.reshape(part.shape[0], *shape[1:]) for part, shape in zip(parts, latent_shapes, strict=True)]
