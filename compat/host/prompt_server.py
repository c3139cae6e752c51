"""ComfyUI's `server`: `PromptServer.instance`, through which packs add routes and talk to clients."""

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from compat.host import stubs
from compat.host.installation import host
from graph import context

__all__ = ["BinaryEventTypes", "PromptServer", "uuid", "web"]

logger = logging.getLogger("compat")
PromptHandler = Callable[[dict[str, Any]], Any]


class BinaryEventTypes:
    """The numbers of binary frames."""

    PREVIEW_IMAGE = 1
    UNENCODED_PREVIEW_IMAGE = 2
    TEXT = 3
    PREVIEW_IMAGE_WITH_METADATA = 4


class PromptQueue:
    """What a worker knows of the queue: the job that it works on. The queue itself is the server's."""

    def get_tasks_remaining(self) -> int:
        """How many jobs there are here."""
        return 0 if context.current() is None else 1

    def get_current_queue(self) -> tuple[list[Any], list[Any]]:
        """The job that runs, and none that wait."""
        node = context.current()
        if node is None:
            return [], []
        extra = {"extra_pnginfo": dict(node.extra_pnginfo), "client_id": node.client_id}
        return [(0, "", dict(node.prompt), extra, [])], []

    get_current_queue_volatile = get_current_queue

    def __getattr__(self, name: str) -> Any:
        if stubs.is_special(name):
            raise AttributeError(name)
        raise stubs.unsupported(f"server.PromptServer.instance.prompt_queue.{name}", stubs.MissingAttributeError)


class PromptServer:
    """The server, as packs in a worker see it. There is one, `PromptServer.instance`."""

    instance: "PromptServer"

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.routes = web.RouteTableDef()
        self.app = web.Application()
        self.served_apps: list[web.Application] = []
        """What `app` was before routes were served last; packs that are imported anew add to a fresh one."""
        self.prompt_queue = PromptQueue()
        self.on_prompt_handlers: list[PromptHandler] = []
        self.supports = ["custom_nodes_from_web"]
        self.sockets: dict[str, Any] = {}
        self.number = 0
        self.address = "127.0.0.1"
        self.port = 8188
        self.web_root = str(Path(host().settings.base) / "web")
        self._client_id: str | None = None
        threading.Thread(target=self._run, name="routes of packs", daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def __getattr__(self, name: str) -> Any:
        if stubs.is_special(name):
            raise AttributeError(name)
        if stubs.importing():
            return stubs.stub(f"server.PromptServer.instance.{name}")
        raise stubs.unsupported(f"server.PromptServer.instance.{name}", stubs.MissingAttributeError)

    @property
    def client_id(self) -> str | None:
        """Who queued the job that this thread works for."""
        node = context.current()
        return self._client_id if node is None else node.client_id

    @client_id.setter
    def client_id(self, value: str | None) -> None:
        self._client_id = value

    @property
    def last_node_id(self) -> str | None:
        """The node that this thread executes."""
        node = context.current()
        return None if node is None else node.node_id

    def send_sync(self, event: str | int, data: Any, sid: str | None = None) -> None:
        """Send a frame to a client, or to all: JSON, or a preview picture of the node that is being executed.

        Raises NotSupportedError for other binary frames.
        """
        if isinstance(event, str):
            host().say(event, data, sid)
            return
        from compat.host.toolbox import jpeg

        pictures = (BinaryEventTypes.PREVIEW_IMAGE, BinaryEventTypes.UNENCODED_PREVIEW_IMAGE)
        picture = jpeg(data) if event in pictures and not isinstance(data, bytes) else None
        if picture is None:
            raise stubs.unsupported(f"The binary frame {event} of server.PromptServer.send_sync")
        node = context.current()
        if node is not None and node.wants_preview():
            node.progress(0, 1, picture)

    async def send(self, event: str | int, data: Any, sid: str | None = None) -> None:
        """The same, from a coroutine."""
        self.send_sync(event, data, sid)

    async def send_json(self, event: str, data: Any, sid: str | None = None) -> None:
        """The same, of JSON."""
        self.send_sync(event, data, sid)

    def send_progress_text(self, text: str, node_id: str, sid: str | None = None) -> None:
        """Show a text on a node."""
        host().say("progress_text", {"nodeId": str(node_id), "text": text}, sid or self.client_id)

    def add_on_prompt_handler(self, handler: PromptHandler) -> None:
        """Let a function change, or look at, each prompt before it is queued."""
        self.on_prompt_handlers.append(handler)

    def trigger_on_prompt(self, json_data: dict[str, Any]) -> dict[str, Any]:
        """What the handlers make of a request to queue a prompt; one that fails or gives none changes nothing."""
        for handler in self.on_prompt_handlers:
            try:
                changed = handler(json_data)
            except Exception:
                logger.exception("A handler of prompts failed (%s).", getattr(handler, "__module__", handler))
                continue
            if isinstance(changed, dict) and "prompt" in changed:
                json_data = {**json_data, **changed}
        return json_data

    def add_routes(self) -> None:
        """Nothing has to be done: routes are served once all packs are loaded."""

    def get_queue_info(self) -> Mapping[str, Any]:
        """What a worker knows of the queue."""
        return {"exec_info": {"queue_remaining": self.prompt_queue.get_tasks_remaining()}}

    def queue_updated(self) -> None:
        """Nothing has to be done: clients are told by the server."""


PromptServer.instance = PromptServer()
