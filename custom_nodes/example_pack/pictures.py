"""Pictures: a plain node, one with a widget of the pack's own, one that takes two types, one that grows a graph."""

import math
from typing import Annotated

import torch

from graph.declare import Choice, Range, Subgraph, Widget, node
from nodes.sockets import Image, Mask

from .falloff import falloff

Fraction = Annotated[float, Range(0, 1, step=0.05, slider=True)]


@node("Vignette", category="example", search=["darken", "edges", "corners"])
def vignette(
    image: Image, strength: Fraction = 0.5, start: Annotated[float, Range(0, 0.95, step=0.05, slider=True)] = 0.4
) -> Image:
    """Darken a picture towards its corners.

    strength: How much of the light the corners lose; at 1 they are black.
    start: Where it begins, between the centre (0) and the corners (1).
    """
    height, width = image.shape[1:3]
    light = 1 - strength * falloff(height, width, start).to(image)
    colours, alpha = image[..., :3], image[..., 3:]
    return torch.cat([colours * light[..., None], alpha], dim=-1)


@node("ExampleGradient", title="Gradient", category="example")
def gradient(
    width: Annotated[int, Range(1, 4096)] = 128,
    height: Annotated[int, Range(1, 4096)] = 128,
    angle: Annotated[float, Range(0, 360, step=1), Widget("example_pack.dial")] = 45.0,
) -> Image:
    """Make a grey picture that goes from black to white.

    angle: Where white is: 0 at the right, 90 at the top. The widget is the pack's own, in web/dial.js.
    """
    x = torch.linspace(-1, 1, width)[None, :].expand(height, width)
    y = torch.linspace(1, -1, height)[:, None].expand(height, width)
    across = x * math.cos(math.radians(angle)) + y * math.sin(math.radians(angle))
    reach = abs(math.cos(math.radians(angle))) + abs(math.sin(math.radians(angle)))
    return ((across / reach + 1) / 2).clamp(0, 1)[None, :, :, None].repeat(1, 1, 1, 3)


@node("ExampleFlip", title="Flip", category="example")
def flip(
    value: Image | Mask, direction: Annotated[str, Choice(("left to right", "upside down"))] = "left to right"
) -> Image | Mask:
    """Mirror a picture or a mask: `Image | Mask` is a socket that takes both."""
    return value.flip(2 if direction == "left to right" else 1)


@node("ExampleRepeatedVignette", title="Repeated Vignette", category="example")
def repeated_vignette(image: Image, times: Annotated[int, Range(0, 20)] = 3) -> Image | Subgraph:
    """Darken a picture several times: the node returns a graph, and the engine runs that in its place."""
    if times == 0:
        return image
    graph = Subgraph()
    for _ in range(times):
        image = graph.add(vignette, image=image, strength=0.2)
    return graph.returns(image)
