"""A route of the pack's own, and a node whose widget asks it: web/quote.js."""

from typing import Annotated

from aiohttp import web

from graph.declare import Widget, node

QUOTES = (
    "a lighthouse in the fog, oil painting",
    "a paper boat on a still lake, morning light",
    "an old bookshop at night, warm lamps",
)

routes = web.RouteTableDef()
"""Routes in a variable of this name, seen in the pack's own module, are served under the server's address."""


@routes.get("/example_pack/quotes/{number}")
async def get_quote(request: web.Request) -> web.Response:
    """A prompt to begin with, by any number."""
    number = request.match_info["number"]
    if not number.isdecimal():
        raise web.HTTPBadRequest(text="The number of a quote has digits only.")
    return web.json_response({"text": QUOTES[int(number) % len(QUOTES)]})


@node("ExampleQuote", title="Quote", category="example")
def quote(text: Annotated[str, Widget("example_pack.quote")] = QUOTES[0]) -> str:
    """A prompt to begin with; the button beside it gets another one from the pack's own route."""
    return text
