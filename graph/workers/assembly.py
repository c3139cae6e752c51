"""What runs jobs in a process, put together from its settings: the nodes, the caches, the executor."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.caching.content import ContentHashes
from graph.execution.calls import Invoke, call
from graph.execution.execute import Executor
from graph.folders import Folders
from graph.messages import Ready
from graph.registry import Installation, signature
from graph.workers import checks
from graph.workers.caches import cache_answers, result_cache
from graph.workers.device import device, select, versions
from graph.workers.host import Extension, Host
from graph.workers.worker import WorkerSettings


class DeviceError(ValueError):
    """A device that cannot be used; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts of a process that runs jobs."""

    host: Host
    extensions: list[Extension]
    installation: Installation
    executor: Executor

    def report(self) -> Ready:
        """What nodes there are now, for whoever keeps account of them."""
        registry = self.executor.registry
        routes = next((routes for extension in self.extensions if (routes := extension.loaded(registry))), None)
        return Ready(registry.schemas(), list(registry.problems), device(), versions(), list(registry.packs), routes)


def assemble(settings: WorkerSettings, say: Callable[[str, Any, str | None], None], invoke: Invoke = call) -> Assembly:
    """Import the nodes and open the caches. `say` is what packs tell clients with, `invoke` calls the nodes.

    Raises ImportError for a package that is not there, and DeviceError.
    """
    folders = folders_of(settings)
    host = Host(folders, settings, say)
    extensions: list[Extension] = [importlib.import_module(name).install(host) for name in settings.extensions]
    readers = [extension.nodes_of for extension in extensions]
    custom_nodes = folders.custom_nodes if settings.packs else None
    installation = Installation(settings.packages, custom_nodes, readers, folders.user / "cache" / "importing.json")
    try:
        select(settings.device)
    except ValueError as error:
        raise DeviceError(str(error)) from None
    cache = result_cache(settings, folders)
    content = ContentHashes(folders.user / "cache" / "content.sqlite")
    registry, metadata = installation.registry, settings.metadata
    executor = Executor(registry, cache, folders, content, metadata, _salt(settings), invoke)
    host.answers.update({**checks.answers(lambda: executor.registry, folders), **cache_answers(cache)})
    return Assembly(host, extensions, installation, executor)


def folders_of(settings: WorkerSettings) -> Folders:
    """The folders that settings name."""
    return Folders(
        base=Path(settings.base),
        models=Path(settings.models),
        input=Path(settings.input),
        output=Path(settings.output),
        temp=Path(settings.temp),
        user=Path(settings.user),
        custom_nodes=Path(settings.custom_nodes),
    )


def _salt(settings: WorkerSettings) -> str:
    """What results depend on beside the graph and the packs: our own code, the libraries, the kind of device."""
    return f"{signature([*settings.packages, *settings.sources], None)} {versions()} {device().type}"
