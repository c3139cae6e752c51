"""Making subgraphs of nodes, and nodes of subgraphs, in documents of the editor: `/subgraphs/…`."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeGuard

from aiohttp import web

from api.checking import NODES_PATIENCE
from api.errors import ApiError
from api.json_body import answer, read_object
from api.services import services
from graph.documents.format import DocumentError
from graph.documents.group_nodes import with_subgraphs
from graph.documents.subgraphs import extract, flatten, inline

LONGEST_NAME = 200

routes = web.RouteTableDef()


@routes.post("/subgraphs/extract")
async def extract_nodes(request: web.Request) -> web.Response:
    """Put nodes of a document into a new subgraph."""
    body = await read_object(request)
    nodes, name = body.get("nodes"), body.get("name", "Subgraph")
    if not isinstance(nodes, list) or not all(_is_id(node) for node in nodes):
        raise ApiError(400, "invalid_request", "'nodes' must be a list of node ids.")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise ApiError(400, "invalid_request", f"'name' must be a text of at most {LONGEST_NAME} characters.")
    return await _changed(body, lambda document: extract(document, nodes, name))


@routes.post("/subgraphs/inline")
async def inline_instance(request: web.Request) -> web.Response:
    """Put what is in a subgraph in place of one of its instances."""
    body = await read_object(request)
    node = body.get("node")
    if not _is_id(node):
        raise ApiError(400, "invalid_request", "'node' must be a node id.")
    schemas = await services(request).catalog.schemas(NODES_PATIENCE)
    return await _changed(body, lambda document: inline(document, node, schemas))


@routes.post("/subgraphs/flatten")
async def flatten_document(request: web.Request) -> web.Response:
    """Put what is in all subgraphs in place of their instances."""
    body = await read_object(request)
    schemas = await services(request).catalog.schemas(NODES_PATIENCE)
    return await _changed(body, lambda document: flatten(document, schemas))


@routes.post("/subgraphs/convert")
async def convert_group_nodes(request: web.Request) -> web.Response:
    """Make subgraphs of the group nodes of a document, which were their older form."""
    body = await read_object(request)
    schemas = await services(request).catalog.schemas(NODES_PATIENCE)
    return await _changed(body, lambda document: with_subgraphs(document, schemas))


def _is_id(value: object) -> TypeGuard[int | str]:
    return isinstance(value, int | str) and not isinstance(value, bool)


async def _changed(body: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]) -> web.Response:
    """Answer with the changed document. Raises ApiError (400)."""
    document = body.get("document")
    if not isinstance(document, dict):
        raise ApiError(400, "invalid_request", "'document' must be a workflow as an editor saves it.")
    try:
        return answer({"document": await asyncio.to_thread(change, document)})
    except DocumentError as error:
        raise ApiError(400, "invalid_document", "The workflow cannot be changed so", str(error)) from None
