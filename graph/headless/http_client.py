"""Asking a server over HTTP, with what the standard library has."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from graph.documents.plain_data import record
from graph.workflow_error import WorkflowError

ANSWER_SECONDS = 150.0
"""At its very first start a server makes requests wait until the nodes are loaded."""


class NoAnswerError(WorkflowError):
    """Nobody answers at the address."""


class HttpClient:
    """Asks the server at `url`. All methods raise WorkflowError: NoAnswerError, or what the server has to say."""

    def __init__(self, url: str) -> None:
        """Take an address such as `http://127.0.0.1:8188`; without `http://` that is added."""
        self.url = (url if "://" in url else f"http://{url}").rstrip("/")
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).netloc:
            raise WorkflowError(f"'{url}' is no address of a server. Write it as http://127.0.0.1:8188.")

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        return self._json(self._ask(urllib.request.Request(self.url + path)))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send JSON, and get the JSON of the answer: None if it has none."""
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        answer = self._ask(urllib.request.Request(self.url + path, content, headers))
        return self._json(answer) if answer.strip() else None

    def file(self, path: str, query: Mapping[str, str]) -> bytes:
        """The content at a path."""
        return self._ask(urllib.request.Request(f"{self.url}{path}?{urlencode(query)}"))

    def _ask(self, request: urllib.request.Request) -> bytes:
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            raise self._complaint(request, error) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise NoAnswerError(
                f"The server at {self.url} does not answer ({reason})."
                " Start it with `python3 launch.py`, or look whether the address is right."
            ) from None

    def _json(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError:
            raise WorkflowError(f"What answers at {self.url} is neither Safelight nor ComfyUI.") from None

    def _complaint(self, request: urllib.request.Request, error: urllib.error.HTTPError) -> WorkflowError:
        """What a server means with an answer that is an error."""
        try:
            said = record(json.loads(error.read()))
        except (ValueError, OSError):
            said = {}
        if not isinstance(said.get("error"), dict):
            path = urlsplit(request.full_url).path
            return WorkflowError(f"The server at {self.url} answers {error.code} {error.reason} to {path}.")
        problem, node_errors = said["error"], record(said.get("node_errors"))
        message = str(problem.get("details") or problem.get("message"))
        return WorkflowError(message, node=next(iter(node_errors), None), node_errors=node_errors)
