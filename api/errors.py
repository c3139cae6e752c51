"""Errors as JSON: `{"error": {type, message, details, extra_info}, "node_errors": {}}`."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from api.services import services
from graph.folders import OutsideFolderError, UnsafePathError
from graph.settings import MEGABYTE
from graph.workers.catalog import NoNodesError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
logger = logging.getLogger("api")


class ApiError(Exception):
    """A request that cannot be answered; `message` is for the user."""

    def __init__(self, status: int, kind: str, message: str, details: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, "details": details, "extra_info": {}}, **more}


def error_answer(status: int, kind: str, message: str) -> web.Response:
    """The answer for an error that has no details."""
    return _answer(ApiError(status, kind, message))


def _answer(error: ApiError) -> web.Response:
    body = orjson.dumps({"node_errors": {}, **error.body})
    return web.Response(body=body, status=error.status, content_type="application/json", charset="utf-8")


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a route raises into an answer in JSON."""
    try:
        return await handler(request)
    except ApiError as error:
        return _answer(error)
    except OutsideFolderError as error:
        return error_answer(403, "outside_folder", str(error))
    except UnsafePathError as error:
        return error_answer(400, "unsafe_path", str(error))
    except NoNodesError as error:
        return error_answer(503, "no_nodes", str(error))
    except web.HTTPRequestEntityTooLarge:
        return too_large(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_answer(error.status, error.reason.lower().replace(" ", "_"), _sentence(error, request))
    except ConnectionError:
        raise
    except Exception as error:  # the last resort: a fault of the server must be an answer too
        logger.exception("%s %s failed", request.method, request.path)
        return error_answer(500, "internal_error", f"The server failed ({type(error).__name__}: {error}). See its log.")


def too_large(request: web.Request) -> web.Response:
    """The answer to a body that is beyond the limit."""
    limit = services(request).settings.upload_limit // MEGABYTE
    message = f"The request is larger than {limit} MB. `--max-upload-size` sets the limit."
    response = error_answer(413, "too_large", message)
    response.force_close()
    return response


def _sentence(error: web.HTTPException, request: web.Request) -> str:
    match error.status:
        case 404:
            return f"There is nothing at {request.path}."
        case 405:
            return f"{request.path} cannot be used with {request.method}."
    return error.text or error.reason
