"""A server process of its own for a measurement."""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300


@dataclass(frozen=True)
class ServerProcess:
    """A running server: address, client, process, and the moment (`time.perf_counter`) at which it was started."""

    url: str
    client: aiohttp.ClientSession
    started: float
    pid: int

    async def queue(self, body: dict[str, Any]) -> str:
        """Queue a prompt and return its id. Raises RuntimeError with the server's complaint."""
        async with self.client.post(f"{self.url}/api/prompt", json=body) as answer:
            content = await answer.json()
            if answer.status != 200:
                raise RuntimeError(f"the server refused the prompt: {content}")
            return str(content["prompt_id"])

    async def finished(self, prompt_id: str) -> dict[str, Any]:
        """Wait until a job is in the history and return its entry. Raises RuntimeError if it failed."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            async with self.client.get(f"{self.url}/api/history/{prompt_id}") as answer:
                entry = (await answer.json()).get(prompt_id)
            if entry:
                if entry["status"]["status_str"] != "success":
                    raise RuntimeError(f"the job failed: {entry['status']}")
                return dict(entry)
            await asyncio.sleep(0.01)
        raise RuntimeError(f"the job was not finished within {PATIENCE} s")


@asynccontextmanager
async def server_process(base: Path, *options: str) -> AsyncIterator[ServerProcess]:
    """Start `python server.py` with its folders under `base`, until its first answer; end it afterwards."""
    command = [sys.executable, "server.py", "--port", "0", "--base-directory", str(base), "--cpu", *options]
    log = base / "server.log"
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        async with aiohttp.ClientSession() as client:
            yield ServerProcess(await _first_answer(process, log, client), client, started, process.pid)
    finally:
        process.terminate()
        process.wait()


async def _first_answer(process: "subprocess.Popen[bytes]", log: Path, client: aiohttp.ClientSession) -> str:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        if announced := re.search(r"listens at (http://\S+)", log.read_text(encoding="utf-8", errors="replace")):
            async with client.get(f"{announced[1]}/api/features") as answer:
                await answer.read()
            return announced[1]
        await asyncio.sleep(0.002)
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
