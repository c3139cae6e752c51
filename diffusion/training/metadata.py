"""What trained files say of themselves: under the keys of kohya's scripts (`ss_…`), and of the ModelSpec standard.

Two runs with the same settings write the same bytes, so nothing is said that depends on the clock or on chance: neither
when the training was (`ss_training_started_at`, `ss_training_finished_at`, `modelspec.date`), nor the whole hash of the
model's file (`ss_new_sd_model_hash`), which is not always known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from diffusion.families.stable_diffusion import ARCHITECTURE
from diffusion.model import Model
from diffusion.sampling.parameterization import Epsilon, Velocity
from diffusion.saving import NOISE_ALONE
from diffusion.training.buckets import Buckets
from diffusion.training.learning_rate import LearningRate
from diffusion.training.lora import AdapterPlan
from diffusion.training.new_kinds import Algorithm
from diffusion.training.optimizer_arguments import read_arguments
from diffusion.training.picture_metadata import concepts, of_pictures, triggers
from diffusion.training.samples import Order, Sample
from diffusion.training.trainer import Plan

NAMED, STEPS = "ss_output_name", "ss_steps"
ESSENTIAL = (
    NAMED,
    STEPS,
    "ss_v2",
    "ss_base_model_version",
    "ss_network_module",
    "ss_network_dim",
    "ss_network_alpha",
    "ss_network_args",
    "modelspec.sai_model_spec",
    ARCHITECTURE,
    "modelspec.implementation",
    "modelspec.title",
    "modelspec.resolution",
    "modelspec.prediction_type",
)
"""What programs need to use a file, and what we need to know our own ones: kept where nothing else is to be told."""

_BASE_VERSIONS = {
    "stable-diffusion-v1": "sd_v1",
    "stable-diffusion-v2": "sd_v2",
    "stable-diffusion-xl-v1-base": "sdxl_base_v1-0",
    "flux-1": "flux1",
}
_PRECISIONS = {torch.float32: "no", torch.float16: "fp16", torch.bfloat16: "bf16"}
# Where they have other names than ours.
_ALGORITHMS: dict[Algorithm, str] = {"OFT": "diag-oft"}
_SCHEDULERS = {"inverse_square_root": "inverse_sqrt", "piecewise": "piecewise_constant"}


@dataclass(frozen=True)
class Training:
    """A training, as far as its files tell of it.

    name: of the file. buckets: the sizes that its pictures were brought to. last_layer: of the text encoders, as `Clip`
    has it. checkpointed: whether gradients were checkpointed. more: further entries, such as the model's file.
    """

    name: str
    model: Model
    plan: Plan
    samples: Sequence[Sample]
    buckets: Buckets = field(default_factory=lambda: Buckets((512, 512)))
    last_layer: int | None = None
    checkpointed: bool = False
    more: Mapping[str, str] = field(default_factory=dict)


def metadata_of(training: Training, steps: int, kind: str = "", text_rate: float = 0.0) -> dict[str, str]:
    """What a file says of the training that made it, after so many steps; what does not hold is None, as kohya has it.

    kind: what it is of its model, as ModelSpec has it ("lora", "textual-inversion", "controlnet"); none is the whole.
    text_rate: the learning rate of text encoders.
    """
    entries = {
        NAMED: training.name,
        STEPS: steps,
        **_of_model(training),
        **_of_learning(training, steps, text_rate),
        **_of_objective(training.plan),
        **_of_captions(training.plan),
        **of_pictures(training.samples, training.buckets, training.plan.captions, training.plan.batch),
        **_specification(training, kind),
    }
    return {key: str(value) for key, value in entries.items()} | dict(training.more)


def adapter_metadata(training: Training, adapter: AdapterPlan, steps: int) -> dict[str, str]:
    """The same of an adapter's file, which also says what it is like."""
    shape = adapter.shape
    entries = {
        "ss_network_module": "networks.lora" if _is_plain(adapter) else "lycoris.kohya",
        "ss_network_dim": shape.rank,
        "ss_network_alpha": shape.alpha,
        "ss_network_dropout": adapter.dropout.neurons or None,
        "ss_network_args": json.dumps(_arguments(adapter)),
        "ss_scale_weight_norms": adapter.longest or None,
    }
    return metadata_of(training, steps, "lora", adapter.text_rate) | {key: str(value) for key, value in entries.items()}


def extracted_metadata(training: Training, steps: int, rank: int, text_rate: float) -> dict[str, str]:
    """The same of a LoRA that holds what all weights of a model have learned."""
    entries = {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(rank),
        "ss_network_alpha": str(rank),
        "ss_network_args": "{}",
    }
    return metadata_of(training, steps, "lora", text_rate) | entries


def base_metadata(model: Model) -> dict[str, str]:
    """What an adapter is for, so that the WebUI shows it with models of that kind."""
    version = _BASE_VERSIONS.get(model.family.id, model.family.id)
    velocity = version == "sd_v2" and isinstance(model.parameterization, Velocity)
    return {
        "ss_v2": str(model.family.id.startswith("stable-diffusion-v2")),
        "ss_base_model_version": f"{version}_v" if velocity else version,
    }


def essential(entries: Mapping[str, str]) -> dict[str, str]:
    """What is left where a file is to tell nothing of pictures, captions and settings."""
    return {key: text for key, text in entries.items() if key in ESSENTIAL}


def _is_plain(adapter: AdapterPlan) -> bool:
    """Whether kohya's scripts have it without LyCORIS."""
    return adapter.has_factors and not adapter.norms and not adapter.shape.tucker


def _arguments(adapter: AdapterPlan) -> dict[str, object]:
    """What kohya's scripts and LyCORIS are told with the network, by the names that they have for it."""
    shape, dropout = adapter.shape, adapter.dropout
    found: dict[str, object] = {}
    if not _is_plain(adapter):
        algorithm = _ALGORITHMS.get(shape.algorithm, shape.algorithm.lower())
        found |= {"algo": algorithm, "dora_wd": shape.magnitude}
    if shape.algorithm == "LoKr":
        found["factor"] = shape.factor
    if adapter.wide_rank:
        found |= {"conv_dim": adapter.wide_rank, "conv_alpha": adapter.wide_alpha}
    if adapter.loraplus_ratio != 1:
        found["loraplus_lr_ratio"] = adapter.loraplus_ratio
    given = {
        "rank_dropout": dropout.ranks,
        "module_dropout": dropout.modules,
        "block_lr": adapter.block_rates.strip(),
        "block_dims": adapter.block_ranks.strip(),
        "train_norm": adapter.norms,
        "rs_lora": shape.stabilized,
        "decompose_both": shape.both,
        "use_tucker": shape.tucker,
    }
    return found | {name: value for name, value in given.items() if value}


def _of_model(training: Training) -> dict[str, object]:
    model = training.model
    velocity = isinstance(model.parameterization, Velocity)
    return {
        **base_metadata(model),
        "ss_clip_skip": None if training.last_layer is None else -training.last_layer,
        "ss_zero_terminal_snr": velocity and model.schedule.sigma_max > NOISE_ALONE,
    }


def _of_learning(training: Training, steps: int, text_rate: float) -> dict[str, object]:
    plan = training.plan
    batches, total = Order(training.samples, plan.batch, plan.seed).per_epoch, plan.schedule.total
    return {
        "ss_learning_rate": plan.learning_rate,
        "ss_unet_lr": plan.learning_rate,
        "ss_text_encoder_lr": text_rate or None,
        "ss_lr_scheduler": _scheduler(plan.schedule),
        "ss_lr_warmup_steps": plan.schedule.warmup,
        "ss_optimizer": _optimizer(plan),
        "ss_max_grad_norm": plan.clip,
        "ss_seed": plan.seed,
        "ss_max_train_steps": total,
        "ss_num_batches_per_epoch": batches,
        "ss_num_epochs": _epochs(total, plan, batches),
        "ss_epoch": _epochs(steps, plan, batches),
        "ss_batch_size_per_device": plan.batch,
        "ss_total_batch_size": plan.batch * plan.accumulation,
        "ss_gradient_accumulation_steps": plan.accumulation,
        "ss_gradient_checkpointing": training.checkpointed,
        "ss_mixed_precision": _precision(training),
        "ss_full_fp16": False,  # what is trained is in float32 always
    }


def _epochs(steps: int, plan: Plan, batches: int) -> int:
    """How many epochs so many steps have begun."""
    return -(-steps * plan.accumulation // batches)


def _optimizer(plan: Plan) -> str:
    options = {"weight_decay": plan.weight_decay, **read_arguments(plan.optimizer, plan.optimizer_arguments)}
    return f"{plan.optimizer}({','.join(f'{name}={value}' for name, value in options.items())})"


def _scheduler(rate: LearningRate) -> str:
    name = rate.shape.replace(" ", "_")
    return "constant_with_warmup" if name == "constant" and rate.warmup else _SCHEDULERS.get(name, name)


def _precision(training: Training) -> str:
    asked = {"float16": "fp16", "bfloat16": "bf16"}.get(training.plan.precision)
    source = training.model.source
    return asked or (_PRECISIONS.get(source.dtype, "no") if source else "no")


def _of_objective(plan: Plan) -> dict[str, object]:
    asked = plan.objective
    return {
        "ss_noise_offset": asked.noise_offset,
        "ss_multires_noise_iterations": asked.multires_iterations,
        "ss_multires_noise_discount": asked.multires_discount,
        "ss_adaptive_noise_scale": None,
        "ss_ip_noise_gamma": asked.input_perturbation,
        "ss_min_snr_gamma": asked.gamma if asked.weighting == "min-SNR" else None,
        "ss_debiased_estimation": asked.weighting == "debiased",
        "ss_loss_type": asked.loss.replace(" ", "_"),
        "ss_huber_schedule": asked.huber_schedule,
        "ss_huber_c": asked.huber_c,
    }


def _of_captions(plan: Plan) -> dict[str, object]:
    rules = plan.captions
    return {
        "ss_shuffle_caption": rules.shuffle,
        "ss_keep_tokens": rules.keep_tokens,
        "ss_caption_dropout_rate": rules.dropout,
        "ss_caption_dropout_every_n_epochs": 0,
        "ss_caption_tag_dropout_rate": rules.tag_dropout,
    }


def _specification(training: Training, kind: str) -> dict[str, str]:
    """What ModelSpec wants to know (version 1.0.1)."""
    model, objective = training.model, training.plan.objective
    predictions: dict[type, str] = {Velocity: "v", Epsilon: "epsilon"}
    width, height = training.buckets.size
    first, last = objective.first_timestep, objective.last_timestep
    whole = first == 0 and last >= len(model.schedule.sigmas) - 1
    entries = {
        "sai_model_spec": "1.0.1",
        "architecture": f"{model.family.id}/{kind}" if kind else model.family.id,
        "implementation": "diffusers" if kind else "sgm",
        "title": training.name,
        "resolution": f"{width}x{height}",
        "prediction_type": predictions.get(type(model.parameterization)),
        "encoder_layer": None if training.last_layer is None else str(-training.last_layer),
        "timestep_range": None if whole else f"{first},{last + 1}",
        "tags": ", ".join(concepts(training.samples)),
        "trigger_phrase": ", ".join(triggers(training.samples, training.plan.captions)),
    }
    return {f"modelspec.{name}": text for name, text in entries.items() if text}
