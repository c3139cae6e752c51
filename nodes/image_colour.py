"""Nodes that change the colours of pictures."""

from typing import Annotated

import torch

from diffusion.images import adjust, channels, colour_correction, palette
from diffusion.images.colours import parsed
from graph.declare import Choice, Color, InputError, Range, node
from nodes.sockets import Image

Factor = Annotated[float, Range(0.0, 4.0, step=0.01)]
Level = Annotated[int, Range(0, 255)]
Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Signed = Annotated[float, Range(-100.0, 100.0, step=1.0)]

MatchedSpace = Annotated[str, Choice(("RGB", "Lab", "YCbCr"))]

TINT = 0.0002  # distance from the daylight locus for one step of the widget
CHANNELS = ("all", "red", "green", "blue")


@node("AdjustImage", category="image/adjust", search=["brightness", "contrast", "hue", "saturation", "exposure"])
def adjust_image(
    image: Image,
    exposure: Annotated[float, Range(-5.0, 5.0, step=0.05)] = 0.0,
    brightness: Factor = 1.0,
    contrast: Factor = 1.0,
    saturation: Factor = 1.0,
    hue: Annotated[float, Range(-180.0, 180.0, step=1.0)] = 0.0,
    gamma: Annotated[float, Range(0.1, 10.0, step=0.01)] = 1.0,
) -> Image:
    """Change the brightness and the colours of pictures, in the order of the inputs.

    exposure: In stops: 1 doubles the light.
    brightness: Factor of all values.
    contrast: Factor of the distance from the mean brightness.
    saturation: 0 is grey.
    hue: Turns all colours, in degrees.
    gamma: Above 1 brightens what is between black and white.
    """
    return adjust.adjust(image, exposure, brightness, contrast, saturation, hue, gamma)


@node("ImageLevels", category="image/adjust", title="Levels", search=["black point", "white point", "contrast"])
def image_levels(
    image: Image,
    black: Level = 0,
    gamma: Annotated[float, Range(0.1, 10.0, step=0.01)] = 1.0,
    white: Level = 255,
    darkest: Level = 0,
    brightest: Level = 255,
    channel: Annotated[str, Choice(CHANNELS)] = "all",
) -> Image:
    """Set black point, white point and middle tones of pictures.

    black: What is as dark becomes the darkest.
    gamma: Above 1 brightens the tones between.
    white: What is as bright becomes the brightest.
    darkest: What black becomes.
    brightest: What white becomes.
    channel: The colour that is changed.
    """
    chosen = slice(0, 3) if channel == "all" else slice(CHANNELS.index(channel) - 1, CHANNELS.index(channel))
    changed = image.clone()
    try:
        changed[..., chosen] = adjust.levels(
            image[..., chosen], black / 255, white / 255, gamma, darkest / 255, brightest / 255
        )
    except ValueError as error:
        raise InputError("black", str(error)) from error
    return changed


@node("AutoLevels", category="image/adjust", title="Automatic Levels", search=["normalize", "stretch", "contrast"])
def auto_levels(
    image: Image, clipped: Annotated[float, Range(0.0, 20.0, step=0.1)] = 0.5, each_channel: bool = False
) -> Image:
    """Stretch the tones of pictures over everything from black to white.

    clipped: Percent of all values, at each end, that may be lost.
    each_channel: Stretch red, green and blue independently, which also removes a colour cast.
    """
    return adjust.auto_levels(image, clipped / 100, each_channel)


@node("WhiteBalance", category="image/adjust", search=["colour cast", "color cast", "grey"])
def white_balance(
    image: Image, method: Annotated[str, Choice(adjust.BALANCES)] = adjust.BALANCES[0], strength: Share = 1.0
) -> Image:
    """Remove the colour cast of pictures by itself.

    method: What is taken for colourless: the mean of all colours, or what is brightest.
    strength: 0 changes nothing.
    """
    return adjust.white_balance(image, method, strength)


@node("NeutralColor", category="image/adjust", title="White Balance by Colour", search=["grey point", "pick"])
def neutral_color(image: Image, color: Annotated[str, Color()] = "#808080", strength: Share = 1.0) -> Image:
    """Remove a colour cast of which it is known what should be grey.

    color: A colour of the picture that should be grey; all others move with it.
    strength: 0 changes nothing.
    """
    from kornia.color import rgb_to_linear_rgb

    try:
        wanted = parsed(color)[:3]
    except ValueError as error:
        raise InputError("color", str(error)) from error
    return adjust.neutralised(image, rgb_to_linear_rgb(wanted[None, :, None, None])[..., 0, 0], strength)


@node("ColorTemperature", category="image/adjust", title="Colour Temperature", search=["warm", "cold", "tint"])
def color_temperature(image: Image, temperature: Signed = 0.0, tint: Signed = 0.0) -> Image:
    """Make the light of pictures warmer or colder.

    temperature: Positive is warmer, towards evening sun; negative colder, towards a blue sky.
    tint: Positive is greener, negative more magenta.
    """
    return adjust.temperature(image, temperature * 0.96, tint * TINT)


@node("MatchHistogram", category="image/adjust", title="Match Histogram", search=["histogram", "color match"])
def match_histogram(
    image: Image,
    reference: Image,
    space: MatchedSpace = "RGB",
    strength: Share = 1.0,
) -> Image:
    """Give pictures the distribution of tones that a reference has, in each channel.

    reference: May have another size.
    space: The channels that are matched.
    strength: How much of the change is applied.
    """
    *wanted, _ = channels.split(reference, space)
    *values, _ = channels.split(image, space)
    matched = colour_correction.match_histograms(torch.stack(values, -1), torch.stack(wanted, -1))
    colours = channels.merge(matched.unbind(-1), space)
    return torch.cat([torch.lerp(image[..., :3], colours, strength), image[..., 3:]], -1)


@node("TransferColors", category="image/adjust", title="Transfer Colours", search=["reinhard", "mood"])
def transfer_colors(image: Image, reference: Image, strength: Share = 1.0) -> Image:
    """Give pictures the mood of a reference: mean and spread of its colours, by Reinhard's method in Lab.

    reference: May have another size.
    strength: How much of the change is applied.
    """
    return torch.lerp(image, colour_correction.transfer_colours(image, reference), strength)


@node(
    "CorrectColors", category="image/adjust", title="Correct Colours", search=["color correction", "img2img", "drift"]
)
def correct_colors(image: Image, reference: Image) -> Image:
    """Give a painted picture the colours of the one that it was made from, as the A1111 WebUI does.

    image: What was painted; it keeps its brightness.
    reference: The picture whose colours are wanted.
    """
    return colour_correction.match_colours(image, reference)


@node("ImageQuantize", category="image/adjust", title="Reduce Colours", search=["palette", "dither", "posterize"])
def image_quantize(
    image: Image,
    colors: Annotated[int, Range(1, 256)] = 256,
    dither: Annotated[str, Choice(palette.DITHERS)] = "none",
) -> Image:
    """Show pictures in a few colours, which are chosen from each.

    colors: How many.
    dither: How mixed tones are shown: not at all, by spreading errors, or in a pattern of a size.
    """
    return palette.quantized(image, colors, dither)
