"""Queueing prompts: `/prompt`, and `/compile` for documents of the editor."""

import math
import uuid
from typing import Any

from aiohttp import web

from api.errors import ApiError
from api.json_body import answer, compact, read_object
from api.services import Services, services
from graph.document import DocumentError, compile_document
from graph.jobs import DuplicateJob, JobStore
from graph.prompt import Prompt
from graph.validate import Validation, validate

NODES_PATIENCE = 120.0
"""Seconds that a request waits for the nodes, at the very first start."""

routes = web.RouteTableDef()


@routes.get("/prompt")
async def queue_length(request: web.Request) -> web.Response:
    """How many jobs are left."""
    remaining = await services(request).dispatcher.store(JobStore.remaining)
    return answer({"exec_info": {"queue_remaining": remaining}})


@routes.post("/prompt")
async def queue_prompt(request: web.Request) -> web.Response:
    """Check a prompt, or a document of the editor, and queue what can run of it."""
    service = services(request)
    body = await read_object(request)
    extra = _extra_data(body)
    prompt: object
    if "document" in body:
        prompt = await _compile(service, body["document"])
        extra["extra_pnginfo"] = {**extra.get("extra_pnginfo", {}), "workflow": body["document"]}
    elif "prompt" in body:
        prompt = body["prompt"]
    else:
        raise ApiError(400, "no_prompt", "No prompt provided", "The request has neither 'prompt' nor 'document'.")
    targets = _targets(body)
    schemas = await service.catalog.schemas(NODES_PATIENCE)
    checked = validate(prompt, schemas, service.settings.folders, targets)
    if checked.error is not None:
        raise ApiError(
            400, checked.error.type, checked.error.message, checked.error.details, node_errors=checked.node_errors
        )
    id = _text(body, "prompt_id") or str(uuid.uuid4())
    number = await _accept(service, id, checked, extra, body)
    await service.dispatcher.changed()
    plain = int(number) if number.is_integer() else number
    return answer({"prompt_id": id, "number": plain, "node_errors": checked.node_errors})


@routes.post("/compile")
async def compile_only(request: web.Request) -> web.Response:
    """The prompt that a document of the editor means."""
    body = await read_object(request)
    return answer({"prompt": await _compile(services(request), body.get("document"))})


async def _compile(service: Services, document: object) -> Prompt:
    schemas = await service.catalog.schemas(NODES_PATIENCE)
    try:
        return compile_document(document, schemas)
    except DocumentError as error:
        raise ApiError(400, "invalid_document", "The workflow cannot be read", str(error)) from None


async def _accept(
    service: Services, id: str, checked: Validation, extra: dict[str, Any], body: dict[str, Any]
) -> float:
    try:
        return await service.dispatcher.store(
            JobStore.accept,
            id,
            compact(checked.prompt),
            compact(extra),
            checked.targets,
            client_id=extra.get("client_id"),
            number=_number(body),
            front=bool(body.get("front")),
        )
    except DuplicateJob as error:
        raise ApiError(400, "duplicate_prompt_id", f"{error}.") from None


def _extra_data(body: dict[str, Any]) -> dict[str, Any]:
    extra = body.get("extra_data") or {}
    if not isinstance(extra, dict) or not isinstance(extra.get("extra_pnginfo") or {}, dict):
        raise ApiError(400, "invalid_prompt", "'extra_data' and its 'extra_pnginfo' must be JSON objects.")
    client_id = _text(body, "client_id")
    kept = {name: value for name, value in extra.items() if name != "extra_pnginfo" or value}
    return {**kept, **({"client_id": client_id} if client_id else {})}


def _targets(body: dict[str, Any]) -> list[str] | None:
    targets = body.get("targets", body.get("partial_execution_targets"))
    if targets is None:
        return None
    if not isinstance(targets, list):
        raise ApiError(400, "invalid_prompt", "The wanted nodes must be a list of node ids.")
    return [str(target) for target in targets]


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 200):
        raise ApiError(400, "invalid_prompt", f"'{name}' must be a text of at most 200 characters.")
    return value or None


def _number(body: dict[str, Any]) -> float | None:
    if body.get("number") is None:
        return None
    try:
        number = float(body["number"])
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ApiError(400, "invalid_prompt", "'number', the place in the queue, must be a number.")
    return number
