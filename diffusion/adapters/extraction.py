"""Making LoRAs of what changes weights: of the difference of two models, and of other adapters.

The best matrix of rank r is that of the r largest singular values (Eckart & Young 1936).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.adapters.adapter import AdapterError, Fitted, networks
from diffusion.adapters.kinds import Additive, Difference, Generalized, Kind, LowRank
from diffusion.component import Patches, Source, changes_of
from diffusion.model import Model
from diffusion.text.clip import Clip

TABLES = ("token_embedding.weight", "position_embedding.weight")  # no layers, and in no adapter
OnTensor = Callable[[int, int], None]
"""``on_tensor(done, all)``, as decomposing takes its time."""


class Size(NamedTuple):
    """How large a LoRA may become: its rank, and the part of the squared singular values that is enough, 0..1."""

    rank: int
    energy: float = 1.0


class Changed(NamedTuple):
    """What is added to a tensor of a network. of_layer: to the weight or bias of a layer, not of a normalisation."""

    component: str
    name: str
    value: Tensor
    of_layer: bool


class Share(NamedTuple):
    """Sums of squared singular values: of those that were kept, and of all."""

    kept: float
    whole: float


@dataclass(frozen=True, eq=False)
class Extracted:
    """A LoRA in terms of a model (see `Fitted.kinds`), and how much of each tensor's difference it holds."""

    kinds: Mapping[str, Mapping[str, Kind]] = field(repr=False)
    shares: Mapping[str, Share] = field(repr=False)

    @property
    def retained(self) -> float:
        """The part of the whole difference that is kept, by squared singular values."""
        whole = sum(share.whole for share in self.shares.values())
        return sum(share.kept for share in self.shares.values()) / whole if whole else 1.0

    @property
    def rank(self) -> int:
        """The largest rank of all layers."""
        ranks = [kind.rank for kinds in self.kinds.values() for kind in kinds.values() if isinstance(kind, LowRank)]
        return max(ranks, default=0)


def extract(
    model: Model | None,
    clip: Clip | None,
    size: Size | None,
    *,
    biases: bool = True,
    on_tensor: OnTensor | None = None,
) -> Extracted:
    """A LoRA of the weights of a model and text encoders that are differences (`diffusion.merging.subtracted`).

    size: None keeps whole differences. biases: whether biases and normalisations, which have no rank, are kept too.
    Raises `AdapterError` where there is no difference.
    """
    patches = {"unet": model.patches} if model is not None else {}
    patches |= {encoder.name: encoder.patches for encoder in clip.encoders} if clip is not None else {}

    def differences() -> Iterator[Changed]:
        for spelled, source in networks(model, clip):
            for name, value in _weights(source, patches[spelled.component]):
                if value.ndim > 1 or biases:
                    yield Changed(spelled.component, name, value, _is_layer(source, name))

    count = sum(len(source.shapes) for _, source in networks(model, clip))
    return _extracted(_counted(differences(), count, on_tensor), size)


def merge(
    adapters: Sequence[tuple[Fitted, float]],
    model: Model | None,
    clip: Clip | None,
    size: Size,
    *,
    on_tensor: OnTensor | None = None,
) -> Extracted:
    """One LoRA that does what several adapters do with their strengths; of one adapter, the same in another size.

    Adapters whose effect depends on the weights (DoRA, OFT, (IA)³) are taken as they act on this model's.
    Raises `AdapterError` if they change nothing.
    """

    def differences() -> Iterator[Changed]:
        for spelled, source in networks(model, clip):
            exact = _exact(source)
            changed = [(fitted.kinds.get(spelled.component, {}), strength) for fitted, strength in adapters]
            for name in dict.fromkeys(name for kinds, _ in changed for name in kinds):
                acting = [(kinds[name], strength) for kinds, strength in changed if name in kinds]
                parts = [_difference(kind, strength, exact, name) for kind, strength in acting]
                yield Changed(spelled.component, name, torch.stack(parts).sum(0), _is_layer(source, name))

    count = len(
        {(network, name) for fitted, _ in adapters for network, kinds in fitted.kinds.items() for name in kinds}
    )
    return _extracted(_counted(differences(), count, on_tensor), size)


def low_rank(difference: Tensor, size: Size) -> tuple[LowRank, Share]:
    """The nearest LoRA ``(out, in[, k, k])`` of a size, and how much of the difference it holds."""
    u, s, v = torch.linalg.svd(difference.flatten(1).float(), full_matrices=False)
    squares = s.double().square()
    whole = float(squares.sum())
    enough = int((squares.cumsum(0) < size.energy * whole * (1 - 1e-12)).sum()) + 1
    rank = max(1, min(size.rank, enough, len(s)))
    kernel = [1] * (difference.ndim - 2)
    up = (u[:, :rank] * s[:rank]).reshape(-1, rank, *kernel)
    down = v[:rank].reshape(rank, *difference.shape[1:])
    share = Share(float(squares[:rank].sum()), whole)
    return LowRank(up=up.cpu(), down=down.contiguous().cpu(), alpha=float(rank)), share


def _extracted(differences: Iterable[Changed], size: Size | None) -> Extracted:
    kinds: dict[str, dict[str, Kind]] = {}
    shares: dict[str, Share] = {}
    for component, name, value, of_layer in differences:
        if not value.any():
            continue
        if value.ndim > 1 and size is not None:
            kind, shares[f"{component} {name}"] = low_rank(value, size)
            kinds.setdefault(component, {})[name] = kind
        else:
            kinds.setdefault(component, {})[name] = Difference(value.cpu(), _part(name, of_layer))
    if not kinds:
        raise AdapterError("There is no difference to make a LoRA of: take the base from a trained model.")
    return Extracted(kinds, shares)


def _part(name: str, of_layer: bool) -> str:
    """What files call the difference of a layer's weight or bias, or of a normalisation's."""
    is_bias = name.endswith(".bias")
    if of_layer:
        return "diff_b" if is_bias else "diff"
    return "b_norm" if is_bias else "w_norm"


def _weights(source: Source, patches: Patches) -> Iterator[tuple[str, Tensor]]:
    """All tensors of layers, under patches."""
    exact, changes = _exact(source), changes_of(patches)
    for name in source.shapes:
        if name.endswith((".weight", ".bias")) and not name.endswith(TABLES):
            yield name, exact.tensor(name, changes.get(name, ()))


def _difference(kind: Kind, strength: float, source: Source, name: str) -> Tensor:
    additive = isinstance(kind, Difference) or (
        isinstance(kind, Additive) and not isinstance(kind, Generalized) and kind.magnitude is None
    )
    weight = torch.zeros(source.shapes[name], device=source.device) if additive else source.tensor(name)
    return kind.apply(weight, strength) - weight


def _exact(source: Source) -> Source:
    return replace(source, dtype=torch.float32, rounded=None, stored=None)


def _is_layer(source: Source, name: str) -> bool:
    return len(source.shapes[f"{name.rpartition('.')[0]}.weight"]) > 1


def _counted(values: Iterable[Changed], count: int, on_tensor: OnTensor | None) -> Iterator[Changed]:
    for number, value in enumerate(values, 1):
        if on_tensor is not None:
            on_tensor(number, count)
        yield value
