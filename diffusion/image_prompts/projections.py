"""How IP-Adapters make tokens of what CLIP sees in a picture (Ye et al. 2023, arXiv 2308.06721).

Each is a function of the weights under `image_proj.` of a file, by the names there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.image_prompts.vision import EncodedPicture
from diffusion.weights import WeightsError

HEAD_CHANNELS = 64
Weights = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of pictures, ``[B, tokens, width]``, and those that stand for no picture, ``[1, tokens, width]``."""

    picture: Tensor
    nothing: Tensor


def tokens_of(weights: Weights, picture: EncodedPicture, width: int, name: str) -> Tokens:
    """The tokens of an encoded picture, for cross-attention of a width. `name`: of the file, for messages.

    Raises `WeightsError` for a projection of another kind or for another vision model.
    """
    project: Callable[[Weights, Tensor], Tensor]
    if "latents" in weights:
        project, seen, blank = resampled, picture.penultimate_hidden_states, picture.blank
        takes = weights["proj_in.weight"].shape[1]
    elif "proj.3.weight" in weights:
        project, seen, blank = perceived, picture.penultimate_hidden_states, picture.blank
        takes = weights["proj.0.weight"].shape[1]
    elif "proj.weight" in weights:
        project, seen, blank = projected, picture.image_embeds, torch.zeros_like(picture.image_embeds[:1])
        takes = weights["proj.weight"].shape[1]
    else:
        raise WeightsError(f"{name} is an IP-Adapter of a kind that is not supported (such as FaceID): choose another.")
    if seen.shape[-1] != takes:
        raise WeightsError(
            f"{name} was trained on a vision model that gives {takes} numbers, and this one gives {seen.shape[-1]}: "
            "load the other CLIP vision model (ViT-H or ViT-bigG)."
        )
    floats = {key: tensor.float() for key, tensor in weights.items()}
    tokens = Tokens(project(floats, seen.float()), project(floats, blank.float()))
    if tokens.picture.shape[-1] != width:
        raise WeightsError(
            f"{name} is for a model that reads prompts of {tokens.picture.shape[-1]} numbers a token, and this one "
            f"reads {width}: choose the IP-Adapter of the model's family."
        )
    return tokens


def projected(weights: Weights, x: Tensor) -> Tensor:
    """The plain projection: from ``[B, n]`` to a few tokens."""
    tokens = F.linear(x, weights["proj.weight"], weights["proj.bias"])
    normed_width = weights["norm.weight"].shape[0]
    return _norm(weights, "norm", tokens.unflatten(1, (-1, normed_width)))


def perceived(weights: Weights, x: Tensor) -> Tensor:
    """The projection of "full" adapters: a token for each of CLIP's."""
    hidden = F.gelu(F.linear(x, weights["proj.0.weight"], weights["proj.0.bias"]))
    return _norm(weights, "proj.3", F.linear(hidden, weights["proj.2.weight"], weights["proj.2.bias"]))


def resampled(weights: Weights, x: Tensor) -> Tensor:
    """The projection of "plus" adapters: tokens that attend to CLIP's (a perceiver, arXiv 2204.14198)."""
    x = F.linear(x, weights["proj_in.weight"], weights["proj_in.bias"])
    latents = weights["latents"].expand(len(x), -1, -1)
    layer = 0
    while f"layers.{layer}.0.to_q.weight" in weights:
        attention, forward = f"layers.{layer}.0", f"layers.{layer}.1"
        latents = latents + _attended(weights, attention, x, latents)
        hidden = F.linear(_norm(weights, f"{forward}.0", latents), weights[f"{forward}.1.weight"])
        latents = latents + F.linear(F.gelu(hidden), weights[f"{forward}.3.weight"])
        layer += 1
    return _norm(weights, "norm_out", F.linear(latents, weights["proj_out.weight"], weights["proj_out.bias"]))


def _attended(weights: Weights, name: str, x: Tensor, latents: Tensor) -> Tensor:
    x, latents = _norm(weights, f"{name}.norm1", x), _norm(weights, f"{name}.norm2", latents)
    q = F.linear(latents, weights[f"{name}.to_q.weight"])
    k, v = F.linear(torch.cat([x, latents], 1), weights[f"{name}.to_kv.weight"]).chunk(2, -1)
    split = [tensor.unflatten(-1, (-1, HEAD_CHANNELS)).transpose(1, 2) for tensor in (q, k, v)]
    attended = F.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)
    return F.linear(attended, weights[f"{name}.to_out.weight"])


def _norm(weights: Weights, name: str, x: Tensor) -> Tensor:
    weight = weights[f"{name}.weight"]
    return F.layer_norm(x, weight.shape, weight, weights[f"{name}.bias"])
