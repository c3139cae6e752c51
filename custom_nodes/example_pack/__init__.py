"""An example of a pack: one node for pictures and one for text. docs/nodes.md explains what is used here."""

from typing import Annotated

import torch

from graph.declare import InputError, Multiline, Range, node
from nodes.sockets import Image

from .falloff import falloff


@node("Vignette", category="example", search=["darken", "edges", "corners"])
def vignette(
    image: Image,
    strength: Annotated[float, Range(0, 1, step=0.05, slider=True)] = 0.5,
    start: Annotated[float, Range(0, 0.95, step=0.05, slider=True)] = 0.4,
) -> Image:
    """Darken a picture towards its corners.

    strength: How much of the light the corners lose; at 1 they are black.
    start: Where it begins, between the centre (0) and the corners (1).
    """
    height, width = image.shape[1:3]
    light = 1 - strength * falloff(height, width, start).to(image)
    colours, alpha = image[..., :3], image[..., 3:]
    return torch.cat([colours * light[..., None], alpha], dim=-1)


@node("JoinText", category="example", search=["concatenate", "prompt"])
def join_text(
    first: Annotated[str, Multiline()] = "",
    second: Annotated[str, Multiline()] = "",
    separator: str = ", ",
) -> str:
    """Join two texts, for example the subject and the style of a prompt. An empty one leaves no separator.

    separator: What comes between the two.
    """
    if not first and not second:
        raise InputError("first", "Both texts are empty. Write something in one of them.")
    return separator.join(text for text in (first, second) if text)
