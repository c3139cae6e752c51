"""Soft inpainting: the greys of a mask say how much of a picture is kept, while sampling and when it is put together.

After the extension of this name of Stable Diffusion WebUI (1.8), whose parameters it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.images.resize import fit
from diffusion.pictures.masked_area import softened
from diffusion.pictures.overlay import Place, within
from diffusion.sampling.guidance import GuidanceChange
from diffusion.sampling.noise_schedule import NoiseLevels

REACH = 2  # cells around a cell that the filters of the overlay look at
SPREAD = 1.5  # cells
SMOOTHING = 4.0  # pixels
SMALLEST = 1e-5


@dataclass(frozen=True)
class SoftInpainting(GuidanceChange):
    """Keep grey parts of a mask at high noise levels, and let them go at low ones.

    bias: of the level, which shifts the moment; strength: how much is kept. Together the mask becomes
        `mask ** (level ** bias * strength)`.
    contrast: 1 mixes latents as they are; more brings the lengths of mixed vectors near the longer ones of the two, so
        that mixtures are not dull.
    """

    bias: float = 1.0
    strength: float = 0.5
    contrast: float = 4.0

    def mask(self, mask: Tensor, sigma: float, levels: Sequence[float], schedule: NoiseLevels) -> Tensor:
        """The mask of a level; what is 0 stays kept at any strength."""
        return torch.where(mask > 0, mask ** (sigma**self.bias * self.strength), mask)

    def blended(self, result: Tensor, denoised: Tensor, latent: Tensor, mask: Tensor) -> Tensor:
        """The mixture, with vectors of the length of the power mean of those that it was made of."""
        lengths = [part.norm(dim=1, keepdim=True).double() ** self.contrast for part in (latent, denoised)]
        wanted = torch.lerp(lengths[0], lengths[1], mask.double()) ** (1 / self.contrast)
        return result * (wanted / (result.norm(dim=1, keepdim=True).double() + SMALLEST)).to(result)


@dataclass(frozen=True)
class Mixing:
    """How repainted and old pixels are mixed: by how much the latent has changed.

    strength: that of `SoftInpainting`. influence: how much the mask counts. threshold: the change of a latent vector at
    which both are mixed evenly. contrast: how sharp that limit is.
    """

    strength: float = 0.5
    influence: float = 0.0
    threshold: float = 0.5
    contrast: float = 2.0

    def weights(self, before: Tensor, after: Tensor, mask: Tensor) -> Tensor:
        """How much `[B, h, w]` of the new picture shows.

        before, after: Latents `[B, C, h, w]` in the model's space; mask: `[B, 1, h, w]`, what was repainted.
        """
        scale = torch.lerp(torch.tensor(0.5), 1 - mask.clamp(0, 1) ** (self.strength / 2), self.influence)[:, 0]
        half = self.threshold * scale / (1 + SMALLEST - scale)
        change = (after - before).norm(dim=1)
        change = weighted_percentiles(weighted_percentiles(change, 0.9, 1.0), 0.25, 0.75)
        kept = 1 / (1 + (change / half.clamp(min=SMALLEST)) ** self.contrast)
        return 1 - kept**3 * (kept * (6 * kept - 15) + 10)


def softly_placed(place: Place, weights: Tensor, height: int, width: int) -> Place:
    """The place with an overlay of weights `[B, h, w]`, of a latent whose picture was `height` x `width`."""
    fitted = fit(weights[..., None].clamp(0, 1), width, height, "fill")[..., 0]
    return replace(place, overlay=within(softened(fitted, SMOOTHING), place))


def weighted_percentiles(values: Tensor, low: float, high: float) -> Tensor:
    """The mean of `[B, H, W]` around each cell over what lies between two shares of the sorted weights.

    Weights fall with the distance; at least a weight of 1 is taken into the mean.
    """
    weights = _nearness().to(values)
    inside = F.unfold(torch.ones_like(values)[:, None], 2 * REACH + 1, padding=REACH)
    around = F.unfold(values[:, None], 2 * REACH + 1, padding=REACH)
    around, order = around.sort(dim=1)
    present = (inside * weights.reshape(1, -1, 1)).gather(1, order)
    end = present.cumsum(1)
    total = end[:, -1:]
    start, stop = _window(total, low, high)
    share = (torch.minimum(end, stop) - torch.maximum(end - present, start)).clamp(min=0)
    return ((around * share).sum(1) / share.sum(1)).reshape(values.shape)


def _window(total: Tensor, low: float, high: float) -> tuple[Tensor, Tensor]:
    """From where to where on the stack of weights, which is at least 1 wide and lies on the stack."""
    start, stop = total * low, total * high
    narrow = stop - start < 1
    middle = (start + stop) / 2
    widened = torch.minimum(middle + 0.5, total)
    start = torch.where(narrow, (widened - 1).clamp(min=0), start)
    return start, torch.where(narrow, torch.maximum(widened, start + 1), stop)


def _nearness() -> Tensor:
    """Weights `[2 REACH + 1, 2 REACH + 1]`: a Gaussian that is lowered to be 0 one cell beyond its reach."""
    steps = torch.arange(-REACH, REACH + 1, dtype=torch.float64)
    square = steps[:, None] ** 2 + steps**2
    edge = torch.tensor(-((REACH + 1.0) ** 2) / SPREAD**2).exp()
    return (((-square / SPREAD**2).exp() - edge) / (1 - edge)).clamp(min=0)
