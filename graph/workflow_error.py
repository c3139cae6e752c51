"""What goes wrong with a workflow, as whoever runs it is told."""

from collections.abc import Mapping
from typing import Any


class WorkflowError(Exception):
    """A workflow cannot be read, cannot be run as it is, or has failed. The message is for the user: whole sentences.

    `node` and `input` say what is to blame, if one thing is. `node_errors` has all that is wrong with a workflow before
    it runs, by node id, as `{"errors": [{"type", "message", "details", "extra_info"}], …}`.
    """

    def __init__(
        self,
        message: str,
        *,
        node: str | None = None,
        input: str | None = None,
        node_errors: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.node = node
        self.input = input
        self.node_errors = dict(node_errors or {})


class NotThereError(WorkflowError):
    """A file, a node, or an input of one, that was named and is not there."""


class WorkflowInterrupted(WorkflowError):
    """Somebody has asked for the end of a run, and it has stopped."""
