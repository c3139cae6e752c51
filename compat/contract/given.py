"""Hidden inputs: what nodes of packs get from the engine itself."""

from collections.abc import Callable, Mapping
from typing import Any

from compat.execution.running_graph import DynamicPrompt
from graph.context import Context

GIVEN: Mapping[str, Callable[[Context], Any]] = {
    "PROMPT": lambda context: context.prompt,
    "EXTRA_PNGINFO": lambda context: context.extra_pnginfo,
    "UNIQUE_ID": lambda context: context.node_id,
    "DYNPROMPT": lambda context: DynamicPrompt(context),
    "AUTH_TOKEN_COMFY_ORG": lambda context: None,
    "API_KEY_COMFY_ORG": lambda context: None,
}
"""Their values, by the type that a pack declares. Safelight has no accounts, so there are neither tokens nor keys."""
