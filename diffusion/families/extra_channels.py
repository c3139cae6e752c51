"""Channels that some UNets take below those of the latent: a picture to paint into, or to follow.

The numbers of channels and what is put there are those of the released models (runwayml's inpainting model of Stable
Diffusion 1.5; Brooks et al. 2023, arXiv:2211.09800); what is put there when nothing is given is ComfyUI's.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from diffusion.families.family import LatentFormat
from diffusion.images.resize import resize
from diffusion.sampling.conditions import Frame

INPAINTING = 9  # the latent, a mask, and the latent of the picture with grey under the mask
INSTRUCTION = 8  # the latent, and the unscaled latent of the picture that the instruction is for

# The latent of a grey picture, in model space.
GREY = (0.8223, -0.6876, 0.6364, 0.1380)


def concat(
    config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, latent_format: LatentFormat
) -> Tensor | None:
    """The further channels ``[B, C, h, w]`` of a prompt; None if the UNet takes none.

    Of the settings, ``concat_latent_image`` is a latent in VAE space and ``concat_mask`` a mask of any size, 1 where to
    paint. Without them it is the run's own latent under its noise mask, or all is to be painted.
    """
    match config.get("in_channels"):
        case 9:
            return _inpainting(settings, frame, latent_format)
        case 8:
            given = settings.get("concat_latent_image")
            return torch.zeros_like(frame.latent) if given is None else _fitted(given, frame)
    return None


def _inpainting(settings: Mapping[str, Any], frame: Frame, latent_format: LatentFormat) -> Tensor:
    given = settings.get("concat_latent_image")
    mask = settings.get("concat_mask")
    if mask is None:
        mask = frame.noise_mask
    if mask is None:
        everything = torch.ones_like(frame.latent[:, :1])
        grey = frame.latent.new_tensor(GREY).reshape(1, -1, 1, 1).expand_as(frame.latent)
        return torch.cat((everything, grey), 1)
    picture = frame.latent if given is None else latent_format.to_model(_fitted(given, frame))
    layers = mask.reshape(-1, 1, *mask.shape[-2:])
    return torch.cat((_fitted(layers, frame).round(), picture), 1)


def _fitted(tensor: Tensor, frame: Frame) -> Tensor:
    """Cut about the centre to the proportions of the latent, scaled to its size, and repeated to its batch."""
    batch, _, height, width = frame.shape
    tensor = tensor.to(frame.latent)
    if tuple(tensor.shape[-2:]) != (height, width):
        tensor = resize(tensor, width, height, "bilinear", "center")
    return tensor[torch.arange(batch, device=tensor.device) % tensor.shape[0]]
