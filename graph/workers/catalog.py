"""The schemas of the nodes, as workers report them, kept on disk for the next start.

The server imports no node: until a worker has loaded them it answers from what the last one reported, provided that
the files that the nodes come from have not changed since.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from graph.files.replace_file import replace_file
from graph.messages import Device, PackProblem, PackReport, PackRoutes, Ready

logger = logging.getLogger("nodes")
Schemas = dict[str, dict[str, Any]]


class _Stored(msgspec.Struct):
    signature: str
    schemas: Schemas
    problems: list[PackProblem]
    device: Device
    packs: list[PackReport]
    routes: PackRoutes | None


class NoNodesError(Exception):
    """The nodes are not known (yet); the message says why and what to do."""


class Catalog:
    """What nodes there are. `path` is the file of the last report, `signature` a fingerprint of the nodes' files."""

    def __init__(self, path: Path, signature: Callable[[], str]) -> None:
        self._path = path
        self._signature = signature
        self._schemas: Schemas | None = None
        self._looked = False
        self._changed = asyncio.Event()
        self.problems: list[PackProblem] = []
        self.packs: list[PackReport] = []
        self.routes: PackRoutes | None = None
        """The HTTP routes of packs; their port is 0 while no worker serves them."""
        self.reports = 0
        """How many reports have come from workers."""
        self.device: Device | None = None
        self.versions: dict[str, str] = {}
        self.death: str | None = None
        """Why there is no worker at the moment, if one has died."""

    def ready(self, report: Ready) -> bool:
        """A worker has loaded its nodes. Returns whether they are others than were known."""
        changed = (self._schemas, self.problems) != (report.schemas, report.problems)
        self._schemas, self.problems, self.device = report.schemas, report.problems, report.device
        self.packs, self.routes = report.packs, report.routes
        self.reports += 1
        self.versions = report.versions
        self.death = None
        self._looked = True
        self._announce()
        for problem in report.problems:
            logger.warning("%s: %s %s", problem.pack, problem.message, problem.cure)
        with contextlib.suppress(OSError):
            routes = _unserved(report.routes)
            stored = _Stored(self._signature(), report.schemas, report.problems, report.device, report.packs, routes)
            replace_file(self._path, msgspec.json.encode(stored))
        return changed

    async def reported(self, reports: int, patience: float) -> bool:
        """Wait until there were more than so many reports; False if it takes longer than `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                while self.reports <= reports:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def down(self, reason: str) -> None:
        """A worker has died."""
        self.death = reason
        self.routes = _unserved(self.routes)
        self._announce()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def look(self) -> None:
        """Take the last report from disk, if it still holds and there is no newer one."""
        if self._looked:
            return
        self._looked = True
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            stored = msgspec.json.decode(self._path.read_bytes(), type=_Stored)
            if stored.signature == self._signature():
                self._schemas, self.problems, self.device = stored.schemas, stored.problems, stored.device
                self.packs, self.routes = stored.packs, stored.routes

    def known(self) -> Schemas | None:
        """The schemas, if they are known without waiting for a worker."""
        self.look()
        return self._schemas

    async def schemas(self, patience: float) -> Schemas:
        """The schemas by node id, aliases included; waits for a worker up to `patience` seconds if it must.

        Raises NoNodesError.
        """
        self.look()
        deadline = asyncio.get_running_loop().time() + patience
        while self._schemas is None:
            if self.death is not None:
                raise NoNodesError(
                    f"The worker that loads the nodes could not start: {self.death}."
                    " Look at the server's log; `python launch.py doctor` finds common causes."
                )
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                raise NoNodesError(
                    f"The nodes were not loaded within {patience:.0f} seconds. Try again in a moment."
                ) from None
        return self._schemas


def _unserved(routes: PackRoutes | None) -> PackRoutes | None:
    return routes and msgspec.structs.replace(routes, port=0, token="")
