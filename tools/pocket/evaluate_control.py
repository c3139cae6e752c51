"""Measure the control network: `python -m tools.pocket.evaluate_control`.

Pictures are painted with and without it, from the same noise and prompts that say nothing of size and place, and their
edges are compared with those that were asked for. F1 is the harmonic mean of the share of asked edges that were painted
and the share of painted ones that were asked for; an edge counts as met within two pixels.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.control.conditioning import controlled
from diffusion.control.load import ControlNet, load_control_net
from diffusion.control.unit import ControlUnit
from diffusion.sampling.sample import sample
from tools.pocket.control import Example, edges, spare_example, swayed
from tools.pocket.export import CHECKPOINT
from tools.pocket.export_control import CONTROL_NET
from tools.pocket.train import WORK
from tools.pocket.world import CENTRE, MEDIUM, RESOLUTION, draw_scene, full_caption

SLACK = 2
GAP = 4
STRENGTHS = (0.0, 1.0)


def known(rng: random.Random) -> Example:
    """An object that captions know, anywhere; told is what it is, not where and how large."""
    scene = draw_scene(rng)
    return Example(swayed(scene, rng), full_caption(replace(scene, size=MEDIUM, place=CENTRE)))


def paint(checkpoint: Checkpoint, net: ControlNet, example: Example, seed: int, strength: float) -> Image.Image:
    """One picture that is held to the edges of the example."""
    hint = np.repeat(edges(example.picture)[..., None], 3, -1)
    return held(checkpoint, net, hint, example.caption, seed, strength)


def held(
    checkpoint: Checkpoint, net: ControlNet, hint: np.ndarray, caption: str, seed: int, strength: float
) -> Image.Image:
    """One picture that is held to a hint, uint8 [128, 128, 3]."""
    unit = ControlUnit(net, torch.from_numpy(hint).float()[None] / 255, strength)
    latent = sample(
        checkpoint.model,
        {"samples": torch.zeros(1, 4, RESOLUTION // 8, RESOLUTION // 8)},
        controlled(checkpoint.clip.encode(caption), unit),
        controlled(checkpoint.clip.encode(""), unit),
        seed=seed,
        steps=20,
        cfg=2.5,
        sampler="dpmpp_2m",
        scheduler="karras",
    )
    picture = checkpoint.vae.decode(latent["samples"])[0]
    return Image.fromarray((picture * 255).round().clamp(0, 255).byte().numpy())


def agreement(asked: np.ndarray, painted: np.ndarray) -> float:
    """F1 of two pictures of edges."""
    near = np.ones((2 * SLACK + 1, 2 * SLACK + 1), np.uint8)
    met = float((asked[cv2.dilate(painted, near) > 0] > 0).sum()) / max(1, (asked > 0).sum())
    wanted = float((painted[cv2.dilate(asked, near) > 0] > 0).sum()) / max(1, (painted > 0).sum())
    return 2 * met * wanted / max(met + wanted, 1e-9)


def sheet(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Pictures in a grid, a column for each example."""
    cell = RESOLUTION + GAP
    canvas = Image.new("RGB", (max(map(len, rows)) * cell, len(rows) * cell), (40, 40, 40))
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            canvas.paste(picture, (across * cell, down * cell))
    return canvas


def main() -> None:
    """Paint and measure known objects and outlines of emoji that no caption knows; write numbers and sheets."""
    parser = argparse.ArgumentParser(description="Measure how well pictures are held to edges.")
    parser.add_argument("--control-net", type=Path, default=CONTROL_NET)
    parser.add_argument("--count", type=int, default=24, help="pictures of each kind (default: 24)")
    arguments = parser.parse_args()
    checkpoint, net = load_checkpoint(CHECKPOINT), load_control_net(arguments.control_net)
    results: dict[str, dict[str, float]] = {}
    for kind, draw in (("known", known), ("spare", spare_example)):
        rng = random.Random(f"control evaluation {kind}")
        examples = [draw(rng) for _ in range(arguments.count)]
        hints = [edges(example.picture) for example in examples]
        rows = [[example.picture for example in examples], [Image.fromarray(hint).convert("RGB") for hint in hints]]
        results[kind] = {}
        for strength in STRENGTHS:
            row = [paint(checkpoint, net, example, seed, strength) for seed, example in enumerate(examples)]
            found = [agreement(hint, edges(picture)) for hint, picture in zip(hints, row, strict=True)]
            results[kind][f"strength {strength:g}"] = round(float(np.mean(found)), 3)
            rows.append(row)
        print(kind, results[kind], flush=True)
        sheet(rows).save(WORK / f"control-{kind}.png")
    (WORK / "control.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
