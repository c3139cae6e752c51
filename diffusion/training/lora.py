"""Training of adapters: which layers of a model learn, and the file that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from diffusion.adapters import UNET, AdapterPatch, save_adapter
from diffusion.component import Source
from diffusion.model import Clip, Model
from diffusion.training.begun_adapters import Begun
from diffusion.training.block_numbers import BlockNumbers, BlockNumbersError, read_block_numbers
from diffusion.training.dropout import Chance, Dropout
from diffusion.training.new_kinds import DECOMPOSED, SCALED, Shape
from diffusion.training.targets import Targets, is_wide, target_layers, target_text_layers
from diffusion.training.trained_adapter import TrainedAdapter
from diffusion.training.trained_model import TrainedModel, source_of, text_sources
from diffusion.training.trainer import States, TrainingError

_UP = ":lora_up.weight"  # at the end of names of parameters
_ON_INPUT = ("ff.net.2", "mlp.fc2")  # what LyCORIS scales the inputs of with IA3


@dataclass(frozen=True)
class AdapterPlan:
    """What an adapter is like: its shape, on which layers, and with another rank on convolutions; and how it learns.

    wide_rank: of convolutions of more than one pixel; 0 leaves them out (LoRA), more makes a LoCon.
    text_rate: the learning rate of the text encoders; with 0 they do not learn, and have no adapter.
    block_rates, block_ranks: factors of the denoiser's learning rate by block, and ranks of blocks that have another
    one than the shape's, as `read_block_numbers` reads them. Blocks with 0 have no adapter.
    loraplus_ratio: how much faster a LoRA's second matrix learns than its first (Hayou et al. 2024, arXiv 2402.12354).
    longest: the greatest length of what a LoRA adds to a layer; 0 is none. norms: whether the normalisations among the
    layers learn too. begin: the adapter to go on from, whose shape and layers it has then.
    """

    shape: Shape = field(default_factory=Shape)
    targets: Targets = "attention and feed-forward"
    wide_rank: int = 0
    wide_alpha: float = 1.0
    text_rate: float = 0.0
    block_rates: str = ""
    block_ranks: str = ""
    loraplus_ratio: float = 1.0
    dropout: Dropout = field(default_factory=Dropout)
    longest: float = 0.0
    norms: bool = False
    begin: Begun | None = None

    def with_options(self, options: AdapterPlan) -> AdapterPlan:
        """The plan with what is seldom asked for, of another one: the greatest length, normalisations, parts."""
        own, shape = self.shape, options.shape
        shape = replace(own, stabilized=shape.stabilized, both=shape.both, tucker=shape.tucker)
        return replace(self, shape=shape, longest=options.longest, norms=options.norms)

    def from_file(self, begin: Begun) -> AdapterPlan:
        """The plan to go on from an adapter. Raises `TrainingError`."""
        if self.block_ranks.strip():
            raise TrainingError("The file to begin with has its own ranks: leave this empty.", option="block_ranks")
        if self.shape.stabilized or self.shape.both or self.shape.tucker or (self.norms and not begin.norms):
            raise TrainingError(
                "The file to begin with has its own shape and layers: turn these options off.", option="adapter"
            )
        wide = begin.wide or Shape(rank=0)
        return replace(
            self, shape=begin.shape, wide_rank=wide.rank, wide_alpha=wide.alpha, norms=begin.norms, begin=begin
        )

    @property
    def has_factors(self) -> bool:
        """Whether it is one of two matrices whose product is added, with nothing else."""
        return self.shape.algorithm == "LoRA" and not self.shape.magnitude

    @property
    def method(self) -> str:
        """What people call it: a LoRA that is on convolutions too is a LoCon."""
        name = "LoCon" if self.shape.algorithm == "LoRA" and self.wide_rank else str(self.shape.algorithm)
        return f"{name} with DoRA" if self.shape.magnitude else name

    def rates(self, source: Source) -> BlockNumbers:
        """The factors of the learning rate on a denoiser. Raises `TrainingError`."""
        return _numbers("block_rates", self.block_rates, source)

    def ranks(self, source: Source) -> BlockNumbers:
        """The ranks of a denoiser's blocks. Raises `TrainingError`."""
        found = _numbers("block_ranks", self.block_ranks, source)
        if any(rank % 1 for rank in found.numbers.values()):
            raise TrainingError("Ranks are whole numbers: write such as down=8 mid=16 up=8.", option="block_ranks")
        return found


def _numbers(option: str, text: str, source: Source) -> BlockNumbers:
    try:
        return read_block_numbers(text, source.component, source.shapes)
    except BlockNumbersError as error:
        raise TrainingError(str(error), option=option) from error


def new_adapters(model: Model, clip: Clip, plan: AdapterPlan, seed: int) -> TrainedModel:
    """Adapters for a model's denoiser, and for its text encoders, if these are to learn.

    They change nothing yet, or what the file to begin with changes; what that has for text encoders that do not learn
    is on them, and stays as it is. Raises `TrainingError`.
    """
    check_plan(plan)
    draw, chance = torch.Generator().manual_seed(seed), Chance()
    known = plan.begin.fitted.kinds if plan.begin else {}
    denoiser, texts = _of_denoiser(model, plan, draw, chance), {}
    shape = partial(_shape, plan, wide=False, rank=plan.shape.rank)
    for encoder, source in text_sources(clip) if plan.text_rate else ():
        if known.get(encoder.name):
            texts[encoder.name] = TrainedAdapter.of(source, known[encoder.name], plan.dropout, chance)
        else:
            layers = target_text_layers(source.component.build(), plan.targets, plan.norms)
            texts[encoder.name] = TrainedAdapter.new(source, layers, shape, draw, plan.dropout, chance, encoder.patches)
    names = [encoder.name for encoder in clip.encoders if encoder.name not in texts]
    still = {name: known[name] for name in names if known.get(name)}
    clip = clip.patched({name: (AdapterPatch(kinds, 1.0),) for name, kinds in still.items()})
    return TrainedModel(denoiser, clip, texts, chance, plan.longest, still)


def rates(trained: TrainedModel, model: Model, adapter: AdapterPlan, learning_rate: float) -> dict[str, float]:
    """The greatest learning rate of each parameter of adapters, by its name. Raises `TrainingError`."""
    source = source_of(model)
    blocks = adapter.rates(source)
    found = dict.fromkeys(trained.of_texts, adapter.text_rate)
    for name in trained.denoiser.parameters:
        found[name] = learning_rate * blocks.of(source.component, name.rpartition(":")[0], 1.0)
    return {name: rate * adapter.loraplus_ratio if name.endswith(_UP) else rate for name, rate in found.items()}


def check_plan(plan: AdapterPlan) -> None:
    """Raise `TrainingError` for options that would do nothing."""
    shape = plan.shape
    if plan.dropout.within and not plan.has_factors:
        raise TrainingError(
            "Only LoRA without DoRA has ranks that can be left out: set this to 0, and use module_dropout.",
            option="dropout" if plan.dropout.neurons else "rank_dropout",
        )
    if plan.loraplus_ratio != 1 and shape.algorithm != "LoRA":
        raise TrainingError(
            "Only LoRA has a matrix that may learn faster than another: set this to 1.", option="loraplus_ratio"
        )
    if plan.longest and not plan.has_factors:
        raise TrainingError("Only LoRA without DoRA has a greatest length: set max_norm to 0.", option="adapter")
    if shape.magnitude and shape.algorithm not in DECOMPOSED:
        raise TrainingError("Only LoRA, LoHa and LoKr learn lengths apart: turn this off.", option="dora")
    if shape.stabilized and shape.algorithm not in SCALED:
        raise TrainingError(
            f"What {shape.algorithm} learns is not divided by a rank: turn rank_stabilized off.", option="adapter"
        )
    if shape.both and shape.algorithm != "LoKr":
        raise TrainingError("Only LoKr has two factors: turn decompose_both off.", option="adapter")
    if shape.tucker and (shape.algorithm not in DECOMPOSED or not (plan.wide_rank or plan.targets == "all layers")):
        raise TrainingError(
            "Only LoRA, LoHa and LoKr of convolutions have a core: set conv_rank, or turn tucker off.", option="adapter"
        )


def _of_denoiser(model: Model, plan: AdapterPlan, draw: torch.Generator, chance: Chance) -> TrainedAdapter:
    source = source_of(model)
    if plan.begin and plan.begin.fitted.kinds.get(UNET):
        return TrainedAdapter.of(source, plan.begin.fitted.kinds[UNET], plan.dropout, chance)
    component, network = source.component, source.component.build()
    block_rates, block_ranks = plan.rates(source), plan.ranks(source)
    layers = target_layers(network, plan.targets, convolutions=plan.wide_rank > 0, norms=plan.norms)
    if not layers:
        raise TrainingError(
            f"{model.family.label} has none of the layers '{plan.targets}': choose all layers.", option="targets"
        )
    for option, numbers in (("block_rates", block_rates), ("block_ranks", block_ranks)):
        layers = [layer for layer in layers if numbers.of(component, layer, 1.0)]
        if not layers:
            raise TrainingError("No block learns with these numbers: set one of them above 0.", option=option)

    def shape(layer: str) -> Shape:
        wide, rank = is_wide(network.get_submodule(layer)), block_ranks.of(component, layer, plan.shape.rank)
        return _shape(plan, layer, wide=wide, rank=int(rank))

    return TrainedAdapter.new(source, layers, shape, draw, plan.dropout, chance, model.patches)


def _shape(plan: AdapterPlan, layer: str, *, wide: bool, rank: int) -> Shape:
    """What an adapter of a rank is like on a layer; `wide` ones have another rank."""
    alpha = plan.shape.alpha
    if wide and plan.wide_rank:
        rank, alpha = plan.wide_rank, plan.wide_alpha
    on_input = plan.shape.algorithm == "IA3" and layer.endswith(_ON_INPUT)
    return replace(plan.shape, rank=rank, alpha=alpha, on_input=on_input)


def states_of(clip: Clip) -> States:
    """What a model's text encoders make of captions."""

    def states(text: str) -> tuple[torch.Tensor, Mapping[str, object]]:
        [[encoded, settings]] = clip.encode_tokens(clip.tokenize(text))
        return encoded, settings

    return states


def save_trained(
    path: Path,
    model: Model,
    trained: TrainedModel,
    metadata: Mapping[str, str],
    dtype: torch.dtype | None = None,
) -> None:
    """Write adapters as a file that other programs read: kohya's names of the layers, and LyCORIS' of the parts."""
    save_adapter(path, trained.kinds(), model, trained.clip, dtype=dtype, metadata=metadata)
