"""What most templates begin and end with, and the example pictures that some of them load."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tools.templates.sheet import Node, Output, Seed, Sheet

CHECKPOINT = "pocket.safetensors"
EXAMPLES = {
    "cat.png": ("a large orange cat on a green background, 3d style", 3),
    "house.png": ("a large red house on a white background, flat style", 3),
    "rocket.png": ("a large red rocket on a blue background, 3d style", 5),
    "heart.png": ("a large red heart on a blue background, 3d style", 7),
}
"""The pictures of workflows/inputs that the embedded checkpoint paints: the prompt and the seed of each."""


class Start(NamedTuple):
    """What a picture begins with."""

    model: Output
    clip: Output
    vae: Output
    positive: Node
    negative: Node


def start(sheet: Sheet, prompt: str | Output, negative: str = "") -> Start:
    """The embedded checkpoint and two prompts."""
    loader = sheet.add("CheckpointLoader", ckpt_name=CHECKPOINT)
    positive = sheet.add("CLIPEncode", "Prompt", clip=loader["CLIP"], text=prompt)
    unwanted = sheet.add("CLIPEncode", "Negative prompt", clip=loader["CLIP"], text=negative)
    return Start(loader["MODEL"], loader["CLIP"], loader["VAE"], positive, unwanted)


def empty(sheet: Sheet, width: int = 128, height: int = 128, batch_size: int = 1) -> Node:
    """An empty latent of the size that the checkpoint paints best."""
    return sheet.add("EmptyLatent", width=width, height=height, batch_size=batch_size)


def sampled(sheet: Sheet, begun: Start, latent: Node | Output, title: str | None = None, **values: Any) -> Node:
    """A KSampler with the checkpoint's good settings, apart from `values`."""
    good = {"seed": Seed(3), "steps": 20, "cfg": 2.5, "sampler_name": "dpmpp_2m", "scheduler": "karras"}
    links = {"model": begun.model, "positive": begun.positive, "negative": begun.negative, "latent_image": latent}
    return sheet.add("KSampler", title, **{**links, **good, **values})


def saved(sheet: Sheet, begun: Start, latent: Node | Output, title: str | None = None) -> Node:
    """The picture of a latent, saved."""
    return sheet.add("SaveImage", title, images=sheet.add("VAEDecode", samples=latent, vae=begun.vae))


def shown(sheet: Sheet, begun: Start, latent: Node | Output, title: str | None = None) -> Node:
    """The picture of a latent, shown and not kept."""
    return sheet.add("PreviewImage", title, images=sheet.add("VAEDecode", samples=latent, vae=begun.vae))


def compared(sheet: Sheet, begun: Start, latents: Mapping[str, Node], columns: int = 2, width: int = 160) -> Node:
    """The pictures of latents on one sheet, each so wide and with its name below it, saved."""
    pictures = [sheet.add("VAEDecode", samples=latent, vae=begun.vae) for latent in latents.values()]
    joined = sheet.add("MakeList", **{f"value{number}": picture for number, picture in enumerate(pictures)})
    look = {"columns": columns, "width": width, "margin": 6, "text_size": 16}
    contact = sheet.add("ContactSheet", images=joined, captions="\n".join(latents), **look)
    return sheet.add("SaveImage", images=contact)
