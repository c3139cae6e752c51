"""ComfyUI's `comfy.k_diffusion.sampling`: what sampler functions are built of, not the samplers themselves."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from diffusion.sampling.samplers.sampler import ancestral_levels, slope
from diffusion.sampling.sigma_lists import exponential_levels, karras_levels


def append_zero(x: Tensor) -> Tensor:
    """The levels with a 0 at their end."""
    return torch.cat([x, x.new_zeros(1)])


def append_dims(x: Tensor, target_dims: int) -> Tensor:
    """A tensor with as many dimensions as are wanted, the new ones of length 1."""
    return x.reshape(*x.shape, *[1] * (target_dims - x.ndim))


def to_d(x: Tensor, sigma: Tensor, denoised: Tensor) -> Tensor:
    """The derivative of x by sigma: `(x - denoised) / sigma`."""
    return (x - denoised) / append_dims(sigma, x.ndim) if sigma.ndim else slope(x, denoised, float(sigma))


def get_ancestral_step(sigma_from: Any, sigma_to: Any, eta: float = 1.0) -> tuple[float, float]:
    """The level to go down to and the amount of noise that leads back to `sigma_to`."""
    return ancestral_levels(float(sigma_from), float(sigma_to), eta) if eta else (sigma_to, 0.0)


def get_sigmas_karras(
    n: int, sigma_min: float, sigma_max: float, rho: float = 7.0, device: torch.device | str = "cpu"
) -> Tensor:
    """Levels that are even in `sigma ** (1 / rho)`, and 0 (Karras et al. 2022, arXiv 2206.00364, equation 5)."""
    return karras_levels(n, sigma_min, sigma_max, rho).to(device)


def get_sigmas_exponential(n: int, sigma_min: float, sigma_max: float, device: torch.device | str = "cpu") -> Tensor:
    """Levels that are even in log sigma, and 0."""
    return exponential_levels(n, float(sigma_min), float(sigma_max)).to(device)


def default_noise_sampler(x: Tensor, seed: int | None = None) -> Callable[[Any, Any], Tensor]:
    """Noise in the shape of x, drawn anew at each call; with a seed always the same."""
    generator = None if seed is None else torch.Generator(x.device).manual_seed(seed)
    return lambda sigma, sigma_next: torch.randn(
        x.shape, dtype=x.dtype, layout=x.layout, device=x.device, generator=generator
    )


class BrownianTreeNoiseSampler:
    """Unit noise for the step between two levels, from a Brownian path over all levels."""

    def __init__(
        self,
        x: Tensor,
        sigma_min: Any,
        sigma_max: Any,
        seed: int | Sequence[int] | None = None,
        transform: Callable[[Any], Any] = lambda sigma: sigma,
        cpu: bool = False,
    ) -> None:
        """`transform` is applied to levels; several seeds give each entry of the batch a path of its own."""
        from torchsde import BrownianTree  # half a second, for those who need it

        self.transform = transform
        self._x = x
        start, end = sorted((float(transform(sigma_min)), float(transform(sigma_max))))
        seeds = list(seed) if isinstance(seed, Sequence) else [seed]
        shape = x.shape if len(seeds) == 1 else x.shape[1:]
        zero = torch.zeros(shape, dtype=x.dtype, device="cpu" if cpu else x.device)
        entropies = [int(torch.randint(0, 2**63 - 1, ())) if entropy is None else entropy for entropy in seeds]
        self._trees = [BrownianTree(start, zero, end, entropy=entropy) for entropy in entropies]
        self._batched = isinstance(seed, Sequence) and len(seeds) > 1

    def __call__(self, sigma: Any, sigma_next: Any) -> Tensor:
        """The noise of the step from `sigma` to `sigma_next`, in the shape of x."""
        before, after = float(self.transform(sigma)), float(self.transform(sigma_next))
        low, high = sorted((before, after))
        paths = [tree(low, high) * (1 if before < after else -1) for tree in self._trees]
        noise = torch.stack(paths) if self._batched else paths[0]
        return (noise / (high - low) ** 0.5).to(self._x.device)
