"""Train the embedded checkpoint from the sprites: `python -m tools.pocket.train`.

The stages run one after the other and keep their state in tools/pocket/work/; started again, each goes on where it was.
Deleting a stage's file makes it, and what is built on it, worth making again: delete the later files too.
"""

from __future__ import annotations

import argparse

import torch

from tools.pocket import autoencoder, denoiser, latents, text
from tools.pocket.resumable import load_averaged
from tools.pocket.world import ROOT

WORK = ROOT / "work"
AUTOENCODER = WORK / "autoencoder.pt"
TEXT = WORK / "text.pt"
LATENTS = WORK / "latents.pt"
DENOISER = WORK / "denoiser.pt"

# What the published file was trained with.
AUTOENCODER_STEPS = 1400
TEXT_STEPS = 600
SCENES = 8000
DENOISER_STEPS = denoiser.Steps(constant=2900, decay=1100)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the embedded checkpoint from the committed sprites.")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default: 2)")
    parser.add_argument("--autoencoder-steps", type=int, default=AUTOENCODER_STEPS)
    parser.add_argument("--text-steps", type=int, default=TEXT_STEPS)
    parser.add_argument("--scenes", type=int, default=SCENES, help="pictures that the denoiser learns from")
    parser.add_argument(
        "--constant-steps", type=int, default=DENOISER_STEPS.constant, help="denoiser, at the full rate"
    )
    parser.add_argument("--decay-steps", type=int, default=DENOISER_STEPS.decay, help="denoiser, at a falling rate")
    return parser.parse_args()


def main() -> None:
    """Run every stage that is not finished."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    WORK.mkdir(exist_ok=True)
    autoencoder.train(AUTOENCODER, arguments.autoencoder_steps, every=50)
    text.train(TEXT, arguments.text_steps, every=100)
    if not LATENTS.exists():
        vae = autoencoder.build()
        load_averaged(vae, AUTOENCODER)
        latents.make(vae, LATENTS, arguments.scenes)
    steps = denoiser.Steps(arguments.constant_steps, arguments.decay_steps)
    denoiser.train(DENOISER, latents.load(LATENTS), TEXT, steps, every=100, threads=arguments.threads)


if __name__ == "__main__":
    main()
