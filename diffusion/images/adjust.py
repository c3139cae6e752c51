"""Levels, white balance, brightness, contrast, hue and saturation of pictures `[B, H, W, C]`; alpha stays."""

from math import radians

import torch
from torch import Tensor

from diffusion.images.colours import LUMA, LUMINANCE, on_colours

BALANCES = ("grey world", "brightest is white")
BRIGHTEST = 0.99  # the quantile that is taken for the brightest, so that single pixels do not decide
DAYLIGHT = 6504.0  # kelvin, the white of sRGB
DARKEST_NEUTRAL = 1e-4

BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
"""From CIE XYZ to the cone responses in which eyes adapt to a light (Lam 1985, as in ICC profiles)."""


def adjust(
    images: Tensor,
    exposure: float = 0.0,
    brightness: float = 1.0,
    contrast: float = 1.0,
    saturation: float = 1.0,
    hue: float = 0.0,
    gamma: float = 1.0,
) -> Tensor:
    """Change pictures in this order; the defaults change nothing.

    exposure: In stops; light is doubled for each.
    brightness: Factor of all values.
    contrast: Factor of the distance from the mean brightness.
    saturation: Factor of the distance from grey.
    hue: In degrees around the circle of hues.
    gamma: Above 1 makes what is between black and white brighter.
    """
    from kornia import color, enhance

    def change(planes: Tensor) -> Tensor:
        planes = planes.clamp(0, 1)
        if exposure:
            planes = color.linear_rgb_to_rgb((color.rgb_to_linear_rgb(planes) * 2**exposure).clamp(0, 1))
        planes = (planes * brightness).clamp(0, 1)
        if contrast != 1:
            middle = (planes * _column(planes, LUMA)).sum(1, keepdim=True).mean((2, 3), keepdim=True)
            planes = (middle + (planes - middle) * contrast).clamp(0, 1)
        if saturation != 1:
            grey = (planes * _column(planes, LUMA)).sum(1, keepdim=True)
            planes = (grey + (planes - grey) * saturation).clamp(0, 1)
        if hue:
            planes = enhance.adjust_hue(planes, radians(hue))
        return planes ** (1 / gamma)

    return on_colours(images, change)


def levels(values: Tensor, black: float, white: float, gamma: float, darkest: float, brightest: float) -> Tensor:
    """Stretch `black`..`white` over `darkest`..`brightest`, and bend the tones between them by `gamma`; all in 0..1.

    Above 1 gamma brightens. Raises ValueError unless black is below white.
    """
    if black >= white:
        raise ValueError("The black point is not below the white point. Lower it, or raise the white point.")
    stretched = ((values.float() - black) / (white - black)).clamp(0, 1)
    return darkest + (brightest - darkest) * stretched ** (1 / gamma)


def auto_levels(images: Tensor, clipped: float, each_channel: bool) -> Tensor:
    """Stretch the tones of each picture over all from black to white.

    clipped: The share of values, at each end, that may be lost.
    each_channel: Stretch the channels independently, which removes colour casts; otherwise colours keep their hue.
    """

    def change(planes: Tensor) -> Tensor:
        values = planes.flatten(2) if each_channel else planes.flatten(1)[:, None]
        last = values.shape[-1] - 1
        ordered = values.sort(-1).values
        low = ordered[..., round(clipped * last), None, None]
        high = ordered[..., round((1 - clipped) * last), None, None]
        return torch.where(high > low, (planes - low) / (high - low).clamp(min=1e-6), planes).clamp(0, 1)

    return on_colours(images, change)


def white_balance(images: Tensor, method: str, strength: float = 1.0) -> Tensor:
    """Remove a colour cast from each picture, in linear light.

    method: "grey world" takes the mean of a picture for grey (Buchsbaum 1980), "brightest is white" the brightest
        value of each channel for white (Land's retinex).
    """
    from kornia.color import rgb_to_linear_rgb

    if method not in BALANCES:
        raise ValueError(f"There is no white balance '{method}'; there are {', '.join(BALANCES)}.")
    light = rgb_to_linear_rgb(images[..., :3].float().clamp(0, 1).movedim(-1, 1)).flatten(2)
    if method == "grey world":
        neutral = light.mean(-1)
    else:
        neutral = light.sort(-1).values[..., round(BRIGHTEST * (light.shape[-1] - 1))]
    return neutralised(images, neutral, strength)


def neutralised(images: Tensor, neutral: Tensor, strength: float = 1.0) -> Tensor:
    """Make a colour grey of the same luminance, and move all others with it.

    neutral: In linear light, `[B, 3]`, or `[1, 3]` for all pictures.
    """
    from kornia.color import linear_rgb_to_rgb, rgb_to_linear_rgb

    neutral = neutral.to(images.device).float().clamp(min=DARKEST_NEUTRAL)
    grey = (neutral * neutral.new_tensor(LUMINANCE)).sum(-1, keepdim=True)
    gains = torch.lerp(torch.ones_like(neutral), grey / neutral, strength)[..., None, None]

    def change(planes: Tensor) -> Tensor:
        return linear_rgb_to_rgb((rgb_to_linear_rgb(planes.clamp(0, 1)) * gains).clamp(0, 1))

    return on_colours(images, change)


def temperature(images: Tensor, mireds: float, tint: float = 0.0) -> Tensor:
    """Show pictures as if the light had another colour: von Kries adaptation in Bradford's cone space.

    mireds: How far the light moves from daylight of 6504 K, in 1e6 / kelvin; positive is warmer. -113 to 96.
    tint: How far it moves from the daylight locus, in CIE 1960 uv; positive is greener.
    """
    from kornia.color import linear_rgb_to_rgb, rgb_to_linear_rgb, rgb_to_xyz, xyz_to_rgb

    kelvin = 1e6 / (1e6 / DAYLIGHT + mireds)
    cones = torch.tensor(BRADFORD, dtype=torch.float64)
    gains = (cones @ daylight(kelvin, tint)) / (cones @ daylight(DAYLIGHT))
    matrix = (cones.inverse() @ torch.diag(gains) @ cones).to(images.device, torch.float32)

    def change(planes: Tensor) -> Tensor:
        xyz = rgb_to_xyz(rgb_to_linear_rgb(planes.clamp(0, 1)))
        light = xyz_to_rgb(torch.einsum("ij,bjhw->bihw", matrix, xyz))
        return linear_rgb_to_rgb(light.clamp(0, 1))

    return on_colours(images, change)


def daylight(kelvin: float, tint: float = 0.0) -> Tensor:
    """CIE XYZ `[3]` of daylight of 4000 to 25000 K, with Y = 1 (CIE 15: illuminants of the D series).

    tint: How far from the locus, in CIE 1960 uv, at a right angle to it.
    """
    x, y = _daylight_xy(kelvin)
    if tint:
        place, beside = (_to_uv(*_daylight_xy(k)) for k in (kelvin, kelvin + 1))
        along = torch.tensor([beside[0] - place[0], beside[1] - place[1]], dtype=torch.float64)
        along = along / along.norm()
        u, v = place[0] + tint * float(along[1]), place[1] - tint * float(along[0])
        x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    return torch.tensor([x / y, 1.0, (1 - x - y) / y], dtype=torch.float64)


def _daylight_xy(kelvin: float) -> tuple[float, float]:
    if kelvin <= 7000:
        x = 0.244063 + 0.09911e3 / kelvin + 2.9678e6 / kelvin**2 - 4.6070e9 / kelvin**3
    else:
        x = 0.237040 + 0.24748e3 / kelvin + 1.9018e6 / kelvin**2 - 2.0064e9 / kelvin**3
    return x, -3 * x**2 + 2.870 * x - 0.275


def _to_uv(x: float, y: float) -> tuple[float, float]:
    return 4 * x / (-2 * x + 12 * y + 3), 6 * y / (-2 * x + 12 * y + 3)


def _column(planes: Tensor, weights: tuple[float, float, float]) -> Tensor:
    return planes.new_tensor(weights)[:, None, None]
