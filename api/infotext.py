"""Workflows from what Stable Diffusion WebUI writes into pictures: `/infotext/workflow`."""

from aiohttp import web

from api.checking import NODES_PATIENCE
from api.errors import ApiError
from api.json_body import answer, read_object
from api.services import services
from graph.workers.catalog import NoNodesError
from graph.workers.worker import AskError

LONGEST = 4 << 20

routes = web.RouteTableDef()


@routes.post("/infotext/workflow")
async def make_workflow(request: web.Request) -> web.Response:
    """Make a workflow of the texts of a picture, by keyword; `parameters` is that of the WebUI.

    The answer has the `workflow`, and `notices`: what is missing for it, and what it could not take over.
    """
    texts = (await read_object(request)).get("texts")
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ApiError(400, "invalid_request", "'texts' must be an object of texts, as 'parameters' has one.")
    if sum(map(len, texts.values())) > LONGEST:
        raise ApiError(400, "invalid_request", "The texts are too long to be the parameters of a picture.")
    try:
        made = await services(request).dispatcher.ask("infotext", texts, NODES_PATIENCE)
    except TimeoutError:
        raise NoNodesError("The worker that has the nodes does not answer. Try again in a moment.") from None
    except AskError as error:
        raise ApiError(500, "not_converted", f"The parameters could not be read: {error}.") from None
    if "problem" in made:
        raise ApiError(422, "no_parameters", made["problem"])
    return answer(made)
