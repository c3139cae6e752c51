"""Random numbers of a run: the noise that a latent starts from and the noise that samplers add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from diffusion.sampling.philox import philox_normal
from diffusion.sampling.samplers.sampler import Noise, NoiseKind

_CPU = torch.device("cpu")
_SEEDS = 2**64

Latent = Mapping[str, Any]
"""``samples`` (``[B, C, h, w]``, VAE space), and optionally ``noise_mask`` and ``batch_index``: which picture of the
seed's batch each entry is."""

Origin = Literal["cpu", "gpu", "nv"]
"""What draws: PyTorch's generator of the CPU, or of the run's device, or CUDA's in software (`philox`)."""


class NoiseSource(Protocol):
    """All the noise of a run, as a value: the same source gives the same numbers."""

    @property
    def seed(self) -> int:
        """What the numbers come from; other parts of a run that draw take it too."""

    def make(self, latent: Latent, device: torch.device = _CPU) -> Tensor:
        """Unit noise to start from, float32, in the shape of the latent; a device is used only to draw on it."""

    def within(self, latent: Latent, x: Tensor, sigmas: Sequence[float], kind: NoiseKind) -> Noise:
        """Noise for the steps of a run over ``sigmas``, in the shape and on the device of ``x``."""


class _AsComfyUIHasIt:
    """What nodes of packs ask of noise."""

    def generate_noise(self: NoiseSource, input_latent: Latent) -> Tensor:
        """The noise to start from."""
        return self.make(input_latent)


class _WithinFromSeed(_AsComfyUIHasIt):
    """Samplers draw from the run's seed, whatever the run starts from."""

    def within(self: NoiseSource, latent: Latent, x: Tensor, sigmas: Sequence[float], kind: NoiseKind) -> Noise:
        """Noise for the steps of a run over ``sigmas``."""
        return noise_within(x, sigmas, self.seed, kind)


@dataclass(frozen=True)
class BatchNoise(_WithinFromSeed):
    """One generator draws the whole batch, as ComfyUI has it: a picture's noise depends on its place in the batch."""

    seed: int

    def make(self, latent: Latent, device: torch.device = _CPU) -> Tensor:
        """Drawn on the CPU, the same on every machine."""
        return initial_noise(latent["samples"].shape, self.seed, latent.get("batch_index"))


@dataclass(frozen=True)
class NoNoise(_WithinFromSeed):
    """Nothing to start from, for a latent that is noisy already; samplers draw as they do with the seed."""

    seed: int = 0

    def make(self, latent: Latent, device: torch.device = _CPU) -> Tensor:
        """Zeros."""
        return torch.zeros(latent["samples"].shape)


@dataclass(frozen=True, eq=False)
class GivenNoise(_WithinFromSeed):
    """Noise to start from that somebody else has made."""

    noise: Tensor
    seed: int

    def make(self, latent: Latent, device: torch.device = _CPU) -> Tensor:
        """The noise."""
        return self.noise


@dataclass(frozen=True, eq=False)
class LaterNoise(_AsComfyUIHasIt):
    """The noise of a run from its draw ``draws`` on, for latents that may have another size by then; 1 is the first."""

    source: NoiseSource
    draws: int

    @property
    def seed(self) -> int:
        """That of the run."""
        return self.source.seed

    def make(self, latent: Latent, device: torch.device = _CPU) -> Tensor:
        """The draw with which this part of the run begins."""
        x = torch.zeros(latent["samples"].shape, device=device)
        return _after(self.draws - 1, self.source.within(latent, x, (), "generator"))(1.0, 0.0)

    def within(self, latent: Latent, x: Tensor, sigmas: Sequence[float], kind: NoiseKind) -> Noise:
        """The draws that follow."""
        return _after(self.draws, self.source.within(latent, x, sigmas, kind))


def _after(draws: int, noise: Noise) -> Noise:
    """The noise that is left after so many draws."""
    for _ in range(draws):
        noise(1.0, 0.0)
    return noise


@dataclass(frozen=True)
class PictureNoise(_AsComfyUIHasIt):
    """Every picture has a generator of its own, as in Stable Diffusion WebUI: picture k is what seed + k gives alone.

    strength: how far to go from the noise of the seed to that of ``variation_seed``, 0..1. Above 0 the seed is the same
        for all pictures, and picture k has the variation seed + k.
    resize_from: draw at this height and width, in cells, and put that in the middle of the noise of the whole.
    eta_seed_delta: added to the seeds of the noise within a run (ENSD), which then starts anew.
    """

    seed: int
    origin: Origin = "cpu"
    variation_seed: int = 0
    strength: float = 0.0
    resize_from: tuple[int, int] | None = None
    eta_seed_delta: int = 0

    def make(self, latent: Latent, device: torch.device = _CPU) -> Tensor:
        """Draw picture by picture."""
        shape = latent["samples"].shape
        return torch.stack([self._start(picture, shape[1:], device) for picture in _pictures(latent)])

    def within(self, latent: Latent, x: Tensor, sigmas: Sequence[float], kind: NoiseKind) -> Noise:
        """Go on with the pictures' generators, or with a path for each picture."""
        seeds = [self._seed(picture) for picture in _pictures(latent)]
        if kind != "generator":
            paths = [
                noise_within(one, sigmas, seed % _SEEDS, kind)
                for one, seed in zip(x.split(1), seeds, strict=True)
            ]  # fmt: skip
            return lambda sigma, sigma_next: torch.cat([path(sigma, sigma_next) for path in paths])
        streams = [_Stream(self.origin, seed + self.eta_seed_delta, x.device) for seed in seeds]
        if not self.eta_seed_delta:
            for stream in streams:
                stream.draw(x.shape[1:])  # what the run started from

        def noise(sigma: float, sigma_next: float) -> Tensor:
            return torch.stack([stream.draw(x.shape[1:]) for stream in streams]).to(x)

        return noise

    def _seed(self, picture: int) -> int:
        return self.seed if self.strength > 0 else self.seed + picture

    def _start(self, picture: int, shape: Sequence[int], device: torch.device) -> Tensor:
        def draw(seed: int, size: Sequence[int]) -> Tensor:
            return _Stream(self.origin, seed, device).draw(size)

        seed, size = self._seed(picture), tuple(shape)
        if self.resize_from is not None:
            size = (*size[:-2], *self.resize_from)
        noise = draw(seed, size)
        if self.strength > 0:
            noise = slerp(self.strength, noise, draw(self.variation_seed + picture, size))
        return noise if size == tuple(shape) else _in_the_middle(noise, draw(seed, shape))


class _Stream:
    """Numbers of one seed, one tensor after the other."""

    def __init__(self, origin: Origin, seed: int, device: torch.device) -> None:
        self._seed = seed % _SEEDS
        self._calls = 0
        place = device if origin == "gpu" else _CPU
        self._generator = None if origin == "nv" else torch.Generator(place).manual_seed(self._seed)

    def draw(self, shape: Sequence[int]) -> Tensor:
        self._calls += 1
        if self._generator is None:
            return philox_normal(shape, self._seed, self._calls - 1)
        return torch.randn(tuple(shape), generator=self._generator, device=self._generator.device).cpu()


def source_of(noise: Any, latent: Latent) -> NoiseSource:
    """Return noise of ours as it is; of another's, which has `seed` and `generate_noise(latent)`, what it makes."""
    if hasattr(noise, "make"):
        ours: NoiseSource = noise
        return ours
    return GivenNoise(noise.generate_noise(latent), int(noise.seed))


def slerp(part: float, one: Tensor, other: Tensor) -> Tensor:
    """Turn noise ``[C, h, w]`` by a part of the angle to another, as Stable Diffusion WebUI does.

    The angle is measured between columns, along axis 1. Noise that is nearly the same (mean cosine above 0.9995) is
    mixed, and there the weights are the other way round; published pictures owe themselves to both.
    """
    units = [noise / noise.norm(dim=1, keepdim=True) for noise in (one, other)]
    cosine = (units[0] * units[1]).sum(dim=1, keepdim=True)
    if cosine.mean() > 0.9995:
        return one * part + other * (1 - part)
    angle = cosine.acos()
    return one * (((1 - part) * angle).sin() / angle.sin()) + other * ((part * angle).sin() / angle.sin())


def initial_noise(shape: Sequence[int], seed: int, batch_index: Sequence[int] | None = None) -> Tensor:
    """Return unit noise, float32 on the CPU, the same on every machine.

    shape: ``[B, C, h, w]``.
    batch_index: which picture of the seed's batch each entry is; None draws the whole batch at once. Both give
        picture ``k`` the ``k``-th part of the same stream of numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    if batch_index is None:
        return torch.randn(tuple(shape), generator=generator)
    drawn = [torch.randn((1, *shape[1:]), generator=generator) for _ in range(max(batch_index) + 1)]
    return torch.cat([drawn[index] for index in batch_index])


def noise_within(x: Tensor, sigmas: Sequence[float], seed: int, kind: NoiseKind) -> Noise:
    """Return noise of a kind for the steps of a run."""
    if kind == "generator":
        return generator_noise(x, seed)
    return brownian_noise(x, sigmas, seed, x.device if kind == "brownian_on_device" else _CPU)


def generator_noise(x: Tensor, seed: int) -> Noise:
    """Return noise for within a run: one draw in the shape of ``x`` a call, from a generator on its device.

    The generator starts from the run's own seed. On the CPU the first draw therefore equals the initial noise of the
    batch, which is poor statistics but what shared workflows owe their pictures to.
    """
    generator = torch.Generator(device=x.device).manual_seed(seed)

    def noise(sigma: float, sigma_next: float) -> Tensor:
        return torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)

    return noise


def brownian_noise(x: Tensor, sigmas: Sequence[float], seed: int, device: torch.device = _CPU) -> Noise:
    """Return noise for within a run from a Brownian path ``W`` over the levels, drawn on ``device``.

    A step between two levels gets ``(W(sigma_next) - W(sigma)) / sqrt(|sigma_next - sigma|)``: the same path whatever
    the number of steps (torchsde's Brownian tree; Li et al. 2020, arXiv 2001.01328, section 4).
    """
    from torchsde import BrownianTree  # half a second, for the samplers that need it

    levels = [round(sigma, 6) for sigma in sigmas if sigma > 0]  # as the tree rounds its ends
    low, high = min(levels), max(levels)
    zeros = torch.zeros(x.shape, dtype=x.dtype, device=device)
    tree = BrownianTree(low, zeros, high, entropy=seed) if low < high else None

    def noise(sigma: float, sigma_next: float) -> Tensor:
        assert tree is not None, "a run with one level above 0 has no step that adds noise"
        near, far = sorted((sigma, sigma_next))
        increment = tree(max(near, low), min(far, high)) * (1 if sigma < sigma_next else -1)
        return (increment / (far - near) ** 0.5).to(x.device)

    return noise


def _pictures(latent: Latent) -> Sequence[int]:
    indices: Sequence[int] | None = latent.get("batch_index")
    return range(latent["samples"].shape[0]) if indices is None else indices


def _in_the_middle(noise: Tensor, whole: Tensor) -> Tensor:
    """Put the middle of ``noise`` in the middle of ``whole``, as far as either reaches."""
    whole = whole.clone()
    places = []
    for large, small in zip(whole.shape[-2:], noise.shape[-2:], strict=True):
        offset, length = (large - small) // 2, min(large, small)
        places.append((max(offset, 0), max(-offset, 0), length))
    (top, from_top, height), (left, from_left, width) = places
    part = noise[..., from_top : from_top + height, from_left : from_left + width]
    whole[..., top : top + height, left : left + width] = part
    return whole
