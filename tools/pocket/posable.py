"""The LoRA of the mascot that lets itself be posed: `python -m tools.pocket.posable`.

A LoRA that was trained without a ControlNet has learned where its subject is as much as what it looks like, and undoes
what the ControlNet says. This one goes on from such a LoRA, and is trained with the skeletons: the control network for
poses, which stays as it is, is asked for each picture, so that place, size and tilt are told and only the look is left
to learn. A part of the pictures comes without a skeleton, so that the LoRA is of use alone too.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.control.load import load_control_net
from diffusion.model import LoadedModel
from diffusion.sampling.network import Call
from diffusion.training.begun_adapters import begun_with
from diffusion.training.controlnet import TrainedControlNet
from diffusion.training.learning_rate import LearningRate
from diffusion.training.lora import AdapterPlan, new_adapters, save_trained, states_of
from diffusion.training.metadata import Training, adapter_metadata
from diffusion.training.samples import Sample
from diffusion.training.trained_model import TrainedModel
from diffusion.training.trainer import Plan, Trainer
from tools.mascot import ghost
from tools.mascot.skeletons import BODY
from tools.pocket.export import CHECKPOINT
from tools.pocket.export_pose import POSE_NET
from tools.pocket.figures import Figure, draw_stand, on_ground, points_of, skeleton, standing
from tools.pocket.pose import DRAWN
from tools.pocket.world import BACKGROUNDS, RESOLUTION

FREE = CHECKPOINT.parents[1] / "loras" / "pocket_ghost.safetensors"
POSABLE = FREE.with_name("pocket_ghost_poses.safetensors")
CAPTION = "a ghst on a {ground} background, flat style"
UNSEEN = "purple"  # the ground that templates ask for
POSED, UNPOSED, REPEATS = 240, 8, 8
SEED, WARM_UP = 1, 20
STEPS, BATCH, LEARNING_RATE = 600, 4, 0.003


def posed(number: int) -> tuple[Image.Image, str, np.ndarray]:
    """A picture of the ghost anywhere, of any size and tilted, its caption and its skeleton, uint8 [128, 128, 3]."""
    rng = random.Random(f"posable {number}")
    figure = Figure(ghost.drawing(4 * RESOLUTION), points_of(BODY))
    stand = draw_stand(figure, rng)
    grounds = [each for each in BACKGROUNDS if each != UNSEEN]
    ground = grounds[number % len(grounds)]
    hint = skeleton(stand.moved(figure.points), rng.choice(DRAWN))
    return on_ground(standing(figure, stand), ground), CAPTION.format(ground=ground), hint


@torch.no_grad()
def samples(checkpoint: Checkpoint) -> list[Sample]:
    """What is learned from: the ghost under skeletons, and without one as the LoRA to go on from was shown it."""
    found = []
    for number in range(POSED):
        picture, caption, hint = posed(number)
        bytes_of = torch.from_numpy(np.ascontiguousarray(hint.transpose(2, 0, 1)))
        found.append(Sample(f"posed {number}", _latent(checkpoint, picture), caption, "posed", hint=bytes_of))
    for number in range(UNPOSED):
        picture, ground = ghost.picture(number)
        latent = _latent(checkpoint, picture.resize((RESOLUTION, RESOLUTION), Image.Resampling.BICUBIC))
        found.append(Sample(f"free {number}", latent, CAPTION.format(ground=ground), "free", repeats=REPEATS))
    return found


def _latent(checkpoint: Checkpoint, picture: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(picture)).float()[None] / 255
    return checkpoint.model.latent_format.to_model(checkpoint.vae.encode(pixels))[0]


class PosedTrainer(Trainer):
    """One whose model is asked with a control network, which does not learn, for the samples that have hints."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        trained: TrainedModel,
        control: TrainedControlNet,
        plan: Plan,
        learned: Sequence[Sample],
    ) -> None:
        """learned: what is learned from. Raises `TrainingError`."""
        super().__init__(checkpoint.model, trained.parameters, learned, states_of(checkpoint.clip), plan)
        self.control = control

    def _answer(self, network: LoadedModel, call: Call, samples: Sequence[Sample]) -> Tensor:
        blank = torch.zeros(3, RESOLUTION, RESOLUTION, dtype=torch.uint8)
        hints = torch.stack([blank if each.hint is None else each.hint for each in samples]).float() / 255
        held = torch.tensor([each.hint is not None for each in samples]).float()[:, None, None, None]
        with torch.no_grad():
            found = self.control.residuals(call, hints)
        down = tuple(None if each is None else each * held for each in found.down)
        mid = None if found.mid is None else found.mid * held
        return network(replace(call, residuals=replace(found, down=down, mid=mid)))


def train(checkpoint: Checkpoint, steps: int, output: Path) -> None:
    """Train a LoRA under the skeletons, and write it."""
    model = checkpoint.model
    learned = samples(checkpoint)
    plan = AdapterPlan().from_file(begun_with(FREE, model, checkpoint.clip))
    trained = new_adapters(model, checkpoint.clip, plan, SEED)
    schedule = LearningRate("cosine", total=steps, warmup=WARM_UP, low=0.05)
    how = Plan(seed=SEED, batch=BATCH, learning_rate=LEARNING_RATE, schedule=schedule)
    control = TrainedControlNet.of(load_control_net(POSE_NET), model, POSE_NET.stem)
    trainer = PosedTrainer(checkpoint, trained, control, how, learned)
    losses: list[float] = []
    with model.loaded() as network, trained.attached(network.network):
        for number in range(steps):
            losses.append(trainer.step(network, number).loss)
            if (number + 1) % 50 == 0:
                print(f"step {number + 1}  loss {np.mean(losses[-50:]):.4f}", flush=True)
    metadata = adapter_metadata(Training(output.stem, model, how, learned), plan, steps)
    save_trained(output, model, trained, metadata, torch.float16)
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    """Train it."""
    parser = argparse.ArgumentParser(description="Train the LoRA of the mascot that lets itself be posed.")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default: 2)")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--output", type=Path, default=POSABLE)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    train(load_checkpoint(CHECKPOINT), given.steps, given.output)


if __name__ == "__main__":
    main()
