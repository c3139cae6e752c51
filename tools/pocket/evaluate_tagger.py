"""Measure the tagger: `python -m tools.pocket.evaluate_tagger`.

It is shown scenes that were rendered, and scenes that the checkpoint painted from prompts that tell every attribute; of
both, pairs of object and colour that the checkpoint was shown when it was trained, and pairs that it was not. F1 is the
harmonic mean of the share of told tags that are right and the share of right tags that are told, over the tags of all
pictures together; what captions leave out (natural colours, medium size, the middle) is no tag. Painted pictures are
then painted again from the caption that was told, to see whether the same is told of both.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from diffusion.checkpoint import load_checkpoint
from diffusion.interrogation.pocket import PocketCaptioner, load_tagger
from tools.pocket import tagger
from tools.pocket.evaluate import paint
from tools.pocket.export import CHECKPOINT
from tools.pocket.export_tagger import TAGGER
from tools.pocket.train import WORK
from tools.pocket.world import Scene, draw_scene, draw_sway, full_caption, render

GROUPS = tagger.CARD.groups


def as_tensor(picture: Image.Image) -> Tensor:
    """A picture as nodes pass it, [H, W, 3] in 0..1."""
    return torch.from_numpy(np.asarray(picture, np.float32) / 255)


def told(captioner: PocketCaptioner, picture: Image.Image) -> tuple[str, ...]:
    """The tag of each group, empty where the tagger is not sure."""
    found = captioner.tagger.probabilities(as_tensor(picture))
    best = [(float(each.max()), int(each.argmax())) for each in found]
    return tuple(
        group.tags[at] if sure >= captioner.threshold else "" for group, (sure, at) in zip(GROUPS, best, strict=True)
    )


def agreement(right: Sequence[tuple[str, ...]], found: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """F1 over all tags, and the share of right answers in each group."""
    pairs = [pair for one, other in zip(right, found, strict=True) for pair in zip(one, other, strict=True)]
    hits = sum(asked == answer != "" for asked, answer in pairs)
    wanted, said = sum(asked != "" for asked, _ in pairs), sum(answer != "" for _, answer in pairs)
    shares = {
        group.name: float(np.mean([one[at] == other[at] for one, other in zip(right, found, strict=True)]))
        for at, group in enumerate(GROUPS)
    }
    return {name: round(value, 3) for name, value in {"F1": 2 * hits / (wanted + said), **shares}.items()}


def right_tags(classes: tuple[int, ...]) -> tuple[str, ...]:
    """The tags with these numbers, one of each group."""
    return tuple(group.tags[number] for group, number in zip(GROUPS, classes, strict=True))


def rendered(captioner: PocketCaptioner, count: int, held_out: bool) -> dict[str, float]:
    """The agreement on rendered scenes."""
    rng = random.Random(f"tagger {held_out}")
    scenes = [draw_scene(rng, held_out) for _ in range(count)]
    found = [told(captioner, render(scene, draw_sway(scene, rng))) for scene in scenes]
    return agreement([right_tags(tagger.classes(scene)) for scene in scenes], found)


def painted(captioner: PocketCaptioner, count: int, held_out: bool) -> dict[str, float]:
    """The agreement on what the checkpoint paints, and how often a picture and its repetition are told alike."""
    checkpoint = load_checkpoint(CHECKPOINT)
    rng = random.Random(f"evaluation {'unseen' if held_out else 'seen'}")
    scenes: list[Scene] = [draw_scene(rng, held_out) for _ in range(count)]
    pictures = [paint(checkpoint, full_caption(scene), seed, 20, 2.5) for seed, scene in enumerate(scenes)]
    found = [told(captioner, picture) for picture in pictures]
    captions = [captioner.describe(as_tensor(picture)).text for picture in pictures]
    again = [paint(checkpoint, caption, 1000 + seed, 20, 2.5) for seed, caption in enumerate(captions)]
    alike = [captioner.describe(as_tensor(one)).text == text for one, text in zip(again, captions, strict=True)]
    asked = agreement([right_tags(tagger.classes(scene)) for scene in scenes], found)
    return {**asked, "told alike when painted again": round(float(np.mean(alike)), 3)}


def unknown(captioner: PocketCaptioner, count: int) -> float:
    """The share of emoji without a name of which no name is told."""
    rng = random.Random("unknown")
    examples = [example for example in (tagger.draw_example(rng) for _ in range(12 * count)) if example.classes[0] == 0]
    return round(float(np.mean([told(captioner, example.picture)[0] == "" for example in examples[:count]])), 3)


def main() -> None:
    """Measure on all kinds of pictures; print and write the numbers."""
    parser = argparse.ArgumentParser(description="Measure how well the tagger tells what pictures show.")
    parser.add_argument("--tagger", type=Path, default=TAGGER)
    parser.add_argument("--rendered", type=int, default=400, help="rendered scenes of each kind (default: 400)")
    parser.add_argument("--painted", type=int, default=40, help="painted scenes of each kind (default: 40)")
    arguments = parser.parse_args()
    captioner = PocketCaptioner(load_tagger(arguments.tagger, torch.device("cpu")))
    WORK.mkdir(exist_ok=True)
    results: dict[str, object] = {"unknown emoji not named": unknown(captioner, 100)}
    for kind, held_out in (("shown pairs", False), ("unseen pairs", True)):
        results[f"rendered, {kind}"] = rendered(captioner, arguments.rendered, held_out)
        results[f"painted, {kind}"] = painted(captioner, arguments.painted, held_out)
    print(json.dumps(results, indent=1))
    (WORK / "tagger.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
