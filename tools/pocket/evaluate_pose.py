"""Measure the control network for poses: `python -m tools.pocket.evaluate_pose`.

Pictures are painted with and without it, from the same noise and prompts that say nothing of size and place: objects of
the world, dolls, and the mascot, which no training picture of the network shows, by the LoRA that was trained with
skeletons and by the one that was trained as usual. What is measured needs nothing but pixels. A picture's figure is
what differs from its border:

- overlap: intersection over union of it with the figure that was asked for;
- distance between their centroids, in pixels;
- turn: the angle by which the figure asked for, drawn around the painted one's centroid, resembles the picture most,
  less the angle asked for, in degrees; of dolls, whose look the prompt does not tell, it is not measured;
- arms, of those who have one up and one down: how much of both forearms' lines is painted, and how much of the lines
  where they would be if the other one were up.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from diffusion.adapters.adapter import fit, load_adapter
from diffusion.checkpoint import load_checkpoint
from diffusion.control.load import load_control_net
from tools.mascot.ghost import drawing
from tools.mascot.skeletons import BODY
from tools.pocket.evaluate_control import held, sheet
from tools.pocket.export import CHECKPOINT
from tools.pocket.export_pose import POSE_NET
from tools.pocket.figures import (
    DOLL_WORDS,
    SPRITE_POINTS,
    Figure,
    Stand,
    draw_doll,
    draw_stand,
    on_ground,
    points_of,
    skeleton,
    sprite_figure,
    standing,
)
from tools.pocket.posable import FREE, POSABLE
from tools.pocket.train import WORK
from tools.pocket.world import BACKGROUNDS, CENTRE, MEDIUM, RESOLUTION, TINTS, draw_scene, full_caption

GROUNDS = ("green", "blue", "yellow", "red")
# How far a colour is from the border's to belong to the figure, in levels.
APART = 40
TURNS = range(-90, 91, 5)


class Asked(NamedTuple):
    """What a picture is asked to show."""

    figure: Figure
    stand: Stand
    background: str
    caption: str

    def drawn(self) -> Image.Image:
        """The figure as it was asked for."""
        return on_ground(standing(self.figure, self.stand), self.background)

    def places(self) -> np.ndarray:
        """The skeleton's points in the picture."""
        return self.stand.moved(self.figure.points)


def known(rng: random.Random) -> Asked:
    """An object of the world."""
    scene = replace(draw_scene(rng), noun=rng.choice(tuple(SPRITE_POINTS)), size=MEDIUM, place=CENTRE)
    scene = replace(scene, tint="", background=rng.choice(GROUNDS[1:]))
    figure = sprite_figure(scene.noun, scene.style, scene.tint)
    return Asked(figure, draw_stand(figure, rng), scene.background, full_caption(scene))


def doll(rng: random.Random) -> Asked:
    """A doll, one arm up."""
    background, tint = rng.sample(sorted(set(TINTS) & set(BACKGROUNDS)), 2)
    scene = replace(draw_scene(rng), noun=rng.choice(DOLL_WORDS), tint=tint, background=background)
    scene = replace(scene, size=MEDIUM, place=CENTRE)
    arms = rng.choice(((50.0, -55.0), (-55.0, 50.0)))
    figure = draw_doll(tint, scene.style == "3d", rng, arms)
    return Asked(figure, draw_stand(figure, rng), background, full_caption(scene))


def ghost(rng: random.Random) -> Asked:
    """The mascot."""
    background = rng.choice(GROUNDS)
    figure = Figure(drawing(4 * RESOLUTION), points_of(BODY))
    return Asked(figure, draw_stand(figure, rng), background, f"a ghst on a {background} background, flat style")


def figure_in(picture: np.ndarray) -> np.ndarray:
    """Where a picture, uint8 [H, W, 3], differs from its border, with holes filled, [H, W] of bool."""
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    apart = np.abs(picture.astype(int) - np.median(border, axis=0)).max(-1) > APART
    outlines, _ = cv2.findContours(apart.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(apart.shape, np.uint8)
    if outlines:
        cv2.drawContours(filled, [max(outlines, key=cv2.contourArea)], -1, 1, -1)
    return filled > 0


def centroid(mask: np.ndarray) -> tuple[float, float]:
    """Across and down, in pixels; the middle of the picture if there is nothing."""
    down, across = np.nonzero(mask)
    if not len(down):
        return mask.shape[1] / 2, mask.shape[0] / 2
    return float(across.mean()), float(down.mean())


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def turn(asked: Asked, picture: np.ndarray) -> float:
    """The angle at which the figure resembles a picture most, less the angle asked for."""
    found = centroid(figure_in(picture))
    differences = {}
    for angle in TURNS:
        turned = Stand(asked.stand.side, asked.stand.across, asked.stand.down, asked.stand.tilt + angle)
        wanted = np.asarray(standing(asked.figure, turned))
        across, down = (at - place for at, place in zip(found, centroid(wanted[..., 3] > 127), strict=True))
        moved = Stand(turned.side, turned.across + across, turned.down + down, turned.tilt)
        drawn = np.asarray(on_ground(standing(asked.figure, moved), asked.background)).astype(int)
        differences[angle] = np.abs(drawn - picture).mean()
    return float(min(differences, key=differences.__getitem__))


def mirrored(points: np.ndarray) -> np.ndarray:
    """The points of a body in its own square, with the right arm as the left one was and the other way round."""
    other = points.copy()
    right, left = slice(2, 5), slice(5, 8)
    other[right], other[left] = points[left] * (-1, 1) + (1, 0), points[right] * (-1, 1) + (1, 0)
    return other


def forearms(points: np.ndarray, mask: np.ndarray) -> float:
    """How much of the lines from elbows to wrists, places in 0..1, lies on a figure."""
    shares = np.linspace(0, 1, 9)[:, None]
    lines = np.concatenate([points[elbow] + (points[elbow + 1] - points[elbow]) * shares for elbow in (3, 6)])
    pixels = (lines * RESOLUTION).round().astype(int).clip(0, RESOLUTION - 1)
    return float(mask[pixels[:, 1], pixels[:, 0]].mean())


class Kind(NamedTuple):
    """A kind of figure: how it is drawn, what LoRA paints it, what is measured, and how much the network counts."""

    draw: Callable[[random.Random], Asked]
    lora: Path | None = None
    turns: bool = True
    arms: bool = False
    strength: float = 1.0


def measure(asked: Asked, picture: Image.Image, kind: Kind) -> dict[str, float]:
    """The numbers of one picture."""
    pixels = np.asarray(picture)
    mask = figure_in(pixels)
    wanted = np.asarray(standing(asked.figure, asked.stand))[..., 3] > 127
    found = {
        "overlap": overlap(mask, wanted),
        "distance": float(np.hypot(*np.subtract(centroid(mask), centroid(wanted)))),
        "size": float(np.sqrt(mask.sum() / wanted.sum())),
    }
    if kind.turns:
        found["turn"] = abs(turn(asked, pixels))
    if kind.arms:
        found["forearms"] = forearms(asked.places(), mask)
        found["other forearms"] = forearms(asked.stand.moved(mirrored(asked.figure.points)), mask)
    return found


# Of a LoRA that was trained without skeletons: at full strength, the network takes scarf and face from its ghost.
USUAL_STRENGTH = 0.45
KINDS = {
    "known": Kind(known),
    "doll": Kind(doll, turns=False, arms=True),
    "ghost": Kind(ghost, POSABLE),
    "usual ghost": Kind(ghost, FREE, strength=USUAL_STRENGTH),
}


def _mean(found: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for each in found for name in each)
    return {name: round(float(np.mean([each[name] for each in found if name in each])), 3) for name in names}


def main() -> None:
    """Paint and measure; write numbers and sheets."""
    parser = argparse.ArgumentParser(description="Measure how well pictures follow skeletons.")
    parser.add_argument("--control-net", type=Path, default=POSE_NET)
    parser.add_argument("--count", type=int, default=10, help="pictures of each kind (default: 10)")
    parser.add_argument("--drawn", type=int, default=2 * RESOLUTION, help="side of the skeletons' pictures")
    arguments = parser.parse_args()
    checkpoint, net = load_checkpoint(CHECKPOINT), load_control_net(arguments.control_net)
    results: dict[str, dict[str, dict[str, float]]] = {}
    for name, kind in KINDS.items():
        rng = random.Random(f"pose evaluation {kind.draw.__name__}")
        every = [kind.draw(rng) for _ in range(arguments.count)]
        hints = [skeleton(asked.places(), arguments.drawn) for asked in every]
        rows = [[asked.drawn() for asked in every], [Image.fromarray(hint) for hint in hints]]
        model = checkpoint.model
        if kind.lora:
            model = fit(load_adapter(kind.lora), model).on_model(model, 1.0)
        results[name] = {}
        for strength in (0.0, kind.strength):
            row = [
                held(checkpoint._replace(model=model), net, hint, asked.caption, seed, strength)
                for seed, (asked, hint) in enumerate(zip(every, hints, strict=True))
            ]
            found = [measure(asked, picture, kind) for asked, picture in zip(every, row, strict=True)]
            results[name][f"strength {strength:g}"] = _mean(found)
            rows.append(row)
        print(name, results[name], flush=True)
        sheet(rows).save(WORK / f"pose-{name.replace(' ', '-')}.png")
    (WORK / "pose.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
