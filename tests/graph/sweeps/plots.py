"""Nodes without torch that draw with words, a plot of them, and an engine to run it; `calls` records which ran."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import orjson

from graph import events
from graph.caching.cache import ResultCache
from graph.caching.content import ContentHashes
from graph.declare import (
    Choice,
    Context,
    Files,
    Folders,
    InputError,
    Lazy,
    Multiline,
    Range,
    Seed,
    Subgraph,
    WidgetTarget,
    node,
)
from graph.execution.execute import Executor
from graph.messages import Job
from graph.packs.importing import Imported
from graph.registry import Registry, collect
from graph.sweeps.axes import SPECIAL_TARGETS, TargetError, read_axis
from graph.sweeps.cells import Branches, cells_of
from graph.sweeps.errors import SweepError
from graph.sweeps.part import Part
from graph.types import ANY, Socket
from graph.validation.checked import check

AnyValue = Annotated[Any, Socket(ANY)]
Text = Annotated[str, Socket("TEXT")]
Target = Annotated[str, WidgetTarget(SPECIAL_TARGETS)]
calls: list[tuple[str, Any]] = []
ALIASES = {"DPM++ 2M": "dpmpp_2m"}


@node("Open", category="test")
def open_model(name: Annotated[str, Files("checkpoints")]) -> Text:
    calls.append(("Open", name))
    return name


@node("Encode", category="test", aliases={"Tokens": {"words": "text"}})
def encode(model: Text, text: Annotated[str, Multiline(prompt=True)] = "") -> Text:
    calls.append(("Encode", text))
    return f"<{text}>"


@node("Twice", category="test")
def twice(number: int) -> int:
    calls.append(("Twice", number))
    return 2 * number


@node("Draw", category="test")
def draw(
    model: Text,
    positive: Text,
    negative: Text,
    seed: Seed = 0,
    steps: Annotated[int, Range(1, 100)] = 20,
    cfg: Annotated[float, Range(0, 30)] = 7.0,
    sampler: Annotated[str, Choice(("euler", "dpmpp_2m"))] = "euler",
    tiled: bool = False,
) -> Text:
    calls.append(("Draw", (model, seed, cfg)))
    return f"{model} {positive} {negative} {seed} {steps} {cfg} {sampler}{' tiled' if tiled else ''}"


@node("Frame", category="test")
def frame(picture: Text) -> Text:
    calls.append(("Frame", picture))
    return f"[{picture}]"


def _axes(part: Part, inputs: dict[str, Any]) -> list[Any]:
    axes = []
    for axis in "xyz":
        try:
            axes.append(read_axis(part, inputs.get(f"{axis}_target", ""), inputs.get(f"{axis}_values", ""), 5, ALIASES))
        except TargetError as error:
            raise InputError(f"{axis}_target", str(error)) from None
        except SweepError as error:
            raise InputError(f"{axis}_values", str(error)) from None
    return axes


def _check(graph: Any, node_id: str, folders: Folders, **inputs: Any) -> None:
    part = Part.before(graph, node_id, "picture", folders)
    assert part is not None
    cells_of(part, _axes(part, inputs))


@node("Plot", category="test", reads_graph=True, validate=_check)
def plot(
    ctx: Context,
    picture: Lazy[Text],
    x_target: Target = "",
    x_values: str = "",
    y_target: Target = "",
    y_values: str = "",
    z_target: Target = "",
    z_values: str = "",
    vary: bool = False,
) -> AnyValue | Subgraph:
    inputs = {"x_target": x_target, "x_values": x_values, "y_target": y_target, "y_values": y_values}
    part = Part(ctx.graph, picture.link, ctx.folders)
    axes = _axes(part, {**inputs, "z_target": z_target, "z_values": z_values})
    cells = cells_of(part, axes, (vary, vary, vary))
    graph = Subgraph()
    branches = Branches(graph, part, cells)
    made = {str(cell.index): graph.add("Frame", picture=branches.end(cell.values)) for cell in cells}
    graph.milestones = tuple(each.id for each in made.values())
    labels = [[setting.label for setting in axis.settings] for axis in axes]
    return graph.returns(graph.add("Gather", labels=labels, **made))


@node("Gather", category="test")
def gather(labels: AnyValue, **cells: Text) -> AnyValue:
    return {"labels": labels, "cells": {tuple(map(int, name[1:-1].split(", "))): text for name, text in cells.items()}}


REGISTRY = collect([Imported("plots", sys.modules[__name__], None)])


def given(class_type: str, **inputs: Any) -> dict[str, Any]:
    """A node of a prompt."""
    return {"class_type": class_type, "inputs": inputs}


def drawing(**plotted: Any) -> dict[str, Any]:
    """The prompt of a picture of which a plot `t` is made, with these inputs."""
    return {
        "1": given("Open", name="a.pt"),
        "2": {**given("Encode", model=["1", 0], text="a red cat, sitting"), "_meta": {"title": "Positive"}},
        "3": {**given("Encode", model=["1", 0], text="ugly, red"), "_meta": {"title": "Negative"}},
        "4": given("Draw", model=["1", 0], positive=["2", 0], negative=["3", 0], seed=7),
        "t": given("Plot", picture=["4", 0], **plotted),
    }


class Bench:
    """An engine without memory of its own, unless it gets a `budget`."""

    def __init__(self, root: Path, budget: int = 10_000_000, registry: Registry = REGISTRY) -> None:
        models = root / "models" / "checkpoints"
        models.mkdir(parents=True)
        for name in ("a", "b", "lora-2", "lora-10", "lora"):
            (models / f"{name}.pt").write_text(name)
        self.folders = Folders.under(root)
        self.executor = Executor(registry, ResultCache(budget), self.folders, ContentHashes())
        self.interrupted = threading.Event()
        self.events: list[events.Event] = []
        self.on_event: Callable[[events.Event], None] = lambda event: None

    def complaints(self, prompt: dict[str, Any]) -> list[str]:
        """What is wrong with a prompt before anything runs, as `input: sentence`."""
        found = check(prompt, self.executor.registry.schemas(), self.folders, ["t"], lambda: self.executor.registry)
        errors = [error for node in found.node_errors.values() for error in node["errors"]]
        return [f"{error['extra_info'].get('input_name')}: {error['details']}" for error in errors]

    def run(self, prompt: dict[str, Any], target: str = "t") -> Any:
        """The output of the target; `calls` has what ran."""
        found = check(prompt, self.executor.registry.schemas(), self.folders, [target], lambda: self.executor.registry)
        assert not found.node_errors, found.node_errors
        calls.clear()
        self.events = []

        def emit(event: events.Event) -> None:
            self.events.append(event)
            self.on_event(event)

        outputs = self.executor.run(Job("j", orjson.dumps(found.prompt), [target]), emit, self.interrupted)
        return outputs[target][0] if target in outputs else None
