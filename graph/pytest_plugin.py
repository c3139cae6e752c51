"""Fixtures for the tests of a pack: they run its nodes without a server, with the embedded checkpoint at hand.

A pack's `tests/conftest.py` says `pytest_plugins = ["graph.pytest_plugin"]`. The fixtures are

- `run_node(node, **inputs)`: the output of a node, given by its id or its function (`Workbench.node`);
- `run_graph(graph, targets=None)`: the outputs of a prompt, a document, or a file of one (`Workbench.graph`);
- `bench`: the `Workbench` of both, with what was shown, what ran, and folders for files;
- `pack`: the module of the pack that the test belongs to;
- `pocket`: the name of the embedded checkpoint, for loaders.
"""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pytest

from graph.folders import Folders
from graph.messages import PackProblem
from graph.packs.folder import read_pack
from graph.packs.importing import Imported, import_pack
from graph.registry import NodesOf, Registry, collect, load
from graph.settings import EXTENSIONS, Settings
from graph.workbench import Workbench
from graph.workers.host import Host

PROJECT = Path(__file__).resolve().parents[1]
POCKET = "pocket.safetensors"


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take a pack's folder as a plain one: as a package, pytest would import it once more under another name."""
    return pytest.Dir.from_parent(parent, path=path) if _is_pack(path) else None


@pytest.fixture(scope="session")
def builtin_nodes() -> Registry:
    """The nodes that come with the program."""
    return load(["nodes"], None)


@pytest.fixture(scope="session")
def pack_readers(tmp_path_factory: pytest.TempPathFactory) -> list[NodesOf]:
    """What reads packs by other contracts, as in a worker; made before any pack is imported."""
    folders = Folders.under(tmp_path_factory.mktemp("worker"), models=PROJECT / "models")
    host = Host(folders, Settings(folders=folders).for_worker(), lambda kind, data, client_id: None)
    return [importlib.import_module(name).install(host).nodes_of for name in EXTENSIONS]


@pytest.fixture(scope="session")
def imported_packs(pack_readers: list[NodesOf]) -> dict[Path, Imported]:
    """The packs that tests have asked for, imported once each."""
    return {}


@pytest.fixture
def imported_pack(request: pytest.FixtureRequest, imported_packs: dict[Path, Imported]) -> Imported:
    """The pack that the test belongs to."""
    folder = next((path for path in request.path.parents if _is_pack(path)), None)
    if folder is None:
        pytest.fail(f"{request.path} lies in no pack: no folder above it has an __init__.py and a pyproject.toml.")
    if folder not in imported_packs:
        imported_packs[folder] = import_pack(read_pack(folder, folder.name))
    found = imported_packs[folder]
    if found.module is None:
        assert found.problem is not None
        pytest.fail(f"The pack '{found.name}' could not be imported. {_told(found.problem)}")
    return found


@pytest.fixture
def pack(imported_pack: Imported) -> ModuleType:
    """The module of the pack that the test belongs to."""
    assert imported_pack.module is not None
    return imported_pack.module


@pytest.fixture
def bench(imported_pack: Imported, builtin_nodes: Registry, pack_readers: list[NodesOf], tmp_path: Path) -> Workbench:
    """A workbench with the built-in nodes and those of the pack; its files lie in a folder of the test's own."""
    own = collect([imported_pack], pack_readers)
    folders = Folders.under(tmp_path, models=PROJECT / "models")
    for folder in (folders.input, folders.output, folders.temp):
        folder.mkdir(parents=True, exist_ok=True)
    specs = MappingProxyType({**own.specs, **builtin_nodes.specs})
    return Workbench(replace(own, specs=specs), folders)


@pytest.fixture
def run_node(bench: Workbench) -> Callable[..., Any]:
    """Run a node and get its output."""
    return bench.node


@pytest.fixture
def run_graph(bench: Workbench) -> Callable[..., dict[str, Any]]:
    """Run a graph and get the outputs of its nodes by their ids."""
    return bench.graph


@pytest.fixture
def pocket() -> str:
    """The name of the embedded checkpoint, as `CheckpointLoader` takes it."""
    return POCKET


def _is_pack(path: Path) -> bool:
    return (path / "__init__.py").is_file() and (path / "pyproject.toml").is_file()


def _told(problem: PackProblem) -> str:
    return f"{problem.message} {problem.cure}\n{problem.traceback}"
