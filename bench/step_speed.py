"""Seconds and memory per sampling step of a network in the size of a released model, against a bare diffusers loop.

python -m bench.step_speed [--model sd15|sdxl] [--size PIXELS] [--steps N] [--rounds N] [--compile] [--threads N]
                           [--device NAME]

Both run the same network with the same random weights, Euler, guidance 7, by turns and in changing order. The machine's
other work disturbs wall time, so the time of the processor is given too; on a GPU only wall time means something.
Memory is what a run takes beside the weights, at its peak. `--compile` adds Safelight with compiled blocks.
"""

import argparse
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import psutil
import torch
from torch import Tensor

from diffusion import devices
from diffusion.compiling import CompiledBlocks
from diffusion.component import Component, Source
from diffusion.families.family import Family
from diffusion.families.sd1 import SD1
from diffusion.families.sdxl import SDXL
from diffusion.model import Model
from diffusion.residency import Part
from diffusion.sampling import sample
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.parameterization import Epsilon

from diffusers import EulerDiscreteScheduler, UNet2DConditionModel  # isort: skip  (after diffusion, which prepares it)

GUIDANCE = 7.0
SHARED = {"layers_per_block": 2, "norm_num_groups": 32}
MODELS: dict[str, tuple[Family, dict[str, Any]]] = {
    "sd15": (
        SD1,
        {
            **SHARED,
            "block_out_channels": (320, 640, 1280, 1280),
            "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
            "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
            "cross_attention_dim": 768,
            "attention_head_dim": 8,
        },
    ),
    "sdxl": (
        SDXL,
        {
            **SHARED,
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "cross_attention_dim": 2048,
            "attention_head_dim": (5, 10, 20),
            "transformer_layers_per_block": (1, 2, 10),
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
    ),
}


def random_network(config: Mapping[str, Any], device: torch.device) -> UNet2DConditionModel:
    """The network as diffusers initialises it."""
    torch.manual_seed(0)
    with device:
        network = UNet2DConditionModel(**config)
    dtype = devices.precision(device).denoiser
    return (network if network.dtype == dtype else network.to(dtype)).eval().requires_grad_(False)


def handle(family: Family, config: Mapping[str, Any], network: UNet2DConditionModel, device: torch.device) -> Model:
    """The network as what samplers take."""
    component = Component("UNet", "", lambda: network, lambda name: name, config=config)
    source = Source(component, {}, network.dtype, device)
    part = Part("random", device, 0, lambda: network)
    return Model(family, family.latent_format, Epsilon(NoiseSchedule.scaled_linear()), part, source)


def bare_loop(network: UNet2DConditionModel, latent: Tensor, positive: Any, negative: Any, steps: int) -> None:
    """What one would write with diffusers alone."""
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    scheduler.set_timesteps(steps)
    device, dtype = network.device, network.dtype
    context = torch.cat([negative[0], positive[0]]).to(device, dtype)
    added = None
    if "pooled_output" in positive[1]:
        side = latent.shape[-1] * 8
        pooled = torch.cat([negative[1]["pooled_output"], positive[1]["pooled_output"]]).to(device, dtype)
        added = {"text_embeds": pooled, "time_ids": torch.tensor([[side, side, 0, 0, side, side]] * 2, device=device)}
    latent = latent.to(device, dtype) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(torch.cat([latent, latent]), timestep)
        output = network(scaled, timestep, encoder_hidden_states=context, added_cond_kwargs=added).sample
        without, guided = output.chunk(2)
        latent = scheduler.step(without + GUIDANCE * (guided - without), timestep, latent).prev_sample
    if latent.device.type == "cuda":
        torch.cuda.synchronize()


@contextmanager
def peak_memory(device: torch.device) -> Iterator[list[int]]:
    """Bytes taken at the peak above those at the start, in a list once the context has ended."""
    found: list[int] = []
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield found
        found.append(torch.cuda.max_memory_allocated(device) - before)
        return
    process, done, peak = psutil.Process(), threading.Event(), [0]
    before = process.memory_info().rss

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()
        found.append(max(0, peak[0] - before))


def timed(work: Callable[[], object], steps: int, device: torch.device) -> tuple[float, float, float]:
    """Wall seconds and processor seconds per step, and megabytes at the peak."""
    with torch.inference_mode(), peak_memory(device) as peak:
        wall, processor = time.perf_counter(), time.process_time()
        work()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return wall / steps, processor / steps, peak[0] / 1e6


def report(results: Mapping[str, list[tuple[float, float, float]]]) -> None:
    """Print the median of each side, and the median and range of its ratio to the first within a round."""
    bare, *others = results
    for index, (clock, unit) in enumerate((("wall", "s a step"), ("processor", "s a step"), ("memory", "MB"))):
        for name, values in results.items():
            print(f"{clock:>9}: {name:<20} {statistics.median(value[index] for value in values):.3f} {unit}")
        for name in others if clock != "memory" else []:
            ratios = [ours[index] / theirs[index] for theirs, ours in zip(results[bare], results[name], strict=True)]
            print(f"{clock:>9}: {name}: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


def main(options: argparse.Namespace) -> None:
    """Measure, by turns."""
    if options.threads:
        torch.set_num_threads(options.threads)
    device = devices.select(options.device)
    family, config = MODELS[options.model]
    network = random_network(config, device)
    model = handle(family, config, network, device)
    cells, width = options.size // 8, config["cross_attention_dim"]
    settings = {"pooled_output": torch.randn(1, 1280)} if options.model == "sdxl" else {}
    positive, negative = ([torch.randn(1, 77, width), settings] for _ in range(2))
    noise = torch.randn(1, 4, cells, cells)
    latent = {"samples": torch.zeros(1, 4, cells, cells)}
    run = {"seed": 0, "steps": options.steps, "cfg": GUIDANCE, "sampler": "euler", "scheduler": "normal"}
    sides: dict[str, Callable[[], object]] = {
        "bare diffusers loop": lambda: bare_loop(network, noise, positive, negative, options.steps),
        "Safelight": lambda: sample(model, latent, [positive], [negative], **run),
    }
    if options.compile:
        compiled = model.with_attachments(CompiledBlocks())
        sides["Safelight, compiled"] = lambda: sample(compiled, latent, [positive], [negative], **run)
    for work in sides.values():
        timed(work, options.steps, device)
    results: dict[str, list[tuple[float, float, float]]] = {name: [] for name in sides}
    for turn in range(options.rounds):
        for name in list(sides)[:: 1 if turn % 2 else -1]:
            results[name].append(timed(sides[name], options.steps, device))
    report(results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="sd15")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device")
    main(parser.parse_args())
