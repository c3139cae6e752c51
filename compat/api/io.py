"""`comfy_api.latest.io`: the types of inputs and outputs, and what a node class is made of."""

from typing import Any

from compat.api.io_dynamic import Autogrow, DynamicCombo
from compat.api.io_table import TABLE, AnyType, Combo, Latent, MatchType, MultiCombo, MultiType
from compat.api.io_types import (
    ComfyType,
    FolderType,
    Input,
    NumberDisplay,
    Output,
    RemoteOptions,
    UploadType,
    comfytype,
)
from compat.api.io_types import custom as Custom
from compat.api.node_class import ComfyNode, Hidden, HiddenHolder, NodeOutput, Schema
from compat.host.stubs import stub

__all__ = [
    "AnyType",
    "Autogrow",
    "Combo",
    "ComfyNode",
    "ComfyType",
    "ComfyTypeI",
    "ComfyTypeIO",
    "Custom",
    "DynamicCombo",
    "FolderType",
    "Hidden",
    "HiddenHolder",
    "Input",
    "Latent",
    "MatchType",
    "MultiCombo",
    "MultiType",
    "NodeOutput",
    "NumberDisplay",
    "Output",
    "RemoteOptions",
    "Schema",
    "UploadType",
    "WidgetInput",
    "comfytype",
]

WidgetInput = Input
ComfyTypeI = ComfyTypeIO = ComfyType
vars().update(TABLE)


def __getattr__(name: str) -> Any:
    """What newer versions have, as stand-ins."""
    if name.startswith("__"):
        raise AttributeError(f"module 'comfy_api.latest.io' has no attribute '{name}'")
    return stub(f"comfy_api.latest.io.{name}")
