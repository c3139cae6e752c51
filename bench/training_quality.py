"""Whether trainings of the embedded checkpoint learn what they should, and only that, in a minute or two each.

python -m bench.training_quality [methods|prior|preserved|bleed|regions|masks|control …] [--threads N] [--times X]

The subject is the mascot, which the checkpoint has never seen, in 8 pictures of 64 x 64 pixels; it is measured on 4
others. "loss" is the mean loss at fixed noise of these under their captions, which needs no sampling; "likeness" is how
much of the colours of 4 painted pictures, the ground left out, are those of the subject (the common part of two
histograms, 0 to 1). --times multiplies all steps.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.control.conditioning import controlled
from diffusion.control.unit import ControlUnit
from diffusion.model import Clip
from diffusion.sampling.conditions import Conditioning
from diffusion.sampling.sample import sample
from diffusion.training.lora import states_of
from diffusion.training.pictures import Dataset
from diffusion.training.samples import encoded
from diffusion.training.trainer import Plan, Trainer
from graph.folders import Folders
from graph.testing import Recorder
from nodes.adapters import lora_loader, lora_loader_regional
from nodes.conditioning import conditioning_combine, conditioning_set_mask
from nodes.training import train_lora
from nodes.training_controlnet import train_control_net
from nodes.training_dreambooth import train_dreambooth, training_images
from nodes.training_embedding import train_textual_inversion
from nodes.training_hypernetwork import train_hypernetwork
from nodes.training_pictures import buckets_of, join_training_pictures, training_pictures
from nodes.training_preservation import preserve_class
from tools.mascot import egg, ghost
from tools.pocket.control import edges
from tools.pocket.evaluate_control import agreement

POCKET = Path(__file__).parents[1] / "models" / "checkpoints" / "pocket.safetensors"
SIDE = 64
PAINTED = 4
BINS = 5  # of each colour
OWN_GROUND = 0.12  # a pixel as near to the corner's colour as that is ground
GHOST, EGG = "a ghst, {ground} background, flat style", "a zwx, {ground} background, flat style"
Row = tuple[str | float, ...]
COLOURS = {"red": (220, 60, 60), "blue": (60, 100, 220), "green": (70, 170, 80), "yellow": (240, 210, 70)}


class Workplace:
    """The embedded checkpoint, and a folder for pictures and files that is gone afterwards."""

    def __init__(self, folder: Path, times: float) -> None:
        self.ctx = Recorder(Folders.under(folder))
        self.pocket = load_checkpoint(POCKET)
        self.times = times

    def pictures(self, name: str, draw: Callable[[int], tuple[Image.Image, str]], numbers: range) -> Dataset:
        """Pictures with captions, drawn by number."""
        folder = self.ctx.folders.input / name
        folder.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            picture, caption = draw(number)
            picture.save(folder / f"{number:03}.png")
            (folder / f"{number:03}.txt").write_text(caption, "utf-8")
        return training_pictures(self.ctx, name)

    def options(self, name: str, dataset: Dataset, steps: int, rate: float, **more: Any) -> dict[str, Any]:
        """What all nodes that train take."""
        pocket = self.pocket
        begin: dict[str, Any] = {
            "model": pocket.model,
            "clip": pocket.clip,
            "vae": pocket.vae,
            "dataset": dataset,
            "name": name,
        }
        steps = max(1, round(steps * self.times))
        return {**begin, "steps": steps, "learning_rate": rate, "batch_size": 2, "resolution": SIDE, "seed": 1, **more}

    def loss(self, checkpoint: Checkpoint, dataset: Dataset, caption: str | None = None) -> float:
        """The mean loss at fixed noise of pictures, under their captions or another one."""
        samples = encoded(dataset, buckets_of(SIDE, SIDE), checkpoint.vae, checkpoint.model.latent_format)
        samples = [replace(each, caption=each.caption if caption is None else caption) for each in samples]
        with checkpoint.model.loaded() as network:
            return Trainer(checkpoint.model, {}, samples, states_of(checkpoint.clip), Plan()).fixed_loss(network)


def as_ghost(number: int, text: str = GHOST) -> tuple[Image.Image, str]:
    """The mascot."""
    picture, ground = ghost.picture(number, SIDE)
    return picture, text.format(ground=ground)


def as_egg(number: int) -> tuple[Image.Image, str]:
    """Another subject: a dark egg with bright stripes."""
    picture, ground = egg.picture(number, SIDE)
    return picture, EGG.format(ground=ground)


SUBJECTS = {"ghst": as_ghost, "zwx": as_egg}


def shape(number: int) -> tuple[Image.Image, Image.Image, str]:
    """A circle or a square on white, its silhouette, and a caption that does not say where it is."""
    chance = random.Random(f"shape {number}")
    colour, kind = chance.choice(list(COLOURS)), chance.choice(("circle", "square"))
    radius = chance.uniform(0.18, 0.32) * SIDE
    x, y = (chance.uniform(radius, SIDE - radius) for _ in range(2))
    drawn = []
    for mode, ground, ink in (("RGB", (255, 255, 255), COLOURS[colour]), ("L", 0, 255)):
        canvas = Image.new(mode, (SIDE, SIDE), ground)
        draw = ImageDraw.Draw(canvas)
        (draw.ellipse if kind == "circle" else draw.rectangle)((x - radius, y - radius, x + radius, y + radius), ink)
        drawn.append(canvas)
    return drawn[0], drawn[1], f"a {colour} {kind}, white background, flat style"


def paint(
    checkpoint: Checkpoint, positive: Conditioning, negative: Conditioning, seed: int, wide: int = SIDE
) -> Tensor:
    """A picture ``[H, W, 3]``."""
    latent = {"samples": torch.zeros(1, 4, SIDE // 8, wide // 8)}
    options: dict[str, Any] = {"seed": seed, "steps": 10, "cfg": 2.5, "sampler": "dpmpp_2m", "scheduler": "karras"}
    painted: Tensor = checkpoint.vae.decode(sample(checkpoint.model, latent, positive, negative, **options)["samples"])
    return painted[0].clamp(0, 1)


def colours(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """The share of each colour in what is not ground."""
    found = np.zeros((BINS,) * 3)
    for picture in pictures:
        seen = picture[np.abs(picture - picture[1, 1]).max(-1) > OWN_GROUND]
        found += np.histogramdd(seen, bins=BINS, range=((0, 1),) * 3)[0]
    share: np.ndarray = found / max(found.sum(), 1)
    return share


def likeness(checkpoint: Checkpoint, prompt: str, draw: Callable[[int], tuple[Image.Image, str]]) -> float:
    """How much of the colours of painted pictures are those of a subject."""
    prompts = [checkpoint.clip.encode(text) for text in (prompt, "")]
    return alike([paint(checkpoint, prompts[0], prompts[1], seed).numpy() for seed in range(PAINTED)], draw)


def alike(painted: Sequence[np.ndarray], draw: Callable[[int], tuple[Image.Image, str]]) -> float:
    """How much of the colours of pictures are those of a subject."""
    wanted = [np.asarray(draw(number)[0], np.float32) / 255 for number in range(100, 108)]
    return float(np.minimum(colours(painted), colours(wanted)).sum())


def methods(work: Workplace) -> Iterator[Row]:
    """Each method learns the mascot."""
    shown, unseen = work.pictures("ghost", as_ghost, range(8)), work.pictures("unseen", as_ghost, range(100, 104))
    lora = {"rank": 8, "alpha": 8.0}
    pocket, ctx = work.pocket, work.ctx
    trainings: dict[str, Callable[[], Checkpoint]] = {
        "LoRA": lambda: _taught(work, train_lora(ctx, **work.options("a", shown, 150, 2e-3, **lora))),
        "LoHa": lambda: _taught(work, train_lora(ctx, **work.options("b", shown, 150, 4e-3, algorithm="LoHa", **lora))),
        "LoCon": lambda: _taught(work, train_lora(ctx, **work.options("c", shown, 150, 2e-3, conv_rank=8, **lora))),
        "DreamBooth": lambda: _taught(work, train_dreambooth(ctx, **work.options("d", shown, 150, 3e-4))),
        "textual inversion": lambda: pocket._replace(clip=_inverted(work, shown)),
        "hypernetwork": lambda: pocket._replace(
            model=train_hypernetwork(ctx, **work.options("f", shown, 150, 2e-3)).MODEL
        ),
    }
    before = work.loss(pocket, unseen), likeness(pocket, GHOST.format(ground="white"), as_ghost)
    yield "before", *before, ""
    for name, train in trainings.items():
        begun = time.process_time()
        taught = train()
        took = time.process_time() - begun
        inverted = name == "textual inversion"
        prompt = GHOST.format(ground="white").replace("ghst", "embedding:ghst") if inverted else GHOST
        captions = [replace(each, caption=each.caption.replace("ghst", "embedding:ghst")) for each in unseen.pictures]
        asked = replace(unseen, pictures=tuple(captions)) if inverted else unseen
        found = work.loss(taught, asked), likeness(taught, prompt.format(ground="white"), as_ghost)
        yield name, *found, f"{took:.0f} s"


def _taught(work: Workplace, trained: Any) -> Checkpoint:
    return work.pocket._replace(model=trained.MODEL)


def _inverted(work: Workplace, shown: Dataset) -> Clip:
    captions = tuple(replace(each, caption=each.caption.replace("ghst", "{}")) for each in shown.pictures)
    asked = replace(shown, pictures=captions)
    options = work.options("ghst", asked, 150, 2e-2, texts="captions", vectors=4, initial_words="ghost")
    return train_textual_inversion(work.ctx, **options).CLIP


def prior(work: Workplace) -> Iterator[Row]:
    """What DreamBooth does to the class of its subject, without and with pictures of the class."""
    shown, of_the_class, others = _cats(work)
    yield "before", work.loss(work.pocket, shown), work.loss(work.pocket, others)
    both = join_training_pictures(a=shown, b=of_the_class)
    for name, dataset in (("without class pictures", shown), ("with class pictures", both)):
        taught = _taught(work, train_dreambooth(work.ctx, **work.options("p", dataset, 150, 3e-4, batch_size=4)))
        yield name, work.loss(taught, shown), work.loss(taught, others)


def preserved(work: Workplace) -> Iterator[Row]:
    """The same of a LoRA, and with what the model said itself of the subject as one of its class."""
    shown, of_the_class, others = _cats(work)
    yield "before", work.loss(work.pocket, shown), work.loss(work.pocket, others)
    both, kept = join_training_pictures(a=shown, b=of_the_class), preserve_class(shown, "ghst cat", "cat")
    for name, dataset in (("neither", shown), ("class pictures", both), ("Preserve Class", kept)):
        lora = work.options("p", dataset, 150, 2e-3, batch_size=4, rank=8, alpha=8.0, text_learning_rate=0.0)
        taught = _taught(work, train_lora(work.ctx, **lora))
        yield name, work.loss(taught, shown), work.loss(taught, others)


def _cats(work: Workplace) -> tuple[Dataset, Dataset, Dataset]:
    """The mascot as a cat, pictures of cats that the model has painted, and others of these."""
    word, of_class = "a ghst cat, {ground} background, flat style", "a cat, white background, flat style"
    shown = work.pictures("cats", lambda number: as_ghost(number, word), range(8))
    prompts = [work.pocket.clip.encode(text) for text in (of_class, "")]
    painted = [paint(work.pocket, prompts[0], prompts[1], seed)[None] for seed in range(12)]
    return shown, training_images(work.ctx, painted[:8], of_class), training_images(work.ctx, painted[8:], of_class)


def bleed(work: Workplace) -> Iterator[Row]:
    """Two subjects in one LoRA, and in two: what each prompt makes of each subject's pictures."""
    shown = {word: work.pictures(word, draw, range(8)) for word, draw in SUBJECTS.items()}
    unseen = {word: work.pictures(f"{word} unseen", draw, range(100, 104)) for word, draw in SUBJECTS.items()}
    lora = {"rank": 8, "alpha": 8.0}
    joined = join_training_pictures(**shown)
    together = _taught(work, train_lora(work.ctx, **work.options("t", joined, 240, 2e-3, **lora)))
    for word, dataset in shown.items():
        train_lora(work.ctx, **work.options(word, dataset, 150, 2e-3, **lora))
    model, clip = work.pocket.model, work.pocket.clip
    for word in SUBJECTS:
        model, clip = lora_loader(work.ctx, model, clip, f"{word}.safetensors", 1.0, 1.0)
    cases = {"before": work.pocket, "trained together": together, "two added": work.pocket._replace(model=model)}
    for name, taught in cases.items():
        for of in SUBJECTS:
            text = (GHOST if of == "ghst" else EGG).format(ground="white")
            losses = [work.loss(taught, unseen[of], f"a {word}, flat style") for word in SUBJECTS]
            looks = [likeness(taught, text, other) for other in SUBJECTS.values()]
            yield name, of, *losses, *looks


def regions(work: Workplace) -> Iterator[Row]:
    """Two LoRAs in one picture, one prompt for each half: both everywhere, and each in its half."""
    pocket, ctx, prompts = work.pocket, work.ctx, {"ghst": GHOST, "zwx": EGG}
    for word, draw in SUBJECTS.items():
        dataset = work.pictures(word, draw, range(8))
        train_lora(ctx, **work.options(word, dataset, 90, 2e-3, rank=8, alpha=8.0, text_learning_rate=0.0))
    left = torch.zeros(1, SIDE, 2 * SIDE)
    left[..., :SIDE] = 1
    halves = {"ghst": left, "zwx": 1 - left}
    added = regional = pocket.model
    for word, mask in halves.items():
        file = f"{word}.safetensors"
        added = lora_loader(ctx, added, pocket.clip, file, 1.0, 1.0).MODEL
        regional = lora_loader_regional(ctx, regional, pocket.clip, file, mask).MODEL
    texts = [pocket.clip.encode(prompts[word].format(ground="white")) for word in halves]
    masked = [conditioning_set_mask(text, mask, 1.0) for text, mask in zip(texts, halves.values(), strict=True)]
    positive, negative = conditioning_combine(*masked), pocket.clip.encode("")
    for name, model in {"before": pocket.model, "two added": added, "each in its half": regional}.items():
        taught = pocket._replace(model=model)
        painted = [paint(taught, positive, negative, seed, 2 * SIDE).numpy() for seed in range(PAINTED)]
        for side, of in ((slice(0, SIDE), "left, ghst"), (slice(SIDE, None), "right, zwx")):
            looks = [alike([picture[:, side] for picture in painted], draw) for draw in SUBJECTS.values()]
            yield name, of, *looks


def masks(work: Workplace) -> Iterator[Row]:
    """A LoRA of the mascot from pictures that show the egg beside it: without masks, and with masks of the mascot."""
    unseen = {of: work.pictures(f"{of} unseen", draw, range(100, 104)) for of, draw in SUBJECTS.items()}
    losses = [work.loss(work.pocket, each, "a ghst, flat style") for each in unseen.values()]
    yield "before", *losses
    whole = work.pictures("pairs", pair, range(8))
    for number in range(8):
        mask = Image.new("L", (2 * SIDE, SIDE))
        mask.paste(255, (0, 0, SIDE, SIDE))
        mask.save(work.ctx.folders.input / "pairs" / f"{number:03}-mask.png")
    masked = training_pictures(work.ctx, "pairs")
    for name, dataset in (("without masks", whole), ("with masks", masked)):
        options = work.options(name, dataset, 70, 2e-3, rank=8, alpha=8.0, text_learning_rate=0.0)
        taught = _taught(work, train_lora(work.ctx, **{**options, "resolution": 96, "bucket_step": 32}))
        losses = [work.loss(taught, each, "a ghst, flat style") for each in unseen.values()]
        yield name, *losses


def pair(number: int) -> tuple[Image.Image, str]:
    """The mascot on the left, and the egg on the right."""
    canvas = Image.new("RGB", (2 * SIDE, SIDE))
    mascot, caption = as_ghost(number)
    canvas.paste(mascot, (0, 0))
    canvas.paste(as_egg(number)[0], (SIDE, 0))
    return canvas, caption


def control(work: Workplace) -> Iterator[Row]:
    """A ControlNet of silhouettes: the edges that are painted against those of the shapes that were asked for."""
    shown = work.pictures("shapes", lambda number: (shape(number)[0], shape(number)[2]), range(32))
    asked = work.pictures("silhouettes", lambda number: (shape(number)[1], ""), range(32))
    options = work.options("silhouettes", shown, 150, 2e-3, batch_size=4, joint_rate=6.0, condition_pictures=asked)
    net = train_control_net(work.ctx, **options).CONTROL_NET
    for strength in (0.0, 1.0):
        overlaps, found = [], []
        for number in range(100, 108):
            picture, silhouette, caption = shape(number)
            hint = torch.from_numpy(np.array(silhouette, np.float32) / 255)[None, :, :, None].expand(-1, -1, -1, 3)
            unit = ControlUnit(net, hint, strength)
            prompts = [controlled(work.pocket.clip.encode(text), unit) for text in (caption, "")]
            painted = paint(work.pocket, prompts[0], prompts[1], number)
            drawn, wanted = painted.amin(-1).numpy() < 0.6, np.array(silhouette) > 127
            overlaps.append((drawn & wanted).sum() / max(1, (drawn | wanted).sum()))
            seen = Image.fromarray((painted.numpy() * 255).astype(np.uint8))
            found.append(agreement(edges(picture), edges(seen)))
        yield f"strength {strength:g}", float(np.mean(found)), float(np.mean(overlaps))


PARTS: dict[str, tuple[Callable[[Workplace], Iterator[Row]], Sequence[str]]] = {
    "methods": (methods, ("method", "loss", "likeness", "processor time")),
    "prior": (prior, ("DreamBooth", "loss of the subject", "loss of the class")),
    "preserved": (preserved, ("LoRA with", "loss of the subject", "loss of the class")),
    "bleed": (bleed, ("", "shown", "loss under ghst", "under zwx", "painted: like ghst", "like zwx")),
    "regions": (regions, ("", "half", "like ghst", "like zwx")),
    "masks": (masks, ("LoRA of ghst", "loss of ghst", "loss of zwx")),
    "control": (control, ("ControlNet of silhouettes", "edges met (F1)", "area met")),
}


def show(row: Row) -> None:
    """Print a row of a table."""
    print("|", " | ".join(f"{each:.3f}" if isinstance(each, float) else each for each in row), "|", flush=True)


def main() -> None:
    """Train and print tables."""
    parser = argparse.ArgumentParser(description="Measure what trainings learn.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them, if none is named")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--times", type=float, default=1.0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.parts or PARTS:
        measure, columns = PARTS[name]
        print()
        show(tuple(columns))
        show(("---",) * len(columns))
        with tempfile.TemporaryDirectory() as folder:
            for row in measure(Workplace(Path(folder), options.times)):
                show(row)


if __name__ == "__main__":
    main()
