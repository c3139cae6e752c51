"""Options that several commands of `python -m graph` have, and what they mean."""

import argparse
import sys
from pathlib import Path

from graph.engine import PROJECT, Engine
from graph.headless.workflow import Workflow, parse_workflow, workflow_of
from graph.places import Written

STANDARD_INPUT = "-"


def add_file(parser: argparse.ArgumentParser) -> None:
    """The file that has the workflow."""
    kinds = (
        "a workflow: a document of the editor, a prompt in the API format, or a PNG that was saved by one; - reads it"
    )
    parser.add_argument("file", metavar="FILE", help=f"{kinds} from standard input")


def add_values(parser: argparse.ArgumentParser) -> None:
    """Other values for inputs."""
    values = "give an input another value: NODE is an id, a title or a type; VALUE is JSON, or else text"
    parser.add_argument("--set", action="append", default=[], type=_setting, metavar="NODE.INPUT=VALUE", help=values)


def add_targets(parser: argparse.ArgumentParser) -> None:
    """The nodes that are wanted."""
    targets = "the nodes that are wanted (default: all that save or show something)"
    parser.add_argument("--targets", nargs="+", action="extend", metavar="NODE", help=targets)


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Where the nodes and the models are."""
    group = parser.add_argument_group("installation")
    group.add_argument("--models", type=Path, metavar="DIR", help="folder of the models, a folder for each kind")
    base = "folder of models, inputs, packs and caches (default: that of this program)"
    group.add_argument("--base-directory", type=Path, metavar="DIR", help=base)
    group.add_argument("--input-directory", type=Path, metavar="DIR", help="folder of the files that nodes read")
    group.add_argument("--nodes", action="append", metavar="PACKAGE", help="package of nodes (default: nodes)")
    group.add_argument("--no-packs", action="store_true", help="load no packs from custom_nodes")


def engine_of(
    options: argparse.Namespace,
    output: Path | None = None,
    temp: Path | None = None,
    device: str | None = None,
    disk_cache_bytes: int | None = None,
) -> Engine:
    """The engine that `add_engine_options` describes."""
    return Engine(
        options.base_directory or PROJECT,
        models=options.models,
        input=options.input_directory,
        output=output,
        temp=temp,
        packages=options.nodes or ("nodes",),
        packs=not options.no_packs,
        device=device,
        disk_cache_bytes=disk_cache_bytes,
    )


def workflow_in(options: argparse.Namespace) -> Workflow:
    """The workflow in the file. Raises WorkflowError."""
    if options.file == STANDARD_INPUT:
        return parse_workflow(sys.stdin.buffer.read(), "standard input")
    return workflow_of(Path(options.file))


def _setting(text: str) -> tuple[str, Written]:
    place, equals, value = text.partition("=")
    if not equals or "." not in place:
        raise argparse.ArgumentTypeError(f"'{text}' is not NODE.INPUT=VALUE, as in 6.text=\"a red heart\"")
    return place, Written(value)
