"""What the server and a worker say to each other.

On the wire each message is a 4-byte big-endian length and that many bytes of msgpack. A worker connects to the port in
`SAFELIGHT_WORKER_PORT` on 127.0.0.1 and says `Hello` with the token in `SAFELIGHT_WORKER_TOKEN`; then it sends `Ready`
once its nodes are loaded. Commands are answered while a job runs.
"""

from typing import Any

import msgspec

from graph.events import Event


class Job(msgspec.Struct, frozen=True):
    """A validated prompt that is to be executed; `targets` are the output nodes that are wanted."""

    id: str
    prompt: dict[str, dict[str, Any]]
    targets: list[str]
    extra_pnginfo: dict[str, Any] = {}
    previews: bool = True


# From the server to a worker.


class Run(msgspec.Struct, tag="run", frozen=True):
    """Execute this job; the worker is idle."""

    job: Job


class Interrupt(msgspec.Struct, tag="interrupt", frozen=True):
    """Stop this job as soon as its node looks."""

    job_id: str


class Free(msgspec.Struct, tag="free", frozen=True):
    """Give memory back: models from the devices, and the cached results."""

    models: bool
    results: bool


class Ping(msgspec.Struct, tag="ping", frozen=True):
    """Answer with `Pong`."""


class Shutdown(msgspec.Struct, tag="shutdown", frozen=True):
    """End the process."""


# From a worker to the server.


class Hello(msgspec.Struct, tag="hello", frozen=True):
    """The first message on a connection."""

    token: str
    pid: int


class PackProblem(msgspec.Struct, frozen=True):
    """A node module or pack that could not be loaded."""

    pack: str
    message: str
    cure: str
    traceback: str = ""


class Device(msgspec.Struct, frozen=True):
    """A compute device, with its memory in bytes."""

    name: str
    type: str
    index: int | None
    vram_total: int
    vram_free: int
    torch_vram_total: int
    torch_vram_free: int


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The nodes are loaded: `schemas` are entries of /object_info by id, aliases included."""

    schemas: dict[str, dict[str, Any]]
    problems: list[PackProblem]
    device: Device
    versions: dict[str, str]


class JobEvent(msgspec.Struct, tag="job_event", frozen=True):
    """Something happened in a job; after a final event the worker is idle again."""

    job_id: str
    event: Event


class Pong(msgspec.Struct, tag="pong", frozen=True):
    """The worker lives. `device` has fresh memory figures, `memory` is its resident memory in bytes."""

    device: Device
    memory: int


ToWorker = Run | Interrupt | Free | Ping | Shutdown
ToServer = Hello | Ready | JobEvent | Pong
