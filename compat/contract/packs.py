"""The nodes of a pack: what its module declares by either of ComfyUI's contracts."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from compat.contract.classes import Instances, read_class
from compat.contract.plain import text
from compat.contract.schema import is_schema_class, read_schema
from compat.contract.waiting import finished
from compat.host import core_nodes
from compat.host.stubs import NotSupportedError
from graph.messages import PackProblem
from graph.node_spec import NodeSpec

__all__ = ["Declared", "declared_by", "nodes_of"]

BUILT_IN = ("nodes", "compat")
"""Where the classes of built-in nodes come from."""


class Declared:
    """A node class of a pack, and what reads it; `id` and `title` are None where the class itself has them."""

    def __init__(self, cls: Any, id: str | None = None, title: str | None = None) -> None:
        self.cls = cls
        self.id = id
        self.title = title

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self.id or str(getattr(self.cls, "__name__", self.cls))

    def read(self, module: str, instances: Instances) -> NodeSpec:
        """Its spec. Raises whatever the class does."""
        if is_schema_class(self.cls):
            return read_schema(self.cls, module, self.id, self.title)
        if not isinstance(self.cls, type) or self.id is None:
            raise TypeError(f"a class is wanted, and {type(self.cls).__name__} is declared")
        return read_class(self.id, self.cls, self.title or self.id, module, instances)


def declared_by(module: ModuleType) -> list[Declared]:
    """The node classes that a module declares: in NODE_CLASS_MAPPINGS, or through `comfy_entrypoint`.

    Raises whatever `comfy_entrypoint` does.
    """
    mappings = getattr(module, "NODE_CLASS_MAPPINGS", None)
    if isinstance(mappings, Mapping):
        titles = getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None)
        titles = titles if isinstance(titles, Mapping) else {}
        return [
            Declared(cls, text(str(id)), text(str(titles[id])) if titles.get(id) else None)
            for id, cls in list(mappings.items())
            if not _was_there(id, cls, mappings, module)
        ]
    entrypoint = getattr(module, "comfy_entrypoint", None)
    return [Declared(cls) for cls in finished(_listed(entrypoint))] if callable(entrypoint) else []


def _was_there(id: str, cls: Any, mappings: Mapping[str, Any], module: ModuleType) -> bool:
    """Whether a node was known before: some packs add theirs to the table of all nodes, and declare that."""
    origin = str(getattr(cls, "__module__", ""))
    if f"{origin}.".startswith(f"{module.__name__}."):
        return False
    built_in = origin.split(".")[0] in BUILT_IN and id in (getattr(cls, "ID", None), getattr(cls, "__name__", None))
    return built_in or isinstance(mappings, core_nodes.NodeClasses)


def nodes_of(
    module: ModuleType, instances: Instances, made_known: Callable[[Mapping[str, Any]], None]
) -> Iterator[NodeSpec | PackProblem]:
    """The nodes of a pack, and what is wrong with those that cannot be read.

    `made_known` gets the classes that could, by the ids of their nodes.
    """
    pack = _name_of(module)
    try:
        declared = declared_by(module)
    except Exception as error:  # noqa: BLE001 - a pack may raise anything, and the others must still load
        cure = "Update the pack, or leave it out with `python3 launch.py pack disable`."
        yield _problem(pack, "Its nodes cannot be listed", cure, error)
        return
    classes: dict[str, Any] = {}
    for each in declared:
        try:
            spec = each.read(module.__name__, instances)
        except Exception as error:  # noqa: BLE001 - as above, for the other nodes of the pack
            yield _problem(
                pack, f"The node '{each.name}' cannot be read", "Its other nodes work; update the pack.", error
            )
            continue
        classes[spec.id] = each.cls
        yield spec
    made_known(classes)


async def _listed(entrypoint: Callable[[], Any]) -> list[Any]:
    extension = entrypoint()
    extension = await extension if hasattr(extension, "__await__") else extension
    for step in ("on_load", "get_node_list"):
        found = getattr(extension, step)()
        found = await found if hasattr(found, "__await__") else found
    return list(found)


def _problem(pack: str, what: str, cure: str, error: Exception) -> PackProblem:
    said = str(error) if isinstance(error, NotSupportedError) else f"{type(error).__name__}: {error}"
    trace = "".join(traceback.format_exception(error))
    return PackProblem(pack, f"{what}: {said.rstrip('.')}.", cure, trace)


def _name_of(module: ModuleType) -> str:
    """The name by which people know a pack: its folder's or its file's."""
    file = Path(getattr(module, "__file__", None) or module.__name__)
    return file.parent.name if file.name == "__init__.py" else file.stem
