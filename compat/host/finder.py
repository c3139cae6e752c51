"""Making the modules that ComfyUI's packs import importable.

A foreign name is answered by a module of ours where there is one, which then is in `sys.modules` under both names, and
by a module of stand-ins otherwise.
"""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from compat.host.stubs import StubModule, is_special, stub

FIRST = frozenset(
    {
        *(
            "comfy",
            "comfy_api",
            "comfy_api_nodes",
            "comfy_config",
            "comfy_execution",
            "comfy_extras",
            "comfyui_version",
        ),
        *("execution", "folder_paths", "latent_preview", "node_helpers", "server"),
    }
)
"""Top-level names that are ComfyUI's whatever else is on the path."""
LAST = frozenset({"api_server", "app", "protocol", "utils"})
"""Names that packs use for modules of their own too: answered only if nothing else is found."""
CLOSED = frozenset({"utils"})
"""Modules without stand-ins: a name that is not there is missing, as packs try these before their own modules."""


class HostFinder(MetaPathFinder, Loader):
    """Finds foreign modules below the top-level names `roots`.

    `real` has the name of our module for a foreign one; an empty name means stand-ins.
    """

    def __init__(self, roots: frozenset[str], real: Mapping[str, str], node_class: Callable[[str], Any]) -> None:
        """`node_class` finds the class of a node by its name, or None."""
        self._roots = roots
        self._real = real
        self._node_class = node_class
        self._made: set[str] = set()
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a foreign module; a module below one of another finder is not ours."""
        root, _, rest = name.partition(".")
        if root not in self._roots or (rest and name.rpartition(".")[0] not in self._made):
            return None
        if root in CLOSED and rest and name not in self._real:
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Our module of that name, or stand-ins."""
        self._made.add(spec.name)
        name = self._real.get(spec.name)
        if not name:
            return ModuleType(spec.name) if spec.name in CLOSED else _StubPackage(spec.name, self._below)
        module = importlib.import_module(name)
        self._specs[spec.name] = module.__spec__
        if "__getattr__" not in vars(module):
            vars(module)["__getattr__"] = self._fallback(spec.name)
        return module

    def _below(self, name: str) -> Any:
        """What there is of ours by a dotted name: a module, or the class of a node."""
        if name in self._real:
            return importlib.import_module(name)
        module, _, short = name.rpartition(".")
        if module == "comfy_extras":
            return importlib.import_module(name)
        is_class = module.startswith("comfy_extras.nodes_") and short[:1].isupper()
        return self._node_class(short) if is_class else None

    def _fallback(self, module: str) -> Callable[[str], Any]:
        def missing(name: str) -> Any:
            if is_special(name):
                raise AttributeError(f"module '{module}' has no attribute '{name}'")
            found = self._below(f"{module}.{name}")
            return stub(f"{module}.{name}") if found is None else found

        return missing

    def exec_module(self, module: ModuleType) -> None:
        """Give a module of ours its own spec back; there is nothing to execute."""
        assert module.__spec__ is not None
        module.__spec__ = self._specs.get(module.__spec__.name, module.__spec__)


class _StubPackage(StubModule):
    """Stand-ins, with what is ours below them: `import comfy` gives `comfy.utils` too."""

    def __init__(self, name: str, found: Callable[[str], Any]) -> None:
        super().__init__(name)
        vars(self)["_found"] = found

    def __getattr__(self, name: str) -> Any:
        found = None if is_special(name) else vars(self)["_found"](f"{self.__name__}.{name}")
        return super().__getattr__(name) if found is None else found


def install(real: Mapping[str, str], node_class: Callable[[str], Any]) -> None:
    """Make the foreign modules importable in this process; see `HostFinder`."""
    sys.meta_path.insert(0, HostFinder(FIRST, real, node_class))
    sys.meta_path.append(HostFinder(LAST, real, node_class))
