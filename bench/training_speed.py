"""Seconds and memory per step of training a LoRA of a network in a released size, against diffusers and peft.

python -m bench.training_speed [--model sd15] [--size PIXELS] [--rank N] [--batch N] [--steps N] [--rounds N]
                               [--checkpointing] [--threads N] [--device NAME]

Both train the same layers (attention and feed-forward) at the same rank with AdamW, on random weights, latents and
texts, by turns and in changing order; the other side is the loop that diffusers' training scripts have. Memory is what
a step takes beside the weights, at its peak.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from torch import Tensor

from bench.step_speed import MODELS, handle, peak_memory, random_network, report
from diffusion import devices
from diffusion.training.samples import Sample
from diffusion.training.targets import target_layers
from diffusion.training.trained_adapter import TrainedAdapter
from diffusion.training.trainer import Plan, Trainer

from diffusers import DDPMScheduler, UNet2DConditionModel  # isort: skip  (after diffusion, which prepares it)
from peft import LoraConfig  # isort: skip

RATE = 1e-4


def ours(options: argparse.Namespace, device: torch.device, latents: Tensor, states: Tensor) -> Callable[[int], None]:
    """A function that takes so many steps with Safelight's trainer."""
    family, config = MODELS[options.model]
    network = random_network(config, device)
    model = handle(family, config, network, device)
    layers = target_layers(network)
    tensors = {
        layer: {
            "lora_down.weight": torch.randn(options.rank, weight.shape[1]) / weight.shape[1] ** 0.5,
            "lora_up.weight": torch.zeros(weight.shape[0], options.rank),
            "alpha": torch.tensor(float(options.rank)),
        }
        for layer in layers
        for weight in [network.get_submodule(layer).weight]
    }
    adapter = TrainedAdapter(tensors, device)
    samples = [Sample(str(at), latent, str(at), "random") for at, latent in enumerate(latents)]
    plan = Plan(batch=options.batch, learning_rate=RATE)
    trainer = Trainer(model, adapter.parameters, samples, lambda text: (states[int(text or 0)][None], {}), plan)

    def work(steps: int) -> None:
        if options.checkpointing:
            network.enable_gradient_checkpointing()
        with model.loaded() as running, adapter.attached(running.network):
            for number in range(steps):
                trainer.step(running, number)

    return work


def theirs(options: argparse.Namespace, device: torch.device, latents: Tensor, states: Tensor) -> Callable[[int], None]:
    """The same with diffusers' loop and peft's layers."""
    network: UNet2DConditionModel = random_network(MODELS[options.model][1], device)
    names = target_layers(network)
    network.add_adapter(LoraConfig(r=options.rank, lora_alpha=options.rank, target_modules=names))
    network.train()
    if options.checkpointing:
        network.enable_gradient_checkpointing()
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE)
    scheduler = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")

    def work(steps: int) -> None:
        for _ in range(steps):
            rows = torch.randint(len(latents), (options.batch,))
            clean, text = latents[rows].to(device), states[rows].to(device)
            noise = torch.randn_like(clean)
            timesteps = torch.randint(1000, (options.batch,), device=device)
            noisy = scheduler.add_noise(clean, noise, timesteps)
            answer = network(noisy, timesteps, encoder_hidden_states=text).sample
            torch.nn.functional.mse_loss(answer.float(), noise.float()).backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()

    return work


def timed(work: Callable[[int], None], steps: int, device: torch.device) -> tuple[float, float, float]:
    """Wall seconds and processor seconds per step, and megabytes at the peak."""
    with peak_memory(device) as peak:
        wall, processor = time.perf_counter(), time.process_time()
        work(steps)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return wall / steps, processor / steps, peak[0] / 1e6


def main(options: argparse.Namespace) -> None:
    """Measure, by turns."""
    if options.threads:
        torch.set_num_threads(options.threads)
    device = devices.select(options.device)
    torch.manual_seed(0)
    cells, width = options.size // 8, MODELS[options.model][1]["cross_attention_dim"]
    latents, states = torch.randn(8, 4, cells, cells), torch.randn(8, 77, width)
    sides = {
        "diffusers and peft": theirs(options, device, latents, states),
        "Safelight": ours(options, device, latents, states),
    }
    for work in sides.values():
        timed(work, 1, device)
    results: dict[str, list[tuple[float, float, float]]] = {name: [] for name in sides}
    for turn in range(options.rounds):
        for name in list(sides)[:: 1 if turn % 2 else -1]:
            results[name].append(timed(sides[name], options.steps, device))
    report(results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["sd15"], default="sd15")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device")
    main(parser.parse_args())
