"""The memory of server and worker over many jobs, queued over HTTP with a client that listens.

python -m bench.memory [--jobs 500] [--every 50] [--kind both]

Jobs are in turn a picture (the embedded checkpoint, 64 x 64, two steps, another seed each time) and a graph of 200
trivial nodes with values of its own. The budget for results in memory is small, so that it is full early and does not
look like a leak. At the end stands what the second half of the jobs has added, as a straight line through its figures.
"""

import argparse
import asyncio
import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from typing import Any

import psutil

from bench.server_process import ROOT, ServerProcess, server_process
from bench.shapes import Prompt, chain

KINDS = ("both", "pictures", "trivial")
TRIVIAL_NODES = 200
OPTIONS = ("--nodes", "nodes", "--nodes", "bench.trivial_nodes", "--models", str(ROOT / "models"), "--cache-size", "4")
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Figures:
    """Megabytes: what is resident, and the share of it that belongs to this process alone (0 where nobody says)."""

    resident: float
    proportional: float

    @classmethod
    def of(cls, process: psutil.Process) -> "Figures":
        """Those of a process now."""
        memory = process.memory_full_info()
        return cls(memory.rss / MEGABYTE, getattr(memory, "pss", 0) / MEGABYTE)


Row = tuple[int, Figures, Figures]
"""How many jobs there were, and the figures of server and worker."""


def picture(seed: int) -> Prompt:
    """A small picture of the embedded checkpoint, saved and shown."""
    prompt = {"class_type": "CLIPEncode", "inputs": {"clip": ["1", 1]}}
    sampler = {"seed": seed, "steps": 2, "cfg": 4.0, "sampler_name": "euler", "scheduler": "simple", "denoise": 1.0}
    links = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
    return {
        "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "pocket.safetensors"}},
        "2": {**prompt, "inputs": {"clip": ["1", 1], "text": f"a red circle {seed % 7}"}},
        "3": {**prompt, "inputs": {"clip": ["1", 1], "text": ""}},
        "4": {"class_type": "EmptyLatent", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "5": {"class_type": "KSampler", "inputs": {**sampler, **links}},
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "memory"}},
        "8": {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}},
    }


def trivial(value: int) -> Prompt:
    """A chain of trivial nodes that no other job has."""
    return chain(TRIVIAL_NODES, value)


def prompts(kind: str, count: int) -> list[Prompt]:
    """The prompts of a run."""
    makers = {"both": (picture, trivial), "pictures": (picture,), "trivial": (trivial,)}[kind]
    return [make(1000 + number) for number, make in zip(range(count), itertools.cycle(makers), strict=False)]


def figures(server: ServerProcess) -> tuple[Figures, Figures]:
    """Those of the server and of its worker."""
    process = psutil.Process(server.pid)
    (worker,) = (child for child in process.children() if "graph.workers.process" in child.cmdline())
    return Figures.of(process), Figures.of(worker)


async def measure(server: ServerProcess, kind: str, jobs: int, every: int) -> list[Row]:
    """Run the jobs; after each `every` of them, how many there were and the figures of server and worker."""
    rows: list[Row] = []
    async with server.client.ws_connect(f"{server.url}/ws?clientId=bench", max_msg_size=0) as socket:
        await socket.send_json({"type": "feature_flags", "data": {"progress_delta": True}})
        reader = asyncio.create_task(_read_all(socket))
        for number, prompt in enumerate(prompts(kind, jobs), 1):
            await server.finished(await server.queue({"prompt": prompt, "client_id": "bench"}))
            if number % every == 0 or number == 1:
                rows.append((number, *figures(server)))
                print(_line(rows[-1]), flush=True)
        reader.cancel()
    return rows


async def _read_all(socket: Any) -> None:
    async for _ in socket:
        pass


def _line(row: Row) -> str:
    number, server, worker = row
    columns = (f"{each.resident:9.1f} {each.proportional:9.1f}" for each in (server, worker))
    return f"{number:>6} {' '.join(columns)}"


def slope(numbers: Sequence[int], megabytes: Sequence[float]) -> float:
    """Megabytes per 100 jobs in the second half."""
    half = len(numbers) // 2
    return linear_regression(numbers[half:], megabytes[half:]).slope * 100


async def main(jobs: int, every: int, kind: str) -> None:
    """Print a line for each stretch of jobs, and the slopes."""
    print("  jobs    server MB: RSS, PSS   worker MB: RSS, PSS")
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder), *OPTIONS) as server:
            rows = await measure(server, kind, jobs, every)
    numbers = [row[0] for row in rows]
    for name, column in (("server", [row[1] for row in rows]), ("worker", [row[2] for row in rows])):
        added = slope(numbers, [each.resident for each in column])
        print(f"{name}: {added:+.2f} MB of RSS per 100 jobs in the second half")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--kind", choices=KINDS, default="both")
    given = parser.parse_args()
    asyncio.run(main(given.jobs, given.every, given.kind))
