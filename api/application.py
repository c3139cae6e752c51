"""The web application: all routes, each with its `/api` twin, and what every request passes through."""

from pathlib import Path

from aiohttp import web

from api import (
    cache,
    editor,
    files,
    history,
    models,
    nodes,
    pack_routes,
    packs,
    prompts,
    queue,
    settings,
    subgraphs,
    system,
    uploads,
    userdata,
    websocket,
)
from api.editor_files import EditorFiles
from api.errors import errors_as_json
from api.security import add_headers, guard
from api.services import SERVICES, Services

AREAS = (
    websocket, prompts, subgraphs, queue, cache, history, nodes, packs, models, files, uploads, settings, userdata,
    system, editor,
)  # fmt: skip
WEB = Path(__file__).resolve().parent.parent / "web"


def make_application(services: Services, web_root: Path = WEB) -> web.Application:
    """The application of a server. `web_root` has the editor's files."""
    limit = services.settings.upload_limit
    application = web.Application(middlewares=[guard, errors_as_json, pack_routes.pass_on], client_max_size=limit)
    application[SERVICES] = services
    application[editor.WEB_ROOT] = web_root
    application[editor.EDITOR_FILES] = EditorFiles(web_root, changing=services.settings.dev)
    for area in AREAS:
        for route in area.routes:
            assert isinstance(route, web.RouteDef)
            twin = web.RouteDef(route.method, f"/api{route.path}", route.handler, route.kwargs)
            application.add_routes([route, twin])
    application.add_routes(editor.pages)
    application.on_response_prepare.append(add_headers)
    application.cleanup_ctx.append(pack_routes.session)

    async def close_sockets(_: web.Application) -> None:
        await services.hub.close()

    application.on_shutdown.append(close_sockets)
    return application
