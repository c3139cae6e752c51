"""All nodes that are installed, found by importing the node modules and the packs.

`python -m graph.registry --check` prints what could not be loaded, one JSON object a line, and then exits with 1.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType

import msgspec

from graph.declare import NodeSpec, spec_of
from graph.messages import PackProblem
from graph.packs import Imported, import_package, import_packs, pack_paths
from graph.schema import Schema, alias_entry, object_info

CUSTOM_NODES = Path(__file__).parents[1] / "custom_nodes"


@dataclass(frozen=True, slots=True)
class Registry:
    """The installed nodes. `specs` finds a node by its id and by its aliases."""

    specs: Mapping[str, NodeSpec]
    problems: tuple[PackProblem, ...]

    def schemas(self) -> dict[str, Schema]:
        """The entries of `/object_info` by id, aliases included, without the names of files."""
        return {
            name: object_info(spec) if name == spec.id else alias_entry(spec, name) for name, spec in self.specs.items()
        }


def load(packages: Iterable[str], custom_nodes: Path | None) -> Registry:
    """Import the modules of `packages` and the packs of a folder, and collect the nodes that they declare.

    Nodes that cannot be loaded are named in the result's `problems`. Of two nodes with the same id the first stays.
    """
    imported = [item for package in packages for item in import_package(package)]
    packs = list(import_packs(custom_nodes)) if custom_nodes else []
    return collect([*imported, *packs], declaring={pack.name for pack in packs})


def collect(modules: Iterable[Imported], declaring: Iterable[str] = ()) -> Registry:
    """The nodes of imported modules. A module in `declaring` without any node is a problem."""
    specs: dict[str, NodeSpec] = {}
    problems: list[PackProblem] = []
    declaring = set(declaring)
    for item in modules:
        if item.module is None:
            problems.extend([item.problem] if item.problem else [])
            continue
        found = list(specs_in(item.module))
        if not found and item.name in declaring:
            problems.append(
                PackProblem(item.name, "It declares no nodes.", "See docs/nodes.md for how a pack declares its nodes.")
            )
        for spec in found:
            problems.extend(_add(specs, spec, item.name))
    return Registry(MappingProxyType(specs), tuple(problems))


def specs_in(module: ModuleType) -> Iterator[NodeSpec]:
    """The nodes that a module declares, or that a package gets from its own modules, in order."""
    for value in vars(module).values():
        # Only functions: other values may make up any attribute that they are asked for.
        spec = spec_of(value) if isinstance(value, FunctionType) else None
        if spec is not None and f"{spec.module}.".startswith(f"{module.__name__}."):
            yield spec


def signature(packages: Sequence[str], custom_nodes: Path | None) -> str:
    """A fingerprint of the files that schemas come from, without importing any: names, sizes, times of change.

    `packages` are all those whose code can change a schema, so also those that the nodes take their choices from.
    """
    digest = hashlib.sha256(sys.version.encode())
    for root in [*map(_package_folder, packages), *(pack_paths(custom_nodes) if custom_nodes else ())]:
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            status = path.stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"There is no package '{package}'.")
    return Path(spec.submodule_search_locations[0])


def _add(specs: dict[str, NodeSpec], spec: NodeSpec, owner: str) -> Iterator[PackProblem]:
    for name in (spec.id, *spec.aliases):
        other = specs.setdefault(name, spec)
        if other.function is not spec.function:
            yield PackProblem(
                owner,
                f"The node id '{name}' is already taken by {other.module}.",
                "Rename one of the two nodes; until then the first one is used.",
            )


def _main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m graph.registry", description=__doc__)
    parser.add_argument("--check", action="store_true", required=True, help="print what could not be loaded")
    parser.add_argument("--nodes", action="append", metavar="PACKAGE", help="a package of nodes (default: nodes)")
    parser.add_argument("--custom-nodes", type=Path, default=CUSTOM_NODES, metavar="FOLDER")
    options = parser.parse_args(arguments)
    with contextlib.redirect_stdout(sys.stderr):  # packs print while they are imported
        problems = load(options.nodes or ["nodes"], options.custom_nodes).problems
    for problem in problems:
        sys.stdout.write(msgspec.json.encode(problem).decode() + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(_main())
