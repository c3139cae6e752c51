"""Giving pictures the colours of other pictures."""

import numpy as np
import torch
from torch import Tensor

from diffusion.images.blending import with_luminosity_of
from diffusion.images.colours import on_colours
from diffusion.images.composite import repeat_to

FLAT = 1e-6  # a channel that varies less than this has nothing that could be stretched


def match_colours(image: Tensor, reference: Tensor) -> Tensor:
    """Colour correction of the A1111 WebUI: the colours of `reference`, the brightness of each pixel of `image`.

    The histograms of lightness and of both colour axes (CIE Lab) are matched to the reference, and the result takes its
    luminosity from `image`. Both are `[B, H, W, C]` and may differ in size; a shorter batch of references is repeated.
    """
    from kornia.color import lab_to_rgb, rgb_to_lab

    lab = rgb_to_lab(_planes(reference)).movedim(1, -1)

    def change(planes: Tensor) -> Tensor:
        matched = match_histograms(rgb_to_lab(planes.clamp(0, 1)).movedim(1, -1), lab)
        coloured = lab_to_rgb(matched.movedim(-1, 1)).movedim(1, -1)
        return with_luminosity_of(coloured, planes.movedim(1, -1)).movedim(-1, 1)

    return on_colours(image, change)


def match_histograms(images: Tensor, reference: Tensor) -> Tensor:
    """Give each channel of `[B, H, W, C]` the distribution of values of the same channel of `reference`.

    A value becomes the one of equal rank in the reference, between whose values it is interpolated (Gonzalez and
    Woods, Digital Image Processing, section 3.3). The sizes may differ; a shorter batch of references is repeated.
    """
    reference = repeat_to(reference, len(images))
    result = np.empty(images.shape, np.float32)
    for index, channel in np.ndindex(images.shape[0], images.shape[-1]):
        _, places, counts = np.unique(images[index, ..., channel].cpu(), return_inverse=True, return_counts=True)
        wanted, wanted_counts = np.unique(reference[index, ..., channel].cpu(), return_counts=True)
        ranks, wanted_ranks = np.cumsum(counts) / counts.sum(), np.cumsum(wanted_counts) / wanted_counts.sum()
        mapped = np.interp(ranks, wanted_ranks, wanted)
        result[index, ..., channel] = mapped[places].reshape(images.shape[1:3])
    return torch.from_numpy(result).to(images.device)


def transfer_colours(images: Tensor, reference: Tensor) -> Tensor:
    """Give pictures the mean and the spread of the colours of a reference, in CIE Lab.

    After Reinhard, Ashikhmin, Gooch and Shirley, "Color transfer between images" (2001), whose space was l-alpha-beta.
    """
    from kornia.color import lab_to_rgb, rgb_to_lab

    wanted = repeat_to(rgb_to_lab(_planes(reference)), len(images))

    def change(planes: Tensor) -> Tensor:
        lab = rgb_to_lab(planes.clamp(0, 1))
        spread = lab.std((2, 3), correction=0, keepdim=True)
        factor = torch.where(spread > FLAT, wanted.std((2, 3), correction=0, keepdim=True) / spread.clamp(min=FLAT), 1)
        moved = (lab - lab.mean((2, 3), keepdim=True)) * factor + wanted.mean((2, 3), keepdim=True)
        return lab_to_rgb(moved)

    return on_colours(images, change)


def _planes(images: Tensor) -> Tensor:
    return images[..., :3].float().clamp(0, 1).movedim(-1, 1)
