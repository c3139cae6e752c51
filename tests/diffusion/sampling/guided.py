"""Stand-ins for the denoiser of a run, for samplers that look at the negative estimate too."""

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from diffusion.sampling.guidance import Guided
from tests.diffusion.sampling.gaussian import Gaussian


@dataclass
class Unguided:
    """Both prompts give the same estimate."""

    denoise: Callable[[Tensor, float], Tensor]

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return self.denoise(x, sigma)

    def guided(self, x: Tensor, sigma: float, *, with_negative: bool = False) -> Guided:
        found = self.denoise(x, sigma)
        return Guided(found, found, found)


@dataclass
class GuidedGaussian:
    """Two prompts, whose data is Gaussian, under classifier-free guidance."""

    scale: float
    positive: Gaussian = field(default_factory=lambda: Gaussian(0.7, 0.6))
    negative: Gaussian = field(default_factory=lambda: Gaussian(-0.4, 0.9))

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return self.guided(x, sigma).denoised

    def guided(self, x: Tensor, sigma: float, *, with_negative: bool = False) -> Guided:
        one, other = self.positive.denoise(x, sigma), self.negative.denoise(x, sigma)
        return Guided(other + (one - other) * self.scale, one, other)
