"""The way of a mask from the brush to the latent, step by step as Stable Diffusion WebUI goes it, in 8 bits."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from diffusion.images.masks import batched
from diffusion.images.regions import Box, bounds, padded, with_aspect


def softened(mask: Tensor, across: float, down: float | None = None) -> Tensor:
    """A mask `[B, H, W]` blurred by Gaussians of standard deviations in pixels; `down` is `across` if it is None.

    The kernels reach as far as those of Pillow: 2.5 standard deviations.
    """
    down = across if down is None else down
    planes = []
    for plane in eight_bits(batched(mask)):
        for sigma, horizontal in ((across, True), (down, False)):
            if sigma > 0:
                side = 2 * int(2.5 * sigma + 0.5) + 1
                size = (side, 1) if horizontal else (1, side)
                plane = cv2.GaussianBlur(plane, size, sigmaX=sigma, sigmaY=sigma)
        planes.append(plane)
    return torch.from_numpy(np.stack(planes)).float() / 255


def latent_mask(mask: Tensor, height: int, width: int, soft: bool = False) -> Tensor:
    """The mask `[B, 1, height, width]` of a latent; each cell is repainted or kept, unless it is `soft`."""
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC))
        for plane in eight_bits(batched(mask))
    ]
    cells = torch.from_numpy(np.stack(planes)).float()[:, None] / 255
    return cells if soft else cells.round()


def working_box(mask: Tensor, padding: int, aspect: float) -> Box | None:
    """The rectangle to work on if only the masked part is repainted; None if nothing is masked.

    It holds all that is not black, with `padding` pixels around it, and grows to the proportions (width / height) of
    the size that it is repainted in.
    """
    height, width = mask.shape[-2:]
    box = bounds(mask)
    return None if box is None else with_aspect(padded(box, padding, width, height), aspect, width, height)


def eight_bits(values: Tensor) -> NDArray[np.uint8]:
    """Values of 0..1 as whole numbers of 0..255, rounded."""
    return (values.detach().cpu().float().clamp(0, 1) * 255).round().numpy().astype(np.uint8)
