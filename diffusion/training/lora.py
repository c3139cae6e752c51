"""Training of adapters: which layers of a model learn, and the file that comes of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from diffusion.adapters import UNET, Kind, save_adapter
from diffusion.adapters.patches import AdapterPatch
from diffusion.model import Clip, Model
from diffusion.sampling.parameterization import Velocity
from diffusion.training.new_kinds import Shape
from diffusion.training.samples import Sample
from diffusion.training.targets import Targets, is_wide, target_layers
from diffusion.training.trained_adapter import TrainedAdapter
from diffusion.training.trainer import Plan, States, TrainingError

# What kohya's scripts call the families.
_BASE_VERSIONS = {
    "stable-diffusion-v1": "sd_v1",
    "stable-diffusion-v2": "sd_v2",
    "stable-diffusion-xl-v1-base": "sdxl_base_v1-0",
}


@dataclass(frozen=True)
class AdapterPlan:
    """What an adapter is like: its shape, on which layers, and with another rank on convolutions.

    wide_rank: of convolutions of more than one pixel; 0 leaves them out (LoRA), more makes a LoCon.
    """

    shape: Shape = field(default_factory=Shape)
    targets: Targets = "attention and feed-forward"
    wide_rank: int = 0
    wide_alpha: float = 1.0


def new_adapter(model: Model, plan: AdapterPlan, seed: int) -> TrainedAdapter:
    """An adapter for the model's denoiser that changes nothing yet. Raises `TrainingError`."""
    source = model.source
    if source is None:
        raise TrainingError("The weights of this model do not come from a file, so that nothing can be trained on it.")
    network = source.component.build()
    layers = target_layers(network, plan.targets, convolutions=plan.wide_rank > 0)
    if not layers:
        raise TrainingError(f"{model.family.label} has none of the layers '{plan.targets}': choose all layers.")
    wide = {layer for layer in layers if is_wide(network.get_submodule(layer))}

    def shape(layer: str) -> Shape:
        on_input = plan.shape.algorithm == "IA3" and layer.endswith("ff.net.2")
        rank, alpha = plan.shape.rank, plan.shape.alpha
        if layer in wide and plan.wide_rank:
            rank, alpha = plan.wide_rank, plan.wide_alpha
        return Shape(plan.shape.algorithm, rank, alpha, plan.shape.factor, plan.shape.magnitude, on_input)

    return TrainedAdapter.new(source, layers, shape, torch.Generator().manual_seed(seed))


def states_of(clip: Clip) -> States:
    """What a model's text encoders make of captions."""

    def states(text: str) -> tuple[torch.Tensor, Mapping[str, object]]:
        [[encoded, settings]] = clip.encode_tokens(clip.tokenize(text))
        return encoded, settings

    return states


def adapted(model: Model, kinds: Mapping[str, Kind], strength: float = 1.0) -> Model:
    """The model with what was learned."""
    return model.patched(AdapterPatch(kinds, strength))


def save_trained(
    path: Path, model: Model, kinds: Mapping[str, Kind], metadata: Mapping[str, str], dtype: torch.dtype | None = None
) -> None:
    """Write the adapter as a file that other programs read: kohya's names of the layers, and LyCORIS' of the parts."""
    save_adapter(path, {UNET: kinds}, model, dtype=dtype, metadata=metadata)


def metadata_of(
    name: str, model: Model, adapter: AdapterPlan, plan: Plan, samples: Sequence[Sample], steps: int
) -> dict[str, str]:
    """What a file says of its training, under the keys of kohya's scripts and of ModelSpec."""
    shape = adapter.shape
    plain = shape.algorithm == "LoRA" and not shape.magnitude
    arguments: dict[str, object] = {} if plain else {"algo": shape.algorithm.lower(), "dora_wd": shape.magnitude}
    if adapter.wide_rank:
        arguments |= {"conv_dim": adapter.wide_rank, "conv_alpha": adapter.wide_alpha}
    tags: dict[str, Counter[str]] = {}
    for sample in samples:
        counts = tags.setdefault(sample.concept, Counter())
        counts.update(tag.strip() for tag in sample.caption.split(plan.captions.separator) if tag.strip())
    entries: dict[str, object] = {
        "ss_output_name": name,
        "ss_network_module": "networks.lora" if plain else "lycoris.kohya",
        "ss_network_dim": shape.rank,
        "ss_network_alpha": shape.alpha,
        "ss_network_args": json.dumps(arguments),
        "ss_v2": model.family.id == "stable-diffusion-v2",
        "ss_base_model_version": _base_version(model),
        "ss_learning_rate": plan.learning_rate,
        "ss_unet_lr": plan.learning_rate,
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


def _base_version(model: Model) -> str:
    named = _BASE_VERSIONS.get(model.family.id, model.family.id)
    return f"{named}_v" if named == "sd_v2" and isinstance(model.parameterization, Velocity) else named


def _resolution(samples: Sequence[Sample]) -> str:
    """The largest size that pictures were trained at, as kohya's scripts write it."""
    sizes = [(each.settings.get("target_width", 0), each.settings.get("target_height", 0)) for each in samples]
    return str(max(sizes, key=lambda size: size[0] * size[1], default=(0, 0)))
