"""Kill the server again and again while it works, and see that no job is lost and none is done twice.

python -m bench.storm [--kills 200] [--seed N] [--keep DIR]

Clients post jobs that save files, all with the same start of their names. The server is killed with SIGKILL at random
moments, also while it starts. In the end every job whose POST was answered must have one entry in the history, a
success, and its files: whole, and no others.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 3
MOST_WAITING = 6
START_SECONDS = 60.0
DRAIN_SECONDS = 600.0
REPEATS = 1000
"""How often `SaveText` writes its text into a file."""


@dataclass(slots=True)
class Verdict:
    """What has happened; `faults` says what should not have, a sentence each."""

    kills: int = 0
    accepted: dict[str, int] = field(default_factory=dict)
    """How many files each job saves whose POST was answered."""
    unanswered: dict[str, int] = field(default_factory=dict)
    """The same for jobs whose POST was cut off: they may have been accepted or not."""
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        jobs = f"{self.kills} kills, {len(self.accepted)} jobs accepted, {len(self.unanswered)} posts cut off"
        faults = "".join(f"\n- {fault}" for fault in self.faults[:50])
        return f"{jobs}: {f'{len(self.faults)} faults{faults}' if faults else 'nothing lost, nothing done twice'}"


class Storm:
    """A server in the folder `base` that is killed `kills` times; `rng` decides when, and what it has to do."""

    def __init__(self, base: Path, kills: int, rng: random.Random) -> None:
        self.verdict = Verdict()
        self._base = base
        self._kills = kills
        self._rng = rng
        self._port = _free_port()
        self._over = False
        self._numbers = iter(range(1, 1_000_000))

    async def run(self, told: Callable[[str], None] = lambda line: None) -> Verdict:
        """Let it rage, wait until the work is done, and judge. `told` is called with what is going on."""
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self._port}") as http:
            clients = [asyncio.create_task(self._post_jobs(http)) for _ in range(CLIENTS)]
            while self.verdict.kills < self._kills:
                await self._kill_once()
                if self.verdict.kills % 10 == 0:
                    told(f"{self.verdict.kills} kills, {len(self.verdict.accepted)} jobs")
            self._over = True
            process = self._start()
            try:
                await asyncio.gather(*clients)
                told("the storm is over")
                history = await self._drained(http)
            finally:
                process.terminate()
                await asyncio.to_thread(process.wait, 30)
        self._judge(history)
        return self.verdict

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "server.py", "--port", str(self._port), "--base-directory", str(self._base)]
        with (self._base / "server.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--nodes", "tests.plain_nodes"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    async def _kill_once(self) -> None:
        process = self._start()
        # Now and then while it starts, mostly in the midst of work, seldom after a longer while.
        if self.verdict.kills == 0 or self._rng.random() < 0.8:
            await self._works(process)
        await asyncio.sleep(min(self._rng.expovariate(1 / 1.2), 6.0))
        if process.poll() is not None:
            self.verdict.faults.append(f"The server ended by itself, with {process.returncode}.")
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        self.verdict.kills += 1
        self._look_at_files()

    async def _works(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait until it has accepted a job: in a new folder it takes a while until the nodes are known."""
        before = len(self.verdict.accepted)
        end = time.monotonic() + START_SECONDS
        while len(self.verdict.accepted) == before and process.poll() is None and time.monotonic() < end:
            await asyncio.sleep(0.02)

    # The work.

    async def _post_jobs(self, http: aiohttp.ClientSession) -> None:
        while not self._over:
            try:
                async with http.get("/prompt") as answer:
                    waiting = (await answer.json())["exec_info"]["queue_remaining"]
                # Jobs that have met several kills wait until the storm is over; there is to be work beside them.
                if waiting < MOST_WAITING + self.verdict.kills // 2:
                    await self._post(http)
                else:
                    await asyncio.sleep(0.05)
            except (aiohttp.ClientError, ConnectionError, json.JSONDecodeError):
                await asyncio.sleep(0.02)

    async def _post(self, http: aiohttp.ClientSession) -> None:
        id = f"job-{next(self._numbers)}"
        copies = self._rng.randint(1, 3)
        self.verdict.unanswered[id] = copies
        async with http.post("/prompt", json=self._request(id, copies)) as answer:
            if answer.status == 200:
                await answer.read()
                self.verdict.accepted[id] = self.verdict.unanswered.pop(id)
            else:
                del self.verdict.unanswered[id]  # the nodes were not known yet

    def _request(self, id: str, copies: int) -> dict[str, Any]:
        prefix = self._rng.choice(["storm", "sub/storm"])
        seconds = self._rng.choice([0, 0.02, 0.1, 0.3])  # with its 1 to 3 files a job takes up to a second
        save = {"text": ["1", 0], "copies": copies, "filename_prefix": prefix, "seconds": seconds}
        prompt = {
            "1": {"class_type": "Text", "inputs": {"text": f"{id}\n"}},
            "2": {"class_type": "SaveText", "inputs": save},
            "3": {"class_type": "Show", "inputs": {"text": ["1", 0]}},
        }
        orders: list[dict[str, Any]] = [{}, {}, {"front": True}, {"priority": self._rng.randint(-1, 2)}]
        return {"prompt": prompt, "prompt_id": id, **self._rng.choice(orders)}

    async def _drained(self, http: aiohttp.ClientSession) -> dict[str, Any]:
        """The history, once nothing is left to do."""
        end = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < end:
            try:
                async with http.get("/prompt") as answer:
                    remaining = (await answer.json())["exec_info"]["queue_remaining"]
                if remaining == 0:
                    async with http.get("/history") as answer:
                        return dict(await answer.json())
            except aiohttp.ClientError:
                pass  # it starts
            await asyncio.sleep(0.1)
        self.verdict.faults.append(f"The work was not done {DRAIN_SECONDS:.0f} s after the last start.")
        return {}

    # The verdict.

    def _files(self) -> dict[str, str]:
        """The jobs to which the visible files of the output folder belong, by file; "" for one that is not whole."""
        owners = {}
        for path in (self._base / "output").rglob("[!.]*.*"):
            lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
            owners[str(path)] = lines[0] if len(lines) == REPEATS and len(set(lines)) == 1 else ""
        return owners

    def _look_at_files(self) -> None:
        for path, owner in self._files().items():
            if not owner:
                self.verdict.faults.append(f"After kill {self.verdict.kills} {path} is not whole.")

    def _judge(self, history: dict[str, Any]) -> None:
        verdict = self.verdict
        jobs = {**verdict.unanswered, **verdict.accepted}
        owners = self._files()
        saved = Counter(owners.values())
        for id in verdict.accepted.keys() - history.keys():
            verdict.faults.append(f"{id} was accepted, and is lost.")
        for id, entry in history.items():
            shown = [self._path(item) for item in entry["outputs"].get("2", {}).get("files", [])]
            if id not in jobs:
                verdict.faults.append(f"{id} is in the history, and nobody has posted it.")
            elif entry["status"]["status_str"] != "success":
                verdict.faults.append(f"{id} ended badly: {entry['status']['messages'][-1]}.")
            elif len(set(shown)) != jobs[id] or any(owners.get(path) != id for path in shown):
                verdict.faults.append(f"{id} should show {jobs[id]} files of its own, and shows {shown}.")
            elif saved[id] != jobs[id]:
                verdict.faults.append(f"{id} has saved {saved[id]} files instead of {jobs[id]}.")
        for path, owner in owners.items():
            if owner not in history:
                verdict.faults.append(f"{path} belongs to no job of the history ({owner or 'not whole'}).")
        for left in (self._base / "output").rglob(".*"):
            verdict.faults.append(f"{left} was left behind.")

    def _path(self, item: dict[str, str]) -> str:
        return str(self._base / "output" / item["subfolder"] / item["filename"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def main(kills: int, seed: int, base: Path) -> int:
    """Print how it goes and the verdict; 1 if anything went wrong."""
    print(f"seed {seed}, in {base}", flush=True)
    verdict = await Storm(base, kills, random.Random(seed)).run(lambda line: print(line, flush=True))
    print(verdict)
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for the server, which is left there")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True)
        sys.exit(asyncio.run(main(options.kills, options.seed, options.keep)))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(asyncio.run(main(options.kills, options.seed, Path(folder))))
