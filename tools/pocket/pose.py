"""The control network for poses, which puts figures where skeletons say: `python -m tools.pocket.pose`.

It begins as the published control network for edges, whose joints are open already, and learns what a skeleton asks
for: a figure of that place, size and tilt, its arms as drawn. Training is that of `tools.pocket.control`.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from torch import Tensor

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.control.load import load_control_net
from diffusion.residency import Part
from tools.pocket import control
from tools.pocket.control import Example
from tools.pocket.export import CHECKPOINT
from tools.pocket.export_control import CONTROL_NET
from tools.pocket.figures import (
    DOLL_WORDS,
    SPRITE_POINTS,
    Figure,
    draw_doll,
    draw_stand,
    on_ground,
    skeleton,
    sprite_figure,
    standing,
)
from tools.pocket.train import WORK
from tools.pocket.world import CENTRE, MEDIUM, RESOLUTION, TINTS, draw_caption, draw_scene

PICTURES = WORK / "pose-pictures.pt"
POSE = WORK / "pose.pt"

COUNT = 4000
STEPS = 1000
# Half of that of the edges': what is learned is learned in few steps, and these take half as long.
BATCH = 8
PEAK_LEARNING_RATE = 7e-4
DOLL_SHARE = 0.6
EMPTY_SHARE = 0.1
# Sides of the pictures that skeletons are drawn on; lines are four pixels wide on all of them.
DRAWN = (RESOLUTION, 2 * RESOLUTION, 4 * RESOLUTION)


class Posed(NamedTuple):
    """An example, and the points of its figure in the picture, [18, 2] in 0..1."""

    example: Example
    points: np.ndarray


def _doll(rng: random.Random) -> tuple[Figure, str, str]:
    """A doll, its background, and a caption whose noun means nothing to the checkpoint."""
    scene = replace(draw_scene(rng), noun=rng.choice(DOLL_WORDS), size=MEDIUM, place=CENTRE)
    while scene.tint == scene.background or not scene.tint:
        scene = replace(scene, tint=rng.choice(tuple(TINTS)))
    return draw_doll(scene.tint, scene.style == "3d", rng), scene.background, draw_caption(scene, rng)


def _known(rng: random.Random) -> tuple[Figure, str, str]:
    """An object of the world, its background, and a caption that says neither size nor place."""
    scene = draw_scene(rng)
    while scene.noun not in SPRITE_POINTS:
        scene = draw_scene(rng)
    caption = draw_caption(replace(scene, size=MEDIUM, place=CENTRE), rng)
    return sprite_figure(scene.noun, scene.style, scene.tint), scene.background, caption


def draw_posed(rng: random.Random) -> Posed:
    """A figure anywhere in the picture, of any size, tilted."""
    figure, background, caption = (_doll if rng.random() < DOLL_SHARE else _known)(rng)
    stand = draw_stand(figure, rng)
    picture = on_ground(standing(figure, stand), background)
    return Posed(Example(picture, "" if rng.random() < EMPTY_SHARE else caption), stand.moved(figure.points))


def make_pictures(checkpoint: Checkpoint, path: Path, count: int) -> None:
    """Draw `count` examples; save their latents, points and encoded captions to `path`."""
    rng = random.Random(8)
    posed = [draw_posed(rng) for _ in range(count)]
    points = torch.from_numpy(np.stack([each.points for each in posed]))
    saved = control.encoded(checkpoint, [each.example for each in posed])
    control.save_pictures({**saved, "points": points}, path)


def hints(points: Tensor) -> Tensor:
    """Skeletons of points [B, 18, 2] as a control network takes them, [B, 3, 128, 128] in 0..1."""
    sides = torch.randint(0, len(DRAWN), (len(points),)).tolist()
    pictures = [skeleton(each, DRAWN[side]) for each, side in zip(points.numpy(), sides, strict=True)]
    return torch.from_numpy(np.stack(pictures)).movedim(-1, 1).float() / 255


def build(unet: UNet2DConditionModel) -> ControlNetModel:
    """A control network that begins as the one for edges."""
    network = control.build(unet)
    begun = load_control_net(CONTROL_NET).part
    assert isinstance(begun, Part)
    with begun.loaded() as edges:
        network.load_state_dict(edges.state_dict())
    return network


def main() -> None:
    """Make the pictures if they are not there, and train."""
    given = control.arguments("Train the embedded control network for poses.", COUNT, STEPS)
    checkpoint = load_checkpoint(CHECKPOINT)
    if not PICTURES.exists():
        make_pictures(checkpoint, PICTURES, given.pictures)
    pictures: dict[str, Tensor] = torch.load(PICTURES, weights_only=True)
    examples = control.batches(
        pictures, checkpoint.model.latent_format.scale, lambda chosen: hints(pictures["points"][chosen]), BATCH
    )
    with checkpoint.model.part.loaded() as unet:
        control.train(unet, build(unet), examples, POSE, given.steps, peak=PEAK_LEARNING_RATE)


if __name__ == "__main__":
    main()
