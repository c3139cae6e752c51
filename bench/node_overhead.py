"""Milliseconds per node on chains of trivial nodes, queued over HTTP.

python -m bench.node_overhead [--lengths 1000 5000]

Each chain runs three times: watched by nobody, by a client that wants changes only, and by one that wants ComfyUI's
full `progress_state` frames; then once more unchanged, so that all of it is in the cache.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from bench.server_process import PATIENCE, ServerProcess, server_process

values = itertools.count(1)


def chain(length: int, value: int) -> dict[str, dict[str, Any]]:
    """A prompt of `length` nodes in a row; `value` makes it new to the cache."""
    prompt: dict[str, dict[str, Any]] = {"1": {"class_type": "Start", "inputs": {"value": value}}}
    for number in range(2, length):
        prompt[str(number)] = {"class_type": "Increment", "inputs": {"number": [str(number - 1), 0]}}
    prompt[str(length)] = {"class_type": "Finish", "inputs": {"number": [str(length - 1), 0]}}
    return prompt


async def run(server: ServerProcess, length: int, value: int, flags: dict[str, bool] | None) -> tuple[float, float]:
    """Seconds until the prompt was accepted and until it was done, with a client that has sent `flags`, if any."""
    async with AsyncExitStack() as stack:
        socket = None
        if flags is not None:
            address = f"{server.url}/ws?clientId=bench"
            socket = await stack.enter_async_context(server.client.ws_connect(address, max_msg_size=0))
            await socket.send_json({"type": "feature_flags", "data": flags})
        begun = time.perf_counter()
        prompt_id = await server.queue({"prompt": chain(length, value), "client_id": "bench"})
        accepted = time.perf_counter() - begun
        if socket is None:
            await server.finished(prompt_id)
        else:
            await asyncio.wait_for(_success(socket), PATIENCE)
        return accepted, time.perf_counter() - begun


async def _success(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT and message.json()["type"] in (
            "execution_success",
            "execution_error",
        ):
            assert message.json()["type"] == "execution_success", message.data
            return


async def main(lengths: list[int]) -> None:
    """Print a line for each chain and each way of watching it."""
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder), "--nodes", "bench.trivial_nodes") as server:
            await run(server, 10, next(values), None)
            for length in lengths:
                watched = {"nobody": None, "changes": {"progress_delta": True}, "full frames": {}}
                for name, flags in watched.items():
                    _report(length, f"watched by {name}", await run(server, length, next(values), flags))
                value = next(values)
                await run(server, length, value, None)
                _report(length, "all cached", await run(server, length, value, None))


def _report(length: int, name: str, seconds: tuple[float, float]) -> None:
    accepted, done = seconds
    each = done / length * 1000
    print(
        f"{length:>6} nodes, {name:<22} accepted {accepted:5.2f} s, done {done:6.2f} s: {each:.3f} ms a node",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", type=int, nargs="+", default=[1000, 5000])
    asyncio.run(main(parser.parse_args().lengths))
