"""Prompts per second through the queue: accepted, and run to their end.

python -m bench.queue_rate [--count N] [--connections N ...]

The prompts have three nodes and are all different. "watched" has a client listening to all of them. The processor time
is that of the server process alone.
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import psutil

from bench.server_process import PATIENCE, ServerProcess, server_process
from bench.shapes import chain

values = itertools.count(1)


def processor_time(server: ServerProcess) -> float:
    """Seconds that the server's own process has computed."""
    used = psutil.Process(server.pid).cpu_times()
    return float(used.user + used.system)


async def post(server: ServerProcess, bodies: Iterator[int], client_id: str | None, taken: list[float]) -> None:
    """Queue one prompt after the other until `bodies` are used up; add how long each took to `taken`."""
    for value in bodies:
        body = {"prompt": chain(3, value), **({"client_id": client_id} if client_id else {})}
        begun = time.perf_counter()
        await server.queue(body)
        taken.append(time.perf_counter() - begun)


async def drained(server: ServerProcess) -> None:
    """Wait until nothing is queued."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        async with server.client.get(f"{server.url}/api/prompt") as answer:
            if (await answer.json())["exec_info"]["queue_remaining"] == 0:
                return
        await asyncio.sleep(0.02)
    raise RuntimeError("the queue was not done in time")


async def measure(server: ServerProcess, count: int, connections: int, watched: bool) -> str:
    """One line of results."""
    taken: list[float] = []
    used = processor_time(server)
    begun = time.perf_counter()
    async with AsyncExitStack() as stack:
        if watched:
            address = f"{server.url}/ws?clientId=bench"
            socket = await stack.enter_async_context(server.client.ws_connect(address, max_msg_size=0))
            stack.callback(asyncio.create_task(_read(socket)).cancel)
        bodies = iter([next(values) for _ in range(count)])
        client_id = "bench" if watched else None
        await asyncio.gather(*(post(server, bodies, client_id, taken) for _ in range(connections)))
        accepted = time.perf_counter() - begun
        await drained(server)
    done = time.perf_counter() - begun
    middle, late = statistics.median(taken) * 1000, statistics.quantiles(taken, n=100)[98] * 1000
    seconds = processor_time(server) - used
    return (
        f"{connections:>3} connections, {'watched' if watched else 'alone':<8}{count / accepted:6.0f} accepted/s, "
        f"{count / done:5.0f} done/s, p50 {middle:5.1f} ms, p99 {late:5.1f} ms, server {seconds:5.2f} s"
    )


async def _read(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def main(count: int, connections: list[int]) -> None:
    """Print a line for each number of connections, watched and not."""
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder), "--nodes", "bench.trivial_nodes") as server:
            await measure(server, 20, 1, watched=False)
            for number in connections:
                for watched in (False, True):
                    print(await measure(server, count, number, watched), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    options = parser.parse_args()
    asyncio.run(main(options.count, options.connections))
