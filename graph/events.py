"""What a running job tells the world: typed events, in the order in which they happen.

The worker emits them, the server stores and forwards them, the HTTP layer turns them into ComfyUI's frames. Node ids
are those of the prompt; times are milliseconds since the epoch.
"""

from typing import Any

import msgspec


class Started(msgspec.Struct, tag="started", frozen=True):
    """The job has begun to run."""

    time: int


class Cached(msgspec.Struct, tag="cached", frozen=True):
    """These nodes need not run: their results are in the cache."""

    nodes: list[str]
    time: int


class NodeStarted(msgspec.Struct, tag="node_started", frozen=True):
    """A node has begun to run."""

    node: str


class Progress(msgspec.Struct, tag="progress", frozen=True):
    """A running node has done `value` of `total` steps."""

    node: str
    value: float
    total: float


class Preview(msgspec.Struct, tag="preview", frozen=True):
    """A picture of what a running node is making: an encoded image."""

    node: str
    image: bytes
    media_type: str = "image/jpeg"


class Shown(msgspec.Struct, tag="shown", frozen=True):
    """What the editor shows on a node while it runs, and what the user may tell the node now."""

    node: str
    ui: dict[str, list[Any]]
    orders: list[str] = []


class GivesWay(msgspec.Struct, tag="gives_way", frozen=True):
    """A running node lets other jobs run from time to time, from now on until it has finished."""

    node: str


class Warned(msgspec.Struct, tag="warned", frozen=True):
    """A node has something to say that does not stop the job."""

    node: str
    text: str


class NodeFinished(msgspec.Struct, tag="node_finished", frozen=True):
    """A node has finished, or was found in the cache (`cached`); `ui` is what the editor shows on it.

    `seconds` is what the node took when it last really ran.
    """

    node: str
    ui: dict[str, list[Any]] | None
    cached: bool
    seconds: float


class Place(msgspec.Struct, frozen=True):
    """Where a node of a subgraph belongs: to the node that made it, the one that shows it, and that of the prompt."""

    class_type: str
    parent: str
    display: str
    real: str


class Expanded(msgspec.Struct, tag="expanded", frozen=True):
    """A node has given a subgraph, whose nodes will now be run in its place."""

    nodes: dict[str, Place]


class Blocked(msgspec.Struct, tag="blocked", frozen=True):
    """A node is skipped because an input is blocked, for the reason that `message` says; the job goes on."""

    node: str
    message: str
    time: int


class Succeeded(msgspec.Struct, tag="succeeded", frozen=True):
    """All outputs are there."""

    time: int


class Failed(msgspec.Struct, tag="failed", frozen=True):
    """The job has failed, in a node (`node`) or as a whole (None).

    `message` is one sentence for the user, `advice` what to do about it; `input_name` the input that is to blame.
    `out_of_memory` says that memory has run out, which the worker then makes room in.
    """

    node: str | None
    node_type: str | None
    exception_type: str
    message: str
    traceback: list[str]
    executed: list[str]
    current_inputs: dict[str, list[Any]]
    time: int
    advice: str = ""
    input_name: str | None = None
    out_of_memory: bool = False


class Interrupted(msgspec.Struct, tag="interrupted", frozen=True):
    """The user has interrupted the job, while `node` was running."""

    node: str | None
    node_type: str | None
    executed: list[str]
    time: int


Event = (
    Started
    | Cached
    | NodeStarted
    | Progress
    | Preview
    | Shown
    | GivesWay
    | Warned
    | NodeFinished
    | Expanded
    | Blocked
    | Succeeded
    | Failed
    | Interrupted
)
FINAL = (Succeeded, Failed, Interrupted)
