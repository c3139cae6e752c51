"""A few nodes without torch, for the tests of the engine; `calls` records which ran."""

import errno
import sys
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from graph.declare import Choice, Context, Files, InputError, Multiline, Range, Seed, node
from graph.packs.importing import Imported
from graph.registry import Registry, collect
from graph.types import ANY, Socket

Image = Annotated[dict[str, Any], Socket("IMAGE")]
Model = Annotated[Any, Socket("MODEL")]
AnyValue = Annotated[Any, Socket(ANY)]

NOWHERE = Path("/nowhere")
calls: list[tuple[str, Any]] = []


class Pair(NamedTuple):
    low: int
    model: Model


@node("Number", category="test")
def number(value: Annotated[int, Range(0, 100)] = 1) -> int:
    calls.append(("Number", value))
    return value


@node("Add", category="test", aliases={"Plus": {"left": "a", "right": "b"}}, search=("sum",))
def add(a: Annotated[int, Range(-(2**62), 2**62)], b: Annotated[int, Range(-(2**62), 2**62)] = 1) -> int:
    """Add two numbers.

    a: The first one.
    """
    calls.append(("Add", (a, b)))
    return a + b


@node("Split", category="test")
def split(value: int) -> Pair:
    calls.append(("Split", value))
    return Pair(value // 2, object())


@node("Load", category="test", aliases=["Loader"])
def load(name: Annotated[str, Files("checkpoints")], mode: Annotated[str, Choice(("fast", "slow"))] = "fast") -> Model:
    calls.append(("Load", name))
    return (name, mode)


@node("Picture", category="test")
def picture(image: Annotated[str, Files("input", upload="image")]) -> Image:
    calls.append(("Picture", image))
    return {"name": image}


@node("Paint", category="test")
def paint(
    ctx: Context,
    model: Model,
    seed: Seed = 0,
    strength: Annotated[float, Range(0, 1, step=0.01)] = 0.5,
    text: Annotated[str, Multiline(prompt=True)] = "",
    tiled: bool = False,
    mask: Image | None = None,
) -> Image:
    calls.append(("Paint", seed))
    for step in range(3):
        ctx.progress(step + 1, 3, b"jpeg" if ctx.wants_preview() else None)
    return {"seed": seed, "mask": mask}


@node("Save", category="test", output_node=True)
def save(ctx: Context, images: Image, prefix: str = "x") -> None:
    calls.append(("Save", prefix))
    saved = ctx.folders.save_path(prefix, "png")
    saved.write(b"a picture")
    ctx.show("images", [{"filename": saved.filename, "subfolder": saved.subfolder, "type": saved.type}])


@node("Show", category="test", output_node=True)
def show(ctx: Context, value: AnyValue) -> None:
    calls.append(("Show", value))
    ctx.show("text", [str(value)])


@node("Fail", category="test")
def fail(value: int, how: Annotated[str, Choice(("input", "value", "key", "memory", "exit", "disk"))] = "value") -> int:
    match how:
        case "input":
            raise InputError("value", "It must be even. Choose another one.")
        case "value":
            raise ValueError("The number is cursed.")
        case "memory":
            raise MemoryError
        case "exit":
            raise SystemExit(3)
        case "disk":
            raise OSError(errno.ENOSPC, "No space left on device", "/x.png")
    raise KeyError("depth")


@node("Partly", category="test")
def partly(ctx: Context, value: int = 7) -> int:
    """What it was asked for, but for the first time, when it is told to stop halfway."""
    calls.append(("Partly", value))
    if (mark := ctx.folders.user / "stopped").exists():
        return value
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    ctx.leave_unfinished()
    return value // 2


@node("Carve", category="test", output_node=True)
def carve(ctx: Context, value: int = 7) -> int:
    """A number, and a file that has it."""
    calls.append(("Carve", value))
    ctx.folders.user.mkdir(parents=True, exist_ok=True)
    file = ctx.folders.user / "stone"
    file.write_text(str(value))
    ctx.stands_for(file)
    return value


@node("Grumble", category="test")
def grumble(ctx: Context) -> int:
    ctx.warn("It is late.")
    return 1


class Token:
    """Counts how many of its kind are alive."""

    alive = 0

    def __init__(self) -> None:
        Token.alive += 1

    def __del__(self) -> None:
        Token.alive -= 1


@node("Mint", category="test")
def mint(token: AnyValue | None = None) -> AnyValue:
    return Token()


@node("Clock", category="test", always=True)
def clock() -> int:
    calls.append(("Clock", None))
    return 7


weather_report: dict[str, str] = {}


@node("Weather", category="test", fingerprint=lambda folders, city: weather_report.get(city))
def weather(city: str) -> str:
    return weather_report.get(city, "sun")


def registry() -> Registry:
    """A registry of the nodes of this file."""
    return collect([Imported("sample", sys.modules[__name__], None)])
