"""What the module `nodes` of ComfyUI has, found when a pack first asks for it."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nodes
from compat.host import stubs
from compat.host.finder import FIRST

MAX_RESOLUTION = 16384
MODULES = FIRST - {"server"}
"""Modules that ComfyUI's `nodes` has imported, and packs take from there."""

EXTENSION_WEB_DIRS: dict[str, str] = {}
LOADED_MODULE_DIRS: dict[str, str] = {}
NODE_DISPLAY_NAME_MAPPINGS: dict[str, str] = {}

_waiting: dict[str, Any] = {}
_classes: list["NodeClasses"] = []


class NodeClasses(dict[str, Any]):
    """All node classes by the ids of their nodes; what packs add stays, but is not installed as a node."""

    def __missing__(self, id: str) -> Any:
        if stubs.importing():
            return stubs.stub(f"nodes.NODE_CLASS_MAPPINGS.{id}")
        raise KeyError(id)


def add_classes(classes: Mapping[str, Any]) -> None:
    """Make node classes of a pack known to other packs, unless there is a node of that id already."""
    if not _classes:
        _waiting.update(classes)
        return
    from compat.host.core_classes import is_core

    mappings = _classes[0]
    mappings.update({id: cls for id, cls in classes.items() if not is_core(mappings.get(id))})


def node_classes() -> NodeClasses:
    """The live `NODE_CLASS_MAPPINGS`; imports the built-in nodes if nothing else has."""
    if not _classes:
        from compat.host.core_classes import core_classes

        core = core_classes()
        NODE_DISPLAY_NAME_MAPPINGS.update((id, cls.TITLE) for id, cls in core.items() if hasattr(cls, "TITLE"))
        _classes.append(NodeClasses({**_waiting, **core}))
    return _classes[0]


def core_class(name: str) -> Any:
    """The class of a built-in node by the name that it has in ComfyUI, or None."""
    from compat.host.core_classes import core_classes

    return core_classes().get(name)


def attribute(name: str) -> Any:
    """An attribute of ComfyUI's `nodes`. Raises AttributeError for the modules of ours."""
    if any(Path(folder, f"{name}.py").is_file() for folder in nodes.__path__):
        raise AttributeError(name)
    value = _found(name)
    vars(nodes)[name] = value
    return value


def _found(name: str) -> Any:
    match name:
        case "NODE_CLASS_MAPPINGS":
            return node_classes()
        case "MAX_RESOLUTION" | "EXTENSION_WEB_DIRS" | "LOADED_MODULE_DIRS" | "NODE_DISPLAY_NAME_MAPPINGS":
            return globals()[name]
        case "common_ksampler":
            return importlib.import_module("compat.host.core_sampling").common_ksampler
        case "before_node_execution":
            return importlib.import_module("compat.host.devices").throw_exception_if_processing_interrupted
        case "interrupt_processing":
            return importlib.import_module("compat.host.devices").interrupt_current_processing
    if name in MODULES:
        return importlib.import_module(name)
    found = core_class(name) if name[:1].isupper() else None
    return stubs.stub(f"nodes.{name}") if found is None else found
