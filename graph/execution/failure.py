"""Explaining to the user what went wrong in a node: a sentence, what to do, and what the node had as its inputs."""

import reprlib
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.declare import InputError
from graph.events import Failed
from graph.execution import memory_advice
from graph.execution.plan import Step
from graph.problem import labelled

MOST_CHARACTERS = 2000
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")
FAULT_ADVICE = "This is a fault of the node, or of the pack that it comes from; the log has the details."

_short = reprlib.Repr()
_short.maxlevel, _short.maxstring, _short.maxother = 3, 120, 120


@dataclass(slots=True)
class NodeError(Exception):
    """What a node raised, with the arguments that it was called with."""

    step: Step
    cause: BaseException
    arguments: Mapping[str, Any] = field(default_factory=dict)


def failed(error: NodeError, executed: list[str], kept: int = 0) -> Failed:
    """The event for a node's error. The message names the node and the input, so that it can stand alone.

    `kept` is the memory of results that are kept for later, in bytes.
    """
    step, cause = error.step, error.cause
    asked_for = memory_advice.bytes_asked_for(cause)
    if asked_for is None:
        sentence, advice = _explain(cause)
    else:
        sentence = memory_advice.sentence(asked_for)
        advice = memory_advice.advice(asked_for, step.spec, {**step.literals, **error.arguments}, kept)
    name = cause.input_name if isinstance(cause, InputError) else None
    place = labelled(step.title, step.real) + (f", input '{name}'" if name else "")
    return Failed(
        node=step.real,
        node_type=step.class_type,
        exception_type=type(cause).__name__,
        message=f"{place}: {sentence}"[:MOST_CHARACTERS],
        traceback=traceback.format_exception(cause),
        executed=executed,
        current_inputs={key: [short(value)] for key, value in error.arguments.items()},
        time=int(time.time() * 1000),
        advice=advice,
        input_name=name,
        out_of_memory=asked_for is not None,
    )


def failed_job(error: Exception) -> Failed:
    """The event for a job that could not be begun."""
    return Failed(
        node=None,
        node_type=None,
        exception_type=type(error).__name__,
        message=str(error),
        traceback=traceback.format_exception(error),
        executed=[],
        current_inputs={},
        time=int(time.time() * 1000),
    )


def short(value: Any) -> str:
    """A value in a few words; tensors by type and shape."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__name__} {value.dtype} {list(value.shape)}".replace("torch.", "")
    match value:
        case Mapping():
            items = list(value.items())[:8]
            return "{" + ", ".join(f"{key}: {short(item)}" for key, item in items) + "}"
        case None | bool() | int() | float() | str() | bytes():
            return _short.repr(value)
        case list() | tuple():
            more = f", … {len(value) - 3} more" if len(value) > 3 else ""
            return "[" + ", ".join(short(item) for item in value[:3]) + more + "]"
    return type(value).__name__


def _explain(cause: BaseException) -> tuple[str, str]:
    """The sentence and the advice.

    Errors by which Python and our library say that a value or a file is bad come with a sentence for the user; any
    other means that the node did not expect what happened.
    """
    text = str(cause).strip()
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}{f': {cause.filename}' if cause.filename else ''}.", ""
    if text and isinstance(cause, ValueError | OSError):
        return text if text.endswith(SENTENCE_ENDS) else f"{text}.", ""
    return f"It failed unexpectedly, with {type(cause).__name__}{f': {text}' if text else ''}.", FAULT_ADVICE
