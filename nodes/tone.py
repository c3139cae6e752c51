"""Nodes that change the tones of pictures."""

from typing import Annotated

from diffusion.images.tone import curve_table, through_table
from graph.declare import Choice, Curve, node
from nodes.sockets import Image

CHANNELS = ("all", "red", "green", "blue")


@node("ToneCurve", category="image/adjust", search=["levels", "contrast", "brightness", "gamma", "curves"])
def tone_curve(image: Image, curve: Curve, channel: Annotated[str, Choice(CHANNELS)] = "all") -> Image:
    """Change the tones of pictures by a curve.

    curve: From left to right the tones as they are, from below to above as they become.
    channel: The colour that is changed.
    """
    table = curve_table(curve["points"], curve.get("interpolation", "monotone_cubic"))
    if channel == "all":
        return through_table(image, table)
    index = CHANNELS.index(channel) - 1
    changed = image.clone()
    changed[..., index] = through_table(image[..., index], table)
    return changed
