"""Routes of packs: a request that nothing here answers is passed on to the worker that serves them.

So no route of a pack ever takes the place of one of ours. What every request must pass before it is answered, it must
pass before it is passed on.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Any, NoReturn

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, hdrs, web
from multidict import CIMultiDict
from yarl import URL

from api.checking import NODES_PATIENCE
from api.errors import Handler, error_answer, too_large
from api.services import Services, services
from graph.messages import TOKEN_HEADER, PackRoutes
from graph.workers.catalog import NoNodesError
from graph.workers.worker import AskError

SESSION = web.AppKey("pack_routes_session", ClientSession)
PREFIX = "/api"
OF_ONE_CONNECTION = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"),
    *("transfer-encoding", "upgrade", "expect"),
}
OURS = {"cookie", "set-cookie", "date", "server", TOKEN_HEADER.lower()}
"""Headers that belong to the server, and that no pack sees or sets."""


async def session(application: web.Application) -> AsyncIterator[None]:
    """Keep the connections to the worker for as long as the application runs."""
    automatic = (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.USER_AGENT, hdrs.CONTENT_TYPE)
    application[SESSION] = ClientSession(
        connector=TCPConnector(limit=0),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=automatic,
        timeout=ClientTimeout(total=None, sock_connect=5),
    )
    yield
    await application[SESSION].close()


@web.middleware
async def pass_on(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request with a route of a pack if there is one, and none of ours."""
    if not isinstance(request.match_info.http_exception, web.HTTPNotFound):
        return await handler(request)
    catalog = services(request).catalog
    catalog.look()
    routes = catalog.routes
    path = await _path_of_pack(request, routes) if routes else None
    if routes is None or path is None:
        return await handler(request)
    if hdrs.UPGRADE in request.headers:
        message = f"{request.path} belongs to a pack, and packs cannot take over a connection."
        return error_answer(501, "not_supported", message)
    if not routes.port:
        return _no_worker(request)
    return await _passed_on(request, path, routes)


async def _path_of_pack(request: web.Request, routes: PackRoutes) -> str | None:
    """The path under which the worker answers, if it does: as it is, or without `/api`."""
    table = _table(tuple(routes.routes))
    for path in (request.rel_url.raw_path, request.rel_url.raw_path.removeprefix(PREFIX)):
        if path.startswith("/"):
            found = await table.resolve(request.clone(rel_url=URL(path, encoded=True)))
            if found.http_exception is None:
                return path
    return None


async def _never(request: web.Request) -> NoReturn:
    raise AssertionError("the table only finds out whether there is a route")


@lru_cache(maxsize=1)
def _table(routes: tuple[tuple[str, str], ...]) -> web.UrlDispatcher:
    table = web.UrlDispatcher()
    for method, path in routes:
        with contextlib.suppress(RuntimeError, ValueError):  # registered twice; no path after all
            table.add_route(method, path, _never)
    return table


async def _passed_on(request: web.Request, path: str, routes: PackRoutes) -> web.StreamResponse:
    body = Body(request, services(request).settings.upload_limit) if request.body_exists else None
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    response: web.StreamResponse | None = None
    try:
        async with request.app[SESSION].request(
            request.method,
            URL(f"http://127.0.0.1:{routes.port}{path}{query}", encoded=True),
            headers=_kept(request.headers, {TOKEN_HEADER: routes.token}),
            data=body,
            allow_redirects=False,
        ) as answer:
            response = await _begun(request, answer)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response
    except ClientError:
        if body is not None and body.too_large:
            return too_large(request)
        if response is None:
            return _no_worker(request)
        if request.transport is not None:
            request.transport.abort()  # half of an answer must not look like a whole one
        return response


async def _begun(request: web.Request, answer: ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_kept(answer.headers))
    await response.prepare(request)
    return response


def _kept(headers: Mapping[str, str], more: Mapping[str, str] | None = None) -> CIMultiDict[str]:
    """The headers that are passed on: not those of the connection, nor those that are the server's own."""
    named = {name.strip().lower() for name in headers.get(hdrs.CONNECTION, "").split(",")}
    left_out = OF_ONE_CONNECTION | OURS | named
    kept = CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in left_out)
    kept.update(more or {})
    return kept


class Body:
    """The body of a request as it comes in, up to a limit."""

    def __init__(self, request: web.Request, limit: int) -> None:
        self._content = request.content
        self._left = limit
        self.too_large = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._content.iter_any():
            self._left -= len(chunk)
            if self._left < 0:
                self.too_large = True
                raise ValueError("the body is too large")
            yield chunk


def _no_worker(request: web.Request) -> web.Response:
    message = f"{request.path} belongs to a pack, and the worker that runs packs is starting. Try again in a moment."
    return error_answer(503, "no_worker", message)


def hidden_routes(application: web.Application, routes: PackRoutes | None) -> list[tuple[str, str]]:
    """The packs that have routes which are never reached because the server has one there, each with the path."""
    if routes is None:
        return []
    resources = list(application.router.resources())
    owned = dict.fromkeys(zip(routes.packs, (path for _, path in routes.routes), strict=True))
    return [(pack, path) for pack, path in owned if any(_covers(resource, path) for resource in resources)]


def _covers(resource: web.AbstractResource, path: str) -> bool:
    """Whether a resource answers all that a path could mean; a path with `{name}` must be written the same."""
    info = resource.get_info()
    if path in (info.get("path"), info.get("formatter")):
        return True
    return "{" not in path and "pattern" in info and info["pattern"].fullmatch(path) is not None


async def seen_by_packs(service: Services, prompt: object, extra: dict[str, Any]) -> tuple[object, dict[str, Any]]:
    """What packs make of a prompt and its extra data before they are queued, if any wants to see them.

    Raises NoNodesError.
    """
    routes = service.catalog.routes
    if routes is None or not routes.sees_prompts:
        return prompt, extra
    body = {"prompt": prompt, "extra_data": extra, "client_id": extra.get("client_id")}
    try:
        changed = await service.dispatcher.ask("on_prompt", body, NODES_PATIENCE)
    except (TimeoutError, AskError) as error:
        reason = str(error) or "it does not answer"
        raise NoNodesError(f"The worker could not show the prompt to the packs: {reason}. Try again.") from None
    return changed["prompt"], changed["extra_data"]
