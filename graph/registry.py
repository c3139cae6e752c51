"""All nodes that are installed, found by importing the node modules and the packs."""

import contextlib
import hashlib
import importlib.util
import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType

from graph.declare import NodeSpec, spec_of
from graph.messages import PackProblem, PackReport
from graph.packs.crash_mark import CrashMark
from graph.packs.folder import PackFolder, find_packs, web_folder
from graph.packs.importing import (
    Imported,
    forget_pack,
    import_pack,
    import_package,
    run_startup_script,
    without_collection,
)
from graph.schema import Schema, alias_entry, object_info

logger = logging.getLogger("packs")


@dataclass(frozen=True, slots=True)
class Registry:
    """The installed nodes. `specs` finds a node by its id and by its aliases."""

    specs: Mapping[str, NodeSpec]
    problems: tuple[PackProblem, ...]
    packs: tuple[PackReport, ...] = ()

    def schemas(self) -> dict[str, Schema]:
        """The entries of `/object_info` by id, aliases included, without the names of files."""
        return {
            name: object_info(spec) if name == spec.id else alias_entry(spec, name) for name, spec in self.specs.items()
        }

    def schemas_now(self, types: Iterable[str] | None = None) -> dict[str, Schema]:
        """The entries of those of the `types` (of all, if None) whose choices change while they are installed."""
        found = {id: self.specs[id] for id in (self.specs if types is None else types) if id in self.specs}
        return {
            id: object_info(replace(spec, inputs=spec.inputs_now())) for id, spec in found.items() if spec.inputs_now
        }


NodesOf = Callable[[ModuleType], Iterable[NodeSpec | PackProblem]]
"""Reads the nodes that a module has in another form than functions with `@node`, and says which cannot be read."""


def load(packages: Iterable[str], custom_nodes: Path | None, readers: Sequence[NodesOf] = ()) -> Registry:
    """Import the modules of `packages` and the packs of a folder, and collect the nodes that they declare.

    `readers` find further nodes in packs. Nodes that cannot be loaded are named in the result's `problems`. Of two
    nodes with the same id the first stays.
    """
    return Installation(packages, custom_nodes, readers).registry


class Installation:
    """The modules and packs that this process has imported, of which the packs can be imported anew.

    `registry` has their nodes. `mark` is a file for `CrashMark`, if there is to be one.
    """

    def __init__(
        self,
        packages: Iterable[str],
        custom_nodes: Path | None,
        readers: Sequence[NodesOf] = (),
        mark: Path | None = None,
    ) -> None:
        """Import everything. Startup scripts of packs are run before anything else."""
        self._folder = custom_nodes
        self._readers = readers
        self._mark = CrashMark(mark)
        packs = self._find()
        self._startup = [problem for pack in packs if (problem := run_startup_script(pack))]
        with without_collection():
            self._modules = [item for package in packages for item in import_package(package)]
            self._packs = {pack.name: self._import(pack) for pack in packs}
        self.registry = self._collect()

    def reload(self, name: str | None = None) -> Registry:
        """Import a pack anew, or all of them, and return what there is then. No node may be running.

        A pack that was added, removed, enabled or disabled since then is treated as it lies on disk now.
        """
        found = {pack.name: pack for pack in self._find()}
        wanted = {name} if name else {*found, *self._packs}
        for old in sorted(wanted & set(self._packs)):
            pack = self._packs.pop(old).pack
            if pack:
                forget_pack(pack)
        again = {pack: self._import(found[pack]) for pack in found if pack in wanted}
        self._packs = dict(sorted({**self._packs, **again}.items()))
        self.registry = self._collect()
        return self.registry

    def _find(self) -> list[PackFolder]:
        packs = find_packs(self._folder) if self._folder else []
        return [pack for pack in packs if pack.enabled]

    def _import(self, pack: PackFolder) -> Imported:
        if self._mark.crashed(pack.name):
            return Imported(pack.name, None, CrashMark.problem(pack.name), pack)
        with self._mark.importing(pack.name):
            return import_pack(pack)

    def _collect(self) -> Registry:
        found = collect([*self._modules, *self._packs.values()], self._readers)
        startup = [problem for problem in self._startup if problem.pack in self._packs]
        return replace(found, problems=(*startup, *found.problems))


def collect(modules: Iterable[Imported], readers: Sequence[NodesOf] = ()) -> Registry:
    """The nodes of imported modules. `readers` look at those of packs; a pack that brings nothing is a problem."""
    specs: dict[str, NodeSpec] = {}
    owners: dict[str, Imported] = {}
    problems: list[PackProblem] = []
    reports = []
    for item in modules:
        problems += [item.problem] if item.problem else []
        if item.module is None:
            continue
        found = list(specs_in(item.module))
        if item.pack:
            said = [each for read in readers for each in _read_more(item, item.module, read, found)]
            reports.append(_report(item.pack, item, found))
            problems += said if said or found else _empty(item.pack, item.module, reports[-1])
        for spec in found:
            problems += _add(spec if spec.code else replace(spec, code=item.code), item, specs, owners)
    return Registry(MappingProxyType(specs), tuple(problems), tuple(reports))


def _read_more(item: Imported, module: ModuleType, read: NodesOf, into: list[NodeSpec]) -> list[PackProblem]:
    """Add the nodes that a reader finds in a pack, up to where it fails; returns what is wrong with it."""
    problems = []
    try:
        for found in read(module):
            if isinstance(found, PackProblem):
                problems.append(found)
            else:
                into.append(found)
    except Exception as error:  # noqa: BLE001 - it runs code of the pack, and the other packs must still load
        message = f"Its nodes could not be read ({type(error).__name__}: {error})."
        cure = "Update the pack, or leave it out with `python3 launch.py pack disable`."
        problems.append(PackProblem(item.name, message, cure, "".join(traceback.format_exception(error))))
    return problems


def _report(pack: PackFolder, item: Imported, specs: Iterable[NodeSpec]) -> PackReport:
    named = getattr(item.module, "WEB_DIRECTORY", None)
    web = (web_folder(pack.path, named) if isinstance(named, str) else None) or pack.web
    report = PackReport(
        name=pack.name,
        nodes=[spec.id for spec in specs],
        seconds=item.seconds,
        title=pack.title,
        version=pack.version,
        description=pack.description,
        web=str(web) if web else None,
    )
    logger.info("%s: %d nodes in %.2f s", pack.name, len(report.nodes), item.seconds)
    return report


def _empty(pack: PackFolder, module: ModuleType, report: PackReport) -> list[PackProblem]:
    brings_more = any(hasattr(module, name) for name in ("routes", "NODE_CLASS_MAPPINGS"))
    if brings_more or report.web or pack.workflows() or pack.locales():
        return []
    return [PackProblem(pack.name, "It declares no nodes.", "docs/nodes.md says how a pack declares its nodes.")]


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
    paths = [path for package in packages for path in sorted(_package_folder(package).rglob("*.py"))]
    for pack in find_packs(custom_nodes) if custom_nodes else ():
        paths += pack.files() if pack.enabled else []
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"There is no package '{package}'.")
    return Path(spec.submodule_search_locations[0])


def _add(
    spec: NodeSpec, item: Imported, specs: dict[str, NodeSpec], owners: dict[str, Imported]
) -> Iterator[PackProblem]:
    for id in (spec.id, *spec.aliases):
        other = specs.setdefault(id, spec)
        owner = owners.setdefault(id, item)
        if other.function is not spec.function:
            whose = f"the pack '{owner.name}'" if owner.pack else f"the built-in nodes ({owner.name})"
            message = f"Its node '{id}' has the same id as one of {whose}."
            yield PackProblem(item.name, message, "Rename one of the two nodes; until then the first one is used.")
