"""Blend modes and the operators of Porter and Duff.

The separable and the non-separable modes of ISO 32000 (PDF), section 11.3.5, are those of Photoshop; the others are
Photoshop's own. A mode takes backdrop and source `[..., 3]` in 0..1.
"""

from collections.abc import Callable
from types import MappingProxyType

import torch
from torch import Tensor

from diffusion.images.composite import repeat_to, with_channels
from diffusion.images.resize import resize, resize_images

SMALLEST = 1e-6  # what is divided by instead of nothing
LUM = (0.3, 0.59, 0.11)  # the weights of ISO 32000 for the luminosity of a colour

Mode = Callable[[Tensor, Tensor], Tensor]


def blend(backdrop: Tensor, source: Tensor, mode: str, opacity: float = 1.0, mask: Tensor | None = None) -> Tensor:
    """Lay pictures `[B, H, W, C]` over others in a blend mode.

    The source is cut and scaled to the size of the backdrop where it differs; a shorter batch is repeated. An alpha
    channel of the source says where it covers; that of the backdrop is kept.

    mask: `[B, H, W]`; the source shows where it is 1. Stretched to the size of the backdrop.
    Raises ValueError for a mode that is not in `MODES`.
    """
    if mode not in MODES:
        raise ValueError(f"There is no blend mode '{mode}'; there are {', '.join(MODES)}.")
    size = max(len(backdrop), len(source))
    height, width = backdrop.shape[1:3]
    if source.shape[1:3] != backdrop.shape[1:3]:
        source = resize_images(source, width, height, "bicubic", "center")
    backdrop, source = repeat_to(backdrop, size), repeat_to(source, size).to(backdrop)
    weight = with_channels(source, 4)[..., 3:] * opacity
    if mask is not None:
        planes = mask.reshape(-1, 1, *mask.shape[-2:]).to(backdrop)
        weight = weight * repeat_to(resize(planes, width, height, "bilinear"), size).movedim(1, -1)
    colours = backdrop[..., :3]
    blended = MODES[mode](colours, source[..., :3]).clamp(0, 1)
    mixed = (colours * (1 - weight) + blended * weight).clamp(0, 1)
    return torch.cat([mixed, backdrop[..., 3:]], -1)


def luminosity(colours: Tensor) -> Tensor:
    """The luminosity `[..., 1]` of colours `[..., 3]`, by the weights of the blend modes."""
    return (colours * colours.new_tensor(LUM)).sum(-1, keepdim=True)


def with_luminosity_of(colours: Tensor, source: Tensor) -> Tensor:
    """Hue and saturation of `colours`, luminosity of `source`: the blend mode "luminosity"."""
    return _with_luminosity(colours, luminosity(source))


def _with_luminosity(colours: Tensor, wanted: Tensor) -> Tensor:
    """Move colours to a luminosity, and what leaves 0..1 by that towards grey until it is inside."""
    moved = colours + (wanted - luminosity(colours))
    lowest, highest = moved.amin(-1, keepdim=True), moved.amax(-1, keepdim=True)
    down = wanted / (wanted - lowest).clamp(min=SMALLEST)
    moved = torch.where(lowest < 0, wanted + (moved - wanted) * down, moved)
    up = (1 - wanted) / (highest - wanted).clamp(min=SMALLEST)
    return torch.where(highest > 1, wanted + (moved - wanted) * up, moved)


def _saturation(colours: Tensor) -> Tensor:
    return colours.amax(-1, keepdim=True) - colours.amin(-1, keepdim=True)


def _with_saturation(colours: Tensor, wanted: Tensor) -> Tensor:
    """The same hue with another spread between the strongest and the weakest channel, which becomes 0."""
    lowest, spread = colours.amin(-1, keepdim=True), _saturation(colours)
    return torch.where(spread > 0, (colours - lowest) * wanted / spread.clamp(min=SMALLEST), torch.zeros_like(colours))


def _darker_colour(b: Tensor, s: Tensor) -> Tensor:
    return torch.where(luminosity(s) < luminosity(b), s, b)


def _lighter_colour(b: Tensor, s: Tensor) -> Tensor:
    return torch.where(luminosity(s) > luminosity(b), s, b)


def _colour_dodge(b: Tensor, s: Tensor) -> Tensor:
    return torch.where(b == 0, b, torch.where(s >= 1, 1, (b / (1 - s).clamp(min=SMALLEST)).clamp(max=1)))


def _colour_burn(b: Tensor, s: Tensor) -> Tensor:
    return torch.where(b >= 1, 1, torch.where(s <= 0, 0, 1 - ((1 - b) / s.clamp(min=SMALLEST)).clamp(max=1)))


def _hard_light(b: Tensor, s: Tensor) -> Tensor:
    return torch.where(s <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s))


def _soft_light(b: Tensor, s: Tensor) -> Tensor:
    root = torch.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, b.clamp(min=0).sqrt())
    return torch.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (root - b))


def _vivid_light(b: Tensor, s: Tensor) -> Tensor:
    return torch.where(s <= 0.5, _colour_burn(b, 2 * s), _colour_dodge(b, 2 * s - 1))


def _pin_light(b: Tensor, s: Tensor) -> Tensor:
    return torch.where(s <= 0.5, torch.minimum(b, 2 * s), torch.maximum(b, 2 * s - 1))


def _divide(b: Tensor, s: Tensor) -> Tensor:
    return torch.where(s > 0, b / s.clamp(min=SMALLEST), (b > 0).to(b))


MODES: MappingProxyType[str, Mode] = MappingProxyType(
    {
        "normal": lambda b, s: s,
        "multiply": lambda b, s: b * s,
        "screen": lambda b, s: b + s - b * s,
        "overlay": lambda b, s: _hard_light(s, b),
        "soft_light": _soft_light,
        "difference": lambda b, s: (b - s).abs(),
        "darken": torch.minimum,
        "lighten": torch.maximum,
        "color_burn": _colour_burn,
        "color_dodge": _colour_dodge,
        "linear_burn": lambda b, s: b + s - 1,
        "linear_dodge": lambda b, s: b + s,
        "darker_color": _darker_colour,
        "lighter_color": _lighter_colour,
        "hard_light": _hard_light,
        "vivid_light": _vivid_light,
        "linear_light": lambda b, s: b + 2 * s - 1,
        "pin_light": _pin_light,
        "hard_mix": lambda b, s: (b + s >= 1).to(b),
        "exclusion": lambda b, s: b + s - 2 * b * s,
        "subtract": lambda b, s: b - s,
        "divide": _divide,
        "hue": lambda b, s: _with_luminosity(_with_saturation(s, _saturation(b)), luminosity(b)),
        "saturation": lambda b, s: _with_luminosity(_with_saturation(b, _saturation(s)), luminosity(b)),
        "color": lambda b, s: _with_luminosity(s, luminosity(b)),
        "luminosity": with_luminosity_of,
    }
)
