"""Random numbers of a run: the noise that a latent starts from and the noise that samplers add."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from diffusion.sampling.samplers import Noise


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


def generator_noise(x: Tensor, seed: int) -> Noise:
    """Return noise for within a run: one draw in the shape of ``x`` a call, from a generator on its device.

    The generator starts from the run's own seed. On the CPU the first draw therefore equals the initial noise of the
    batch, which is poor statistics but what shared workflows owe their pictures to.
    """
    generator = torch.Generator(device=x.device).manual_seed(seed)

    def noise(sigma: float, sigma_next: float) -> Tensor:
        return torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)

    return noise


def brownian_noise(x: Tensor, sigmas: Sequence[float], seed: int) -> Noise:
    """Return noise for within a run from a Brownian path ``W`` over the levels, drawn on the CPU.

    A step between two levels gets ``(W(sigma_next) - W(sigma)) / sqrt(|sigma_next - sigma|)``: the same path whatever
    the number of steps (torchsde's Brownian tree; Li et al. 2020, arXiv 2001.01328, section 4).
    """
    from torchsde import BrownianTree  # half a second, for the samplers that need it

    levels = [round(sigma, 6) for sigma in sigmas if sigma > 0]  # as the tree rounds its ends
    low, high = min(levels), max(levels)
    tree = BrownianTree(low, torch.zeros(x.shape, dtype=x.dtype), high, entropy=seed) if low < high else None

    def noise(sigma: float, sigma_next: float) -> Tensor:
        assert tree is not None, "a run with one level above 0 has no step that adds noise"
        near, far = sorted((sigma, sigma_next))
        increment = tree(max(near, low), min(far, high)) * (1 if sigma < sigma_next else -1)
        return (increment / (far - near) ** 0.5).to(x.device)

    return noise
