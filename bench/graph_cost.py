"""Processor time that a server needs for graphs of trivial nodes, over ComfyUI's HTTP interface.

python -m bench.graph_cost [--shapes wide tree] [--counts 1000 5000]            starts a Safelight of its own
python -m bench.graph_cost --url http://127.0.0.1:8188 --pid 4711               measures a server that runs

A server that runs must have the nodes of `bench/trivial_pack` (copy the folder into its `custom_nodes`); `--pid` is its
process, whose children count too. Of each graph five jobs are measured: new to the server with a client that listens
and with none, the same again, with one source changed, and with one constant near an output changed.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bench.server_process import PATIENCE, server_process
from bench.shapes import SHAPES, Prompt

values = itertools.count(int(time.time()) % 100_000)


@dataclass(slots=True)
class Cost:
    """What one job has cost: processor seconds of the server, seconds, and what a listening client was sent."""

    processor: float
    accepted: float
    done: float
    sent: int


def processor_seconds(process: psutil.Process) -> float:
    """The processor time of a process: where the system counts it for each thread, to the nanosecond."""
    threads = list(Path(f"/proc/{process.pid}/task").glob("*/schedstat"))
    if threads:
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
    times = process.cpu_times()
    return float(times.user + times.system)


class Target:
    """A server that is measured."""

    def __init__(self, url: str, process: psutil.Process, client: aiohttp.ClientSession) -> None:
        self._url = url
        self._process = process
        self._client = client

    def _processor(self) -> float:
        return sum(map(processor_seconds, [self._process, *self._process.children(recursive=True)]))

    async def run(self, prompt: Prompt, listen: bool) -> Cost:
        """Run a prompt to its end. Raises RuntimeError if it is refused or fails."""
        sent = 0
        before = self._processor()
        begun = time.perf_counter()
        if listen:
            async with self._client.ws_connect(f"{self._url}/ws?clientId=bench", max_msg_size=0) as socket:
                id = await self._queue(prompt, "bench")
                accepted = time.perf_counter() - begun
                async with asyncio.timeout(PATIENCE):
                    async for message in socket:
                        sent += len(message.data)
                        if message.type is aiohttp.WSMsgType.TEXT and '"execution_success"' in message.data[:40]:
                            break
        else:
            id = await self._queue(prompt, None)
            accepted = time.perf_counter() - begun
        await self._finished(id)
        return Cost(self._processor() - before, accepted, time.perf_counter() - begun, sent)

    async def _queue(self, prompt: Prompt, client_id: str | None) -> str:
        body: dict[str, Any] = {"prompt": prompt, **({"client_id": client_id} if client_id else {})}
        async with self._client.post(f"{self._url}/prompt", json=body) as answer:
            content = await answer.json()
            if answer.status != 200:
                raise RuntimeError(f"the server refused the prompt: {str(content)[:500]}")
            return str(content["prompt_id"])

    async def _finished(self, id: str) -> None:
        # The queue's length is asked for, not the history, whose answer would carry the whole graph.
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self._client.get(f"{self._url}/prompt") as answer:
                    if (await answer.json())["exec_info"]["queue_remaining"] == 0:
                        return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def _target(options: argparse.Namespace) -> AsyncIterator[Target]:
    if options.url:
        async with aiohttp.ClientSession() as client:
            yield Target(options.url, psutil.Process(options.pid), client)
        return
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder), "--nodes", "bench.trivial_nodes", *options.server) as server:
            yield Target(server.url, psutil.Process(server.pid), server.client)


async def _measure(target: Target, shape: str, count: int, repeats: int) -> dict[str, list[Cost]]:
    make = SHAPES[shape]
    costs: dict[str, list[Cost]] = {}
    for _ in range(repeats):
        value = next(values)
        prompt = make(count, value, 7)
        changed = {**prompt, "0": make(count, value + 1, 7)["0"]}
        late = make(count, value, 8)
        jobs = {
            "new, listened to": (make(count, next(values), 7), True),
            "new": (prompt, False),
            "again": (prompt, False),
            "source changed": (changed, False),
            "late changed": (late, False),
        }
        for name, (graph, listen) in jobs.items():
            costs.setdefault(name, []).append(await target.run(graph, listen))
    return costs


async def _main(options: argparse.Namespace) -> None:
    async with _target(options) as target:
        await target.run(SHAPES["chain"](10, next(values), 0), listen=True)
        for shape in options.shapes:
            for count in options.counts:
                for name, costs in (await _measure(target, shape, count, options.repeats)).items():
                    best = min(costs, key=lambda cost: cost.processor)
                    each = best.processor / count * 1e6
                    print(
                        f"{shape:<6}{count:>6} {name:<17} processor {best.processor:6.3f} s ({each:6.1f} us a node)"
                        f"  accepted {best.accepted:6.3f} s  done {best.done:6.3f} s  sent {best.sent / 1e6:7.3f} MB",
                        flush=True,
                    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--counts", nargs="+", type=int, default=[1000, 5000])
    parser.add_argument("--repeats", type=int, default=3, help="the least of so many is printed (default: 3)")
    parser.add_argument("--url", help="a server that runs")
    parser.add_argument("--pid", type=int, help="its process")
    parser.add_argument("--server", nargs=argparse.REMAINDER, default=[], help="options for the server that is started")
    arguments = parser.parse_args()
    if bool(arguments.url) != bool(arguments.pid):
        parser.error("--url and --pid belong together")
    asyncio.run(_main(arguments))
