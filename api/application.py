"""The web application: all routes, each with its `/api` twin, and what every request passes through."""

from pathlib import Path

from aiohttp import web

from api import (
    cache,
    completions,
    drafts,
    editor,
    files,
    history,
    infotext,
    jobs,
    meters,
    model_library,
    model_uploads,
    models,
    nodes,
    pack_routes,
    packs,
    prompts,
    queue,
    results,
    settings,
    subgraphs,
    system,
    templates,
    thumbnails,
    uploads,
    userdata,
    versions,
    websocket,
)
from api.editor_files import EditorFiles
from api.errors import errors_as_json
from api.security import add_headers, guard
from api.services import SERVICES, Services
from graph.files.user_files import UserFiles

AREAS = (
    websocket, prompts, subgraphs, queue, jobs, results, cache, history, nodes, packs, models, files,
    uploads, settings, userdata, system, meters, editor, templates, drafts, versions, model_uploads,
    completions, thumbnails, model_library, infotext,
)  # fmt: skip
WEB = Path(__file__).resolve().parent.parent / "web"


def make_application(services: Services, web_root: Path = WEB) -> web.Application:
    """The application of a server. `web_root` has the editor's files."""
    limit = services.settings.upload_limit
    application = web.Application(middlewares=[guard, errors_as_json, pack_routes.pass_on], client_max_size=limit)
    application[SERVICES] = services
    application[meters.METERS] = meters.Meters()
    application[userdata.USER_FILES] = UserFiles(services.settings.folders.user / "default")
    application[completions.TAG_FILES] = completions.tag_files(services.settings.folders.user)
    application[thumbnails.THUMBNAILS] = thumbnails.Thumbnails()
    application[model_library.LIBRARY] = model_library.Library(services.settings.folders)
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
