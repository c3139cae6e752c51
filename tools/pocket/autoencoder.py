"""The autoencoder: SD 1.x's AutoencoderKL (8 x 8 pixels a latent, 4 channels), narrow.

Started from random weights it spends most of a short training on finding colour. Here the first channels of every
feature map carry the box-averaged colour from the first step on, so that training only has to add what lies beyond it.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor, nn

from tools.pocket.resumable import Training, cosine
from tools.pocket.world import RESOLUTION, draw_scene, draw_sway, render, spare_sprites, tinted

CHANNELS = (16, 32, 64, 64)
NORM_GROUPS = 4
LATENT_CHANNELS = 4
COLOURS = 3
PATH = 5  # three colours and two constants of opposite sign, which keep absolute colour alive through GroupNorm
CONSTANT = 2.5
PEAK_LEARNING_RATE = 2e-3
KL_WEIGHT = 3e-4
CROP = RESOLUTION // 2


def build() -> AutoencoderKL:
    """The untrained network."""
    levels = len(CHANNELS)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=CHANNELS,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=NORM_GROUPS,
        sample_size=RESOLUTION,
    ).to(memory_format=torch.channels_last)


def to_tensor(pictures: list[Image.Image]) -> Tensor:
    """RGB pictures of one size as [B, 3, H, W] in -1..1."""
    stacked = torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures]))
    return (stacked.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def to_pictures(batch: Tensor) -> list[Image.Image]:
    """The inverse of `to_tensor`; values outside -1..1 are clipped."""
    pixels = ((batch.permute(0, 2, 3, 1) + 1) * 127.5).round().clamp(0, 255).byte().numpy()
    return [Image.fromarray(picture) for picture in pixels]


def _pass_on(convolution: nn.Conv2d, rows: int = PATH) -> None:
    """Make the first `rows` outputs of a convolution copies of its inputs of the same numbers."""
    convolution.weight[:rows] = 0
    assert convolution.bias is not None
    convolution.bias[:rows] = 0
    middle = convolution.kernel_size[0] // 2
    for channel in range(rows):
        convolution.weight[channel, channel, middle, middle] = 1


def _open_path(half: nn.Module) -> None:
    """Lead the path channels unchanged through an encoder or a decoder."""
    for layer in half.modules():
        kind = type(layer).__name__
        if kind == "ResnetBlock2D":
            layer.conv2.weight *= 0.1
            layer.conv2.bias.zero_()
            layer.conv2.weight[:PATH] = 0
            if layer.conv_shortcut is not None:
                _pass_on(layer.conv_shortcut)
        elif kind == "Attention":
            layer.to_out[0].weight *= 0.1
            layer.to_out[0].weight[:PATH] = 0
            layer.to_out[0].bias[:PATH] = 0
        elif kind == "Upsample2D":
            _pass_on(layer.conv)
        elif kind == "Downsample2D":
            _pass_on(layer.conv)
            for channel in range(PATH):
                layer.conv.weight[channel, channel] = 0
                layer.conv.weight[channel, channel, :2, :2] = 0.25  # the mean of the 2 x 2 pixels under the stride
    _pass_on(half.conv_in, rows=COLOURS)
    half.conv_in.weight[COLOURS:PATH] = 0
    half.conv_in.bias[COLOURS:PATH] = torch.tensor([CONSTANT, -CONSTANT])
    # A bias of 2 keeps the path in the part of the last SiLU that is nearly linear.
    half.conv_norm_out.bias[:PATH] = 2.0
    half.conv_out.weight[:COLOURS] *= 0.05
    half.conv_out.bias[:COLOURS] = 0
    for channel in range(COLOURS):
        half.conv_out.weight[channel, channel, 1, 1] = 1


def _fit_rows(convolution: nn.Conv2d, actual: Tensor, wanted: Tensor) -> None:
    """Scale and shift the rows of a last convolution so that its output `actual` comes to `wanted` by least squares."""
    assert convolution.bias is not None
    for row in range(wanted.shape[1]):
        x, y = actual[:, row].flatten(), wanted[:, row].flatten()
        slope = ((x - x.mean()) * (y - y.mean())).mean() / x.var()
        convolution.weight[row] *= slope
        convolution.bias[row] = convolution.bias[row] * slope + y.mean() - slope * x.mean()


@torch.no_grad()
def open_colour_path(vae: AutoencoderKL, examples: Tensor) -> None:
    """Initialise `vae` so that it already reproduces `examples`' colours at the latents' resolution."""
    _open_path(vae.encoder)
    _open_path(vae.decoder)
    vae.quant_conv.weight.copy_(torch.eye(2 * LATENT_CHANNELS)[:, :, None, None])
    vae.post_quant_conv.weight.copy_(torch.eye(LATENT_CHANNELS)[:, :, None, None])
    vae.quant_conv.bias.zero_()
    vae.post_quant_conv.bias.zero_()
    vae.encoder.conv_out.weight[LATENT_CHANNELS:] *= 0.1
    vae.quant_conv.bias[LATENT_CHANNELS:] = -4
    last = LATENT_CHANNELS - 1
    latents = vae.encode(examples).latent_dist.mean
    colours = 2 * F.avg_pool2d(examples, 8)
    # The fourth channel starts as loud as the colours: started quiet, it drowns in the sampling noise and stays unused.
    loud = (latents[:, last:] - latents[:, last:].mean()) / latents[:, last:].std() * 1.5
    _fit_rows(vae.encoder.conv_out, latents, torch.cat([colours, loud], 1))
    decoded = vae.decode(vae.encode(examples).latent_dist.mean).sample
    _fit_rows(vae.decoder.conv_out, decoded, examples)


def _spare_picture(rng: random.Random) -> Image.Image:
    """An emoji of no caption, often recoloured, somewhere on a plain or graded background of any colour."""

    def colour() -> tuple[int, int, int]:
        return rng.randrange(256), rng.randrange(256), rng.randrange(256)

    picture = Image.new("RGB", (RESOLUTION, RESOLUTION), colour())
    if rng.random() < 0.4:
        grade = Image.linear_gradient("L").resize(picture.size)
        picture.paste(Image.new("RGB", picture.size, colour()), (0, 0), grade.rotate(rng.choice((0, 90, 180, 270))))
    pixels = rng.randint(48, 124)
    sprite = rng.choice(spare_sprites()).resize((pixels, pixels), Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        sprite = tinted(sprite, colour())
    picture.paste(sprite, (rng.randint(0, RESOLUTION - pixels), rng.randint(0, RESOLUTION - pixels)), sprite)
    return picture


def _picture(rng: random.Random) -> Image.Image:
    """A training picture: two of the world to one of other emoji."""
    if rng.random() < 0.35:
        return _spare_picture(rng)
    scene = draw_scene(rng)
    across, down = draw_sway(scene, rng)
    return render(scene, (across + rng.randint(-3, 3), down + rng.randint(-3, 3)))


def _batch(rng: random.Random, whole: bool) -> Tensor:
    """Six whole pictures, or sixteen quarters, which cost less and show as much texture."""
    if whole:
        return to_tensor([_picture(rng) for _ in range(6)])
    crops = []
    for _ in range(16):
        x, y = rng.randint(0, RESOLUTION - CROP), rng.randint(0, RESOLUTION - CROP)
        crops.append(_picture(rng).crop((x, y, x + CROP, y + CROP)))
    return to_tensor(crops)


def _loss(vae: AutoencoderKL, pictures: Tensor) -> Tensor:
    posterior = vae.encode(pictures).latent_dist
    decoded = vae.decode(posterior.sample()).sample
    error = decoded - pictures
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    divergence = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).mean()
    return error.abs().mean() + 0.5 * edges + KL_WEIGHT * divergence


@torch.no_grad()
def reconstruction_quality(vae: AutoencoderKL, pictures: Tensor) -> float:
    """Mean peak signal-to-noise ratio of `pictures` through the autoencoder, in dB."""
    decoded = vae.decode(vae.encode(pictures).latent_dist.mean).sample.clamp(-1, 1)
    return float((-10 * ((decoded - pictures) / 2).square().mean((1, 2, 3)).log10()).mean())


def train(path: Path, steps: int, every: int) -> None:
    """Train to step `steps`, with the state at `path`; reports and saves each `every` steps."""
    torch.manual_seed(0)
    vae = build()
    if not path.exists():
        open_colour_path(vae, to_tensor([_picture(random.Random(number)) for number in range(48)]))
    optimizer = torch.optim.AdamW(vae.parameters(), betas=(0.9, 0.99), weight_decay=0, fused=True)
    run = Training(vae, optimizer, path, average=0.99, seed=1)
    rng = random.Random(-1)
    unseen = to_tensor([render(draw_scene(rng, held_out=True)) for _ in range(24)])
    print(f"autoencoder: {reconstruction_quality(vae, unseen):.2f} dB at step {run.step}", flush=True)
    while run.step < steps:
        # Quarters first, with whole pictures in between: the statistics of GroupNorm differ, and whole ones count.
        whole = run.step % 6 == 0 or run.step > 0.6 * steps
        warm = min(1, (run.step + 1) / 30)
        run.update(_loss(vae, _batch(run.rng, whole)), PEAK_LEARNING_RATE * warm * cosine(run.step, steps))
        if run.step % every == 0 or run.step == steps:
            run.save()
            print(f"autoencoder: {run.report()}  {reconstruction_quality(vae, unseen):.2f} dB", flush=True)
