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
PERCEIVER = "perceiver_resampler."  # in adapters for faces, before the names of the part that looks at the picture
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
    if is_for_faces(weights):
        raise WeightsError(f"{name} is an IP-Adapter for faces: apply it with FaceIDApply.")
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
        raise WeightsError(f"{name} is an IP-Adapter of a kind that is not supported: choose another.")
    _check_vision(name, takes, seen)
    floats = {key: tensor.float() for key, tensor in weights.items()}
    return _fitting(Tokens(project(floats, seen.float()), project(floats, blank.float())), width, name)


def is_for_faces(weights: Weights) -> bool:
    """Whether a projection makes tokens of what a face recogniser sees (FaceID)."""
    return "proj.2.weight" in weights and "norm.weight" in weights


def face_tokens(
    weights: Weights, face: Tensor, picture: EncodedPicture | None, width: int, name: str, likeness: float | None
) -> Tokens:
    """The tokens of faces as a recogniser sees them, ``[B, 512]``; "plus" adapters look at the pictures as well.

    likeness: how much the look counts beside the identity, of plus adapters of the second version; None for the first.

    Raises `WeightsError` for a projection of another kind, and if pictures are missing or too many.
    """
    if not is_for_faces(weights):
        raise WeightsError(f"{name} is no IP-Adapter for faces: apply it with IPAdapterApply.")
    takes = weights["proj.0.weight"].shape[1]
    if face.shape[-1] != takes:
        raise WeightsError(f"{name} reads {takes} numbers of a face, and the recogniser gives {face.shape[-1]}.")
    floats = {key.removeprefix(PERCEIVER): tensor.float() for key, tensor in weights.items()}
    identities = [identified(floats, numbers.float()) for numbers in (face, torch.zeros_like(face[:1]))]
    if f"{PERCEIVER}proj_in.weight" not in weights:
        return _fitting(Tokens(*identities), width, name)
    if picture is None or len(picture.image_embeds) != len(face):
        given = 0 if picture is None else len(picture.image_embeds)
        raise WeightsError(
            f"{name} looks at faces as well, and there are {len(face)} faces and {given} encoded pictures: "
            "encode the cropped faces with CLIP ViT-H."
        )
    _check_vision(name, floats["proj_in.weight"].shape[1], picture.penultimate_hidden_states)
    looks = (picture.penultimate_hidden_states, picture.blank)
    tokens = [_resampled(floats, look.float(), own) for look, own in zip(looks, identities, strict=True)]
    if likeness is not None:
        tokens = [own + likeness * look for look, own in zip(tokens, identities, strict=True)]
    return _fitting(Tokens(*tokens), width, name)


def _check_vision(name: str, takes: int, seen: Tensor) -> None:
    if seen.shape[-1] != takes:
        raise WeightsError(
            f"{name} was trained on a vision model that gives {takes} numbers, and this one gives {seen.shape[-1]}: "
            "load the other CLIP vision model (ViT-H or ViT-bigG)."
        )


def _fitting(tokens: Tokens, width: int, name: str) -> Tokens:
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


def identified(weights: Weights, x: Tensor) -> Tensor:
    """The projection of FaceID adapters: from ``[B, n]`` to a few tokens."""
    hidden = F.gelu(F.linear(x, weights["proj.0.weight"], weights["proj.0.bias"]))
    tokens = F.linear(hidden, weights["proj.2.weight"], weights["proj.2.bias"])
    return _norm(weights, "norm", tokens.unflatten(1, (-1, weights["norm.weight"].shape[0])))


def resampled(weights: Weights, x: Tensor) -> Tensor:
    """The projection of "plus" adapters: tokens that attend to CLIP's (a perceiver, arXiv 2204.14198)."""
    return _resampled(weights, x, weights["latents"].expand(len(x), -1, -1))


def _resampled(weights: Weights, x: Tensor, latents: Tensor) -> Tensor:
    x = F.linear(x, weights["proj_in.weight"], weights["proj_in.bias"])
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
