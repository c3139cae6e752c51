"""Stable Diffusion 1.x checkpoints with random weights, the same on every machine, in the released size and in others.

They are made from a table of names, shapes and gains without any model code, so that different programs can be given
the same file and compared. Every tensor is drawn from a generator of its own, seeded by its name. Weights are
N(0, gain² / inputs), biases N(0, 0.02²), norms 1 + N(0, 0.05²); layers that close a residual branch have a smaller
gain, cross-attention a larger one, so that activations stay in range and the prompt matters.
"""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file

UNET = "model.diffusion_model."
VAE = "first_stage_model."
CLIP = "cond_stage_model.transformer.text_model."


@dataclass(frozen=True)
class Sizes:
    """The widths of a checkpoint's networks; all levels of the UNet but the last have attention."""

    unet: tuple[int, ...] = (320, 640, 1280, 1280)
    unet_blocks: int = 2
    vae: tuple[int, ...] = (128, 256, 512, 512)
    vae_blocks: int = 2
    text: int = 768
    text_layers: int = 12
    vocabulary: int = 49408


RELEASED = Sizes()
TINY = Sizes(unet=(32, 64), unet_blocks=1, vae=(32, 32, 32, 64), vae_blocks=1, text=48, text_layers=3)


class Entry(NamedTuple):
    """A tensor to draw: its kind is one of weight, bias, norm or table."""

    name: str
    shape: tuple[int, ...]
    kind: str
    gain: float = 1.0


def write(path: Path, sizes: Sizes = RELEASED) -> None:
    """Write a checkpoint in half precision, 2 GB in the released size; an interrupted write leaves no such file."""
    partial = path.with_suffix(".part")
    save_file(tensors(sizes), partial, metadata={"format": "pt"})
    partial.replace(path)


def tensors(sizes: Sizes) -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint by their names in the file."""
    drawn = {entry.name: _draw(entry).half() for entry in entries(sizes)}
    return {**drawn, f"{CLIP}embeddings.position_ids": torch.arange(77).unsqueeze(0)}


def entries(sizes: Sizes) -> Iterator[Entry]:
    """All tensors of a checkpoint but the table of positions."""
    yield from _unet(sizes)
    yield from _vae(sizes)
    yield from _clip(sizes)


def _draw(entry: Entry) -> torch.Tensor:
    generator = torch.Generator().manual_seed(zlib.crc32(entry.name.encode()) & 0x7FFFFFFF)
    noise = torch.randn(entry.shape, generator=generator)
    match entry.kind:
        case "weight":
            return noise * (entry.gain / math.sqrt(math.prod(entry.shape[1:])))
        case "norm":
            return 1.0 + 0.05 * noise
        case "table":
            return noise * entry.gain
    return noise * 0.02


def _linear(name: str, outputs: int, inputs: int, gain: float = 1.0, bias: bool = True) -> Iterator[Entry]:
    yield Entry(f"{name}.weight", (outputs, inputs), "weight", gain)
    if bias:
        yield Entry(f"{name}.bias", (outputs,), "bias")


def _conv(name: str, outputs: int, inputs: int, kernel: int = 3, gain: float = 1.0) -> Iterator[Entry]:
    yield Entry(f"{name}.weight", (outputs, inputs, kernel, kernel), "weight", gain)
    yield Entry(f"{name}.bias", (outputs,), "bias")


def _norm(name: str, width: int) -> Iterator[Entry]:
    yield Entry(f"{name}.weight", (width,), "norm")
    yield Entry(f"{name}.bias", (width,), "bias")


def _unet(sizes: Sizes) -> Iterator[Entry]:
    widths, blocks = sizes.unet, sizes.unet_blocks
    levels = len(widths)
    time = 4 * widths[0]
    yield from _linear(f"{UNET}time_embed.0", time, widths[0])
    yield from _linear(f"{UNET}time_embed.2", time, time)
    yield from _conv(f"{UNET}input_blocks.0.0", widths[0], 4)
    skips, width, number = [widths[0]], widths[0], 1
    for level, wanted in enumerate(widths):
        context = sizes.text if level < levels - 1 else None
        for _ in range(blocks):
            yield from _unet_block(f"{UNET}input_blocks.{number}", width, wanted, time, context)
            width, number = wanted, number + 1
            skips.append(width)
        if level < levels - 1:
            yield from _conv(f"{UNET}input_blocks.{number}.0.op", width, width)
            number += 1
            skips.append(width)
    yield from _unet_resnet(f"{UNET}middle_block.0", width, width, time)
    yield from _unet_attention(f"{UNET}middle_block.1", width, sizes.text)
    yield from _unet_resnet(f"{UNET}middle_block.2", width, width, time)
    for number in range(levels * (blocks + 1)):
        level = levels - 1 - number // (blocks + 1)
        context = sizes.text if level < levels - 1 else None
        yield from _unet_block(f"{UNET}output_blocks.{number}", width + skips.pop(), widths[level], time, context)
        width = widths[level]
        if level and number % (blocks + 1) == blocks:
            yield from _conv(f"{UNET}output_blocks.{number}.{2 if context else 1}.conv", width, width)
    yield from _norm(f"{UNET}out.0", width)
    yield from _conv(f"{UNET}out.2", 4, width, gain=1.7)


def _unet_block(name: str, inputs: int, outputs: int, time: int, context: int | None) -> Iterator[Entry]:
    yield from _unet_resnet(f"{name}.0", inputs, outputs, time)
    if context:
        yield from _unet_attention(f"{name}.1", outputs, context)


def _unet_resnet(name: str, inputs: int, outputs: int, time: int) -> Iterator[Entry]:
    yield from _norm(f"{name}.in_layers.0", inputs)
    yield from _conv(f"{name}.in_layers.2", outputs, inputs)
    yield from _linear(f"{name}.emb_layers.1", outputs, time)
    yield from _norm(f"{name}.out_layers.0", outputs)
    yield from _conv(f"{name}.out_layers.3", outputs, outputs, gain=0.7)
    if inputs != outputs:
        yield from _conv(f"{name}.skip_connection", outputs, inputs, kernel=1)


def _unet_attention(name: str, width: int, text: int) -> Iterator[Entry]:
    yield from _norm(f"{name}.norm", width)
    yield from _conv(f"{name}.proj_in", width, width, kernel=1)
    block = f"{name}.transformer_blocks.0"
    for part, context, gain, closing in (("attn1", width, 1.0, 0.7), ("attn2", text, 1.5, 2.0)):
        yield from _linear(f"{block}.{part}.to_q", width, width, gain, bias=False)
        yield from _linear(f"{block}.{part}.to_k", width, context, gain, bias=False)
        yield from _linear(f"{block}.{part}.to_v", width, context, gain, bias=False)
        yield from _linear(f"{block}.{part}.to_out.0", width, width, closing)
    yield from _linear(f"{block}.ff.net.0.proj", width * 8, width)
    yield from _linear(f"{block}.ff.net.2", width, width * 4, 0.7)
    for part in ("norm1", "norm2", "norm3"):
        yield from _norm(f"{block}.{part}", width)
    yield from _conv(f"{name}.proj_out", width, width, kernel=1, gain=0.7)


def _vae(sizes: Sizes) -> Iterator[Entry]:
    widths, blocks = sizes.vae, sizes.vae_blocks
    yield from _conv(f"{VAE}encoder.conv_in", widths[0], 3)
    width = widths[0]
    for level, wanted in enumerate(widths):
        for block in range(blocks):
            yield from _vae_resnet(f"{VAE}encoder.down.{level}.block.{block}", width, wanted)
            width = wanted
        if level < len(widths) - 1:
            yield from _conv(f"{VAE}encoder.down.{level}.downsample.conv", width, width)
    yield from _vae_middle(f"{VAE}encoder.mid", width)
    yield from _norm(f"{VAE}encoder.norm_out", width)
    yield from _conv(f"{VAE}encoder.conv_out", 8, width)
    yield from _conv(f"{VAE}quant_conv", 8, 8, kernel=1)
    yield from _conv(f"{VAE}post_quant_conv", 4, 4, kernel=1)
    yield from _conv(f"{VAE}decoder.conv_in", width, 4)
    yield from _vae_middle(f"{VAE}decoder.mid", width)
    for level in reversed(range(len(widths))):
        for block in range(blocks + 1):
            yield from _vae_resnet(f"{VAE}decoder.up.{level}.block.{block}", width, widths[level])
            width = widths[level]
        if level:
            yield from _conv(f"{VAE}decoder.up.{level}.upsample.conv", width, width)
    yield from _norm(f"{VAE}decoder.norm_out", width)
    yield from _conv(f"{VAE}decoder.conv_out", 3, width, gain=0.8)


def _vae_resnet(name: str, inputs: int, outputs: int) -> Iterator[Entry]:
    yield from _norm(f"{name}.norm1", inputs)
    yield from _conv(f"{name}.conv1", outputs, inputs)
    yield from _norm(f"{name}.norm2", outputs)
    yield from _conv(f"{name}.conv2", outputs, outputs, gain=0.7)
    if inputs != outputs:
        yield from _conv(f"{name}.nin_shortcut", outputs, inputs, kernel=1)


def _vae_middle(name: str, width: int) -> Iterator[Entry]:
    yield from _vae_resnet(f"{name}.block_1", width, width)
    yield from _norm(f"{name}.attn_1.norm", width)
    for part in ("q", "k", "v"):
        yield from _conv(f"{name}.attn_1.{part}", width, width, kernel=1)
    yield from _conv(f"{name}.attn_1.proj_out", width, width, kernel=1, gain=0.7)
    yield from _vae_resnet(f"{name}.block_2", width, width)


def _clip(sizes: Sizes) -> Iterator[Entry]:
    width = sizes.text
    yield Entry(f"{CLIP}embeddings.token_embedding.weight", (sizes.vocabulary, width), "table", 0.05)
    yield Entry(f"{CLIP}embeddings.position_embedding.weight", (77, width), "table", 0.02)
    for index in range(sizes.text_layers):
        layer = f"{CLIP}encoder.layers.{index}"
        for part in ("q_proj", "k_proj", "v_proj"):
            yield from _linear(f"{layer}.self_attn.{part}", width, width)
        yield from _linear(f"{layer}.self_attn.out_proj", width, width, 0.1)
        yield from _norm(f"{layer}.layer_norm1", width)
        yield from _linear(f"{layer}.mlp.fc1", 4 * width, width)
        yield from _linear(f"{layer}.mlp.fc2", width, 4 * width, 0.1)
        yield from _norm(f"{layer}.layer_norm2", width)
    yield from _norm(f"{CLIP}final_layer_norm", width)
