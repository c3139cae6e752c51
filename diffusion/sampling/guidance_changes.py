"""Changes of guidance that a model carries: before and after its guider has made one estimate out of several."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.sampling.conditions import Conditioning
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance import ClassifierFreeGuidance, GuidanceChange, Step
from diffusion.sampling.guiders import perpendicular

_Estimates = tuple[Tensor | None, ...]


def _pair(step: Step) -> tuple[Tensor, Tensor] | None:
    """The positive and the negative estimate, if there are both."""
    if len(step.estimates) < 2:
        return None
    positive, negative = step.estimates[:2]
    return None if positive is None or negative is None else (positive, negative)


def _all_but_batch(tensor: Tensor) -> tuple[int, ...]:
    return tuple(range(1, tensor.ndim))


@dataclass(frozen=True, eq=False)
class RescaledGuidance(GuidanceChange):
    """Give the guided prediction the deviation of the positive one (arXiv 2305.08891, equations 14 to 16).

    The deviation is that of the velocity. multiplier: how much of it, 0..1.
    """

    multiplier: float = 0.7

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Rescale."""
        if (pair := _pair(step)) is None:
            return denoised
        scale, sigma = (step.sigma**2 + 1) ** 0.5, step.sigma

        def velocity(clean: Tensor) -> Tensor:
            return (step.x / scale**2 - clean) * (scale / sigma)

        guided, dimensions = velocity(denoised), _all_but_batch(denoised)
        ratio = velocity(pair[0]).std(dimensions, keepdim=True) / guided.std(dimensions, keepdim=True)
        rescaled = guided * (1 + self.multiplier * (ratio - 1))
        return step.x / scale**2 - rescaled * (sigma / scale)


@dataclass(frozen=True, eq=False)
class DynamicThresholding(GuidanceChange):
    """Hold a high scale within the reach of a lower one (after Imagen, arXiv 2205.11487, section 2.3, for latents).

    In each channel, values further from the mean than a part of all, or than the lower scale would go, are cut off;
    then the rest is shrunk to the reach of the lower scale.

    mimic_scale: the lower scale. percentile: the part of the values that is not cut off, 0..1.
    """

    mimic_scale: float = 7.0
    percentile: float = 1.0

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Cut off and shrink."""
        if (pair := _pair(step)) is None:
            return denoised
        positive, negative = pair
        guided, mimicked = denoised.flatten(2), (negative + (positive - negative) * self.mimic_scale).flatten(2)
        mean = guided.mean(dim=2, keepdim=True)
        guided = guided - mean
        reach = (mimicked - mimicked.mean(dim=2, keepdim=True)).abs().amax(dim=2, keepdim=True)
        limit = torch.maximum(reach, torch.quantile(guided.abs(), self.percentile, dim=2, keepdim=True))
        return (guided.clamp(-limit, limit) * (reach / limit) + mean).reshape(denoised.shape)


@dataclass(frozen=True, eq=False)
class AdaptiveProjectedGuidance(GuidanceChange):
    """APG (arXiv 2410.02416): guidance without the part along the positive estimate, which makes pictures garish.

    As in ComfyUI the guided estimate is the positive one plus ``scale`` times the changed way from the negative one.

    eta: how much of the part along the positive estimate stays. norm_threshold: the longest way, 0 for any.
    momentum: how much of the ways before is added; below 0 it takes away what repeats.
    """

    eta: float = 1.0
    norm_threshold: float = 5.0
    momentum: float = 0.0

    def before(self, step: Step) -> _Estimates:
        """Move the positive estimate to where the changed way leads."""
        if (pair := _pair(step)) is None:
            return step.estimates
        positive, negative = pair
        way = whole = positive - negative
        if self.momentum:
            last_sigma, last_way, _ = step.memory.get(self, (0.0, whole, whole))
            if step.sigma <= last_sigma:
                way = whole + last_way * self.momentum
        step.memory[self] = step.sigma, way, whole
        if self.norm_threshold > 0:
            length = way.square().sum(_all_but_batch(way), keepdim=True).sqrt()
            way = way * (self.norm_threshold / length.clamp(min=self.norm_threshold))
        across = perpendicular(way, positive)
        return negative + across + (way - across) * self.eta, *step.estimates[1:]

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Add the plain way once."""
        if _pair(step) is None:
            return denoised
        whole: Tensor = step.memory[self][2]
        return denoised + whole


@dataclass(frozen=True, eq=False)
class ZeroStarGuidance(GuidanceChange):
    """CFG-Zero* (arXiv 2503.18886, equation 9): scale the negative estimate to what it shares with the positive one.

    The factor is that of the predicted noise; like ComfyUI's it scales the clean latent.
    """

    def before(self, step: Step) -> _Estimates:
        """Scale the negative estimate."""
        if (pair := _pair(step)) is None:
            return step.estimates
        positive, negative = (step.x - estimate for estimate in pair)
        dimensions = _all_but_batch(positive)
        shared = (positive * negative).sum(dimensions, keepdim=True)
        factor = shared / (negative.square().sum(dimensions, keepdim=True) + 1e-8)
        return pair[0], pair[1] * factor, *step.estimates[2:]


@dataclass(frozen=True, eq=False)
class NormLimitedGuidance(GuidanceChange):
    """CFG-Norm: nowhere may the guided estimate be longer, over its channels, than the positive one.

    strength: what the result is multiplied with.
    """

    strength: float = 1.0

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Shorten where it is longer."""
        positive = step.estimates[0]
        if positive is None:
            return denoised
        allowed, found = (tensor.norm(dim=1, keepdim=True) for tensor in (positive, denoised))
        return denoised * ((allowed / (found + 1e-8)).clamp(max=1.0) * self.strength)


@dataclass(frozen=True, eq=False)
class TangentialDamping(GuidanceChange):
    """TCFG (arXiv 2503.18137): of the negative score keep what lies along the direction that both scores share most.

    That direction is the first right singular vector of the two scores.
    """

    def before(self, step: Step) -> _Estimates:
        """Project the negative score."""
        if (pair := _pair(step)) is None:
            return step.estimates
        scores = torch.stack([(step.x - estimate).flatten(1).float() for estimate in pair], dim=1)  # [B, 2, n]
        # The eigenvectors of the 2 x 2 Gram matrix are the left singular vectors, the last that of the largest value.
        _, vectors = torch.linalg.eigh(scores @ scores.mT)
        direction = F.normalize(vectors[:, None, :, -1] @ scores, dim=2)
        along = (scores[:, 1:] * direction).sum(dim=2, keepdim=True) * direction
        return pair[0], step.x - along.reshape(step.x.shape).to(step.x.dtype), *step.estimates[2:]


@dataclass(frozen=True, eq=False)
class FrequencyScaledGuidance(GuidanceChange):
    """FreSca (arXiv 2504.02154): scale the low and the high frequencies of the way that guidance goes.

    low, high: the factors; above 1 guides more strongly. cutoff: of a frequency, in waves a picture, below which it
    counts as low.
    """

    low: float = 1.0
    high: float = 1.25
    cutoff: int = 20

    def before(self, step: Step) -> _Estimates:
        """Move the positive estimate to where the scaled way leads."""
        if (pair := _pair(step)) is None:
            return step.estimates
        positive, negative = pair
        waves = torch.fft.fft2((positive - negative).float())
        is_low = [_below(size, self.cutoff, waves.device) for size in waves.shape[-2:]]
        factors = torch.where(is_low[0][:, None] & is_low[1], self.low, self.high)
        way = torch.fft.ifft2(waves * factors).real.to(positive)
        return negative + way, *step.estimates[1:]


def _below(size: int, cutoff: int, device: torch.device) -> Tensor:
    """Which of the frequencies of a side are low: from ``-cutoff`` to ``cutoff - 1``, as in the published form."""
    waves = torch.fft.fftfreq(size, 1 / size, device=device).round()
    return (waves >= -cutoff) & (waves < cutoff)


@dataclass(frozen=True, eq=False)
class PositiveBiasedGuidance(GuidanceChange):
    """Mahiro: the less the guided estimate and the negative one are alike, the more of the scaled positive one.

    Raises SamplingError under a guider that has no single scale.
    """

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Mix by likeness."""
        if (pair := _pair(step)) is None:
            return denoised
        guider = step.denoiser.guider
        if not isinstance(guider, ClassifierFreeGuidance):
            raise SamplingError("Mahiro works with one guidance scale; use it with KSampler or CFGGuider.")
        leap, other = pair[0] * guider.scale, pair[1] * guider.scale
        one, another = (tensor.abs().sqrt() * tensor.sign() for tensor in (other, (leap + denoised) / 2))
        likeness = F.cosine_similarity(one, another).mean(tuple(range(1, denoised.ndim - 1)), keepdim=True).unsqueeze(1)
        share = (likeness + 1) / 2
        return denoised * share + leap * (1 - share)


@dataclass(frozen=True, eq=False)
class ScaledEpsilon(GuidanceChange):
    """Epsilon scaling (arXiv 2308.15321): divide the predicted noise, which networks predict too strongly in a run."""

    factor: float = 1.005

    def after(self, denoised: Tensor, step: Step) -> Tensor:
        """Divide the noise."""
        return step.x - (step.x - denoised) / self.factor


@dataclass(frozen=True, eq=False)
class SkippedNegative(GuidanceChange):
    """Leave the negative prompt out of some steps, which then take the positive estimate alone, in half the time.

    below: in every second step below this level, or with ``every_step`` in all (Stable Diffusion WebUI's NGMS).
    first_part: in the first steps, as a part of all, 0..1.
    """

    below: float = 0.0
    every_step: bool = False
    first_part: float = 0.0

    def wanted(self, needed: tuple[bool, ...], sigma: float, index: int, calls: int) -> tuple[bool, ...]:
        """The negative side is not wanted where it is skipped."""
        early = self.first_part > 0 and index <= self.first_part * calls
        late = sigma < self.below and (self.every_step or index % 2 == 1)
        return (needed[0], False, *needed[2:]) if len(needed) > 1 and (early or late) else needed


@dataclass(frozen=True, eq=False)
class PerpendicularNegativePrompt(GuidanceChange):
    """Perp-Neg (arXiv 2304.04968) for any guider: both prompts are compared with an empty one, which is then negative.

    Where the guider does not ask for its negative prompt, at scale 1, it is evaluated all the same.
    """

    needs_negative = True

    empty: Conditioning
    negative_scale: float = 1.0

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """The empty prompt."""
        return (self.empty,)

    def before(self, step: Step) -> _Estimates:
        """Replace both estimates."""
        if (pair := _pair(step)) is None:
            return step.estimates
        empty = step.own(self)
        positive, negative = (estimate - empty for estimate in pair)
        way = positive - perpendicular(negative, positive) * self.negative_scale
        return empty + way, empty, *step.estimates[2:]
