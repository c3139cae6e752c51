"""Changes of the estimate that go with some hints, after A1111's extension: keep a picture's colours, or its parts."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from diffusion.sampling.guidance import GuidanceChange, Step

PERCENT = 0.01


@dataclass(frozen=True, eq=False)
class KeptColours(GuidanceChange):
    """``tile_colorfix``: the coarse part of the estimate is that of a picture.

    picture: its latent, ``[b, C, h, w]`` in model space. variation: how many cells around a cell are not held to it.
    sharpness: how much of the negative estimate's fine part is taken away, in hundredths (``tile_colorfix+sharp``).
    """

    picture: Tensor
    variation: int = 8
    sharpness: float = 0.0
    weight: float = 1.0

    def before(self, step: Step) -> tuple[Tensor | None, ...]:
        """Blur the negative estimate, so that guidance sharpens."""
        if self.sharpness == 0 or len(step.estimates) < 2 or step.estimates[1] is None:
            return step.estimates
        negative = step.estimates[1]
        share = self.sharpness * PERCENT
        blurred = negative * (1 - share) + mean_around(negative, self.variation) * share
        return (step.estimates[0], blurred, *step.estimates[2:])

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Exchange the coarse part."""
        picture = _like(self.picture, denoised)
        fixed = denoised - mean_around(denoised, self.variation) + mean_around(picture, self.variation)
        return denoised + (fixed - denoised) * min(max(self.weight, 0.0), 1.0)


@dataclass(frozen=True, eq=False)
class KeptPicture(GuidanceChange):
    """``inpaint_only``: the estimate outside of a mask is the picture itself.

    picture: its latent, ``[b, C, h, w]`` in model space. repainted: ``[b, H, W]`` in pixels, 1 where it is not kept.
    """

    picture: Tensor
    repainted: Tensor
    weight: float = 1.0

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Put the picture back."""
        layers = self.repainted.reshape(-1, 1, *self.repainted.shape[-2:]).to(denoised)
        # A cell is repainted if any pixel of it or next to it is.
        cells = _like(F.max_pool2d(layers, kernel_size=10, stride=8, padding=1), denoised, method="nearest")
        kept = denoised * cells + _like(self.picture, denoised) * (1 - cells)
        return denoised + (kept - denoised) * min(max(self.weight, 0.0), 1.0)


def mean_around(x: Tensor, cells: int) -> Tensor:
    """Each cell of ``[B, C, h, w]`` as the mean of those up to so many rows and columns away, edges going on."""
    return F.avg_pool2d(F.pad(x, (cells,) * 4, mode="replicate"), 2 * cells + 1, stride=1)


def _like(tensor: Tensor, other: Tensor, method: str = "bilinear") -> Tensor:
    """A picture or a batch of them at the size of another tensor, on its device."""
    tensor = tensor.to(other)
    return tensor if tensor.shape[2:] == other.shape[2:] else F.interpolate(tensor, other.shape[2:], mode=method)
