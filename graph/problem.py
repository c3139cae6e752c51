"""What is wrong with a prompt or a document, in the shapes of ComfyUI's interface."""

from dataclasses import dataclass, field
from typing import Any

MOST_OF_A_NAME = 80


def labelled(title: str, id: str) -> str:
    """How sentences call a node: `title (node id)`, on one line and not too long, whatever a file has there."""
    return f"{brief(title)} (node {brief(id)})"


def brief(name: str) -> str:
    """A name from a file on one line, cut where it is too long to be read."""
    line = " ".join(name.split())
    return line if len(line) <= MOST_OF_A_NAME else f"{line[: MOST_OF_A_NAME - 1]}…"


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint. `type` is ComfyUI's name for it, `details` a whole sentence that says what to do.

    `extra_info` may have input_name, input_config, received_value, received_type, linked_node.
    """

    type: str
    message: str
    details: str = ""
    extra_info: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"type": self.type, "message": self.message, "details": self.details, "extra_info": self.extra_info}
