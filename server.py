#!/usr/bin/env python3
"""The server: settings -> web application -> worker supervision -> run.

It never imports torch: nodes run in a worker process. `python server.py --help` lists the options.
"""

import argparse
import asyncio
import errno
import logging
import signal
import sqlite3
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from aiohttp import web

from api.application import make_application
from api.history_settings import limits_at_start
from api.hub import Hub
from api.logs import Line, RecentLines
from api.services import Services
from graph.execution.garbage import collect_seldom
from graph.files.example_inputs import lay_examples
from graph.files.temporary_files import trim
from graph.folders import Folders
from graph.messages import PREVIEW_METHODS, Ready
from graph.queue.dispatch import Dispatcher
from graph.registry import signature
from graph.settings import EXTENSIONS, MEGABYTE, SOURCES, Settings
from graph.workers.catalog import Catalog
from graph.workers.local import LocalWorker

PROJECT = Path(__file__).resolve().parent
ALL_ADDRESSES = "0.0.0.0"


class StartError(Exception):
    """The server cannot start; the message says why."""


def parse(arguments: Sequence[str] | None = None) -> tuple[Settings, bool]:
    """The settings that command-line options name, and whether to log more."""
    parser = argparse.ArgumentParser(prog="server.py", description="Safelight's server.")
    _network_options(parser.add_argument_group("network"))
    _folder_options(parser.add_argument_group("folders"))
    _computing_options(parser.add_argument_group("computing"))
    add = parser.add_argument_group("other").add_argument
    add("--disable-metadata", action="store_true", help="do not write prompt and workflow into files")
    add("--history-size", type=int, default=10_000, metavar="N", help="finished jobs to remember (default: 10000)")
    add("--history-days", type=float, metavar="N", help="days to remember finished jobs (default: for ever)")
    add("--dev", action="store_true", help="notice changes of the editor's files at each reload")
    add("--verbose", action="store_true", help="log more")
    options = parser.parse_args(arguments)
    return _settings(options), options.verbose


def _network_options(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--port", type=int, default=8188, help="port to listen on (default: 8188; 0: any free one)")
    listen = "address to listen on; without ADDRESS all of them, for everybody on the network (default: 127.0.0.1)"
    group.add_argument("--listen", nargs="?", const=ALL_ADDRESSES, default="127.0.0.1", metavar="ADDRESS", help=listen)
    cors = "let pages of another site use the server; without ORIGIN, those of every site"
    group.add_argument("--enable-cors-header", nargs="?", const="*", metavar="ORIGIN", help=cors)
    group.add_argument(
        "--max-upload-size", type=float, default=100, metavar="MB", help="largest request (default: 100)"
    )


def _folder_options(group: "argparse._ArgumentGroup") -> None:
    base = "folder of all the others (default: that of this program)"
    group.add_argument("--base-directory", type=Path, default=PROJECT, metavar="DIR", help=base)
    for name, content in {
        "models": "the models, a folder for each kind",
        "input-directory": "uploaded files",
        "output-directory": "results",
        "temp-directory": "a folder `temp`, of previews: at start, those older than a week are removed",
        "user-directory": "settings, workflows, queue and history",
    }.items():
        group.add_argument(f"--{name}", type=Path, metavar="DIR", help=f"folder of {content}")


def _computing_options(group: "argparse._ArgumentGroup") -> None:
    device = group.add_mutually_exclusive_group()
    device.add_argument("--cpu", action="store_const", const="cpu", dest="device", help="compute on the CPU")
    device.add_argument("--device", help="device to compute on: cpu, cuda:0, mps … (default: the best)")
    previews = "how pictures are shown while they are sampled, unless the editor says otherwise (default: auto)"
    group.add_argument("--preview-method", choices=PREVIEW_METHODS, default="auto", help=previews)
    group.add_argument("--cache-size", type=float, metavar="MB", help="memory for results that may be used again")
    disk = "disk for the same, which outlasts a restart (default: 10240, at most a tenth of what is free)"
    group.add_argument("--disk-cache-size", type=float, metavar="MB", help=disk)
    group.add_argument("--disable-disk-cache", action="store_true", help="keep no results on disk")
    group.add_argument("--disable-all-custom-nodes", action="store_true", help="load no packs from custom_nodes")
    group.add_argument("--nodes", action="append", metavar="PACKAGE", help="package of nodes to load (default: nodes)")


def _settings(options: argparse.Namespace) -> Settings:
    base = options.base_directory.resolve()
    folders = Folders(
        base=base,
        models=(options.models or base / "models").resolve(),
        input=(options.input_directory or base / "input").resolve(),
        output=(options.output_directory or base / "output").resolve(),
        temp=(options.temp_directory or base).resolve() / "temp",
        user=(options.user_directory or base / "user").resolve(),
        custom_nodes=base / "custom_nodes",
    )
    return Settings(
        folders=folders,
        host=options.listen,
        port=options.port,
        packages=tuple(options.nodes or ("nodes",)),
        packs=not options.disable_all_custom_nodes,
        device=options.device,
        previews=options.preview_method,
        metadata=not options.disable_metadata,
        cache_bytes=_bytes(options.cache_size),
        disk_cache_bytes=0 if options.disable_disk_cache else _bytes(options.disk_cache_size),
        history_limit=max(options.history_size, 0),
        history_days=None if options.history_days is None else max(options.history_days, 0.0),
        upload_limit=int(options.max_upload_size * MEGABYTE),
        cors_origin=options.enable_cors_header,
        dev=options.dev,
    )


def _bytes(megabytes: float | None) -> int | None:
    return None if megabytes is None else max(int(megabytes * MEGABYTE), 0)


def assemble(settings: Settings, logs: RecentLines) -> Services:
    """Put the parts of a server together; nothing runs yet. Needs a running event loop."""
    folders, hub = settings.folders, Hub()
    custom_nodes = folders.custom_nodes if settings.packs else None
    sources = [*settings.packages, *SOURCES]
    catalog = Catalog(folders.user / "cache" / "schemas.json", partial(signature, sources, custom_nodes))
    for_worker = settings.for_worker(SOURCES, EXTENSIONS)

    def loaded(report: Ready) -> None:
        if catalog.ready(report):
            hub.broadcast("nodes_changed", {})

    dispatcher = Dispatcher(
        folders.user / "jobs.sqlite",
        limits_at_start(settings),
        [lambda: LocalWorker("worker", for_worker, hub.say, loaded)],
        settings.previews,
        on_ready=loaded,
        on_down=catalog.down,
    )
    dispatcher.listeners.append(hub)
    loop = asyncio.get_running_loop()

    def told(line: Line) -> None:
        loop.call_soon_threadsafe(hub.send_logs, logs.answer([line]))

    logs.told = told
    return Services(settings, dispatcher, catalog, hub, logs)


async def serve(settings: Settings, logs: RecentLines) -> None:
    """Run until SIGINT or SIGTERM. Raises StartError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # asked for twice, it ends at once
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    services = assemble(settings, logs)
    runner = web.AppRunner(make_application(services), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        url = await _listen(runner, settings)
        await _start(services)
        collect_seldom()
        print(f"Safelight listens at {url}", flush=True)
        await stop.wait()
    finally:
        logs.told = None
        await runner.cleanup()
        await services.dispatcher.stop()


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    host, port = settings.host, settings.port
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise StartError(f"Port {port} is in use by another program. Choose another one with --port.") from None
        raise StartError(f"It is not possible to listen at {host}, port {port}: {error}.") from None
    port = runner.addresses[0][1]
    shown = {ALL_ADDRESSES: "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


async def _start(services: Services) -> None:
    folders = services.settings.folders
    try:
        await services.dispatcher.start(before_work=partial(trim, folders.temp))
        kept = folders.user / "default"
        for folder in (folders.input, folders.output, folders.temp, kept / "workflows", kept / "drafts"):
            folder.mkdir(parents=True, exist_ok=True)
        lay_examples(folders.input)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StartError(f"Another Safelight already uses {folders.user}. Give one a --base-directory.") from None
        raise StartError(f"The queue in {folders.user} cannot be opened: {error}.") from None
    except (OSError, sqlite3.DatabaseError) as error:
        raise StartError(f"The folders in {folders.base} cannot be used: {error}.") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server and return its exit status."""
    settings, verbose = parse(arguments)
    logs = RecentLines()
    console = logging.StreamHandler()
    console.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[console, logs])
    try:
        asyncio.run(serve(settings, logs))
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
