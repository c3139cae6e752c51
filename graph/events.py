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


class Succeeded(msgspec.Struct, tag="succeeded", frozen=True):
    """All outputs are there."""

    time: int


class Failed(msgspec.Struct, tag="failed", frozen=True):
    """The job has failed, in a node (`node`) or as a whole (None).

    `message` is one sentence for the user, `advice` what to do about it; `input_name` the input that is to blame.
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


class Interrupted(msgspec.Struct, tag="interrupted", frozen=True):
    """The user has interrupted the job, while `node` was running."""

    node: str | None
    node_type: str | None
    executed: list[str]
    time: int


Event = Started | Cached | NodeStarted | Progress | Preview | Warned | NodeFinished | Succeeded | Failed | Interrupted
FINAL = (Succeeded, Failed, Interrupted)
