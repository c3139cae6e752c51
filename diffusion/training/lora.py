"""Training of adapters: which layers of a model learn, and the file that comes of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from diffusion.adapters import save_adapter
from diffusion.component import Source
from diffusion.model import Clip, Model
from diffusion.sampling.parameterization import Velocity
from diffusion.training.block_numbers import BlockNumbers, BlockNumbersError, read_block_numbers
from diffusion.training.dropout import Chance, Dropout
from diffusion.training.new_kinds import Shape
from diffusion.training.samples import Sample
from diffusion.training.targets import Targets, is_wide, target_layers, target_text_layers
from diffusion.training.trained_adapter import TrainedAdapter
from diffusion.training.trained_model import TrainedModel, source_of, text_sources
from diffusion.training.trainer import Plan, States, TrainingError

# What kohya's scripts call the families.
_BASE_VERSIONS = {
    "stable-diffusion-v1": "sd_v1",
    "stable-diffusion-v2": "sd_v2",
    "stable-diffusion-xl-v1-base": "sdxl_base_v1-0",
}
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

    @property
    def has_factors(self) -> bool:
        """Whether it is one of two matrices whose product is added, with nothing else."""
        return self.shape.algorithm == "LoRA" and not self.shape.magnitude

    def rates(self, source: Source) -> BlockNumbers:
        """The factors of the learning rate on a denoiser. Raises `AdapterPlanError`."""
        return _numbers("block_rates", self.block_rates, source)

    def ranks(self, source: Source) -> BlockNumbers:
        """The ranks of a denoiser's blocks. Raises `AdapterPlanError`."""
        found = _numbers("block_ranks", self.block_ranks, source)
        if any(rank % 1 for rank in found.numbers.values()):
            raise AdapterPlanError("block_ranks", "Ranks are whole numbers: write such as down=8 mid=16 up=8.")
        return found


class AdapterPlanError(TrainingError):
    """An adapter cannot be as it was asked for."""

    def __init__(self, option: str, message: str) -> None:
        """The message says why, and what to do."""
        super().__init__(message, option)


def _numbers(option: str, text: str, source: Source) -> BlockNumbers:
    try:
        return read_block_numbers(text, source.component, source.shapes)
    except BlockNumbersError as error:
        raise AdapterPlanError(option, str(error)) from error


def new_adapter(model: Model, plan: AdapterPlan, seed: int) -> TrainedAdapter:
    """An adapter for the model's denoiser that changes nothing yet. Raises `TrainingError`."""
    return _of_denoiser(model, plan, torch.Generator().manual_seed(seed), Chance())


def new_adapters(model: Model, clip: Clip, plan: AdapterPlan, seed: int) -> TrainedModel:
    """The same with adapters for the text encoders, if these are to learn, and with dropouts."""
    draw, chance = torch.Generator().manual_seed(seed), Chance()
    denoiser, texts = _of_denoiser(model, plan, draw, chance), {}
    shape = partial(_shape, plan, wide=False, rank=plan.shape.rank)
    for encoder, source in text_sources(clip) if plan.text_rate else ():
        layers = target_text_layers(source.component.build(), plan.targets)
        texts[encoder.name] = TrainedAdapter.new(source, layers, shape, draw, plan.dropout, chance, encoder.patches)
    return TrainedModel(denoiser, clip, texts, chance)


def rates(trained: TrainedModel, model: Model, adapter: AdapterPlan, learning_rate: float) -> dict[str, float]:
    """The greatest learning rate of each parameter of adapters, by its name. Raises `TrainingError`."""
    source = source_of(model)
    blocks = adapter.rates(source)
    found = dict.fromkeys(trained.of_texts, adapter.text_rate)
    for name in trained.denoiser.parameters:
        found[name] = learning_rate * blocks.of(source.component, name.rpartition(":")[0], 1.0)
    return {name: rate * adapter.loraplus_ratio if name.endswith(_UP) else rate for name, rate in found.items()}


def _of_denoiser(model: Model, plan: AdapterPlan, draw: torch.Generator, chance: Chance) -> TrainedAdapter:
    if plan.dropout.within and not plan.has_factors:
        option = "dropout" if plan.dropout.neurons else "rank_dropout"
        raise AdapterPlanError(
            option, "Only LoRA without DoRA has ranks that can be left out: set this to 0, and use module_dropout."
        )
    if plan.loraplus_ratio != 1 and plan.shape.algorithm != "LoRA":
        raise AdapterPlanError(
            "loraplus_ratio", "Only LoRA has a matrix that may learn faster than another: set this to 1."
        )
    source = source_of(model)
    component, network = source.component, source.component.build()
    block_rates, block_ranks = plan.rates(source), plan.ranks(source)
    layers = target_layers(network, plan.targets, convolutions=plan.wide_rank > 0)
    if not layers:
        raise TrainingError(
            f"{model.family.label} has none of the layers '{plan.targets}': choose all layers.", option="targets"
        )
    for option, numbers in (("block_rates", block_rates), ("block_ranks", block_ranks)):
        layers = [layer for layer in layers if numbers.of(component, layer, 1.0)]
        if not layers:
            raise AdapterPlanError(option, "No block learns with these numbers: set one of them above 0.")

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


def metadata_of(
    name: str,
    model: Model,
    adapter: AdapterPlan,
    plan: Plan,
    samples: Sequence[Sample],
    steps: int,
    last_layer: int | None = None,
) -> dict[str, str]:
    """What a file says of its training, under the keys of kohya's scripts and of ModelSpec.

    last_layer: of text encoders, as `Clip` has it.
    """
    shape = adapter.shape
    tags: dict[str, Counter[str]] = {}
    for sample in samples:
        counts = tags.setdefault(sample.concept, Counter())
        counts.update(tag.strip() for tag in sample.caption.split(plan.captions.separator) if tag.strip())
    entries: dict[str, object] = {
        "ss_output_name": name,
        "ss_network_module": "networks.lora" if adapter.has_factors else "lycoris.kohya",
        "ss_network_dim": shape.rank,
        "ss_network_alpha": shape.alpha,
        "ss_network_dropout": adapter.dropout.neurons or None,
        "ss_network_args": json.dumps(_arguments(adapter)),
        "ss_v2": model.family.id == "stable-diffusion-v2",
        "ss_base_model_version": _base_version(model),
        "ss_learning_rate": plan.learning_rate,
        "ss_unet_lr": plan.learning_rate,
        "ss_text_encoder_lr": adapter.text_rate or None,
        "ss_clip_skip": None if last_layer is None else -last_layer,
        "ss_lr_scheduler": plan.schedule.shape,
        "ss_lr_warmup_steps": plan.schedule.warmup,
        "ss_optimizer": plan.optimizer,
        "ss_max_grad_norm": plan.clip,
        "ss_seed": plan.seed,
        "ss_steps": steps,
        "ss_max_train_steps": steps,
        "ss_total_batch_size": plan.batch,
        "ss_gradient_accumulation_steps": plan.accumulation,
        "ss_num_train_images": sum(sample.repeats for sample in samples),
        "ss_resolution": _resolution(samples),
        "ss_noise_offset": plan.objective.noise_offset,
        "ss_multires_noise_iterations": plan.objective.multires_iterations,
        "ss_multires_noise_discount": plan.objective.multires_discount,
        "ss_ip_noise_gamma": plan.objective.input_perturbation,
        "ss_min_snr_gamma": plan.objective.gamma if plan.objective.weighting == "min-SNR" else None,
        "ss_loss_type": plan.objective.loss,
        "ss_keep_tokens": plan.captions.keep_tokens,
        "ss_shuffle_caption": plan.captions.shuffle,
        "ss_caption_dropout_rate": plan.captions.dropout,
        "ss_caption_tag_dropout_rate": plan.captions.tag_dropout,
        "ss_tag_frequency": json.dumps({concept: dict(counts) for concept, counts in tags.items()}),
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": f"{model.family.id}/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.title": name,
        "modelspec.prediction_type": "v" if isinstance(model.parameterization, Velocity) else "epsilon",
    }
    return {key: str(value) for key, value in entries.items()}


def _arguments(adapter: AdapterPlan) -> dict[str, object]:
    """What kohya's scripts and LyCORIS are told with the network, by the names that they have for it."""
    shape, dropout = adapter.shape, adapter.dropout
    found: dict[str, object] = {}
    if not adapter.has_factors:
        found |= {"algo": shape.algorithm.lower(), "dora_wd": shape.magnitude}
    if adapter.wide_rank:
        found |= {"conv_dim": adapter.wide_rank, "conv_alpha": adapter.wide_alpha}
    if adapter.loraplus_ratio != 1:
        found["loraplus_lr_ratio"] = adapter.loraplus_ratio
    given = {
        "rank_dropout": dropout.ranks,
        "module_dropout": dropout.modules,
        "block_lr": adapter.block_rates.strip(),
        "block_dims": adapter.block_ranks.strip(),
    }
    return found | {name: value for name, value in given.items() if value}


def _base_version(model: Model) -> str:
    named = _BASE_VERSIONS.get(model.family.id, model.family.id)
    return f"{named}_v" if named == "sd_v2" and isinstance(model.parameterization, Velocity) else named


def _resolution(samples: Sequence[Sample]) -> str:
    """The largest size that pictures were trained at, as kohya's scripts write it."""
    sizes = [(each.settings.get("target_width", 0), each.settings.get("target_height", 0)) for each in samples]
    return str(max(sizes, key=lambda size: size[0] * size[1], default=(0, 0)))
