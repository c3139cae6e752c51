"""The style adapter of T2I-Adapter (Mou et al. 2023, arXiv 2302.08453): a picture's style as tokens of the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import scaled_dot_product
from diffusion.image_prompts.vision import EncodedPicture
from diffusion.text.encode import Conditioning
from diffusion.weights import WeightsError, load_weights

HEADS = 8
EMBEDDING = "style_embedding"


@dataclass(frozen=True)
class StyleModel:
    """A style adapter; its weights have the names of the file."""

    name: str
    weights: Mapping[str, Tensor] = field(repr=False)

    def tokens(self, picture: EncodedPicture) -> Tensor:
        """The tokens of pictures, ``[B, 8, width]``. Raises `WeightsError` for another vision model."""
        states, own = picture.last_hidden_state, self.weights[EMBEDDING].float()
        if states.shape[-1] != own.shape[-1]:
            raise WeightsError(
                f"{self.name} was trained on a vision model of {own.shape[-1]} channels, and this one has "
                f"{states.shape[-1]}: load CLIP ViT-L."
            )
        x = self._norm("ln_pre", torch.cat([states.float(), own.expand(len(states), -1, -1)], 1))
        layer = 0
        while f"transformer_layes.{layer}.ln_1.weight" in self.weights:  # the name is the file's
            x = self._layer(f"transformer_layes.{layer}", x)
            layer += 1
        return self._norm("ln_post", x[:, -own.shape[1] :]) @ self.weights["proj"].float()

    def _layer(self, name: str, x: Tensor) -> Tensor:
        q, k, v = self._linear(f"{name}.attn.in_proj_", self._norm(f"{name}.ln_1", x)).chunk(3, -1)
        x = x + self._linear(f"{name}.attn.out_proj.", scaled_dot_product(q, k, v, HEADS))
        hidden = self._linear(f"{name}.mlp.c_fc.", self._norm(f"{name}.ln_2", x))
        return x + self._linear(f"{name}.mlp.c_proj.", hidden * torch.sigmoid(1.702 * hidden))

    def _linear(self, start: str, x: Tensor) -> Tensor:
        return F.linear(x, self.weights[f"{start}weight"].float(), self.weights[f"{start}bias"].float())

    def _norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self.weights[f"{name}.weight"].float(), self.weights[f"{name}.bias"].float()
        return F.layer_norm(x, weight.shape, weight, bias)


def load_style_model(path: Path) -> StyleModel:
    """Open a style adapter. Raises `WeightsError`."""
    weights = load_weights(path)
    if EMBEDDING not in weights or "proj" not in weights:
        raise WeightsError(f"{path.name} is no style model: choose the style adapter of T2I-Adapter.")
    return StyleModel(path.name, weights)


def with_style(conditioning: Conditioning, model: StyleModel, picture: EncodedPicture, strength: float) -> Conditioning:
    """The prompts with the tokens of all pictures after them, times `strength`. Raises `WeightsError`."""
    tokens = model.tokens(picture).flatten(0, 1).unsqueeze(0) * strength
    for states, _ in conditioning:
        if states.shape[-1] != tokens.shape[-1]:
            raise WeightsError(
                f"{model.name} is for prompts of {tokens.shape[-1]} numbers a token, and this prompt has "
                f"{states.shape[-1]}: use it with Stable Diffusion 1.x."
            )
    return [
        [torch.cat([states, tokens.to(states).expand(len(states), -1, -1)], 1), dict(settings)]
        for states, settings in conditioning
    ]
