"""A pack of Safelight's own kind, with routes."""

from aiohttp import web

from graph.declare import node

routes = web.RouteTableDef()


@routes.get("/own/{name}")
async def greet(request: web.Request) -> web.Response:
    """Say who was asked for."""
    return web.json_response({"own": request.match_info["name"]})


@node("Greet", category="own", output_node=True)
def greet_node(name: str = "you") -> str:
    """Greet somebody."""
    return f"hello {name}"
