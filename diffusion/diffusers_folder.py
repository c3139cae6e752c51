"""Models in diffusers' layout: a folder with a part in each of its folders, whose weights may be in several files.

Their tensors are brought to the names that they have in a checkpoint; the configurations become what a checkpoint's
metadata would say.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from diffusion.checkpoint import Checkpoint, Format, handles, reads
from diffusion.families import FAMILIES
from diffusion.families.family import Place
from diffusion.families.layouts import Opened, denoiser_as_in_checkpoint, vae_as_in_checkpoint
from diffusion.families.stable_diffusion import ZERO_SNR
from diffusion.families.t5_text import NAME as T5
from diffusion.families.unclip import STATISTICS
from diffusion.weights import Header, WeightsError, load_weights, read_header

INDEX = "model_index.json"
STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")
DENOISERS = ("unet", "transformer")
VARIANTS = ("", ".fp16")
CLIP = ("CLIPTextModel", "CLIPTextModelWithProjection")


def load_folder(
    folder: Path,
    *,
    embedding_folders: Sequence[Path] = (),
    device: torch.device | None = None,
    number_format: Format | None = None,
) -> Checkpoint:
    """Open a folder with `model_index.json`, `unet` or `transformer`, up to three text encoders, and `vae`; all but the
    first two may miss. T5's tokenizer is taken from the folder. number_format: of the denoiser.

    Raises `WeightsError` for one that is incomplete, or of a family that is not supported.
    """
    tokenizers = (folder / "tokenizer_2", folder / "tokenizer_3")
    return handles(_opened(folder), embedding_folders, tokenizers, device, number_format)


def _opened(folder: Path) -> Opened:
    pipeline = _json(folder / INDEX).get("_class_name", "an unknown kind")
    denoiser = next((folder / name for name in DENOISERS if (folder / name).is_dir()), None)
    if denoiser is None:
        raise WeightsError(
            f"{folder.name} has neither a UNet nor a transformer (it is a {pipeline}): choose another model."
        )
    parts = [denoiser_as_in_checkpoint(_weights(denoiser))]
    config = _json(denoiser / "config.json")
    metadata = {"transformer_config": _kept(config, "num_attention_heads")}
    if denoiser.name == "unet":
        metadata = {"unet_config": _unet_config(config)}
    for place, part in _text_encoders(folder):
        metadata[place.config] = _kept(_json(part / "config.json"), "num_attention_heads")
        parts.append(_weights(part).renamed(lambda name, place=place: place.prefix + name))  # type: ignore[misc]
    if (folder / "vae").is_dir():
        metadata["vae_config"] = _kept(_json(folder / "vae" / "config.json"), "norm_num_groups")
        parts.append(vae_as_in_checkpoint(_weights(folder / "vae")))
    if (folder / "image_normalizer").is_dir():
        parts.append(_weights(folder / "image_normalizer").renamed(lambda name: STATISTICS.get(name)))
    texts = {name: json.dumps(value) for name, value in metadata.items()} | _prediction(folder)
    return _together(Path(folder), parts, texts)


def _text_encoders(folder: Path) -> Iterator[tuple[Place, Path]]:
    """The folders of the text encoders, and their places in a checkpoint of the family that has just these."""
    folders = {}
    for part in (folder / "text_encoder", folder / "text_encoder_2", folder / "text_encoder_3"):
        if part.is_dir():
            folders[_encoder_name(part)] = part
    if not folders:
        return
    family = next((family for family in FAMILIES if reads(family, set(folders))), None)
    if family is None:
        raise WeightsError(f"{folder.name} has text encoders that no supported model has together.")
    for place in family.places:
        if place.name in folders:
            yield place, folders[place.name]


def _encoder_name(part: Path) -> str:
    config = _json(part / "config.json")
    kind = (config.get("architectures") or ["CLIPTextModel"])[0]
    if kind == "T5EncoderModel":
        return T5
    if kind not in CLIP:
        raise WeightsError(f"{part.parent.name} has a text encoder {kind}, which is not supported yet.")
    quick = config.get("hidden_act", "quick_gelu") == "quick_gelu"
    return "g" if part.name.endswith("_2") else "l" if quick else "h"


def _unet_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the tensors of a UNet do not tell."""
    kept = _kept(config, "norm_num_groups", "addition_time_embed_dim")
    heads = config.get("num_attention_heads") or config.get("attention_head_dim", 8)  # diffusers takes it so
    if isinstance(heads, int):
        return {**kept, "num_heads": heads}
    [channels, *others] = {width // count for width, count in zip(config["block_out_channels"], heads, strict=True)}
    if others:
        raise WeightsError("The UNet has heads of several sizes, which is not supported yet.")
    return {**kept, "num_head_channels": channels}


def _prediction(folder: Path) -> dict[str, str]:
    path = folder / "scheduler" / "scheduler_config.json"
    if not path.is_file():
        return {}
    config = _json(path)
    zero_snr = {ZERO_SNR: "true"} if config.get("rescale_betas_zero_snr") else {}
    return {"prediction_type": str(config.get("prediction_type", "epsilon")), **zero_snr}


def _weights(folder: Path) -> Opened:
    """The tensors of a part, from one file or several; those of full precision where there are both."""
    for ending in ("safetensors", "bin"):
        for variant in VARIANTS:
            for stem in STEMS:
                whole = folder / f"{stem}{variant}.{ending}"
                if whole.is_file():
                    return Opened(read_header(whole), load_weights(whole))
                index = folder / f"{stem}.{ending}.index{variant}.json"
                if index.is_file():
                    return _shards(index)
    raise WeightsError(f"The folder {folder.parent.name}/{folder.name} holds no weights: get the model again.")


def _shards(index: Path) -> Opened:
    names = sorted(set(_json(index).get("weight_map", {}).values()))
    if not names or any(Path(name).name != name for name in names):
        raise WeightsError(f"{index.name} does not list the files of the weights: get the model again.")
    paths = [index.parent / name for name in names]
    return _together(index, [Opened(read_header(path), load_weights(path)) for path in paths], {})


def _together(path: Path, files: Sequence[Opened], metadata: Mapping[str, str]) -> Opened:
    tensors = {name: info for file in files for name, info in file.header.tensors.items()}
    weights = {name: tensor for file in files for name, tensor in file.weights.items()}
    return Opened(Header(path, tensors, metadata), weights)


def _kept(config: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: config[name] for name in names if config.get(name) is not None}


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsError(f"{path.parent.name} has no {path.name}: get the model again.") from None
    except ValueError:
        raise WeightsError(f"{path.parent.name}/{path.name} is not JSON: get the model again.") from None
    if not isinstance(value, dict):
        raise WeightsError(f"{path.parent.name}/{path.name} is not JSON: get the model again.")
    return value
