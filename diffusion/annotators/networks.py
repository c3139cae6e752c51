"""The networks of annotators: their files in models/annotators, and the networks in memory.

Nothing is fetched: a file that is missing is named, with the folder that it belongs into.
"""

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion import devices, torchvision_ops
from diffusion.annotators.scaling import Levels
from diffusion.residency import Part
from diffusion.weights import WeightsError, is_pickle, load_pickle, load_weights

MOST_PARTS = 32
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's colours

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class NetworkFile:
    """A network that is read from one file or folder.

    names: What the file may be called; the first that is there is taken.
    build: Makes the network from the path of the file, in evaluation mode, anywhere; it need not be a module, but has
        `to(device)`.
    """

    names: tuple[str, ...]
    build: Callable[[Path], Any]

    def find(self, folders: Sequence[Path]) -> Path:
        """The file or folder. Raises `WeightsError` with its name and the folder that it belongs into."""
        for name in self.names:
            for folder in folders:
                if (folder / name).exists():
                    return folder / name
        raise _missing([self])


def _missing(networks: Sequence[NetworkFile]) -> WeightsError:
    wanted = " and ".join(" or ".join(network.names) for network in networks)
    return WeightsError(f"Missing from models/annotators: {wanted}. Put it there and queue again; nothing is fetched.")


@contextmanager
def loaded(networks: Sequence[NetworkFile], folders: Sequence[Path], device: torch.device) -> Iterator[list[Any]]:
    """A context in which networks are on a device; its value are the networks, in order.

    Raises `WeightsError` that names every file which is missing, or the one that cannot be read.
    """
    absent = [network for network in networks if not _is_there(network, folders)]
    if absent:
        raise _missing(absent)
    with ExitStack() as stack:
        parts = [_part(network, *_state(network.find(folders)), device) for network in networks]
        yield [stack.enter_context(part.loaded()) for part in parts]


def _is_there(network: NetworkFile, folders: Sequence[Path]) -> bool:
    return any((folder / name).exists() for folder in folders for name in network.names)


def _state(path: Path) -> tuple[Path, int, int]:
    """What identifies the content of a file: a new one of the same name is another network."""
    files = [path] if path.is_file() else [file for file in path.iterdir() if file.is_file()]
    status = [file.stat() for file in files]
    return path, sum(item.st_size for item in status), max((item.st_mtime_ns for item in status), default=0)


@lru_cache(maxsize=MOST_PARTS)
def _part(network: NetworkFile, path: Path, size: int, changed: int, device: torch.device) -> Part:
    """The part of a file; kept, so that maps drawn one after the other share it. Residency drops its network."""

    def make() -> Any:
        try:
            with quiet():
                return network.build(path).to(device)
        except (RuntimeError, LookupError, TypeError, AttributeError, OSError) as error:
            if devices.is_out_of_memory(error):
                raise
            raise WeightsError(
                f"{path.name} holds other weights than this preprocessor needs: get the file again."
            ) from error

    return Part(f"{path.name}: preprocessor", device, size, make)


@contextmanager
def quiet() -> Iterator[None]:
    """A context in which imports and constructors of annotator packages print and warn nothing."""
    torchvision_ops.ensure()
    with warnings.catch_warnings(), Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        warnings.simplefilter("ignore")
        yield


def tensors(path: Path, inside: str | None = None) -> dict[str, Tensor]:
    """The tensors of a weight file, without the prefix that parallel training puts before their names.

    inside: The entry of a pickle that holds the tensors, if it is not the pickle itself or its `state_dict`.
    """
    if inside is not None and is_pickle(path):
        content = load_pickle(path)
        table = content[inside] if isinstance(content, Mapping) and inside in content else content
        weights = {str(name): value for name, value in dict(table).items() if isinstance(value, Tensor)}
    else:
        weights = load_weights(path)
    return {name.removeprefix("module."): value for name, value in weights.items()}


def normalised(levels: Levels, device: torch.device) -> Tensor:
    """A picture `[H, W, 3]` as networks that were trained on ImageNet take it, `[1, 3, H, W]`."""
    pixels = torch.from_numpy(levels.copy()).to(device).movedim(-1, 0)[None].float() / 255
    mean, deviation = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    return (pixels - mean) / deviation


def module(network: torch.nn.Module, weights: Weights) -> Any:
    """A module with weights, in float32 and evaluation mode."""
    network.load_state_dict(dict(weights))
    return network.float().eval().requires_grad_(False)
