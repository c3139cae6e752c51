"""Writing adapters as files that other programs read: in kohya's dialect, with LyCORIS' names of the tensors."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from diffusion.adapters.adapter import AdapterError, fit, load_adapter, networks
from diffusion.adapters.kinds import Kind
from diffusion.model import Model
from diffusion.text.clip import Clip
from diffusion.weights import WeightsError, save_weights

FEW = 5  # layers that a sentence names
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
    """Write a safetensors file (see `kohya_tensors`), and look whether it is read as it was meant.

    Raises `WeightsError`, and writes nothing, for values that `dtype` cannot hold; and `AdapterError` where a layer
    that was written is not found again.
    """
    tensors = kohya_tensors(kinds, model, clip, dtype)
    for name, tensor in tensors.items():
        if not tensor.float().isfinite().all():
            raise WeightsError(
                f"{path.name} was not saved: {name} has values that are not finite as "
                f"{str(tensor.dtype).removeprefix('torch.')}. Train with a lower learning rate, or look at what it is "
                "made of."
            )
    save_weights(path, tensors, metadata, hashed=True)
    check_written(path, kinds, model, clip)


def check_written(
    path: Path,
    kinds: Mapping[str, Mapping[str, Kind]],
    model: Model | None = None,
    clip: Clip | None = None,
) -> None:
    """Read a file as whoever uses it does. Raises `AdapterError` where it does not change all it was written for."""
    found = fit(load_adapter(path), model, clip)
    given = [spelled.component for spelled, _ in networks(model, clip)]
    lost = [
        f"{network} {name}" for network in given for name in kinds.get(network, {}).keys() - found.kinds[network].keys()
    ]
    strange = [*lost, *found.report.unmatched, *found.report.misfits]
    if strange:
        rest = f" and {len(strange) - FEW} more" if len(strange) > FEW else ""
        raise AdapterError(
            f"{path.name} was written, and is not read as it was meant: {', '.join(sorted(strange)[:FEW])}{rest}. "
            "Please report this, with the model that it is for."
        )


def _stems(
    kinds: Mapping[str, Mapping[str, Kind]], model: Model | None, clip: Clip | None
) -> Iterator[tuple[str, Kind]]:
    for spelled, source in networks(model, clip):
        for name, kind in kinds.get(spelled.component, {}).items():
            yield spelled.written(name.rpartition(".")[0], source.component), kind
