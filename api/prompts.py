"""Queueing prompts: `/prompt`, and `/compile` for documents of the editor."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from api.checking import NODES_PATIENCE, check_prompt
from api.errors import ApiError
from api.frames import plain_number, queue_status
from api.job_fields import JobFields, read_fields
from api.json_body import answer, compact, read_object
from api.pack_routes import seen_by_packs
from api.services import Services, services
from graph.documents.compiler import DocumentError, compile_document
from graph.documents.seeds import batch, with_new_seeds
from graph.execution.order import depth_first
from graph.prompt import Prompt, link_of
from graph.queue.jobs import DuplicateJob, JobStore, NewJob
from graph.schema import Schemas, fill_choices
from graph.validation.validate import Validation

routes = web.RouteTableDef()


@routes.get("/prompt")
async def queue_length(request: web.Request) -> web.Response:
    """How many jobs are left."""
    return answer(queue_status(await services(request).dispatcher.store(JobStore.status)))


@routes.post("/prompt")
async def queue_prompt(request: web.Request) -> web.Response:
    """Check a prompt, or a document of the editor, and queue what can run of it, once or several times."""
    service = services(request)
    body = await read_object(request)
    fields = read_fields(body)
    jobs: list[NewJob] = []
    checked: Validation | None = None
    async for checked, extra in _checked(service, body, fields):
        jobs.append(_job(checked, extra, fields, await service.catalog.schemas(NODES_PATIENCE), first=not jobs))
    assert checked is not None
    try:
        numbers = await service.dispatcher.store(JobStore.accept, *jobs)
    except DuplicateJob as error:
        raise ApiError(400, "duplicate_prompt_id", f"{error}.") from None
    service.dispatcher.changed()
    said = {"prompt_id": jobs[0].id, "number": plain_number(numbers[0]), "node_errors": checked.node_errors}
    return answer(said if fields.batch_count is None else {**said, "prompt_ids": [job.id for job in jobs]})


async def _checked(
    service: Services, body: dict[str, Any], fields: JobFields
) -> AsyncIterator[tuple[Validation, dict[str, Any]]]:
    """What each of the wanted jobs is to run, with its extra data. Raises ApiError (400)."""
    count = fields.batch_count or 1
    if "document" in body:
        schemas = await service.catalog.schemas(NODES_PATIENCE)
        seeded = fill_choices(schemas, service.settings.folders) if count > 1 else schemas
        for document in batch(body["document"], seeded, count):
            yield await _check_document(service, document, fields.extra_data, fields.targets)
            await asyncio.sleep(0)  # a hundred large documents are no reason for the others to wait
    elif "prompt" in body:
        checked = await _check(service, body["prompt"], fields.extra_data, fields.targets)
        for _ in range(count):
            yield checked
    else:
        raise ApiError(400, "no_prompt", "No prompt provided", "The request has neither 'prompt' nor 'document'.")


async def _check_document(
    service: Services, document: object, extra: dict[str, Any], targets: list[str] | None
) -> tuple[Validation, dict[str, Any]]:
    prompt = await _compile(service, document)
    pnginfo = {**(extra.get("extra_pnginfo") or {}), "workflow": document}
    return await _check(service, prompt, {**extra, "extra_pnginfo": pnginfo}, targets)


async def check_with_new_seeds(
    service: Services, document: dict[str, Any], extra: dict[str, Any], targets: list[str] | None
) -> tuple[Validation, dict[str, Any]]:
    """What a document is to run with other seeds than it has, and its extra data. Raises ApiError (400)."""
    schemas = await service.catalog.schemas(NODES_PATIENCE)
    seeded = with_new_seeds(document, fill_choices(schemas, service.settings.folders))
    return await _check_document(service, seeded, extra, targets)


async def _check(
    service: Services, prompt: object, extra: dict[str, Any], targets: list[str] | None
) -> tuple[Validation, dict[str, Any]]:
    prompt, extra = await seen_by_packs(service, prompt, extra)
    checked = await check_prompt(service, prompt, targets)
    if checked.error is not None:
        raise ApiError(
            400, checked.error.type, checked.error.message, checked.error.details, node_errors=checked.node_errors
        )
    return checked, extra


def _job(checked: Validation, extra: dict[str, Any], fields: JobFields, schemas: Schemas, first: bool) -> NewJob:
    """A job for the queue; the first of a batch has the id that was asked for."""
    return NewJob(
        id=(first and fields.prompt_id) or str(uuid.uuid4()),
        prompt=compact(checked.prompt),
        extra_data=compact(extra),
        targets=checked.targets,
        client_id=fields.client_id,
        priority=fields.priority,
        number=fields.number,
        front=fields.front,
        name=fields.name,
        tags=fields.tags,
        gives_way=_gives_way(checked, schemas),
    )


def _gives_way(checked: Validation, schemas: Schemas) -> bool:
    """Whether one of the nodes that are needed takes long, and lets other jobs run meanwhile."""

    def sources(id: str) -> list[str]:
        links = map(link_of, checked.prompt[id]["inputs"].values())
        return [link[0] for link in links if link is not None and link[0] in checked.prompt]

    needed = depth_first(checked.targets, sources).nodes
    return any(schemas[checked.prompt[id]["class_type"]].get("gives_way") for id in needed)


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
