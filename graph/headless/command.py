"""The command `python -m graph`: workflows without a browser and without a server.

Results go to standard output, and nothing else does; progress, warnings and errors go to standard error. The exit
status is 0, or 1 for a workflow that cannot run or has failed, 2 for a command that cannot be followed (an option, a
file, a node or an input that is not there), 130 after Ctrl-C.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from graph.documents.format import DocumentError
from graph.documents.plain_data import Json
from graph.documents.subgraphs import extract, flatten, inline
from graph.engine import Engine
from graph.folders import similar
from graph.headless import run_command
from graph.headless.ctrl_c import INTERRUPTED
from graph.headless.options import add_engine_options, add_file, add_targets, add_values, engine_of, workflow_in
from graph.workflow_error import NotThereError, WorkflowError, WorkflowInterrupted

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a console may lack letters that a workflow has
    options = parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except (WorkflowError, DocumentError) as error:
        sys.stderr.write(f"{error}\n")
        if isinstance(error, WorkflowInterrupted):
            return INTERRUPTED
        return 2 if isinstance(error, NotThereError) else 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """The options of all commands."""
    top = argparse.ArgumentParser(prog="python -m graph", description="Workflows without a browser and a server.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        found.set_defaults(command=command)
        return found

    run_command.add_options(add("run", run_command.run, "run a workflow, and print the files and texts that it gives"))
    for name, command, text in (
        ("validate", _validate, "say all that is wrong with a workflow"),
        ("compile", _compile, "print the prompt of a workflow, in the API format"),
        ("flatten", _flatten, "print a document without subgraphs, their nodes in their place"),
        ("inline", _inline, "print a document with the nodes of a subgraph in its place"),
        ("extract", _extract, "print a document with some of its nodes in a new subgraph"),
    ):
        found = add(name, command, text)
        add_file(found)
        if name in ("validate", "compile"):
            add_values(found)
        if name == "validate":
            add_targets(found)
        if name == "inline":
            found.add_argument("node", metavar="NODE", help="the id of the subgraph's node")
        if name == "extract":
            found.add_argument("node", nargs="+", metavar="NODE", help="the id of a node")
            found.add_argument("--name", default="Subgraph", help="what it is called (default: Subgraph)")
        else:
            add_engine_options(found)
    nodes = add("nodes", _nodes, "list the nodes, or print all that there is to know of one")
    nodes.add_argument("name", nargs="?", metavar="NAME", help="the id of a node, or what another program calls it")
    add_engine_options(nodes)
    return top


def _validate(options: argparse.Namespace) -> int:
    workflow = workflow_in(options)
    with _engine(options) as engine:
        problems = engine.validate(workflow, set=dict(options.set), targets=options.targets)
    sys.stdout.writelines(f"{problem}\n" for problem in problems or ["Nothing is wrong with it."])
    return 1 if problems else 0


def _compile(options: argparse.Namespace) -> int:
    workflow = workflow_in(options)
    with _engine(options) as engine:
        prompt = engine.compile(workflow, set=dict(options.set))
    return _print(prompt)


def _flatten(options: argparse.Namespace) -> int:
    document = _document_in(options)
    with _engine(options) as engine:
        flat = flatten(document, engine.nodes)
    return _print(flat)


def _inline(options: argparse.Namespace) -> int:
    document = _document_in(options)
    with _engine(options) as engine:
        changed = inline(document, options.node, engine.nodes)
    return _print(changed)


def _extract(options: argparse.Namespace) -> int:
    return _print(extract(_document_in(options), options.node, options.name))


def _nodes(options: argparse.Namespace) -> int:
    with _engine(options) as engine:
        nodes = engine.nodes
    if options.name is None:
        own = {id: schema for id, schema in sorted(nodes.items()) if "alias_of" not in schema}
        width = max(map(len, own), default=0)
        sys.stdout.writelines(f"{id:{width}}  {schema['category']}\n" for id, schema in own.items())
        return 0
    if options.name not in nodes:
        raise NotThereError(f"There is no node '{options.name}'.{similar(options.name, list(nodes))}")
    return _print(nodes[options.name])


@contextlib.contextmanager
def _engine(options: argparse.Namespace) -> Iterator[Engine]:
    """The engine, while nodes and packs print where they are not in the way."""
    with contextlib.redirect_stdout(sys.stderr), engine_of(options) as engine:
        yield engine


def _document_in(options: argparse.Namespace) -> Json:
    """The document in the file, be it one that a picture carries. Raises WorkflowError."""
    workflow = workflow_in(options)
    document = workflow.content if workflow.is_document else workflow.extra_pnginfo.get("workflow")
    if not isinstance(document, dict):
        raise WorkflowError("That is a prompt in the API format, which has no subgraphs. Take the editor's document.")
    return document


def _print(content: Any) -> int:
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return 0
