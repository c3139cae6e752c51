"""`comfy_api.feature_flags`: what server and clients have told each other that they can do."""

from collections.abc import Mapping
from typing import Any

__all__ = ["SERVER_FEATURE_FLAGS", "get_connection_feature", "get_server_features", "supports_feature"]

SERVER_FEATURE_FLAGS: dict[str, Any] = {"supports_preview_metadata": True}


def get_connection_feature(
    sockets_metadata: Mapping[str, Mapping[str, Any]], sid: str, feature_name: str, default: Any = False
) -> Any:
    """What a client has said of a feature, in the table of clients that the caller has."""
    flags = sockets_metadata.get(sid, {}).get("feature_flags", {})
    return flags.get(feature_name, default)


def supports_feature(sockets_metadata: Mapping[str, Mapping[str, Any]], sid: str, feature_name: str) -> bool:
    """Whether a client has said that it has a feature."""
    return get_connection_feature(sockets_metadata, sid, feature_name, False) is True


def get_server_features() -> dict[str, Any]:
    """What the server can do, a copy."""
    return dict(SERVER_FEATURE_FLAGS)
