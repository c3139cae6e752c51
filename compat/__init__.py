"""ComfyUI's contracts: its packs run as they are.

`compat.contract` reads node classes; `compat.api`, `compat.execution`, `compat.comfy_types` and `compat.host` are the
modules that packs import, under the names in `MODULES` and `compat.host.MODULES`. A worker calls `install` before it
imports any pack. `compat.infotext` makes workflows of the parameters that Stable Diffusion WebUI writes into pictures;
the worker answers the server's question "infotext" with it.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from compat.contract.classes import Instances
from compat.contract.packs import nodes_of
from compat.host import core_nodes, provide
from graph.messages import PackProblem, PackRoutes
from graph.node_spec import NodeSpec
from graph.registry import Registry
from graph.workers.host import Host

__all__ = ["MODULES", "ComfyPacks", "install"]

MODULES = {
    "comfy.comfy_types": "compat.comfy_types",
    "comfy.comfy_types.node_typing": "compat.comfy_types.node_typing",
    "comfy_api.feature_flags": "compat.api.feature_flags",
    "comfy_api.input": "compat.api.video",
    "comfy_api.input.basic_types": "compat.api.video",
    "comfy_api.input.video_types": "compat.api.video",
    "comfy_api.input_impl": "compat.api.video",
    "comfy_api.input_impl.video_types": "compat.api.video",
    "comfy_api.latest": "compat.api.latest",
    "comfy_api.latest._io": "compat.api.io",
    "comfy_api.latest._ui": "compat.api.ui",
    "comfy_api.latest.io": "compat.api.io",
    "comfy_api.latest.ui": "compat.api.ui",
    "comfy_api.torch_helpers": "compat.api.compiling",
    "comfy_api.util": "compat.api.video",
    "comfy_api.util.video_types": "compat.api.video",
    "comfy_api.v0_0_1": "compat.api.latest",
    "comfy_api.v0_0_2": "compat.api.latest",
    "comfy_execution.graph": "compat.execution.running_graph",
    "comfy_execution.graph_utils": "compat.execution.graph_building",
    "comfy_execution.progress": "compat.execution.progress_state",
    "comfy_execution.utils": "compat.execution.running_node",
}
"""Our modules by the names that packs know."""


class ComfyPacks:
    """Reads packs for ComfyUI; what `graph.workers.host.Extension` wants."""

    def __init__(self, host: Host) -> None:
        self._provided = provide(host, MODULES)
        self._instances = Instances()
        self._folders = host.folders
        self._registry: Registry | None = None
        host.answers["infotext"] = self._workflow_of

    def _workflow_of(self, texts: dict[str, str]) -> dict[str, Any]:
        from compat.infotext.answering import workflow_of  # imports torch, which packs may want to set up before

        return workflow_of(texts, self._registry, self._folders)

    def nodes_of(self, module: ModuleType) -> Iterator[NodeSpec | PackProblem]:
        """The nodes that a pack declares by one of ComfyUI's contracts, and what is wrong with the others."""
        self._provided.saw(module)
        yield from nodes_of(module, self._instances, core_nodes.add_classes)

    def loaded(self, registry: Registry) -> PackRoutes | None:
        """All packs are loaded; their routes, which are served from now on."""
        self._registry = registry
        return self._provided.serve()


def install(host: Host) -> ComfyPacks:
    """Make ComfyUI's modules importable in this process, and get the reader of its packs."""
    return ComfyPacks(host)
