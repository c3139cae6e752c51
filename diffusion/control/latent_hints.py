"""Hints that are read as latents, and masks on the patches of a transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.control.hints import SMOOTH, fitted
from diffusion.families.flux import PATCH
from diffusion.images.resize import resize
from diffusion.sampling.conditions import Frame
from diffusion.sampling.errors import SamplingError

if TYPE_CHECKING:
    from diffusion.control.unit import ControlUnit


def latent_hint(unit: ControlUnit, frame: Frame) -> Tensor:
    """The hint of a unit as the network reads it, `[B, C, h, w]`; for inpainting with a channel that is 1 where the
    picture stays, and the picture black where it does not.

    Raises `SamplingError` if the VAE is missing, or if a mask is missing or not wanted, and for modes of control.
    """
    asked: Any = unit.net.asked
    if unit.mode != "balanced":
        raise SamplingError(
            f"Modes of control are for UNets, and {unit.net.name} is for another model: choose balanced."
        )
    if unit.vae is None:
        raise SamplingError(f"{unit.net.name} reads latents: give ControlNetApplyAdvanced the model's VAE.")
    if asked.masked and unit.repainted is None:
        raise SamplingError(f"{unit.net.name} is for inpainting: apply it with ControlNetInpaintingAliMamaApply.")
    if unit.repainted is not None and not asked.masked:
        raise SamplingError(f"{unit.net.name} reads no mask: apply it with ControlNetApplyAdvanced.")
    batch, _, height, width = frame.shape
    images, kept = unit.images[..., :3].to(frame.device), None
    if unit.repainted is not None:
        mask = 1 - unit.repainted.reshape(-1, 1, *unit.repainted.shape[-2:]).to(images)
        kept = resize(mask, images.shape[2], images.shape[1], SMOOTH, "center").round()
        images = images * kept[torch.arange(len(images)) % len(kept)].movedim(1, -1)
        kept = resize(mask, width, height, SMOOTH, "center")[torch.arange(batch) % len(mask)]
    pictures = fitted(images, batch, height, width, unit.fit, SMOOTH).movedim(1, -1)
    latent = asked.to_model(unit.vae.encode(pictures).to(frame.device), frame.model.latent_format)
    return latent if kept is None else torch.cat((latent, kept), 1)


def on_patches(mask: Tensor, patches: int) -> Tensor:
    """A mask `[n, 1, h, w]` on the cells of a latent as factors of its patches, `[n, patches, 1]`.

    Cells of a patch beyond the latent are as its edge.
    """
    height, width = mask.shape[-2:]
    padded = F.pad(mask, (0, -width % PATCH, 0, -height % PATCH), mode="replicate")
    factors = F.avg_pool2d(padded, PATCH).flatten(1).unsqueeze(-1)
    assert factors.shape[1] == patches, "the mask has another size than the latent"
    return factors
