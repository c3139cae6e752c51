"""Pictures as channels of a colour space, each in 0..1, and back."""

from collections.abc import Callable, Sequence
from math import pi
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.images.composite import repeat_to
from diffusion.images.masks import batched

AB_RANGE = 256.0  # the colour axes of CIE Lab are taken from -128 to 128


class Space(NamedTuple):
    """A colour space: its channels, and the ways from RGB `[B, 3, H, W]` to them, in 0..1, and back."""

    channels: tuple[str, str, str]
    of_rgb: Callable[[Tensor], Tensor]
    to_rgb: Callable[[Tensor], Tensor]


def _scale(planes: Tensor, factors: tuple[float, float, float], offsets: tuple[float, float, float]) -> Tensor:
    return planes * planes.new_tensor(factors)[:, None, None] + planes.new_tensor(offsets)[:, None, None]


def _hsv(planes: Tensor) -> Tensor:
    from kornia.color import rgb_to_hsv

    return _scale(rgb_to_hsv(planes), (1 / (2 * pi), 1, 1), (0, 0, 0))


def _of_hsv(planes: Tensor) -> Tensor:
    from kornia.color import hsv_to_rgb

    return hsv_to_rgb(_scale(planes, (2 * pi, 1, 1), (0, 0, 0)))


def _hls(planes: Tensor) -> Tensor:
    from kornia.color import rgb_to_hls

    return _scale(rgb_to_hls(planes), (1 / (2 * pi), 1, 1), (0, 0, 0))


def _of_hls(planes: Tensor) -> Tensor:
    from kornia.color import hls_to_rgb

    return hls_to_rgb(_scale(planes, (2 * pi, 1, 1), (0, 0, 0)))


def _lab(planes: Tensor) -> Tensor:
    from kornia.color import rgb_to_lab

    return _scale(rgb_to_lab(planes), (0.01, 1 / AB_RANGE, 1 / AB_RANGE), (0, 0.5, 0.5))


def _of_lab(planes: Tensor) -> Tensor:
    from kornia.color import lab_to_rgb

    return lab_to_rgb(_scale(planes, (100, AB_RANGE, AB_RANGE), (0, -AB_RANGE / 2, -AB_RANGE / 2)))


def _ycbcr(planes: Tensor) -> Tensor:
    from kornia.color import rgb_to_ycbcr

    return rgb_to_ycbcr(planes)


def _of_ycbcr(planes: Tensor) -> Tensor:
    from kornia.color import ycbcr_to_rgb

    return ycbcr_to_rgb(planes)


SPACES: MappingProxyType[str, Space] = MappingProxyType(
    {
        "RGB": Space(("red", "green", "blue"), lambda planes: planes, lambda planes: planes),
        "HSV": Space(("hue", "saturation", "value"), _hsv, _of_hsv),
        "HLS": Space(("hue", "lightness", "saturation"), _hls, _of_hls),
        "Lab": Space(("lightness", "green to red", "blue to yellow"), _lab, _of_lab),
        "YCbCr": Space(("brightness", "blue", "red"), _ycbcr, _of_ycbcr),
    }
)


def split(images: Tensor, space: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The three channels of a colour space and alpha of pictures `[B, H, W, C]`, each `[B, H, W]`.

    Alpha is 1 where pictures are opaque.
    """
    first, second, third = SPACES[space].of_rgb(images[..., :3].float().clamp(0, 1).movedim(-1, 1)).unbind(1)
    return first, second, third, images[..., 3] if images.shape[-1] > 3 else torch.ones_like(first)


def merge(parts: Sequence[Tensor], space: str, alpha: Tensor | None = None) -> Tensor:
    """Pictures `[B, H, W, 3]` from three channels `[B, H, W]`, with `alpha` `[B, H, W, 4]`; shorter batches repeat.

    Raises ValueError if the channels differ in size.
    """
    channels = [batched(channel) for channel in (*parts, *([] if alpha is None else [alpha]))]
    sizes = {channel.shape[-2:] for channel in channels}
    if len(sizes) > 1:
        raise ValueError("The channels differ in size. Take them from one picture, or scale them first.")
    count = max(map(len, channels))
    planes = torch.stack([repeat_to(channel, count).float() for channel in channels], 1)
    colours = SPACES[space].to_rgb(planes[:, :3].clamp(0, 1)).clamp(0, 1)
    if alpha is not None:
        colours = torch.cat([colours, planes[:, 3:]], 1)
    return colours.movedim(1, -1)
