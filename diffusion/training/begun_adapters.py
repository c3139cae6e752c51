"""Going on from an adapter's file: what it has learned is what its training begins with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diffusion.adapters import UNET, Fitted, Kind, fit, load_adapter
from diffusion.adapters.kinds import (
    Butterfly,
    DiagonalOrthogonal,
    Generalized,
    Hadamard,
    Kronecker,
    LowRank,
    Rescaling,
)
from diffusion.adapters.kinds.kind import Additive
from diffusion.adapters.kinds.oft import Orthogonal
from diffusion.component import Source
from diffusion.model import Clip, Model
from diffusion.training.new_kinds import Algorithm, Shape
from diffusion.training.targets import is_wide
from diffusion.training.trained_adapter import LAYERS, NORMS
from diffusion.training.trained_model import source_of
from diffusion.training.trainer import TrainingError
from diffusion.weights import WeightsError

_ALGORITHMS: tuple[tuple[type[Kind], Algorithm], ...] = (
    (LowRank, "LoRA"),
    (Hadamard, "LoHa"),
    (Kronecker, "LoKr"),
    (Generalized, "GLoRA"),
    (Rescaling, "IA3"),
    (DiagonalOrthogonal, "OFT"),
    (Butterfly, "BOFT"),
)


@dataclass(frozen=True)
class Begun:
    """An adapter to go on from. shape: of most of its layers; wide: of its convolutions, if it has some.

    norms: whether it changes normalisations.
    """

    fitted: Fitted
    shape: Shape
    wide: Shape | None
    norms: bool


def begun_with(path: Path, model: Model, clip: Clip) -> Begun:
    """The adapter of a file, of any algorithm. Raises `TrainingError` for one that is not wholly for this model."""
    try:
        fitted = fit(load_adapter(path), model, clip)
    except WeightsError as error:
        raise TrainingError(str(error), option="begin_with") from error
    rest = (*fitted.report.unmatched, *fitted.report.misfits)
    if rest:
        raise TrainingError(
            f"{fitted.name} has {len(rest)} parts that this model has no place for (the first is {rest[0]}): choose a "
            "file that was made for this model.",
            option="begin_with",
        )
    if fitted.embeddings:
        raise TrainingError(
            f"{fitted.name} brings embeddings along, which would be lost: choose another file.", option="begin_with"
        )
    narrow, wide, norms = Counter[Shape](), Counter[Shape](), False
    for layer, module, kind in _layers(fitted, model, clip):
        if not isinstance(module, LAYERS):
            raise TrainingError(
                f"{fitted.name} changes {layer}, which cannot be trained: choose another file.", option="begin_with"
            )
        norms = norms or isinstance(module, NORMS)
        if not isinstance(module, NORMS):
            (wide if is_wide(module) else narrow)[_shape(kind)] += 1
    if not narrow and not wide:
        return Begun(fitted, Shape("full"), None, norms)
    return Begun(fitted, _usual(narrow or wide), _usual(wide) if wide else None, norms)


def _layers(fitted: Fitted, model: Model, clip: Clip) -> Iterator[tuple[str, object, Kind]]:
    """The names of the layers whose weights are changed, the modules, and what happens to them."""
    sources: dict[str, Source | None] = {UNET: source_of(model)}
    sources |= {encoder.name: encoder.source for encoder in clip.encoders}
    for network, kinds in fitted.kinds.items():
        source = sources[network]
        modules = source.component.build() if source is not None else None
        for name, kind in kinds.items():
            layer, _, leaf = name.rpartition(".")
            if leaf == "weight" and modules is not None:
                yield layer, modules.get_submodule(layer), kind


def _shape(kind: Kind) -> Shape:
    """What a layer's adapter is like, as far as its tensors tell."""
    algorithm: Algorithm = next((name for each, name in _ALGORITHMS if isinstance(kind, each)), "full")
    shape = Shape(algorithm, rank=1, alpha=1.0)
    if isinstance(kind, Additive | Generalized):
        shape = replace(shape, rank=kind.rank, alpha=kind.alpha)
    if isinstance(kind, Orthogonal):
        shape = replace(shape, rank=kind.blocks.shape[-1])
    return replace(shape, magnitude=isinstance(kind, Additive) and kind.magnitude is not None)


def _usual(shapes: Counter[Shape]) -> Shape:
    """The shape of most layers; one that is no plain LoRA, if there is any, as it decides what can be done with all."""
    other = Counter({shape: count for shape, count in shapes.items() if shape.algorithm != "LoRA" or shape.magnitude})
    [(shape, _)] = (other or shapes).most_common(1)
    return shape
