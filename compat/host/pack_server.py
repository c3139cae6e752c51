"""Serving the HTTP routes of packs, on a port of the loopback interface, to whoever has the token.

A pack of ours has `routes = aiohttp.web.RouteTableDef()` in its `__init__.py`; a pack for ComfyUI adds to
`PromptServer.instance.routes` and `.app`. All run on one event loop, on a thread of its own.
"""

import asyncio
import hmac
import re
import secrets
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from compat.host import stubs
from graph.messages import TOKEN_HEADER, PackRoutes
from graph.workers.host import Host

if TYPE_CHECKING:  # it is started when a pack imports it, or has routes
    from compat.host.prompt_server import PromptServer

PATIENCE = 20.0
"""Seconds that starting and stopping may take."""
SIGNALS = ("on_startup", "on_shutdown", "on_cleanup", "on_response_prepare")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = TypeVar("Answer")

_packs: dict[str, ModuleType] = {}
_running: list[web.AppRunner] = []


def saw(module: ModuleType) -> None:
    """Take note of a pack, in place of an older module of that name."""
    _packs[module.__name__] = module


def serve(host: Host) -> PackRoutes | None:
    """Serve what packs have registered up to now, in place of what was served before; None if there is nothing."""
    loaded = (module for name, module in _packs.items() if sys.modules.get(name) is module)
    own = [routes for module in loaded if isinstance(routes := vars(module).get("routes"), web.RouteTableDef)]
    if not own and "compat.host.prompt_server" not in sys.modules:
        return None
    from compat.host.prompt_server import PromptServer

    server = PromptServer.instance
    server.on_prompt_handlers[:] = [handler for handler in server.on_prompt_handlers if not _stale(handler)]
    host.answers["on_prompt"] = server.trigger_on_prompt
    token = secrets.token_urlsafe(32)
    application = _application(server, own, token)
    routes = list(_listed(application))
    if not routes and not server.on_prompt_handlers:
        return None
    port = _wait(server.loop, _start(application)) if routes else 0
    return PackRoutes(
        port=port,
        token=token,
        routes=[(method, path) for method, path, _ in routes],
        packs=[pack for _, _, pack in routes],
        sees_prompts=bool(server.on_prompt_handlers),
    )


def _wait(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)


async def _start(application: web.Application) -> int:
    for runner in _running:
        await runner.cleanup()
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _running[:] = [runner]
    port: int = runner.addresses[0][1]
    return port


def _application(server: "PromptServer", own: Iterable[web.RouteTableDef], token: str) -> web.Application:
    """A fresh application with everything that is registered: one that runs takes no more routes."""
    server.served_apps.append(server.app)
    server.app = web.Application()
    middlewares = [item for theirs in server.served_apps for item in theirs.middlewares if not _stale(item)]
    application = web.Application(middlewares=[_guard(token), *middlewares], client_max_size=1 << 40)
    for theirs in server.served_apps:
        for key in theirs:
            application[key] = theirs[key]
        for name in SIGNALS:
            getattr(application, name).extend(item for item in getattr(theirs, name) if not _stale(item))
        for resource in theirs.router.resources():
            if not all(_stale(route.handler) for route in resource):
                application.router.register_resource(resource)
    definitions = [item for table in (server.routes, *own) for item in table]
    latest = {_place(item): item for item in definitions if not _stale(getattr(item, "handler", None))}
    for item in latest.values():
        item.register(application.router)
    return application


def _place(item: web.AbstractRouteDef) -> tuple[str, str]:
    if isinstance(item, web.RouteDef):
        return item.method, item.path
    return "static", getattr(item, "prefix", "")


def _stale(handler: Any) -> bool:
    """Whether a handler belongs to a pack that is gone, or to a module that has been imported anew since then."""
    name = getattr(handler, "__module__", None) or ""
    names = getattr(handler, "__globals__", None)
    if name in sys.modules:
        return names is not None and names is not vars(sys.modules[name])
    return name.startswith("custom_nodes.") and ".".join(name.split(".")[:2]) not in sys.modules


def _guard(token: str) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), token.encode()):
            raise web.HTTPForbidden(text="This port is for Safelight's server alone.")
        return await handler(request)

    return guard


def _listed(application: web.Application) -> Iterable[tuple[str, str, str]]:
    """Method, path and pack of each route, in the order in which they are tried."""
    for resource in application.router.resources():
        for route in resource:
            yield route.method, _template(resource), _owner(route.handler) or ""


def _template(resource: web.AbstractResource) -> str:
    """The path of a resource; `{name:.*}` for what varies in another way than aiohttp's plain `{name}`."""
    info = resource.get_info()
    if "prefix" in info:
        return f"{info['prefix']}/{{path:.*}}"
    if "pattern" not in info:
        return info["path"]
    plain = "[^{}/]+)"
    names = re.findall(r"\(\?P<", info["pattern"].pattern)
    if info["pattern"].pattern.count(plain) == len(names):
        return info["formatter"]
    return re.sub(r"\{(\w+)\}", r"{\1:.*}", info["formatter"])


def _owner(handler: Any) -> str | None:
    """The pack that a handler comes from."""
    code = getattr(handler, "__code__", None)
    module = sys.modules.get(getattr(handler, "__module__", None) or "")
    file = code.co_filename if code else getattr(module, "__file__", None)
    return stubs.pack_of(file) if file else None
