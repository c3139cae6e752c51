"""The nodes of the pack: typed functions, of which Safelight's docs/nodes.md says what they may be."""

from typing import Annotated

from graph.declare import Range, Widget, node
from nodes.sockets import Image


@node("NewPackWarmth", title="Warmth", category="new_pack", search=["temperature", "white balance"])
def warmth(image: Image, amount: Annotated[float, Range(-1, 1, step=0.05), Widget("new_pack.warmth")] = 0.0) -> Image:
    """Make a picture warmer or cooler.

    amount: 0 leaves it as it is; 1 takes all blue and doubles red, -1 the other way round.
    """
    warmer = image.clone()
    warmer[..., 0] *= 1 + amount
    warmer[..., 2] *= 1 - amount
    return warmer.clamp(0, 1)
