"""Writing models, with all changes of their weights, as the files that other programs and `diffusion.checkpoint` read.

Safetensors in the layout of the family's checkpoints (LDM's names). The metadata follows the Stability AI model
metadata standard (`modelspec.…`), and says what shapes cannot where networks have other sizes than the released ones.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion.component import Component, Patches, Source, changes_of
from diffusion.families.clip_text import NAME, Layout, text_component
from diffusion.families.family import Family
from diffusion.families.stable_diffusion import ARCHITECTURE, VELOCITY, ZERO_SNR
from diffusion.families.t5_text import NAME as T5
from diffusion.families.t5_text import t5_component
from diffusion.model import Clip, Model, TextEncoder, Vae
from diffusion.sampling.parameterization import Epsilon, Parameterization, Velocity
from diffusion.weights import WeightsError, save_weights

TRANSFORMERS = Layout(open_clip=False, inner="text_model.")
NOISE_ALONE = 1000  # a last level above this has no picture left: training reached zero signal


def save_checkpoint(
    path: Path,
    model: Model,
    clip: Clip | None = None,
    vae: Vae | None = None,
    *,
    dtype: torch.dtype | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a checkpoint of a model, and of its text encoders and VAE where they are given.

    dtype: of all weights; None keeps each in the number format that its file has. metadata: further entries.

    Raises `WeightsError`, and writes nothing, for weights that are not finite (or are too large for `dtype`), and for
    parts that do not belong to the model's family.
    """
    tensors = _markers(model.parameterization)
    texts = _specification(model)
    source = _source(model.source, "model")
    tensors |= _written(source, source.component.written or source.component, model.patches, dtype)
    texts |= denoiser_config(model.config)
    if clip is not None:
        for encoder in clip.encoders:
            source = _source(encoder.source, "text encoder")
            target, entry = _place(model.family, encoder, source)
            tensors |= _written(source, target, encoder.patches, dtype)
            texts[entry] = _heads(source)
    if vae is not None:
        source = _source(vae.source, "VAE")
        target = replace(source.component, prefix=model.family.vae_prefix)
        tensors |= _written(source, target, vae.patches, dtype)
        texts["vae_config"] = _groups(source)
    save_weights(path, tensors, {**texts, **(metadata or {})})


def check_parts(model: Model, clip: Clip, vae: Vae) -> None:
    """Raise the `WeightsError` that `save_checkpoint` would raise for parts that it cannot write together."""
    _source(model.source, "model")
    _source(vae.source, "VAE")
    for encoder in clip.encoders:
        _place(model.family, encoder, _source(encoder.source, "text encoder"))


def save_text_encoder(
    path: Path, encoder: TextEncoder, *, dtype: torch.dtype | None = None, metadata: Mapping[str, str] | None = None
) -> None:
    """Write one text encoder in transformers' layout. Raises `WeightsError`."""
    source = _source(encoder.source, "text encoder")
    config = source.component.config
    target = t5_component("", config) if encoder.name == T5 else text_component("", config, TRANSFORMERS)
    tensors = _written(source, target, encoder.patches, dtype)
    texts = {NAME: encoder.name, "text_config": _heads(source), "text_config_2": _heads(source)}
    save_weights(path, tensors, {**texts, **(metadata or {})})


def save_vae(
    path: Path, vae: Vae, *, dtype: torch.dtype | None = None, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a VAE under the names that it has in a checkpoint, without their prefix. Raises `WeightsError`."""
    source = _source(vae.source, "VAE")
    tensors = _written(source, source.component, vae.patches, dtype)
    bare = {name.removeprefix(source.component.prefix): tensor for name, tensor in tensors.items()}
    texts = {"vae_config": _groups(source)} if "norm_num_groups" in source.component.config else {}
    save_weights(path, bare, {**texts, **(metadata or {})})


def _written(source: Source, target: Component, patches: Patches, dtype: torch.dtype | None) -> dict[str, Tensor]:
    """The weights under patches, as a file of the target's layout has them."""
    exact = replace(source, dtype=torch.float32, device=torch.device("cpu"), rounded=None, stored=None)
    changes = changes_of(patches)
    tensors: dict[str, Tensor] = {}
    for name in source.shapes:
        stored = source.weights[source.component.entry(name).name]
        exactly = dtype is None and name not in changes
        value = _stored_value(source, name) if exactly else exact.tensor(name, changes.get(name, ()))
        tensors[name] = value.cpu().to(dtype or stored.dtype)
        if not tensors[name].float().isfinite().all():
            raise WeightsError(
                f"The {source.component.title} was not saved: {name} has values that are not finite as "
                f"{str(tensors[name].dtype).removeprefix('torch.')}. Save it in another number format, or look at what "
                "has changed it."
            )
    beside = {name: source.weights[name] for name in target.beside if name in source.weights}
    return target.to_file(tensors) | beside


def _stored_value(source: Source, name: str) -> Tensor:
    """A tensor of the network as its file has it, memory-mapped."""
    entry = source.component.entry(name)
    return entry.read(source.weights[entry.name]).reshape(source.shapes[name])


def _source(source: Source | None, title: str) -> Source:
    if source is None:
        raise WeightsError(
            f"There is no {title} here that can be saved (a TAESD cannot): connect one that was loaded from a file."
        )
    return source


def _place(family: Family, encoder: TextEncoder, source: Source) -> tuple[Component, str]:
    """How the family's checkpoints keep the encoder, and the entry of the metadata for it."""
    for place in family.places:
        if place.name == encoder.name:
            return place.written(source.component.config), place.config
    raise WeightsError(f"The text encoder does not belong to {family.label}: connect the one of the model.")


def _markers(parameterization: Parameterization) -> dict[str, Tensor]:
    """The tensors that say what the model predicts, as other programs know them."""
    if not isinstance(parameterization, Velocity):
        return {}
    zero_snr = parameterization.schedule.sigma_max > NOISE_ALONE
    return {VELOCITY: torch.tensor([]), **({ZERO_SNR: torch.tensor([])} if zero_snr else {})}


def _specification(model: Model) -> dict[str, str]:
    names: dict[type, str] = {Velocity: "v", Epsilon: "epsilon"}
    prediction = names.get(type(model.parameterization))
    return {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.implementation": "sgm",
        ARCHITECTURE: model.family.id,
        **({"modelspec.prediction_type": prediction} if prediction else {}),
    }


def denoiser_config(config: Mapping[str, Any]) -> dict[str, str]:
    """The entry of the metadata that says of a denoiser what its shapes cannot."""
    if "block_out_channels" not in config:
        return {"transformer_config": json.dumps({"num_attention_heads": config["num_attention_heads"]})}
    heads = config["attention_head_dim"]
    one = {"num_heads": heads}
    if not isinstance(heads, int):
        one = {"num_head_channels": config["block_out_channels"][0] // heads[0]}
    size = "addition_time_embed_dim"
    told = {size: config[size]} if size in config else {}
    return {"unet_config": json.dumps({**one, "norm_num_groups": config["norm_num_groups"], **told})}


def _heads(source: Source) -> str:
    config = source.component.config
    return json.dumps({name: config[name] for name in ("num_attention_heads",) if name in config})  # T5's are told


def _groups(source: Source) -> str:
    return json.dumps({"norm_num_groups": source.component.config["norm_num_groups"]})
