"""What every way of interrogating a picture gives, and how opened networks are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from diffusion import devices

Opened = TypeVar("Opened")
MOST_KEPT = 8


@dataclass(frozen=True)
class Score:
    """A tag, or another piece of text, with how well it fits; group: what it is about, such as `rating`."""

    group: str
    tag: str
    score: float


@dataclass(frozen=True)
class Description:
    """A picture as text, and the scores behind it, best first within each group."""

    text: str
    scores: tuple[Score, ...] = ()


class Captioner(Protocol):
    """A network with the settings under which it describes pictures."""

    def describe(self, image: Tensor) -> Description:
        """What a picture `[H, W, C]` in 0..1 shows."""


def opened(load: Callable[[Path, torch.device], Opened], path: Path) -> Opened:
    """What `load` makes of a file on the present device; the same again as long as the file is the same.

    Raises what `load` raises, and FileNotFoundError.
    """
    state = path.stat()
    kept: Opened = _opened(load, path, state.st_size, state.st_mtime_ns, devices.current())
    return kept


@lru_cache(maxsize=MOST_KEPT)
def _opened(
    load: Callable[[Path, torch.device], Opened], path: Path, size: int, changed: int, device: torch.device
) -> Opened:
    return load(path, device)
