"""What to say when memory has run out: how much was asked for, what was free, and what to lower."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from graph.messages import Device
from graph.node_spec import NodeSpec
from graph.workers.device import device, resident_bytes

_ASKED_FOR = re.compile(r"allocate (?P<number>\d+(?:\.\d*)?) (?P<unit>bytes|[KMGTPE]?i?B)\b", re.IGNORECASE)
_OUT_OF_MEMORY = re.compile(
    r"out of memory|can't allocate memory|not enough memory|insufficient memory|_ALLOC_FAILED\b", re.IGNORECASE
)
_BEYOND_ALL = re.compile(
    r"index-sized integer|C ssize_t|size calculation overflowed|multiplication overflow|array is too big"
    r"|maximum allowed dimension|overflow when unpacking long",
    re.IGNORECASE,
)
UNITS = {"B": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
TILED = ("VAEDecode", "VAEEncode")
"""Nodes that have a twin which works in tiles."""
FACTORS = ("scale_by", "upscale_by", "factor", "scale", "megapixels")


def bytes_asked_for(error: BaseException) -> float | None:
    """How much more memory an error says was wanted; None if it is about something else.

    NaN if it does not say how much, infinity for sizes beyond all that can be addressed.
    """
    text = str(error)
    if isinstance(error, OverflowError | ValueError | TypeError | RuntimeError) and _BEYOND_ALL.search(text):
        return math.inf
    is_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    # cv2 and some others raise plain exceptions of their own.
    if not is_memory and (isinstance(error, OSError | ValueError) or not _OUT_OF_MEMORY.search(text)):
        return None
    found = _ASKED_FOR.search(text)
    return float(found["number"]) * 1024 ** UNITS[found["unit"][0].upper()] if found else math.nan


def sentence(asked_for: float) -> str:
    """What went wrong."""
    if math.isinf(asked_for):
        return "There was not enough memory: sizes like these need more than any computer has."
    if math.isnan(asked_for):
        return "There was not enough memory."
    return f"There was not enough memory: {size(asked_for)} more were asked for."


def advice(asked_for: float, spec: NodeSpec, values: Mapping[str, Any], kept: int = 0) -> str:
    """What is free and what to do, most likely cure first.

    `values` are what the node was called with; `kept` are the bytes of results that are kept in memory.
    """
    state = _device()
    lines = []
    if state is not None:
        lines.append(_situation(state, kept))
        given_back = resident_bytes() + (0 if _is_apart(state) else kept)
        if asked_for < state.vram_free + given_back and given_back >= state.vram_free / 4:
            lines.append("Models and kept results have been put away since: it may be enough to queue it again.")
    lines.extend(_to_lower(spec, values))
    if any("MODEL" in item.type.split(",") for item in spec.inputs):
        lines.append("Use a smaller model, or one in a smaller number format (fp16, fp8).")
    if state is None or not asked_for > state.vram_total:
        lines.append("Close other programs that use the same memory.")
    return " ".join(lines)


def size(count: float) -> str:
    """A number of bytes for people."""
    for unit, scale in (("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count / 1024:.1f} KB"


def _device() -> Device | None:
    try:
        return device()
    except Exception:  # noqa: BLE001 - a GPU that is out of memory may refuse to answer even this
        return None


def _is_apart(state: Device) -> bool:
    """Whether the device has memory of its own, beside that of the machine."""
    return state.type not in ("cpu", "mps")


def _situation(state: Device, kept: int) -> str:
    taken = [f"models took {size(models)}"] if (models := resident_bytes()) else []
    if kept and not _is_apart(state):
        taken.append(f"results that are kept for later {size(kept)}")
    where = f" on {state.name}" if _is_apart(state) else ""
    what = f"; {', '.join(taken)}" if taken else ""
    return f"{size(state.vram_free)} of {size(state.vram_total)} were free{where}{what}."


def _to_lower(spec: NodeSpec, values: Mapping[str, Any]) -> Iterator[str]:
    """What about the inputs makes the node need much memory."""
    batch, width, height = _extent(values)
    if "batch_size" in values and batch > 1:
        yield f"Lower batch_size ({batch})."
    elif batch > 1:
        yield f"Make fewer pictures at once: there are {batch}."
    if "tile_size" in values:
        yield f"Lower tile_size ({values['tile_size']})."
    elif spec.id in TILED:
        yield f"Use {spec.title} (Tiled) in place of this node."
    for name in FACTORS:
        if isinstance(values.get(name), int | float):
            yield f"Lower {name} ({values[name]})."
    if width and height:
        yield f"Make the picture smaller than {width} x {height}."
    else:
        yield "Make the picture or the batch smaller."


def _extent(values: Mapping[str, Any]) -> tuple[int, int, int]:
    """The largest batch, width and height among the inputs; zero where there is none.

    Numbers say it themselves. Of an IMAGE `[B, H, W, C]` or the `samples` of a LATENT `[B, C, h, w]` the shape says it;
    a latent's sides are in its own points, so that only its batch counts.
    """
    batch, width, height = 0, 0, 0
    for name, value in values.items():
        if isinstance(value, Mapping):
            batch = max(batch, *_shape(value.get("samples"))[:1], 0)
        elif len(shape := _shape(value)) == 4 and shape[3] in (1, 3, 4):
            batch, height, width = max(batch, shape[0]), max(height, shape[1]), max(width, shape[2])
        elif isinstance(value, int):
            batch = max(batch, value) if name == "batch_size" else batch
            width = max(width, value) if name == "width" else width
            height = max(height, value) if name == "height" else height
    return batch, width, height


def _shape(value: Any) -> tuple[int, ...]:
    try:
        return tuple(int(side) for side in getattr(value, "shape", ()))
    except (TypeError, ValueError):
        return ()
