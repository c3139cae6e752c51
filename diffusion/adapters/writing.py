"""Writing adapters as files that other programs read: in kohya's dialect, with LyCORIS' names of the tensors."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from diffusion.adapters.adapter import networks
from diffusion.adapters.kinds import Kind
from diffusion.model import Model
from diffusion.text.clip import Clip
from diffusion.weights import save_weights

_EXACT = ("alpha", "on_input", "bias_indices", "bias_size")


def kohya_tensors(
    kinds: Mapping[str, Mapping[str, Kind]],
    model: Model | None = None,
    clip: Clip | None = None,
    dtype: torch.dtype | None = None,
) -> dict[str, Tensor]:
    """The tensors of a file, by their names in it.

    kinds: what happens to each tensor of a model, by network and by the tensor's name in it (`Fitted.kinds`).
    dtype: of the factors; None keeps it.
    """
    return {
        f"{stem}.{part}": tensor.to(dtype) if dtype is not None and part not in _EXACT else tensor
        for stem, kind in _stems(kinds, model, clip)
        for part, tensor in kind.to_tensors().items()
    }


def save_adapter(
    path: Path,
    kinds: Mapping[str, Mapping[str, Kind]],
    model: Model | None = None,
    clip: Clip | None = None,
    *,
    dtype: torch.dtype | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a safetensors file; see `kohya_tensors`."""
    save_weights(path, kohya_tensors(kinds, model, clip, dtype), metadata)


def _stems(
    kinds: Mapping[str, Mapping[str, Kind]], model: Model | None, clip: Clip | None
) -> Iterator[tuple[str, Kind]]:
    for spelled, source in networks(model, clip):
        for name, kind in kinds.get(spelled.component, {}).items():
            yield spelled.written(name.rpartition(".")[0], source.component), kind
