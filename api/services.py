"""What the routes work with."""

from dataclasses import dataclass

from aiohttp import web

from api.hub import Hub
from api.logs import RecentLines
from graph.queue.dispatch import Dispatcher
from graph.settings import Settings
from graph.workers.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running server."""

    settings: Settings
    dispatcher: Dispatcher
    catalog: Catalog
    hub: Hub
    logs: RecentLines


SERVICES = web.AppKey("services", Services)


def services(request: web.Request) -> Services:
    """The parts of the server that a request came to."""
    return request.config_dict[SERVICES]
