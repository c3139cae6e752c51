"""Events as ComfyUI's WebSocket frames, and finished jobs as its history entries."""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson

from graph import events
from graph.queue.jobs import QueueStatus
from graph.queue.table import JobRecord

Frame = tuple[str, dict[str, Any]]
"""The type of a frame and its data."""

NO_PLACES: Mapping[str, events.Place] = MappingProxyType({})
PREVIEW, PREVIEW_WITH_METADATA = 1, 4
IMAGE_TYPES = {"image/jpeg": 1, "image/png": 2}


def text(kind: str, data: Any) -> bytes:
    """A text frame, as it goes over the wire."""
    return orjson.dumps({"type": kind, "data": data}, option=orjson.OPT_NON_STR_KEYS, default=repr)


Places = Mapping[str, events.Place]
"""Where the nodes of subgraphs belong."""


def frame_of(event: events.Event, prompt_id: str, places: Places = NO_PLACES) -> Frame | None:
    """The frame that announces an event; None for those that are no single frame (progress states, previews)."""
    match event:
        case events.Started(time):
            return "execution_start", {"prompt_id": prompt_id, "timestamp": time}
        case events.Cached(nodes, time):
            return "execution_cached", {"nodes": nodes, "prompt_id": prompt_id, "timestamp": time}
        case events.NodeStarted(node):
            return executing(node, prompt_id, places)
        case events.Progress(node, value, total):
            return "progress", {
                "value": plain_number(value),
                "max": plain_number(total),
                "prompt_id": prompt_id,
                "node": node,
            }
        case events.Shown(node, ui, orders):
            display = places[node].display if node in places else node
            shown = {"node": node, "display_node": display, "output": ui, "orders": orders}
            return "showing", {**shown, "prompt_id": prompt_id}
        case events.Warned(node, message):
            return "execution_warning", {"node": node, "text": message, "prompt_id": prompt_id}
        case events.NodeFinished(node, ui) if ui is not None:
            display = places[node].display if node in places else node
            return "executed", {"node": node, "display_node": display, "output": ui, "prompt_id": prompt_id}
        case events.Blocked():
            return "execution_error", _error(_as_failure(event, places), prompt_id)
        case events.Succeeded(time):
            return "execution_success", {"prompt_id": prompt_id, "timestamp": time}
        case events.Failed():
            return "execution_error", _error(event, prompt_id)
        case events.Interrupted(node, node_type, executed, time):
            return "execution_interrupted", {
                "prompt_id": prompt_id,
                "node_id": node,
                "node_type": node_type,
                "executed": executed,
                "timestamp": time,
            }
    return None


def executing(node: str | None, prompt_id: str, places: Places = NO_PLACES) -> Frame:
    """The frame for a node that begins; None says that the prompt has ended."""
    if node is None:
        return "executing", {"node": None, "prompt_id": prompt_id}
    display = places[node].display if node in places else node
    return "executing", {"node": node, "display_node": display, "prompt_id": prompt_id}


def _as_failure(event: events.Blocked, places: Places) -> events.Failed:
    """The way in which clients of ComfyUI are told that a node is skipped for a reason; the job goes on."""
    return events.Failed(
        node=places[event.node].real if event.node in places else event.node,
        node_type=places[event.node].class_type if event.node in places else None,
        exception_type="ExecutionBlocked",
        message=event.message,
        traceback=[],
        executed=[],
        current_inputs={},
        time=event.time,
    )


def _error(event: events.Failed, prompt_id: str) -> dict[str, Any]:
    return {
        "prompt_id": prompt_id,
        "node_id": event.node,
        "node_type": event.node_type,
        "executed": event.executed,
        "exception_message": event.message,
        "exception_type": event.exception_type,
        "traceback": event.traceback,
        "current_inputs": event.current_inputs,
        "current_outputs": event.executed,
        "advice": event.advice,
        "input_name": event.input_name,
        "timestamp": event.time,
    }


def plain_number(value: float) -> float:
    """Whole numbers as integers, which is how other programs send them."""
    return int(value) if float(value).is_integer() else value


def _ids(node: str, prompt_id: str, places: Places) -> dict[str, Any]:
    """Where a node belongs, as states and previews say it."""
    place = places.get(node)
    return {
        "node_id": node,
        "prompt_id": prompt_id,
        "display_node_id": place.display if place else node,
        "parent_node_id": place.parent if place else None,
        "real_node_id": place.real if place else node,
    }


def preview(event: events.Preview, prompt_id: str, with_metadata: bool, places: Places = NO_PLACES) -> bytes:
    """A binary frame with the picture of what a node is making."""
    if not with_metadata:
        return struct.pack(">II", PREVIEW, IMAGE_TYPES[event.media_type]) + event.image
    metadata = orjson.dumps({**_ids(event.node, prompt_id, places), "image_type": event.media_type})
    return struct.pack(">II", PREVIEW_WITH_METADATA, len(metadata)) + metadata + event.image


class Course:
    """What the nodes of a running job have done so far: the `progress_state` frames."""

    def __init__(self, prompt_id: str, places: Places = NO_PLACES) -> None:
        self._prompt_id = prompt_id
        self._places = places
        self.nodes: dict[str, dict[str, Any]] = {}
        self.allowance = 0
        """How many entries the next whole state may have."""

    def follow(self, event: events.Event) -> str | None:
        """Take an event in; the node whose state it has changed, if any."""
        match event:
            case events.NodeStarted(node):
                self._set(node, 0, 1, "running")
            case events.Progress(node, value, total):
                self._set(node, value, total, "running")
            case events.NodeFinished(node, _, cached, seconds):
                total = self.nodes[node]["max"] if node in self.nodes else 1
                self._set(node, total, total, "finished")
                self.nodes[node].update(cached=cached, seconds=seconds)
            case events.Failed(str() as node):
                before = self.nodes.get(node, {"value": 0, "max": 1})
                self._set(node, before["value"], before["max"], "error")
            case _:
                return None
        return node

    def _set(self, node: str, value: float, total: float, state: str) -> None:
        self.nodes[node] = {
            "value": plain_number(value),
            "max": plain_number(total),
            "state": state,
            **_ids(node, self._prompt_id, self._places),
        }

    def whole(self) -> bytes:
        """A frame with all nodes that have begun."""
        return text("progress_state", {"prompt_id": self._prompt_id, "nodes": self.nodes})

    def change(self, node: str) -> bytes:
        """A frame with one node, for a client that keeps the others."""
        data = {"prompt_id": self._prompt_id, "nodes": {node: self.nodes[node]}, "delta": True}
        return text("progress_state", data)


def queue_status(status: QueueStatus) -> dict[str, Any]:
    """How it is with the queue, as ComfyUI says it, and whether it is paused."""
    return {"exec_info": {"queue_remaining": status.remaining, "paused": status.paused}}


def queue_details(record: JobRecord) -> dict[str, Any]:
    """All that there is to say about a running or pending job."""
    return {
        "prompt_id": record.id,
        "state": record.state,
        "priority": plain_number(record.priority),
        "prompt": queue_item(record),
        "client_id": record.client_id,
        "accepted": record.accepted,
        "started": record.started,
        "crashes": record.crashes,
        "patience": record.patience,
    }


def queue_item(record: JobRecord) -> list[Any]:
    """A job as `[number, id, prompt, extra_data, outputs to execute]`, for orjson."""
    number = plain_number(record.number)
    return [number, record.id, *map(orjson.Fragment, (record.prompt, record.extra_data, record.targets))]


def history_entry(record: JobRecord) -> dict[str, Any]:
    """A finished job as an entry of `/history`, for orjson."""
    shown = orjson.loads(record.outputs)
    places: dict[str, events.Place] = {}
    for event in record.events:
        if isinstance(event, events.Expanded):
            places.update(event.nodes)
    frames = [frame for event in record.events if (frame := frame_of(event, record.id, places))]
    return {
        "prompt": queue_item(record),
        "outputs": orjson.Fragment(record.outputs),
        "meta": {node: _meta(node, places) for node in shown},
        "status": {
            "status_str": "success" if record.state == "success" else "error",
            "completed": record.state == "success",
            "messages": frames,
        },
    }


def _meta(node: str, places: Places) -> dict[str, Any]:
    place = places.get(node)
    return {
        "node_id": node,
        "display_node": place.display if place else node,
        "parent_node": place.parent if place else None,
        "real_node_id": place.real if place else node,
    }
