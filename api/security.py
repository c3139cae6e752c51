"""Which requests are refused, whatever they ask for: those that another site's page makes through somebody's browser.

A server on this machine is reachable by every page that is open in its browsers. Such a request carries an `Origin`
that is not ours, or `Sec-Fetch-Site`; or, when the page's own name has been made to point here (DNS rebinding), a
`Host` that is no name of this machine.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from api.errors import Handler, error_answer, too_large
from api.services import services

READING = frozenset({"GET", "HEAD", "OPTIONS"})


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine and nothing else."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refusal(method: str, headers: Mapping[str, str], loopback_only: bool, cors_origin: str | None) -> str | None:
    """Why a request is refused, as a sentence; None if it is not.

    `loopback_only`: the server listens on the loopback interface. `cors_origin`: another site that may use the server
    (`*`: every one).
    """
    host = headers.get(hdrs.HOST)
    try:
        name = urlsplit(f"//{host}").hostname or "" if host is not None else None
    except ValueError:
        name = ""
    if loopback_only and name is not None and not is_loopback(name):
        return f"This server answers only to names of this machine, and '{host}' is none. `--listen` opens it."
    if cors_origin == "*":
        return None
    origin = headers.get(hdrs.ORIGIN)
    if origin is not None and origin != cors_origin and not _same_host(origin, host):
        return f"A page of {origin} may not use this server; `--enable-cors-header {origin}` would let it."
    if origin is None and method not in READING and headers.get("Sec-Fetch-Site") == "cross-site":
        return "A page of another site may not use this server; `--enable-cors-header` would let it."
    return None


def _same_host(origin: str, host: str | None) -> bool:
    try:
        return host is not None and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


def _is_streamed(request: web.Request) -> bool:
    """Models are larger than anything else, and written to the disk as they arrive (`api.model_uploads`)."""
    return request.method == "PUT" and request.path.removeprefix("/api").startswith("/models/")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what must not be answered, and say in every answer how it may be used."""
    settings = services(request).settings
    reason = refusal(request.method, request.headers, is_loopback(settings.host), settings.cors_origin)
    if reason is not None:
        return error_answer(403, "forbidden", reason)
    if (request.content_length or 0) > settings.upload_limit and not _is_streamed(request):
        return too_large(request)
    if request.method == "OPTIONS" and settings.cors_origin:
        return web.Response(status=204)
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer: no guessing of types, and what other sites may do."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    origin = services(request).settings.cors_origin
    if origin is None:
        # Other ports of this machine may show our pictures; other sites may not.
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-site")
    else:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "DELETE, GET, OPTIONS, PATCH, POST, PUT"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Authorization"
        response.headers["Access-Control-Max-Age"] = "600"
