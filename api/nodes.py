"""The nodes that there are, and what is wrong with the installation: `/object_info`, `/problems`."""

import asyncio
from typing import Any

from aiohttp import web

from api.checking import schemas_now
from api.json_body import answer
from api.pack_routes import hidden_routes
from api.services import Services, services
from graph.schema import fill_choices

routes = web.RouteTableDef()


async def _entries(service: Services, id: str | None = None) -> dict[str, Any]:
    schemas = await schemas_now(service, None if id is None else [id])
    if id is not None:
        schemas = {id: schemas[id]} if id in schemas else {}
    return await asyncio.to_thread(fill_choices, schemas, service.settings.folders)


@routes.get("/object_info")
async def all_nodes(request: web.Request) -> web.Response:
    """All node types, with the files that are there now."""
    return answer(await _entries(services(request)))


@routes.get("/object_info/{class_id}")
async def one_node(request: web.Request) -> web.Response:
    """One node type; an empty object if it is unknown."""
    return answer(await _entries(services(request), request.match_info["class_id"]))


@routes.get("/problems")
async def problems(request: web.Request) -> web.Response:
    """What does not work, and what to do about it."""
    catalog = services(request).catalog
    found = [
        {"kind": "pack", "subject": problem.pack, "message": problem.message, "cure": problem.cure}
        for problem in catalog.problems
    ]
    for pack, path in hidden_routes(request.app, catalog.routes):
        message = f"Its route {path} is never reached: the server has one there."
        cure = "Another version of the pack may use another path."
        found.append({"kind": "pack", "subject": pack, "message": message, "cure": cure})
    if catalog.death is not None:
        cure = "It is started again by itself. If that does not help, look at the server's log."
        message = f"The worker process is not running: {catalog.death}."
        found.append({"kind": "worker", "subject": "worker", "message": message, "cure": cure})
    return answer(found)
