"""Seconds per sampling step of a network of Stable Diffusion 1.5's size, against a bare diffusers loop.

python -m bench.step_speed [--size PIXELS] [--steps N] [--rounds N] [--threads N] [--device NAME]

Both run the same network with the same random weights, Euler, guidance 7, by turns and in changing order. The machine's
other work disturbs wall time, so the time of the processor is given too; on a GPU only wall time means something.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from torch import Tensor

from diffusion import devices
from diffusion.families.sd1 import SD1
from diffusion.model import Model
from diffusion.residency import Part
from diffusion.sampling import sample
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.parameterization import Epsilon

from diffusers import EulerDiscreteScheduler, UNet2DConditionModel  # isort: skip  (after diffusion, which prepares it)

GUIDANCE = 7.0


def random_network(device: torch.device) -> UNet2DConditionModel:
    """The network of Stable Diffusion 1.5 as diffusers initialises it."""
    torch.manual_seed(0)
    with device:
        network = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
    dtype = devices.precision(device).denoiser
    return (network if network.dtype == dtype else network.to(dtype)).eval().requires_grad_(False)


def handle(network: UNet2DConditionModel, device: torch.device) -> Model:
    """The network as what samplers take."""
    part = Part("random", device, 0, lambda: network)
    return Model(SD1, SD1.latent_format, Epsilon(NoiseSchedule.scaled_linear()), part)


def bare_loop(network: UNet2DConditionModel, latent: Tensor, positive: Tensor, negative: Tensor, steps: int) -> None:
    """What one would write with diffusers alone."""
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    scheduler.set_timesteps(steps)
    context = torch.cat([negative, positive]).to(network.device, network.dtype)
    latent = latent.to(network.device, network.dtype) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(torch.cat([latent, latent]), timestep)
        without, guided = network(scaled, timestep, encoder_hidden_states=context).sample.chunk(2)
        latent = scheduler.step(without + GUIDANCE * (guided - without), timestep, latent).prev_sample
    if latent.device.type == "cuda":
        torch.cuda.synchronize()


def timed(work: Callable[[], object], steps: int) -> tuple[float, float]:
    """Wall seconds and processor seconds per step."""
    wall, processor = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        work()
    return (time.perf_counter() - wall) / steps, (time.process_time() - processor) / steps


def main(options: argparse.Namespace) -> None:
    """Print the median of each side, and the median and range of the ratio within a round."""
    if options.threads:
        torch.set_num_threads(options.threads)
    device = devices.select(options.device)
    network = random_network(device)
    model = handle(network, device)
    cells = options.size // 8
    positive, negative = torch.randn(2, 1, 77, 768)
    noise = torch.randn(1, 4, cells, cells)
    latent = {"samples": torch.zeros(1, 4, cells, cells)}
    settings = {"seed": 0, "steps": options.steps, "cfg": GUIDANCE, "sampler": "euler", "scheduler": "normal"}
    sides = {
        "bare diffusers loop": lambda: bare_loop(network, noise, positive, negative, options.steps),
        "Safelight": lambda: sample(model, latent, [[positive, {}]], [[negative, {}]], **settings),
    }
    for work in sides.values():
        timed(work, options.steps)
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for turn in range(options.rounds):
        for name in list(sides)[:: 1 if turn % 2 else -1]:
            results[name].append(timed(sides[name], options.steps))
    for index, clock in enumerate(("wall", "processor")):
        for name, values in results.items():
            print(f"{clock:>9}: {name:<20} {statistics.median(value[index] for value in values):.3f} s a step")
        ratios = [ours[index] / bare[index] for bare, ours in zip(*results.values(), strict=True)]
        print(f"{clock:>9}: ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device")
    main(parser.parse_args())
