"""Names of the values that travel along links, and which of them fit together.

Type names are ComfyUI's (`IMAGE`, `MODEL`, `INT` …), so that its workflows and packs mean the same thing here.
"""

from dataclasses import dataclass

ANY = "*"
WIDGET_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "CURVE"})


@dataclass(frozen=True, slots=True)
class Socket:
    """Marks a Python type as a socket: `Image = Annotated[torch.Tensor, Socket("IMAGE")]`."""

    name: str


def fits(source: str, target: str) -> bool:
    """Whether an output of type `source` may be linked to an input of type `target`.

    A type may be a comma-separated union; `*` fits everything. A combo is a string by value.
    """
    if ANY in (source, target) or source == target:
        return True
    if {source, target} == {"STRING", "COMBO"}:
        return True
    return not {part.strip() for part in source.split(",")}.isdisjoint(part.strip() for part in target.split(","))
