"""Measure the checkpoint: `python -m tools.pocket.evaluate`.

Each prompt tells every attribute of a scene. A picture counts as right in an attribute if, among the renders of the
scene with that attribute set to each of its values, the one that is asked for is the nearest. The measure is lenient
(of sixteen nouns, the nearest wins however far), so the pictures are also put on a sheet, under what was asked for, to
be looked at.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.sampling.sample import sample
from tools.pocket.export import CHECKPOINT
from tools.pocket.text import ATTRIBUTES, UNTOLD
from tools.pocket.train import WORK
from tools.pocket.world import RESOLUTION, Scene, draw_scene, full_caption, render

SIDE = 32
SLACK = 2  # pixels of the reduced picture by which an object may be displaced: 8 of the full one
SHEET_COLUMNS = 8
GAP = 4


def paint(checkpoint: Checkpoint, prompt: str, seed: int, steps: int, cfg: float) -> Image.Image:
    """One picture, as the editor's first workflow makes it."""
    empty = {"samples": torch.zeros(1, 4, RESOLUTION // 8, RESOLUTION // 8)}
    latent = sample(
        checkpoint.model,
        empty,
        checkpoint.clip.encode(prompt),
        checkpoint.clip.encode(""),
        seed=seed,
        steps=steps,
        cfg=cfg,
        sampler="dpmpp_2m",
        scheduler="karras",
    )
    picture = checkpoint.vae.decode(latent["samples"])[0]
    return Image.fromarray((picture * 255).round().clamp(0, 255).byte().numpy())


def _reduced(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255


@cache
def _shifted_renders(scene: Scene) -> np.ndarray:
    """The render of a scene in every displacement, without the rim that a displacement rolls over."""
    render_ = _reduced(render(scene))
    offsets = range(-SLACK, SLACK + 1)
    shifted = [np.roll(render_, (down, across), (0, 1)) for down in offsets for across in offsets]
    return np.stack(shifted)[:, SLACK:-SLACK, SLACK:-SLACK]


def _distance(picture: np.ndarray, scene: Scene) -> float:
    inner = picture[SLACK:-SLACK, SLACK:-SLACK]
    return float(np.square(_shifted_renders(scene) - inner).mean((1, 2, 3)).min())


def judge(scene: Scene, picture: Image.Image) -> dict[str, bool]:
    """For each attribute, whether the nearest render is the one that was asked for."""
    reduced = _reduced(picture)
    verdict = {}
    for attribute, values in ATTRIBUTES.items():
        if attribute == "place" and scene.size == "large":
            continue  # a large object fills the picture
        alternatives = [replace(scene, **{attribute: value}) for value in values if value != UNTOLD]
        verdict[attribute] = min(alternatives, key=lambda other: _distance(reduced, other)) == scene
    return verdict


def summary(verdicts: Sequence[dict[str, bool]]) -> dict[str, float]:
    """Share of right pictures by attribute, and of those with both object and background right."""
    shares = {}
    for attribute in ATTRIBUTES:
        judged = [verdict[attribute] for verdict in verdicts if attribute in verdict]
        shares[attribute] = round(sum(judged) / len(judged), 3)
    both = sum(verdict["noun"] and verdict["background"] for verdict in verdicts)
    return {"object and background": round(both / len(verdicts), 3), **shares}


def sheet(scenes: Sequence[Scene], pictures: Sequence[Image.Image]) -> Image.Image:
    """Rows in pairs: what was asked for above, what was painted below."""
    rows = -(-len(scenes) // SHEET_COLUMNS)
    cell = RESOLUTION + GAP
    canvas = Image.new("RGB", (SHEET_COLUMNS * cell, rows * (2 * cell + GAP)), (40, 40, 40))
    for index, (scene, picture) in enumerate(zip(scenes, pictures, strict=True)):
        x, y = index % SHEET_COLUMNS * cell, index // SHEET_COLUMNS * (2 * cell + GAP)
        canvas.paste(render(scene), (x, y))
        canvas.paste(picture, (x, y + cell))
    return canvas


def main() -> None:
    """Paint and judge scenes of the training's (noun, tint) pairs and of unseen ones; write numbers and sheets."""
    parser = argparse.ArgumentParser(description="Measure how well the checkpoint follows prompts of its world.")
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--count", type=int, default=40, help="prompts of each kind (default: 40)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, default=2.5)
    parser.add_argument("--output", type=Path, default=WORK, help="folder for evaluation.json and the sheets")
    arguments = parser.parse_args()
    arguments.output.mkdir(exist_ok=True)
    checkpoint = load_checkpoint(arguments.checkpoint)
    steps, cfg, count = arguments.steps, arguments.cfg, arguments.count
    results: dict[str, object] = {"steps": steps, "cfg": cfg, "prompts of each kind": count}
    for kind, held_out in (("seen", False), ("unseen", True)):
        rng = random.Random(f"evaluation {kind}")
        scenes = [draw_scene(rng, held_out) for _ in range(count)]
        pictures = [paint(checkpoint, full_caption(scene), seed, steps, cfg) for seed, scene in enumerate(scenes)]
        sheet(scenes, pictures).save(arguments.output / f"evaluation-{kind}.png")
        results[kind] = summary([judge(scene, picture) for scene, picture in zip(scenes, pictures, strict=True)])
        print(kind, results[kind], flush=True)
    (arguments.output / "evaluation.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
