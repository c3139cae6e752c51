"""`python -m graph run`: one workflow, in this process or on a server."""

import argparse
import contextlib
import json
import logging
import sys
import threading
from pathlib import Path
from typing import Any

from graph.engine import PROJECT
from graph.headless.ctrl_c import ctrl_c
from graph.headless.options import add_engine_options, add_file, add_targets, add_values, engine_of, workflow_in
from graph.headless.progress import Progress
from graph.headless.progress_bar import ProgressBar
from graph.headless.remote import TEMPORARY, RemoteServer
from graph.results import Results
from graph.workflow_error import WorkflowError, WorkflowInterrupted

LOCAL = ("models", "base_directory", "input_directory", "nodes", "no_packs", "device", "no_cache")
"""Options that say how this process runs a workflow."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_file(parser)
    add_values(parser)
    add_targets(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for files (default: output, as of the server)")
    parser.add_argument("--serve", metavar="URL", help="have a running server run it, and fetch the files from there")
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no warnings")
    parser.add_argument("--json", action="store_true", help="print results, or what went wrong, as JSON")
    add_engine_options(parser)
    computing = parser.add_argument_group("computing")
    device = computing.add_mutually_exclusive_group()
    device.add_argument("--cpu", action="store_const", const="cpu", dest="device", help="compute on the CPU")
    device.add_argument("--device", help="device to compute on: cpu, cuda:0, mps … (default: the best)")
    computing.add_argument("--no-cache", action="store_true", help="use and keep no results on disk")
    parser.set_defaults(parser=parser)


def run(options: argparse.Namespace) -> int:
    """Run the workflow, print what it gives, and return the exit status. Raises WorkflowError."""
    local = [name for name in LOCAL if getattr(options, name)]
    if options.serve and local:
        named = ", ".join("--cpu or --device" if name == "device" else f"--{name.replace('_', '-')}" for name in local)
        options.parser.error(f"with --serve the server's settings hold; leave out {named}")
    console = _Console(options.quiet)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # nodes and packs print
            results = _on_server(options, console) if options.serve else _here(options, console)
    except WorkflowError as error:
        console.close()
        if options.json:
            _print_json(_told(error))
        raise
    finally:
        console.close()
    for warning in results.warnings:
        console.warn(warning)
    if options.json:
        _print_json(_content(results))
    else:
        sys.stdout.writelines(f"{item}\n" for item in (*results.texts, *results.files))
    return 0


def _here(options: argparse.Namespace, console: "_Console") -> Results:
    workflow = workflow_in(options)
    output = options.out or (options.base_directory or PROJECT) / "output"
    temp = options.out / TEMPORARY if options.out else None
    cache = 0 if options.no_cache else None
    with engine_of(options, output, temp, options.device, cache) as engine:
        console.say("Loading the nodes")
        stop = threading.Event()
        with ctrl_c(stop.set):
            return engine.run(
                workflow, set=dict(options.set), targets=options.targets, progress=console.show, interrupt=stop
            )


def _on_server(options: argparse.Namespace, console: "_Console") -> Results:
    workflow = workflow_in(options)
    server = RemoteServer(options.serve, options.out or PROJECT / "output")
    console.say("Asking the server")
    stop = threading.Event()
    with ctrl_c(stop.set):
        return server.run(
            workflow,
            set=dict(options.set),
            targets=options.targets,
            progress=console.show,
            interrupt=stop,
            waiting=console.say,
        )


class _Console(logging.Handler):
    """Standard error: the progress bar, and above it what there is to say."""

    def __init__(self, quiet: bool) -> None:
        super().__init__(logging.ERROR if quiet else logging.WARNING)
        self._quiet = quiet
        self._bar = ProgressBar(sys.stderr)
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line of the log."""
        self._bar.interject(self.format(record))

    def show(self, progress: Progress) -> None:
        """Draw how far the run is."""
        if not self._quiet:
            self._bar.show(progress)

    def say(self, text: str) -> None:
        """Draw what is waited for."""
        if not self._quiet:
            self._bar.say(text)

    def warn(self, text: str) -> None:
        """Write a warning."""
        if not self._quiet:
            self._bar.interject(f"Warning: {text}")

    def close(self) -> None:
        """End the bar."""
        logging.getLogger().removeHandler(self)
        self._bar.close()
        super().close()


def _content(results: Results) -> dict[str, Any]:
    return {
        "files": [str(path) for path in results.files],
        "texts": results.texts,
        "ui": results.ui,
        "warnings": results.warnings,
        "executed": results.executed,
        "cached": results.cached,
        "seconds": round(results.seconds, 3),
    }


def _told(error: WorkflowError) -> dict[str, Any]:
    told = {"message": str(error), "node": error.node, "input": error.input, "node_errors": error.node_errors}
    return {"error": told, "interrupted": isinstance(error, WorkflowInterrupted)}


def _print_json(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, default=repr, skipkeys=True) + "\n")
