"""What the server and a worker say to each other.

On the wire each message is a 4-byte big-endian length and that many bytes of msgpack. A worker connects to the port in
`SAFELIGHT_WORKER_PORT` on 127.0.0.1 and says `Hello` with the token in `SAFELIGHT_WORKER_TOKEN`; then it sends `Ready`
once its nodes are loaded. Commands are answered while a job runs.
"""

from typing import Any

import msgspec

from graph.events import Event

TOKEN_HEADER = "Safelight-Worker-Token"
PREVIEW_METHODS = ("auto", "latent2rgb", "taesd", "none")
"""How pictures under way are shown: as well as possible, in the latent's colours, by a small decoder, not at all."""


class Job(msgspec.Struct, frozen=True):
    """A validated prompt that is to be executed; `targets` are the output nodes that are wanted.

    `prompt` is the API prompt as JSON, as the queue has it on disk. `previews` is one of `PREVIEW_METHODS`. `client_id`
    is who queued it. `ticket` and `start` are what its files are reserved under (`graph.files.reservations`); a job
    without a ticket is not run again after a crash.
    """

    id: str
    prompt: bytes
    targets: list[str]
    extra_pnginfo: dict[str, Any] = {}
    previews: str = "auto"
    client_id: str | None = None
    ticket: int = 0
    start: int = 0


# From the server to a worker.


class Run(msgspec.Struct, tag="run", frozen=True):
    """Execute this job; the worker is idle, or its job gives way to this one."""

    job: Job


class Interrupt(msgspec.Struct, tag="interrupt", frozen=True):
    """Stop this job as soon as its node looks."""

    job_id: str


class Order(msgspec.Struct, tag="order", frozen=True):
    """Tell a running node of a job something that it listens to."""

    job_id: str
    node: str
    order: str


class Free(msgspec.Struct, tag="free", frozen=True):
    """Give memory back: models from the devices, and the cached results."""

    models: bool
    results: bool


class Reload(msgspec.Struct, tag="reload", frozen=True):
    """Import a pack anew, or all of them, once no job runs, and send `Ready` again.

    With `restart` the process ends then instead, and another one takes its place.
    """

    pack: str | None = None
    restart: bool = False


class Ping(msgspec.Struct, tag="ping", frozen=True):
    """Answer with `Pong`."""


class Ask(msgspec.Struct, tag="ask", frozen=True):
    """Answer a question with an `Answer` of the same number, while a job runs as well.

    `what` names the question: "schemas", "validate", or one that an extension answers. The payload is JSON.
    """

    number: int
    what: str
    payload: bytes


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


class PackReport(msgspec.Struct, frozen=True):
    """A pack that was loaded: its folder's name, the ids of its nodes, and how long its import took.

    `web` is the folder of what it adds to the editor.
    """

    name: str
    nodes: list[str]
    seconds: float
    title: str = ""
    version: str = ""
    description: str = ""
    web: str | None = None


class PackRoutes(msgspec.Struct, frozen=True):
    """HTTP routes of packs, which a worker serves on a port of the loopback interface to whoever has the token.

    `routes` are pairs of method and path, with `{name}` for what varies, as aiohttp writes them; `packs` names the pack
    of each. The token travels in the header `TOKEN_HEADER`. `sees_prompts` says that the worker answers the question
    "on_prompt", with which packs change the body of a request to queue a prompt.
    """

    port: int
    token: str
    routes: list[tuple[str, str]]
    packs: list[str] = []
    sees_prompts: bool = False


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The nodes are loaded, or loaded anew: `schemas` are entries of /object_info by id, aliases included."""

    schemas: dict[str, dict[str, Any]]
    problems: list[PackProblem]
    device: Device
    versions: dict[str, str]
    packs: list[PackReport] = []
    routes: PackRoutes | None = None


class JobEvents(msgspec.Struct, tag="job_events", frozen=True):
    """What happened in a job, in order; after a final event, the last of its bundle, it has ended."""

    job_id: str
    events: list[Event]


class Pong(msgspec.Struct, tag="pong", frozen=True):
    """The worker lives. `device` has fresh memory figures, `memory` is its resident memory in bytes."""

    device: Device
    memory: int


class Answer(msgspec.Struct, tag="answer", frozen=True):
    """The answer to an `Ask`: JSON, or `error`, a sentence that says why there is none."""

    number: int
    payload: bytes = b"null"
    error: str | None = None


class Said(msgspec.Struct, tag="said", frozen=True):
    """A pack wants clients to be told something: a frame of this `kind`, with JSON as its data.

    It goes to the client `client_id`, or to everybody.
    """

    kind: str
    data: bytes
    client_id: str | None = None


ToWorker = Run | Interrupt | Order | Free | Reload | Ping | Ask | Shutdown
ToServer = Hello | Ready | JobEvents | Pong | Answer | Said
