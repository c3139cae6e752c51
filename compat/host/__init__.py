"""The module names that packs for ComfyUI import: `folder_paths`, `nodes`, `server`, `comfy.*` and the others.

`provide` makes them importable in a worker, before any pack is imported. Each pack module that was imported is then
shown to `Provided.saw`, and `Provided.serve` starts serving the HTTP routes of packs once all of them are loaded. Node
classes of packs become known to other packs through `compat.host.core_nodes.add_classes`.

Nothing in here imports torch before a pack asks for a name that needs it.
"""

import logging
import sys
from collections.abc import Mapping
from types import ModuleType

import nodes
from compat.host import core_nodes, finder, handles, installation, pack_server, recent_log, stubs
from graph.messages import PackRoutes
from graph.workers.host import Host

MODULES = {
    "app.logger": "compat.host.recent_log",
    "comfy.cli_args": "compat.host.arguments",
    "comfy.k_diffusion.sampling": "compat.host.k_diffusion",
    "comfy.latent_formats": "compat.host.latent_formats",
    "comfy.model_management": "compat.host.devices",
    "comfy.sample": "compat.host.sampling",
    "comfy.samplers": "compat.host.samplers",
    "comfy.sd": "compat.host.loading",
    "comfy.utils": "compat.host.toolbox",
    "comfy_extras.nodes_mask": "compat.host.compositing",
    "comfyui_version": "compat.host.version",
    "folder_paths": "compat.host.folder_paths",
    "latent_preview": "compat.host.latent_preview",
    "node_helpers": "compat.host.conditioning",
    "server": "compat.host.prompt_server",
    **dict.fromkeys(("utils.extra_config", "utils.install_util", "utils.json_util"), ""),
}
"""Our modules by the names that packs know; those without a module of ours are stand-ins."""


class Provided:
    """The modules, as they are in this process."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def saw(self, module: ModuleType) -> None:
        """Take note of a pack that was imported, and of its `routes`. Being shown one twice does no harm."""
        pack_server.saw(module)

    def serve(self) -> PackRoutes | None:
        """Serve the routes of packs from now on, and say where; None if there are none.

        May be called again when packs have been imported anew.
        """
        handles.attach()
        return pack_server.serve(self._host)


def provide(host: Host, more: Mapping[str, str] | None = None) -> Provided:
    """Make the foreign modules importable in this process; `more` names further ones, as `MODULES` does."""
    installation.set_host(host)
    stubs.watch_packs(host.folders.custom_nodes)
    logging.getLogger().addHandler(recent_log.RecentLog())
    finder.install({**MODULES, **(more or {})}, core_nodes.core_class)
    sys.modules["nodes"] = nodes
    vars(nodes)["__getattr__"] = _core_node
    return Provided(host)


def _core_node(name: str) -> object:
    """What the module `nodes` of ComfyUI has beside the modules of ours."""
    if name.startswith("__"):
        raise AttributeError(f"module 'nodes' has no attribute '{name}'")
    return core_nodes.attribute(name)
