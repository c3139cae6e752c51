"""Reading JSON that anybody may have sent, and answering with JSON."""

import re
from typing import Any

import orjson
from aiohttp import web

from api.errors import ApiError

EMPTY = "The body of the request is empty, and should be JSON."
NO_NUMBER = re.compile(r"-?(NaN|Infinity)")
NESTING = "The JSON is nested too deeply; at most 250 levels are read."


def answer(data: Any, status: int = 200) -> web.Response:
    """An answer in JSON."""
    body = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


async def read_json(request: web.Request) -> Any:
    """The body of a request. Raises ApiError (400) for what is no JSON, HTTPRequestEntityTooLarge."""
    body = await request.read()
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error):
            raise ApiError(400, "invalid_json", NESTING) from None
        hint = " NaN and Infinity are no numbers of JSON." if NO_NUMBER.match(error.doc, error.pos) else ""
        fault = f"The body of the request is not valid JSON: {error}.{hint}" if body else EMPTY
        raise ApiError(400, "invalid_json", fault) from None


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body of a request that must be a JSON object. Raises as `read_json`."""
    body = await read_json(request)
    if not isinstance(body, dict):
        raise ApiError(400, "invalid_json", "The body of the request must be a JSON object.")
    return body


def compact(data: Any) -> bytes:
    """JSON to be stored. Raises ApiError (400) if it is nested so deeply that it could not be written."""
    try:
        return orjson.dumps(data)
    except TypeError:
        raise ApiError(400, "invalid_json", NESTING) from None
