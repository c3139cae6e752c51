"""The tagger of the embedded world, which says what a picture shows: `python -m tools.pocket.tagger`.

A small convolutional network with one choice for each attribute of a scene. It learns from rendered scenes, from what
the checkpoint's autoencoder makes of them, which is softer, and from what the checkpoint paints when it is asked for
scenes; also from emoji that no caption names, so that it can say that it does not know a thing. Stopped, it goes on
where it was.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from diffusion.checkpoint import load_checkpoint
from diffusion.interrogation.pocket import Card, Group, Network
from tools.pocket.evaluate import paint
from tools.pocket.export import CHECKPOINT
from tools.pocket.resumable import Training, cosine
from tools.pocket.shares import Shares
from tools.pocket.train import WORK
from tools.pocket.world import (
    BACKGROUNDS,
    NATURAL,
    NOUNS,
    PLACE_WORDS,
    RESOLUTION,
    SIZES,
    STYLES,
    TINTS,
    Scene,
    draw_scene,
    draw_sway,
    full_caption,
    placed,
    render,
    spare_sprites,
    tinted,
)

DECODED = WORK / "tagger-decoded.pt"
PAINTED = WORK / "tagger-painted.pt"
TAGGER = WORK / "tagger.pt"

UNKNOWN = ""
CARD = Card(
    resolution=RESOLUTION,
    widths=(16, 32, 64, 96, 128),
    groups=(
        Group("object", (UNKNOWN, *NOUNS)),
        Group("colour", (NATURAL, *TINTS)),
        Group("background", tuple(BACKGROUNDS)),
        Group("size", tuple(SIZES)),
        Group("place", tuple(PLACE_WORDS.values())),
        Group("style", STYLES),
    ),
    caption="a[ {size}][ {colour}] {object|icon}[ {place}][ on a {background} background][, {style} style]",
)

STEPS = 2000
BATCH = 64
PEAK_LEARNING_RATE = 2e-3
WARM_UP = 100
DECODED_COUNT = 4000
DECODED_SHARE = 0.4
PAINTED_COUNT = 600
PAINTED_SHARE = 0.2
SPARE_SHARE = 0.15
ENCODED = 32
FIRST_SEED = 10_000  # of painted pictures; those that measure the checkpoint have small ones
# Pictures whose three colours are exchanged with each other: what is shown, whatever its colour.
EXCHANGED_SHARE = 0.25
EXCHANGES = list(itertools.permutations(range(3)))[1:]
STOCKS = ((DECODED, DECODED_SHARE), (PAINTED, PAINTED_SHARE))
UNKNOWABLE = -100  # the class that costs nothing


class Example(NamedTuple):
    """A picture, RGB, 128 x 128 pixels, and the number of the right tag in each group."""

    picture: Image.Image
    classes: tuple[int, ...]


def classes(scene: Scene) -> tuple[int, ...]:
    """The numbers of a scene's tags, in the order of `CARD`."""
    told = (scene.noun, scene.tint, scene.background, scene.size, PLACE_WORDS[scene.place], scene.style)
    return tuple(group.tags.index(tag) for group, tag in zip(CARD.groups, told, strict=True))


def draw_example(rng: random.Random) -> Example:
    """A scene, or at times the same with an emoji in place of the object that captions do not name."""
    scene = draw_scene(rng)
    sway = draw_sway(scene, rng)
    if rng.random() >= SPARE_SHARE:
        return Example(render(scene, sway), classes(scene))
    sprite = rng.choice(spare_sprites())
    if scene.tint != NATURAL:
        sprite = tinted(sprite, TINTS[scene.tint])
    pixels = SIZES[scene.size]
    sprite = sprite.resize((pixels, pixels), Image.Resampling.LANCZOS)
    return Example(placed(sprite, scene, sway), (CARD.groups[0].tags.index(UNKNOWN), *classes(scene)[1:]))


def levels(pictures: Sequence[Image.Image]) -> Tensor:
    """Pictures as levels of colour, uint8 [B, 3, H, W]."""
    return torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures])).movedim(-1, 1)


@torch.no_grad()
def make_decoded(count: int) -> None:
    """Draw `count` examples and save what the autoencoder makes of them, with their classes."""
    vae = load_checkpoint(CHECKPOINT).vae
    rng = random.Random(8)
    pictures: list[Tensor] = []
    chosen: list[tuple[int, ...]] = []
    while len(chosen) < count:
        examples = [draw_example(rng) for _ in range(ENCODED)]
        clean = levels([example.picture for example in examples]).movedim(1, -1).float() / 255
        decoded = vae.decode(vae.encode(clean))
        pictures.append((decoded.clamp(0, 1) * 255).round().byte().movedim(-1, 1))
        chosen += [example.classes for example in examples]
    _save(DECODED, torch.cat(pictures), chosen)


def make_painted(count: int) -> None:
    """Draw `count` scenes and save what the checkpoint paints when it is asked for them, with what was asked for."""
    checkpoint = load_checkpoint(CHECKPOINT)
    rng = random.Random(10)
    scenes = [draw_scene(rng) for _ in range(count)]
    captions = [full_caption(scene) for scene in scenes]
    pictures = [paint(checkpoint, text, FIRST_SEED + seed, 20, 2.5) for seed, text in enumerate(captions)]
    _save(PAINTED, levels(pictures), [classes(scene) for scene in scenes])


def _save(path: Path, pictures: Tensor, chosen: Sequence[tuple[int, ...]]) -> None:
    partial = path.with_suffix(".partial")
    torch.save({"pictures": pictures, "classes": torch.tensor(chosen)}, partial)
    partial.replace(path)


def varied(pictures: Tensor) -> Tensor:
    """Pictures [B, 3, H, W] in 0..1, each a little larger or smaller, displaced, recoloured, blurred and noisy."""
    count, _, side, _ = pictures.shape
    scale = torch.empty(count).uniform_(0.95, 1.05)
    shift = torch.empty(count, 2).uniform_(-3, 3) * 2 / side
    matrix = torch.cat([torch.diag_embed(scale[:, None].expand(-1, 2)), shift[:, :, None]], dim=2)
    grid = F.affine_grid(matrix, list(pictures.shape), align_corners=False)
    moved = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    soft = F.interpolate(F.avg_pool2d(moved, 2), scale_factor=2, mode="bilinear")
    moved = torch.lerp(moved, soft, torch.rand(count, 1, 1, 1))
    gain = torch.empty(count, 3, 1, 1).uniform_(-0.05, 0.05) + torch.empty(count, 1, 1, 1).uniform_(0.94, 1.06)
    noise = torch.randn_like(moved) * torch.rand(count, 1, 1, 1) * 0.03
    return ((moved - 0.5) * gain + 0.5 + torch.empty(count, 3, 1, 1).uniform_(-0.03, 0.03) + noise).clamp(0, 1)


def exchanged(pictures: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """The first of the pictures with their colours exchanged, and the classes of colours there as unknowable."""
    count = round(len(pictures) * EXCHANGED_SHARE)
    orders = torch.tensor(EXCHANGES)[torch.randint(0, len(EXCHANGES), (count,))]
    others = pictures[torch.arange(count)[:, None], orders]
    chosen = chosen.clone()
    for at, group in enumerate(CARD.groups):
        if group.name in ("colour", "background"):
            chosen[:count, at] = UNKNOWABLE
    return torch.cat([others, pictures[count:]]), chosen


def _loss(network: Network, pictures: Tensor, chosen: Tensor) -> Tensor:
    logits = network(pictures.contiguous(memory_format=torch.channels_last))
    parts = logits.split([len(group.tags) for group in CARD.groups], dim=1)
    costs = [
        F.cross_entropy(part, chosen[:, at], ignore_index=UNKNOWABLE, reduction="sum") for at, part in enumerate(parts)
    ]
    return torch.stack(costs).sum() / len(chosen)


def _batch(run: Training, made: Sequence[tuple[dict[str, Tensor], float]]) -> tuple[Tensor, Tensor]:
    pictures, chosen = [], []
    for stock, share in made:
        numbers = torch.randint(0, len(stock["classes"]), (int(BATCH * share),))
        pictures.append(stock["pictures"][numbers])
        chosen.append(stock["classes"][numbers])
    new = [draw_example(run.rng) for _ in range(BATCH - sum(map(len, chosen)))]
    pictures.append(levels([example.picture for example in new]))
    chosen.append(torch.tensor([example.classes for example in new]))
    order = torch.randperm(BATCH)
    return exchanged(varied(torch.cat(pictures)[order].float() / 255), torch.cat(chosen)[order])


def train(steps: int, threads: int, minutes_between_saves: float = 1.0) -> None:
    """Train to step `steps`, with the state at `TAGGER`."""
    torch.manual_seed(9)
    network = Network(CARD)
    optimizer = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.99), weight_decay=1e-2, fused=True)
    run = Training(network, optimizer, TAGGER, average=0.995, seed=9)
    made = [(torch.load(path, weights_only=True), share) for path, share in STOCKS]
    shares = Shares(network, threads)
    saved = time.monotonic()
    while run.step < steps:
        value = shares.backward(_loss, *_batch(run, made))
        run.descend(value, PEAK_LEARNING_RATE * min(1, (run.step + 1) / WARM_UP) * cosine(run.step, steps))
        if run.step == steps or time.monotonic() - saved > 60 * minutes_between_saves:
            run.save()
            saved = time.monotonic()
            print(f"tagger: {run.report()}", flush=True)


def main() -> None:
    """Make the decoded pictures if they are not there, and train."""
    parser = argparse.ArgumentParser(description="Train the tagger of the embedded world.")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default: 2)")
    parser.add_argument("--decoded", type=int, default=DECODED_COUNT, help="pictures that the autoencoder makes")
    parser.add_argument("--painted", type=int, default=PAINTED_COUNT, help="pictures that the checkpoint paints")
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    WORK.mkdir(exist_ok=True)
    if not DECODED.exists():
        make_decoded(arguments.decoded)
    if not PAINTED.exists():
        make_painted(arguments.painted)
    train(arguments.steps, arguments.threads)


if __name__ == "__main__":
    main()
