"""Guidance by a worse estimate of the same network, made by disturbing its self-attention."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import Attend, AttentionChange, Place, grid
from diffusion.sampling.guidance import GuidanceChange, Step
from diffusion.sampling.network import Call

BLUR_SIZE = 9  # cells
MUCH_ATTENTION = 1.0  # what a cell gets where all get the same
SMALLEST = 5  # cells; smaller latents are left alone


class WithoutMiddleAttention(AttentionChange):
    """Let every token of the middle block attend to itself alone."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor, place: Place, call: Call, attend: Attend) -> Tensor:
        """The values, in the middle block's self-attention."""
        return v if place.side == "mid" and place.kind == "self" else attend(q, k, v)


WITHOUT_MIDDLE_ATTENTION = WithoutMiddleAttention()


@dataclass(frozen=True)
class PerturbedAttentionGuidance(GuidanceChange):
    """PAG (Ahn et al. 2024, arXiv 2403.17377): away from what the model makes without attention in its middle block.

    scale: how far; each step takes one more evaluation.
    """

    scale: float = 3.0

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Add the way from the perturbed estimate to the positive one."""
        positive = step.estimates[0]
        if self.scale == 0 or positive is None:
            return denoised
        return denoised + (positive - step.evaluate(0, attention=(WITHOUT_MIDDLE_ATTENTION,))) * self.scale


@dataclass(frozen=True, eq=False)
class AttentionMaps(AttentionChange):
    """Keeps how much attention each cell gets in the middle block's first self-attention, under the negative prompts.

    last: ``[B, 1, h, w]`` of the last call that had a negative prompt for the whole picture; empty before.
    """

    last: list[Tensor] = field(default_factory=list)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, place: Place, call: Call, attend: Attend) -> Tensor:
        """Attend, and look on."""
        if place.side == "mid" and place.kind == "self" and place.index == 0:
            rows = [number for number, each in enumerate(call.conditions) if each.side == 1 and not each.restricted]
            maps = [self._map(q, k, place, call, slice(n * call.rows, (n + 1) * call.rows)) for n in rows]
            if maps:
                self.last[:] = [torch.stack(maps).mean(0)]
        return attend(q, k, v)

    def _map(self, q: Tensor, k: Tensor, place: Place, call: Call, rows: slice) -> Tensor:
        queries, keys = (tensor[rows].float().unflatten(-1, (place.heads, -1)).transpose(1, 2) for tensor in (q, k))
        shares = (queries @ keys.transpose(2, 3) / queries.shape[-1] ** 0.5).softmax(-1)
        return shares.mean(1).sum(1).unflatten(-1, grid(call, q.shape[1])).unsqueeze(1)


@dataclass(frozen=True, eq=False)
class SelfAttentionGuidance(GuidanceChange):
    """SAG (Hong et al. 2022, arXiv 2210.00939): away from what the model makes of a picture blurred where it looks.

    maps: a change of the same model's attention, which tells where that is.
    scale: how far; each step takes one more evaluation. blur: deviation of the blur, in cells.
    """

    needs_negative = True

    maps: AttentionMaps
    scale: float = 0.5
    blur: float = 2.0

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Add the way from the estimate of the blurred latent to the blurred estimate."""
        negative = step.estimates[1] if len(step.estimates) > 1 else None
        if negative is None or not self.maps.last or min(denoised.shape[2:]) < SMALLEST:
            return denoised
        mask = F.interpolate((self.maps.last[0] > MUCH_ATTENTION).to(negative), negative.shape[2:])
        degraded = blurred(negative, self.blur) * mask + negative * (1 - mask)
        again = step.evaluate(1, degraded + step.x - negative)
        return denoised + (degraded - again) * self.scale


def blurred(picture: Tensor, deviation: float) -> Tensor:
    """``[B, C, h, w]`` under a Gaussian of 9 x 9 cells, mirrored at the edges."""
    channels, reach = picture.shape[1], BLUR_SIZE // 2
    bell = torch.exp(-0.5 * (torch.linspace(-reach, reach, BLUR_SIZE, device=picture.device) / deviation) ** 2)
    kernel = torch.outer(bell, bell).to(picture) / bell.sum().to(picture) ** 2
    padded = F.pad(picture, (reach,) * 4, mode="reflect")
    return F.conv2d(padded, kernel.expand(channels, 1, -1, -1), groups=channels)
