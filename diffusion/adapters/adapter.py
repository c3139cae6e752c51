"""Adapter files (LoRA, LyCORIS), and fitting them to a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from diffusion.adapters.blocks import BlockWeights, Layout, label_of, read_list
from diffusion.adapters.keys import UNET, Spellings, found, found_in_wholes, grouped, of_text, spellings
from diffusion.adapters.kinds import Kind, read_bias, read_weight
from diffusion.adapters.patches import AdapterPatch
from diffusion.adapters.peft_config import scales_of, settings_beside
from diffusion.component import Entry, Source
from diffusion.families import FAMILIES
from diffusion.families.recognition import looks_like
from diffusion.model import Model
from diffusion.text.clip import Clip
from diffusion.text.embeddings import BUNDLED, bundled_embeddings
from diffusion.weights import WeightsError, load_weights, read_header

WIDTHS = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 2048: "SDXL", 1280: "the SDXL refiner"}
"""The models that read prompts of so many numbers a token."""
OTHER_MODELS = (
    ("double_blocks", "Flux"),
    ("single_transformer_blocks", "Flux"),
    ("joint_blocks", "Stable Diffusion 3"),
)
_CLAIMS = ("modelspec.architecture", "ss_base_model_version")


class AdapterError(WeightsError):
    """An adapter cannot be used with a model; the message says why, and what to do."""


@dataclass(frozen=True, eq=False)
class AdapterFile:
    """An adapter as its file has it, memory-mapped.

    weights: by their names in the file. beside: peft's settings in a file of their own.
    """

    name: str
    weights: Mapping[str, Tensor] = field(repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    beside: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def modules(self) -> dict[str, dict[str, str]]:
        """The names of its tensors, by the stem of the module and their part."""
        return grouped(name for name in self.weights if not name.startswith(BUNDLED))

    @cached_property
    def scales(self) -> dict[str, Tensor]:
        """What peft's settings in the metadata say of the modules' scales, by stem; empty if there are none."""
        ranks = {
            stem: self.weights[parts["lora_down.weight"]].shape[0]
            for stem, parts in self.modules.items()
            if "lora_down.weight" in parts
        }
        return scales_of(self.metadata, ranks, self.beside)

    def tensors(self, stem: str) -> dict[str, Tensor]:
        """The tensors of a module, by part."""
        tensors = {part: self.weights[name] for part, name in self.modules[stem].items()}
        if stem in self.scales and "alpha" not in tensors:
            tensors["scale"] = self.scales[stem]
        return tensors

    @property
    def names(self) -> Iterator[tuple[str, str, str]]:
        """Stem, part and name of all tensors."""
        for stem, parts in self.modules.items():
            for part, name in parts.items():
                yield stem, part, name


@dataclass(frozen=True)
class Report:
    """What became of a file's tensors.

    matched: how many modules of each network ("unet", or a text encoder's name) the adapter changes.
    unmatched: names of tensors that belong to no module of the networks, or are of no known kind.
    misfits: stems of modules that the networks have in other sizes.
    left_out: how many tensors are for networks that were not given (a text encoder's, where there is only a model).
    """

    matched: Mapping[str, int]
    unmatched: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything that is for the given networks is used."""
        return not self.unmatched and not self.misfits


@dataclass(frozen=True, eq=False)
class Fitted:
    """An adapter in terms of a model: what happens to each tensor, by network and by the tensor's name in it.

    embeddings: those that its file brings along, by name.
    """

    name: str
    kinds: Mapping[str, Mapping[str, Kind]] = field(repr=False)
    report: Report
    embeddings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def patch(self, component: str, strength: float, factors: Mapping[str, float] | None = None) -> AdapterPatch | None:
        """The change of one network's weights; None if there is none."""
        kinds = self.kinds.get(component, {})
        return AdapterPatch(kinds, strength, factors or {}) if kinds and strength else None

    def of_rank(self, rank: int) -> Fitted:
        """The same with no more than the first components of each product."""
        kinds = {
            component: {name: kind.of_rank(rank) for name, kind in changes.items()}
            for component, changes in self.kinds.items()
        }
        return replace(self, kinds=kinds)

    def on_model(self, model: Model, strength: float, blocks: BlockWeights | None = None) -> Model:
        """The model with the adapter on its denoiser; `blocks` are factors of the strength (`read_block_weights`)."""
        patch = self.patch(UNET, strength, None if blocks is None else self.factors(model, blocks))
        return model if patch is None else model.patched(patch)

    def on_clip(self, clip: Clip, strength: float) -> Clip:
        """The text encoders with the adapter on them."""
        patches = {encoder.name: self.patch(encoder.name, strength) for encoder in clip.encoders}
        patched = clip.patched({name: (patch,) for name, patch in patches.items() if patch is not None})
        return patched.with_embeddings(self.embeddings)

    def factors(self, model: Model, blocks: BlockWeights) -> dict[str, float]:
        """The factor of each tensor of the denoiser."""
        assert model.source is not None
        component = model.source.component
        return {name: blocks.of(label_of(component, name)) for name in self.kinds.get(UNET, {})}


def load_adapter(path: Path) -> AdapterFile:
    """Open an adapter: LoRA or LyCORIS, in any of the dialects that `docs/adapters.md` lists.

    Raises `WeightsError` for a file that is corrupt, and `AdapterError` for one that holds something else.
    """
    header = read_header(path)
    adapter = AdapterFile(path.name, load_weights(path), header.metadata, settings_beside(path))
    if not any(part for _, part, _ in adapter.names):
        raise AdapterError(f"{path.name} is no LoRA: it is {looks_like(header)}. Choose a LoRA.")
    return adapter


def read_block_weights(text: str, model: Model) -> BlockWeights:
    """Read block weights for a model (see `diffusion.adapters.blocks`). Raises `BlockWeightsError`."""
    assert model.source is not None
    return read_list(text, Layout.of(model.source.component, model.source.shapes))


def fit(adapter: AdapterFile, model: Model | None = None, clip: Clip | None = None) -> Fitted:
    """Find the tensors of a model that an adapter changes; one of the two may be left out.

    Raises `AdapterError` where it changes nothing, or is for a model that reads other prompts.
    """
    sources = list(networks(model, clip))
    given = [spelled.component for spelled, _ in sources]
    kinds: dict[str, dict[str, Kind]] = {component: {} for component in given}
    known: set[str] = set()
    misfits: list[str] = []
    matched = dict.fromkeys(given, 0)
    _check_width(adapter, model)
    for spelled, source in sources:
        for stem, module, entry in _places(adapter, spelled, source):
            known.add(stem)
            changes = _changes(adapter, stem, module, source, entry)
            if changes is None:
                misfits.append(stem)
            elif changes:
                kinds[spelled.component] |= changes
                matched[spelled.component] += 1
            else:
                known.discard(stem)
    texts = any(component != UNET for component in given)
    rest = [(stem, name) for stem, part, name in adapter.names if stem not in known or not part]
    unmatched = tuple(name for stem, name in rest if (texts if of_text(stem) else UNET in given))
    if not any(matched.values()):
        _refuse(adapter, model, bool(misfits), texts)
    report = Report(matched, unmatched, tuple(dict.fromkeys(misfits)), len(rest) - len(unmatched))
    return Fitted(adapter.name, kinds, report, bundled_embeddings(adapter.weights))


def networks(model: Model | None, clip: Clip | None) -> Iterator[tuple[Spellings, Source]]:
    """The networks of a model, and how files name their modules."""
    sources = {} if model is None else {UNET: model.source}
    encoders = () if clip is None else clip.encoders
    sources |= {encoder.name: encoder.source for encoder in encoders}
    names = [place.name for place in model.family.places] if model is not None else [each.name for each in encoders]
    for spelled in spellings(names):
        source = sources.get(spelled.component)
        if source is not None:
            yield spelled, source


def _places(adapter: AdapterFile, spelled: Spellings, source: Source) -> Iterator[tuple[str, str, Entry | None]]:
    """Stems of a file with the modules that they change, and which part of the change it is where they are several."""
    modules = list(_modules(source))
    for stem, module in found(modules, spelled, source.component, adapter.modules).items():
        yield stem, module, None
    for module, (stem, entry) in found_in_wholes(modules, spelled, source.component, adapter.modules).items():
        yield stem, module, entry


def _modules(source: Source) -> Iterable[str]:
    return dict.fromkeys(name.rpartition(".")[0] for name in source.shapes if name.endswith((".weight", ".bias")))


def _changes(
    adapter: AdapterFile, stem: str, module: str, source: Source, entry: Entry | None
) -> dict[str, Kind] | None:
    """What a file does to a module's weight and bias, by the names of these tensors; None if it is for other sizes.

    entry: the module's place in what the file changes, if it is not the whole of it.
    """
    tensors = adapter.tensors(stem)
    try:
        read = {f"{module}.weight": read_weight(tensors), f"{module}.bias": read_bias(tensors)}
    except (KeyError, RuntimeError, IndexError) as error:
        raise AdapterError(
            f"{adapter.name}: the tensors of {stem} are not complete, or damaged ({error}): get the file again."
        ) from error
    kinds = {name: kind for name, kind in read.items() if kind is not None}
    if entry is not None:
        parts = {name: _part(kind, entry, source.shapes.get(name)) for name, kind in kinds.items()}
        kinds = {name: kind for name, kind in parts.items() if kind is not None}
        if len(kinds) < len(parts):
            return None
    if any(name not in source.shapes or not kind.fits(source.shapes[name]) for name, kind in kinds.items()):
        return None
    return kinds


def _part(kind: Kind, entry: Entry, shape: Sequence[int] | None) -> Kind | None:
    """The part of a change that is of one of the layers that a file has as one; None if it cannot be taken apart."""
    if shape is None:
        return None
    whole = entry.whole(tuple(shape))
    return kind.of_rows(entry.read(torch.arange(whole[0]))) if kind.fits(whole) else None


def _check_width(adapter: AdapterFile, model: Model | None) -> None:
    """Raise `AdapterError` for an adapter whose cross-attention reads other prompts than the model's."""
    if model is None:
        return
    made_for, reads = prompt_width(adapter), model.config.get("cross_attention_dim")
    if made_for is None or reads is None or made_for == reads:
        return
    if made_for in WIDTHS:
        raise AdapterError(
            f"{adapter.name} is for {WIDTHS[made_for]}, and this model is {model.family.label}: choose a LoRA that was "
            "made for it, or another model."
        )
    raise AdapterError(
        f"{adapter.name} is for a model that reads prompts of {made_for} numbers a token, and this one reads {reads}: "
        "choose a LoRA that was made for it."
    )


def prompt_width(adapter: AdapterFile) -> int | None:
    """How many numbers a token has in the prompts that an adapter's cross-attention reads; None if it has none."""
    for stem in adapter.modules:
        if stem.endswith(("attn2_to_k", "attn2.to_k", "attn2_to_v", "attn2.to_v")):
            kind = read_weight(adapter.tensors(stem))
            width = kind.size[1] if kind is not None else None
            if width is not None:
                return width
    return None


def _refuse(adapter: AdapterFile, model: Model | None, misfits: bool, texts: bool) -> NoReturn:
    """Raise `AdapterError` for an adapter that changes nothing."""
    if not texts and all(of_text(stem) for stem, part, _ in adapter.names if part):
        raise AdapterError(f"{adapter.name} changes text encoders alone: use it with the CLIP of the model.")
    label = "CLIP" if model is None else model.family.label
    if misfits:
        raise AdapterError(
            f"{adapter.name} is for layers of other sizes than those of this model ({label}): choose a LoRA that was "
            "made for it."
        )
    seems = _seems_for(adapter)
    if seems is None:
        raise AdapterError(
            f"{adapter.name} changes no layer that this model ({label}) has: choose a LoRA that was made for it."
        )
    raise AdapterError(
        f"{adapter.name} changes no layer that this model ({label}) has, and seems to be for {seems}: choose a LoRA "
        "that was made for this model."
    )


def _seems_for(adapter: AdapterFile) -> str | None:
    """The model that an adapter seems to be for, by its tensors and metadata; None if nothing is said."""
    width = prompt_width(adapter)
    if width in WIDTHS:
        return WIDTHS[width]
    for mark, model in OTHER_MODELS:
        if any(mark in stem for stem in adapter.modules):
            return model
    claimed = next((adapter.metadata[name] for name in _CLAIMS if adapter.metadata.get(name)), None)
    label = next((family.label for family in FAMILIES if claimed and claimed.startswith(family.id)), None)
    return label or claimed
