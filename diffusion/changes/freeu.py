"""FreeU (Si et al. 2023, arXiv 2309.11497): what comes from below counts more, what skips the depths less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from diffusion.changes.unet import Joint, hooked, joints
from diffusion.model import LoadedModel


@dataclass(frozen=True)
class FreeU:
    """Scale the hidden states and the skip connections of a UNet's decoder; an `Attachment`.

    deep, shallow: the factors of the hidden state (b1, b2) where it has 4 and 2 times the model's width of channels;
    deep_skip, shallow_skip: of the low frequencies of the skip connections there (s1, s2).
    adaptive: scale by the mean of the hidden state, as the paper's second version and its code "FreeU_V2" do.
    """

    deep: float
    shallow: float
    deep_skip: float
    shallow_skip: float
    adaptive: bool = False

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Scale the inputs of the decoder's layers."""
        width = running.network.config.block_out_channels[0]
        factors = {4 * width: (self.deep, self.deep_skip), 2 * width: (self.shallow, self.shallow_skip)}
        found = [joint for joint in joints(running.network) if joint.hidden in factors]
        hooks = [(joint.module.register_forward_pre_hook, self._hook(joint, *factors[joint.hidden])) for joint in found]
        with hooked(hooks):
            yield

    def _hook(self, joint: Joint, backbone: float, skip: float) -> Any:
        def scale(module: Any, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            hidden, skipped = arguments[0][:, : joint.hidden], arguments[0][:, joint.hidden :]
            scaled = scaled_half(hidden, backbone, self.adaptive)
            return torch.cat([scaled, scaled_low_frequencies(skipped, skip)], 1), *arguments[1:]

        return scale


def scaled_half(hidden: Tensor, factor: float, adaptive: bool) -> Tensor:
    """The hidden state ``[B, C, h, w]`` with the first half of its channels scaled.

    adaptive: by 1 where its mean over the channels is lowest, by `factor` where it is highest.
    """
    half = hidden.shape[1] // 2
    strength: Tensor | float = factor
    if adaptive:
        mean = hidden.mean(1, keepdim=True)
        low, high = mean.amin((2, 3), keepdim=True), mean.amax((2, 3), keepdim=True)
        strength = 1 + (factor - 1) * (mean - low) / (high - low).clamp_min(torch.finfo(mean.dtype).tiny)
    return torch.cat([hidden[:, :half] * strength, hidden[:, half:]], 1)


def scaled_low_frequencies(skip: Tensor, factor: float) -> Tensor:
    """The skip connection ``[B, C, h, w]`` with the 2 x 2 frequencies around the mean scaled."""
    spectrum = torch.fft.fftshift(torch.fft.fftn(skip.float(), dim=(2, 3)), dim=(2, 3))
    row, column = skip.shape[2] // 2, skip.shape[3] // 2
    spectrum[..., row - 1 : row + 1, column - 1 : column + 1] *= factor
    return torch.fft.ifftn(torch.fft.ifftshift(spectrum, dim=(2, 3)), dim=(2, 3)).real.to(skip.dtype)
