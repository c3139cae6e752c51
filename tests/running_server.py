"""A real server process with the nodes of tests/plain_nodes, for tests over HTTP and WebSocket."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60


class RunningServer:
    """A server with folders of its own below `base`. It can be started again after `stop` or `kill`."""

    def __init__(self, base: Path, *options: str) -> None:
        self.base = base
        self.options = options
        self.url = ""
        self.log = base / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RunningServer":
        command = [sys.executable, "server.py", "--port", "0", "--base-directory", str(self.base)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--nodes", "tests.plain_nodes", *self.options],
                cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while True:
            said = self.log.read_text(encoding="utf-8", errors="replace")
            if match := re.search(r"listens at (\S+)", said):
                self.url = match[1]
                return self
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the server did not start:\n{said}")
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        return self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait(20)

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Session"]:
        async with aiohttp.ClientSession(self.url) as http:
            yield Session(http)


class Session:
    """Requests to a server."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def get(self, path: str, status: int = 200) -> Any:
        async with self.http.get(path) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        async with self.http.post(path, json=body) as response:
            text = await response.text()
            assert response.status == status, text
            return json.loads(text) if text else None

    async def queue(self, prompt: dict[str, Any], **more: Any) -> str:
        return (await self.post("/prompt", {"prompt": prompt, **more}))["prompt_id"]

    async def finished(self, id: str) -> dict[str, Any]:
        """The history entry of a job, once it has one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                history = await self.get(f"/history/{id}")
                if history:
                    return history[id]
                await asyncio.sleep(0.02)

    async def running(self, id: str) -> None:
        """Wait until a job runs."""
        async with asyncio.timeout(PATIENCE):
            while not any(item[1] == id for item in (await self.get("/queue"))["queue_running"]):
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def socket(self, client: str, **flags: Any) -> AsyncIterator["Frames"]:
        async with self.http.ws_connect(f"/ws?clientId={client}") as socket:
            if flags:
                await socket.send_json({"type": "feature_flags", "data": flags})
            yield Frames(socket)


class Frames:
    """What comes over a WebSocket: `(type, data)`, or `("binary", bytes)`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> tuple[str, Any]:
        message = await self.socket.receive(timeout=PATIENCE)
        if message.type is aiohttp.WSMsgType.BINARY:
            return "binary", message.data
        assert message.type is aiohttp.WSMsgType.TEXT, message
        frame = json.loads(message.data)
        return frame["type"], frame["data"]

    async def until(self, kind: str, **data: Any) -> list[tuple[str, Any]]:
        """The frames up to one of this type whose data has these entries."""
        frames = []
        while True:
            frames.append(await self.next())
            name, content = frames[-1]
            if name == kind and all(content.get(key) == value for key, value in data.items()):
                return frames


def shown(text: str) -> dict[str, Any]:
    """A prompt that shows a text."""
    return {"1": node("Text", text=text), "2": node("Show", text=["1", 0])}


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}
