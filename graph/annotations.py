"""Annotations of a node's parameters that say which widget an input has: `Annotated[int, Range(1, 100)]`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NotRequired, TypedDict


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of an int or float widget, both included; `step` is what one click changes."""

    min: float
    max: float
    step: float | None = None
    slider: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The values of a combo: a sequence, or a function of no arguments that is called when a worker starts."""

    options: Sequence[str] | Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Files:
    """A combo of file names: a model folder kind (`checkpoints`), or `input` for pictures of the input folder.

    The list is read at each request, so that a file dropped into the folder can be chosen without a restart. The
    content of the chosen file is part of the node's cache key. `upload` adds an upload button: "image", "audio",
    "video", or "file" for any other. With `extensions` the combo lists only files that have one of these: of the
    input folder instead of pictures (and only such are uploaded), or of the models of that kind. With `optional` there
    may be no file: the first choice is the empty text.
    """

    kind: str
    upload: str | None = None
    extensions: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Multiline:
    """A string widget of several lines.

    In a `prompt`, `{red|blue}` is one of the two each time it is queued, unless the node reads the `dialect` "webui",
    and chooses by itself.
    """

    placeholder: str = ""
    prompt: bool = False
    dialect: Literal["comfyui", "webui"] = "comfyui"


@dataclass(frozen=True, slots=True)
class Color:
    """A colour: text (`#f47a45`, with `alpha` `#f47a45ff`), or for an int the number 0xRRGGBB."""

    alpha: bool = False


@dataclass(frozen=True, slots=True)
class Widget:
    """The widget that an input has in the editor, by the name under which a script of the pack registers it."""

    name: str


@dataclass(frozen=True, slots=True)
class WidgetTarget:
    """A text that names a widget of the graph, as in `KSampler.cfg`, or is one of `others`; empty is none.

    The editor offers the widgets of the nodes before this one.
    """

    others: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WidgetValues:
    """A text with values for the widget that another input names, a `WidgetTarget`; the editor offers its choices."""

    target: str


@dataclass(frozen=True, slots=True)
class Advanced:
    """An input that few need: its widget is shown when the node is asked for its advanced options, or linked."""


@dataclass(frozen=True, slots=True)
class SeedControl:
    """An int widget with "control after generate": fixed, increment, decrement or randomize.

    after: what a new node has; "fixed" for what is not to be another run each time that it is queued.
    """

    after: str = "randomize"


@dataclass(frozen=True, slots=True)
class CurvePoints:
    """A curve widget, whose value is a `CurveValue`."""


class CurveValue(TypedDict):
    """A curve through `points`, each `[x, y]` with both in 0..1, from left to right.

    Before the first and behind the last point it is level. `interpolation` is monotone_cubic where it is not given:
    smooth, and without a turn that the points do not have.
    """

    points: list[list[float]]
    interpolation: NotRequired[str]


INTERPOLATIONS = ("monotone_cubic", "linear")

Seed = Annotated[int, Range(0, 2**64 - 1), SeedControl()]
FixedSeed = Annotated[int, Range(0, 2**64 - 1), SeedControl("fixed")]
Curve = Annotated[CurveValue, CurvePoints()]
