"""Seconds to bring a checkpoint into memory, and to change its weights and change them back.

python -m bench.model_changes CHECKPOINT [--rank N] [--rounds N]

A LoRA of the rank is made at random for every matrix of the UNet's transformers, put on, and taken off again; taking it
off reads the weights from the file, which is in the page cache by then. Medians over the rounds are printed.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import psutil
import torch

from diffusion.adapters import AdapterPatch
from diffusion.adapters.kinds import LowRank
from diffusion.checkpoint import load_checkpoint
from diffusion.model import Model
from diffusion.residency import residency


def random_lora(model: Model, rank: int) -> AdapterPatch:
    """A LoRA for all attention and feed-forward layers of a UNet."""
    assert model.source is not None
    kinds = {}
    for name, shape in model.source.shapes.items():
        if ".transformer_blocks." in name and name.endswith(".weight") and len(shape) == 2:
            up, down = torch.randn(shape[0], rank) / 100, torch.randn(rank, shape[1]) / 100
            kinds[name] = LowRank.from_tensors({"lora_up.weight": up, "lora_down.weight": down})
    return AdapterPatch(kinds, 1.0)


def seconds(work: Callable[[], object]) -> float:
    """How long something takes on the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def use(model: Model) -> None:
    """Bring a model under its patches, and let go of it."""
    with model.loaded():
        pass


def main(options: argparse.Namespace) -> None:
    """Measure and print."""
    found: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        opened: list[Model] = []
        found.setdefault("open the file", []).append(
            seconds(lambda opened=opened: opened.append(load_checkpoint(options.checkpoint).model))  # type: ignore[misc]
        )
        (model,) = opened
        patched = model.patched(random_lora(model, options.rank))
        for name, handle in (("load the UNet", model), ("put the LoRA on", patched), ("take it off", model)):
            found.setdefault(name, []).append(seconds(lambda handle=handle: use(handle)))  # type: ignore[misc]
        memory = psutil.Process().memory_info().rss / 1e6
        residency.free()
    for name, values in found.items():
        print(f"{name:<16} {statistics.median(values):.2f} s")
    print(f"memory with the UNet loaded {memory:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    main(parser.parse_args())
