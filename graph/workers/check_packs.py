"""Loads all nodes as a worker does, prints what could not be loaded, one JSON object a line, and then exits with 1.

python -m graph.workers.check_packs [--nodes PACKAGE]… [--extension PACKAGE]… [--custom-nodes FOLDER]
"""

import argparse
import contextlib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from graph.folders import Folders
from graph.messages import PackProblem
from graph.registry import load
from graph.settings import EXTENSIONS, Settings
from graph.workers.host import Extension, Host

PROJECT = Path(__file__).resolve().parents[2]


def problems(packages: Sequence[str], extensions: Sequence[str], custom_nodes: Path) -> Sequence[PackProblem]:
    """What is wrong with the nodes of `packages` and the packs of a folder, which `extensions` help to read."""
    folders = Folders.under(custom_nodes.resolve().parent)
    host = Host(folders, Settings(folders=folders).for_worker(), lambda kind, data, client_id: None)
    installed: list[Extension] = [importlib.import_module(name).install(host) for name in extensions]
    return load(packages, custom_nodes, [extension.nodes_of for extension in installed]).problems


def main() -> int:
    """Print the problems and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m graph.workers.check_packs", description=__doc__)
    parser.add_argument("--nodes", action="append", metavar="PACKAGE", help="a package of nodes (default: nodes)")
    parser.add_argument("--extension", action="append", metavar="PACKAGE", default=[], help="one more reader")
    parser.add_argument("--custom-nodes", type=Path, default=PROJECT / "custom_nodes", metavar="FOLDER")
    options = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):  # packs print while they are imported
        found = problems(options.nodes or ["nodes"], [*EXTENSIONS, *options.extension], options.custom_nodes)
    for problem in found:
        sys.stdout.write(msgspec.json.encode(problem).decode() + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
