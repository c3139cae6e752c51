"""The embedded control network, which holds the embedded checkpoint to edges: `python -m tools.pocket.control`.

A ControlNet (Zhang et al. 2023): a copy of the UNet's encoder that also sees the edges, joined to the UNet by
convolutions that start at zero. It needs nothing but the published checkpoint and the two sheets of sprites; latents
and encoded captions are made once. Stopped, it goes on where it was.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from PIL import Image
from torch import Tensor

from diffusion.checkpoint import Checkpoint, load_checkpoint
from tools.pocket import denoiser
from tools.pocket.export import CHECKPOINT
from tools.pocket.resumable import Training, cosine
from tools.pocket.train import WORK
from tools.pocket.world import (
    BACKGROUNDS,
    CENTRE,
    MEDIUM,
    RESOLUTION,
    SIZES,
    Scene,
    draw_caption,
    draw_scene,
    render,
    spare_sprites,
)

PICTURES = WORK / "control-pictures.pt"
CONTROL = WORK / "control.pt"

COUNT = 6000
STEPS = 1300
BATCH = 16
ENCODED = 32
HINT_CHANNELS = (16, 32, 48, 64)
PEAK_LEARNING_RATE = 1e-3
# The convolutions that start at zero: at the rate of the others, nothing that the copy learns gets through for long.
JOINT_RATE = 6.0
WARM_UP = 50
# Captions that leave out size and place, so that only the edges tell them; and those that leave out everything.
VAGUE_SHARE = 0.7
EMPTY_SHARE = 0.2
# Pictures of emoji that the checkpoint has never seen, whose shape only the edges tell.
SPARE_SHARE = 0.15
SWAY = 12
# The lower threshold of Canny's detector; the upper one is twice as much.
THRESHOLDS = (50, 100, 100, 150)


class Example(NamedTuple):
    """A picture of 128 x 128 pixels and what may be said of it."""

    picture: Image.Image
    caption: str


def edges(picture: Image.Image, low: int = 100) -> np.ndarray:
    """Canny's edges of a picture, 255 on 0, uint8 [H, W]."""
    return np.asarray(cv2.Canny(np.asarray(picture), low, 2 * low))


def spare_example(rng: random.Random) -> Example:
    """An emoji that captions do not know, anywhere."""
    background = rng.choice(tuple(BACKGROUNDS))
    picture = Image.new("RGB", (RESOLUTION, RESOLUTION), BACKGROUNDS[background])
    pixels = rng.choice(tuple(SIZES.values()))
    sprite = rng.choice(spare_sprites()).resize((pixels, pixels), Image.Resampling.LANCZOS)
    room = RESOLUTION - pixels
    picture.paste(sprite, (rng.randint(0, room), rng.randint(0, room)), sprite)
    return Example(picture, f"{background} background" if rng.random() < 0.5 else "")


def swayed(scene: Scene, rng: random.Random) -> Image.Image:
    """The picture of a scene, its object displaced by any number of pixels."""
    return render(scene, (0, 0) if scene.size == "large" else (rng.randint(-SWAY, SWAY), rng.randint(-SWAY, SWAY)))


def draw_example(rng: random.Random) -> Example:
    """A scene anywhere in the picture, not only where captions can say; at times an emoji that captions do not know."""
    if rng.random() < SPARE_SHARE:
        return spare_example(rng)
    scene = draw_scene(rng)
    picture = swayed(scene, rng)
    told = replace(scene, size=MEDIUM, place=CENTRE) if rng.random() < VAGUE_SHARE else scene
    return Example(picture, "" if rng.random() < EMPTY_SHARE else draw_caption(told, rng))


def make_pictures(checkpoint: Checkpoint, path: Path, count: int) -> None:
    """Draw `count` examples; save their latents, edges (packed to bits) and encoded captions to `path`."""
    rng = random.Random(6)
    examples = [draw_example(rng) for _ in range(count)]
    found = [edges(example.picture, rng.choice(THRESHOLDS)) for example in examples]
    packed = torch.from_numpy(np.packbits(np.stack(found) > 0, axis=-1))
    save_pictures({**encoded(checkpoint, examples), "edges": packed}, path)


@torch.no_grad()
def encoded(checkpoint: Checkpoint, examples: Sequence[Example]) -> dict[str, Tensor]:
    """The latents of examples, the states of their different captions, and which caption each has."""
    latents = []
    for at in range(0, len(examples), ENCODED):
        pictures = np.stack([np.asarray(example.picture) for example in examples[at : at + ENCODED]])
        latents.append(checkpoint.vae.encode(torch.from_numpy(pictures).float() / 255).half())
    states = {caption: checkpoint.clip.encode(caption)[0][0][0].half() for _, caption in examples}
    numbers = {caption: number for number, caption in enumerate(states)}
    return {
        "latents": torch.cat(latents),
        "states": torch.stack(list(states.values())),
        "captions": torch.tensor([numbers[caption] for _, caption in examples]),
    }


def save_pictures(saved: dict[str, Tensor], path: Path) -> None:
    """Write what was made of pictures; a reader never sees half a file."""
    partial = path.with_suffix(".partial")
    torch.save(saved, partial)
    partial.replace(path)


def hints(packed: Tensor) -> Tensor:
    """Edges packed to bits [B, 128, 16] as a control network takes them, [B, 3, 128, 128] in 0..1."""
    bits = np.unpackbits(packed.numpy(), axis=-1)
    return torch.from_numpy(bits).float()[:, None].expand(-1, 3, -1, -1)


def build(unet: UNet2DConditionModel) -> ControlNetModel:
    """A control network that begins as the encoder of `unet` and changes nothing."""
    network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=HINT_CHANNELS)
    return network.float().requires_grad_(True).train()


def _groups(network: ControlNetModel) -> list[dict[str, Any]]:
    joints = [
        value for name, value in network.named_parameters() if name.startswith(("controlnet_down", "controlnet_mid"))
    ]
    ours = {id(value) for value in joints}
    others = [value for value in network.parameters() if id(value) not in ours]
    return [{"params": others}, {"params": joints, "scale": JOINT_RATE}]


def batches(
    pictures: dict[str, Tensor], scale: float, hints_of: Callable[[Tensor], Tensor], size: int = BATCH
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Latents, states of captions and hints of pictures that are drawn by chance, without end.

    scale: of latents as the UNet sees them. hints_of: the hints of the pictures of some numbers.
    """
    latents = pictures["latents"] * scale
    while True:
        chosen = torch.randint(0, len(latents), (size,))
        states = pictures["states"][pictures["captions"][chosen]].float()
        yield latents[chosen].float(), states, hints_of(chosen)


def train(
    unet: UNet2DConditionModel,
    network: ControlNetModel,
    examples: Iterator[tuple[Tensor, Tensor, Tensor]],
    path: Path,
    steps: int,
    *,
    peak: float = PEAK_LEARNING_RATE,
    minutes_between_saves: float = 2.0,
) -> None:
    """Train a control network to step `steps`, with the state at `path`."""
    optimizer = torch.optim.AdamW(_groups(network), betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
    run = Training(network, optimizer, path, average=0.99, seed=7)
    noise_schedule = denoiser.schedule()
    alphas = noise_schedule.alphas_cumprod
    snr = alphas / (1 - alphas)
    weights = (snr.clamp(max=denoiser.SNR_CAP) + 1) / (snr + 1)
    saved = time.monotonic()
    while run.step < steps:
        clean, states, hint = next(examples)
        size = len(clean)
        timestep = ((torch.randperm(size) + torch.rand(size)) / size * len(alphas)).long()
        noise = torch.randn_like(clean)
        noisy = noise_schedule.add_noise(clean, noise, timestep)
        down, mid = network(noisy, timestep, states, hint, return_dict=False)
        velocity = unet(
            noisy, timestep, states, down_block_additional_residuals=down, mid_block_additional_residual=mid
        ).sample
        error = velocity - noise_schedule.get_velocity(clean, noise, timestep)
        loss = (error.square().mean((1, 2, 3)) * weights[timestep]).mean()
        run.update(loss, peak * min(1, (run.step + 1) / WARM_UP) * cosine(run.step, steps))
        if run.step == steps or time.monotonic() - saved > 60 * minutes_between_saves:
            run.save()
            saved = time.monotonic()
            print(f"control: {run.report()}", flush=True)


def arguments(description: str, pictures: int, steps: int) -> argparse.Namespace:
    """What the command line says, with the number of threads set and the folder for results made."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default: 2)")
    parser.add_argument("--pictures", type=int, default=pictures)
    parser.add_argument("--steps", type=int, default=steps)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    WORK.mkdir(exist_ok=True)
    return given


def main() -> None:
    """Make the pictures if they are not there, and train."""
    given = arguments("Train the embedded control network on the embedded checkpoint.", COUNT, STEPS)
    checkpoint = load_checkpoint(CHECKPOINT)
    if not PICTURES.exists():
        make_pictures(checkpoint, PICTURES, given.pictures)
    pictures: dict[str, Tensor] = torch.load(PICTURES, weights_only=True)
    examples = batches(pictures, checkpoint.model.latent_format.scale, lambda chosen: hints(pictures["edges"][chosen]))
    with checkpoint.model.part.loaded() as unet:
        torch.manual_seed(7)
        train(unet, build(unet), examples, CONTROL, given.steps)


if __name__ == "__main__":
    main()
