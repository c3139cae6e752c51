"""The denoiser: SD 1.x's UNet2DConditionModel with three narrow levels, trained to predict velocity.

Velocity, not noise: near pure noise an error of a predicted noise is multiplied by 15 in the picture, and a network of
this size, through its GroupNorms, is slow to learn absolute colour under that.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from tools.pocket import text, vocabulary
from tools.pocket.latents import LatentSet
from tools.pocket.resumable import Training, cosine
from tools.pocket.shares import Shares
from tools.pocket.world import RESOLUTION, draw_caption

CHANNELS = (64, 128, 128)
HEADS = 8
NORM_GROUPS = 16
BATCH = 24
PEAK_LEARNING_RATE = 1e-3
TEXT_RATE = 0.3
WARM_UP = 100
EMPTY_SHARE = 0.1
STRANGE_SHARE = 0.15
# Steps with less noise than this signal-to-noise ratio count for less (min-SNR): they hardly decide what is shown.
SNR_CAP = 5.0


def build() -> UNet2DConditionModel:
    """The untrained network."""
    return UNet2DConditionModel(
        sample_size=RESOLUTION // 8,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=CHANNELS,
        layers_per_block=1,
        cross_attention_dim=text.WIDTH,
        attention_head_dim=HEADS,  # diffusers' name for the number of heads
        norm_num_groups=NORM_GROUPS,
    ).to(memory_format=torch.channels_last)


def schedule() -> DDPMScheduler:
    """The noise schedule of SD 1.x."""
    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    return DDPMScheduler(**betas, prediction_type="v_prediction")


class Painter(nn.Module):
    """What this stage trains: the denoiser and the text encoder that conditions it."""

    def __init__(self) -> None:
        super().__init__()
        self.unet = build()
        self.encoder: CLIPTextModel = text.build()

    def forward(self, noisy: Tensor, timestep: Tensor, rows: Tensor) -> Tensor:
        """Velocity [B, 4, h, w] at `timestep` [B], given captions as rows of the compact table [B, 77]."""
        return self.unet(noisy, timestep, encoder_hidden_states=text.encode(self.encoder, rows)).sample


class Steps(NamedTuple):
    """A constant learning rate up to step `constant`, then half a cosine down to the end, `decay` steps later."""

    constant: int
    decay: int

    @property
    def total(self) -> int:
        """Number of steps in all."""
        return self.constant + self.decay

    def rate(self, step: int) -> float:
        """Learning rate at `step`."""
        if step < self.constant:
            return PEAK_LEARNING_RATE * min(1, (step + 1) / WARM_UP)
        return PEAK_LEARNING_RATE * cosine(step - self.constant, self.decay)


def _captions(latents: LatentSet, chosen: Tensor, run: Training) -> Tensor:
    scenes = [latents.scenes[number] for number in chosen.tolist()]
    captions = ["" if run.rng.random() < EMPTY_SHARE else draw_caption(scene, run.rng) for scene in scenes]
    return text.with_strange_words(vocabulary.compact_ids(captions), run.rng, STRANGE_SHARE)


def train(path: Path, latents: LatentSet, text_path: Path, steps: Steps, every: int, threads: int) -> None:
    """Train to the last of `steps`, with the state at `path`, beginning with the text encoder at `text_path`."""
    torch.manual_seed(4)
    painter = Painter()
    if not path.exists():
        painter.encoder.load_state_dict(text.load_encoder(text_path).state_dict())
    groups = [{"params": painter.unet.parameters()}, {"params": painter.encoder.parameters(), "scale": TEXT_RATE}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
    run = Training(painter, optimizer, path, average=0.998, seed=4)
    noise_schedule = schedule()
    alphas = noise_schedule.alphas_cumprod
    snr = alphas / (1 - alphas)
    weights = (snr.clamp(max=SNR_CAP) + 1) / (snr + 1)
    shares = Shares(painter, threads)

    def loss(network: Painter, noisy: Tensor, timestep: Tensor, rows: Tensor, velocity: Tensor) -> Tensor:
        error = network(noisy.contiguous(memory_format=torch.channels_last), timestep, rows) - velocity
        return (error.square().mean((1, 2, 3)) * weights[timestep]).mean()

    while run.step < steps.total:
        chosen = torch.randint(0, len(latents.scenes), (BATCH,))
        clean = latents.draw(chosen)
        rows = _captions(latents, chosen, run)
        # A timestep from each of as many parts of the schedule: the loss of a batch then varies far less.
        timestep = ((torch.randperm(BATCH) + torch.rand(BATCH)) / BATCH * len(alphas)).long()
        noise = torch.randn_like(clean)
        noisy = noise_schedule.add_noise(clean, noise, timestep)
        velocity = noise_schedule.get_velocity(clean, noise, timestep)
        run.descend(shares.backward(loss, noisy, timestep, rows, velocity), steps.rate(run.step))
        text.freeze_stand_ins(painter.encoder)
        if run.step % every == 0 or run.step == steps.total:
            run.save()
            print(f"denoiser: {run.report()}", flush=True)
