"""The denoiser's training set: scenes with the latents of their pictures, brought to zero mean and unit variance.

The scale is folded into the autoencoder's 1x1 convolutions, with the factor 0.18215 that SD 1.x multiplies latents by,
so a program that knows nothing of this gets normalised latents.
"""

from __future__ import annotations

import random
from dataclasses import astuple
from pathlib import Path
from typing import NamedTuple

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from tools.pocket.autoencoder import to_tensor
from tools.pocket.world import Scene, draw_scene, draw_sway, render

SCALE = 0.18215
BATCH = 32


class LatentSet(NamedTuple):
    """Posteriors of pictures, [N, 4, 16, 16], in the autoencoder's own units, with the statistics to whiten them by."""

    scenes: list[Scene]
    mean: Tensor
    deviation: Tensor
    channel_mean: Tensor
    channel_deviation: Tensor

    def draw(self, chosen: Tensor) -> Tensor:
        """Sample whitened latents of the pictures with the numbers `chosen`, [B, 4, 16, 16]."""
        mean, deviation = self.mean[chosen].float(), self.deviation[chosen].float()
        sample = mean + deviation * torch.randn_like(mean)
        return (sample - self.channel_mean[:, None, None]) / self.channel_deviation[:, None, None]


@torch.no_grad()
def make(vae: AutoencoderKL, path: Path, count: int) -> None:
    """Render and encode `count` scenes and save them to `path`."""
    rng = random.Random(3)
    scenes, means, deviations = [], [], []
    while len(scenes) < count:
        batch = [draw_scene(rng) for _ in range(BATCH)]
        posterior = vae.encode(to_tensor([render(scene, draw_sway(scene, rng)) for scene in batch])).latent_dist
        scenes += batch
        means.append(posterior.mean.contiguous())
        deviations.append(posterior.std.contiguous())
    mean, deviation = torch.cat(means), torch.cat(deviations)
    saved = {
        "scenes": [astuple(scene) for scene in scenes],
        "mean": mean.half(),
        "deviation": deviation.half(),
        "channel_mean": mean.mean((0, 2, 3)),
        "channel_deviation": mean.std((0, 2, 3)),
    }
    partial = path.with_suffix(".partial")
    torch.save(saved, partial)
    partial.replace(path)
    spread = [round(value, 2) for value in saved["channel_deviation"].tolist()]
    noise = [round(value, 3) for value in deviation.mean((0, 2, 3)).tolist()]
    print(f"latents: {len(scenes)} scenes, deviation of the channels {spread}, of the posterior {noise}", flush=True)


def load(path: Path) -> LatentSet:
    """Read what `make` saved."""
    saved = torch.load(path, weights_only=True)
    return LatentSet(scenes=[Scene(*values) for values in saved.pop("scenes")], **saved)


@torch.no_grad()
def fold_whitening(vae: AutoencoderKL, latents: LatentSet) -> None:
    """Change `vae` so that its latents times 0.18215 have zero mean and unit variance; what it decodes stays equal."""
    mean, scale = latents.channel_mean, latents.channel_deviation * SCALE
    channels = len(mean)
    before, after = vae.quant_conv, vae.post_quant_conv
    before.weight[:channels] /= scale[:, None, None, None]
    before.bias[:channels] = (before.bias[:channels] - mean) / scale
    before.bias[channels:] -= 2 * scale.log()
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight *= scale[None, :, None, None]
