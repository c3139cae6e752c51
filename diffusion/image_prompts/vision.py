"""CLIP's vision models: ViT-L, ViT-H and ViT-bigG, in transformers' and in OpenCLIP's layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from diffusion import devices
from diffusion.component import Component, Entry, Source
from diffusion.families.clip_text import OPEN_CLIP_LAYER, QUERY_KEY_VALUE
from diffusion.families.ldm_shapes import divisor, numbers, required_shape
from diffusion.images.resize import resize
from diffusion.residency import Part
from diffusion.weights import Header, WeightsError, load_weights, read_header

HEADS = 16  # of all released sizes
OPENAI_LAYERS = 24  # of ViT-L, which is the only one that was trained with the quick activation
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
TRANSFORMERS = "vision_model."
OPEN_CLIP = ("visual.", "embedder.model.visual.", "model.visual.")
OPEN_CLIP_ENDS = {
    "embeddings.class_embedding": "class_embedding",
    "embeddings.patch_embedding.weight": "conv1.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "pre_layrnorm.weight": "ln_pre.weight",
    "pre_layrnorm.bias": "ln_pre.bias",
    "post_layernorm.weight": "ln_post.weight",
    "post_layernorm.bias": "ln_post.bias",
}
UNUSED = (f"{TRANSFORMERS}embeddings.position_ids", "text_model.", "text_projection.", "logit_scale")


@dataclass(frozen=True)
class EncodedPicture:
    """What CLIP sees in pictures.

    image_embeds: ``[B, n]``. last_hidden_state, penultimate_hidden_states: ``[B, tokens, width]``, after all layers
    and all but the last. blank: the penultimate states of a blank picture, ``[1, tokens, width]``.
    """

    image_embeds: Tensor
    last_hidden_state: Tensor
    penultimate_hidden_states: Tensor
    blank: Tensor

    def __getitem__(self, name: str) -> Any:
        """The same by name, as ComfyUI's packs read it."""
        return getattr(self, name)


@dataclass(frozen=True)
class ClipVision:
    """A vision model. size: of the square pictures that it sees, in pixels."""

    part: Part
    size: int

    def encode(self, images: Tensor, crop: bool = True) -> EncodedPicture:
        """What it sees in pictures ``[B, H, W, 3]`` in 0..1; of other shapes in the middle, or else squeezed."""
        pixels = self.pixels(images, crop)
        with self.part.loaded() as network, torch.no_grad():
            weight = network.visual_projection.weight
            seen = torch.cat([pixels, torch.zeros_like(pixels[:1])]).to(weight)
            found = network(pixel_values=seen, output_hidden_states=True)
        embeds, last, penultimate = (
            tensor.float().cpu() for tensor in (found.image_embeds, found.last_hidden_state, found.hidden_states[-2])
        )
        return EncodedPicture(embeds[:-1], last[:-1], penultimate[:-1], penultimate[-1:])

    def pixels(self, images: Tensor, crop: bool) -> Tensor:
        """Pictures as the network takes them: ``[B, 3, size, size]``, normalised."""
        pictures = images[..., :3].movedim(-1, 1).float()
        height, width = pictures.shape[2:]
        if (height, width) != (self.size, self.size):
            scale = self.size / min(height, width)
            across, down = (round(scale * width), round(scale * height)) if crop else (self.size, self.size)
            pictures = resize(pictures, across, down, "bicubic-antialiased")
            left, top = (across - self.size) // 2, (down - self.size) // 2
            pictures = pictures[..., top : top + self.size, left : left + self.size]
        levels = (pictures * 255).clamp(0, 255).round() / 255
        mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
        return (levels - mean) / deviation


def load_clip_vision(path: Path, *, device: torch.device | None = None) -> ClipVision:
    """Open a vision model. Raises `WeightsError`."""
    device = device or devices.current()
    header = read_header(path)
    component = vision_component(header)
    source = Source(component, load_weights(path), devices.precision(device).text, device)
    size = component.check(header) * source.dtype.itemsize
    part = Part(f"{path.name}: {component.title}", device, size, source.network)
    return ClipVision(part, component.config["image_size"])


def vision_component(header: Header) -> Component:
    """The vision model of a file. Raises `WeightsError` if there is none."""
    if f"{TRANSFORMERS}embeddings.class_embedding" in header.tensors:
        config = _config(header, "", lambda name: Entry(name))
        return Component("CLIP vision model", "", partial(_build, config), lambda name: name, UNUSED, config)
    for prefix in OPEN_CLIP:
        if f"{prefix}class_embedding" in header.tensors:
            config = _config(header, prefix, _open_clip_entry)
            return Component("CLIP vision model", prefix, partial(_build, config), _open_clip_entry, (), config)
    raise WeightsError(
        f"{header.path.name} holds no CLIP vision model: choose a file of ViT-L, ViT-H or ViT-bigG, in the layout of "
        "transformers or OpenCLIP."
    )


def _config(header: Header, prefix: str, entry: Any) -> dict[str, Any]:
    def shape(name: str) -> tuple[int, ...]:
        return required_shape(header, prefix + entry(name).name)

    width, _, patch, _ = shape(f"{TRANSFORMERS}embeddings.patch_embedding.weight")
    cells = shape(f"{TRANSFORMERS}embeddings.position_embedding.weight")[0] - 1
    first = prefix + entry(f"{TRANSFORMERS}encoder.layers.0.mlp.fc1.weight").name
    layers = len(numbers(header, first.replace(".", r"\.").replace(r"s\.0\.", r"s\.(\d+)\.")))
    projection = entry("visual_projection.weight")
    quick = layers == OPENAI_LAYERS
    return {
        "hidden_size": width,
        "intermediate_size": required_shape(header, first)[0],
        "num_hidden_layers": layers,
        "num_attention_heads": divisor(header, "vision_config", "num_attention_heads", HEADS, [width]),
        "hidden_act": "quick_gelu" if quick else "gelu",
        "patch_size": patch,
        "image_size": round(cells**0.5) * patch,
        "projection_dim": shape("visual_projection.weight")[1 if projection.transposed else 0],
    }


def _build(config: Mapping[str, Any]) -> Any:
    with torch.device("meta"):
        model = CLIPVisionModelWithProjection(CLIPVisionConfig(**config))
    # a table of positions that is not in the files, and so has to be real from the start
    embeddings = model.vision_model.embeddings
    embeddings.position_ids = torch.arange(embeddings.num_positions).unsqueeze(0)
    return model


def _open_clip_entry(name: str) -> Entry:
    if name == "visual_projection.weight":
        return Entry("proj", transposed=True)
    name = name.removeprefix(TRANSFORMERS)
    if name in OPEN_CLIP_ENDS:
        return Entry(OPEN_CLIP_ENDS[name])
    number, _, rest = name.removeprefix("encoder.layers.").partition(".")
    block = f"transformer.resblocks.{number}."
    module, _, leaf = rest.rpartition(".")
    if module in OPEN_CLIP_LAYER:
        return Entry(f"{block}{OPEN_CLIP_LAYER[module]}.{leaf}")
    part = QUERY_KEY_VALUE.index(module.removeprefix("self_attn."))
    return Entry(f"{block}attn.in_proj_{leaf}", part=(part, len(QUERY_KEY_VALUE)))
