"""Where the server listens, and whether something is there already."""

import argparse
import errno
import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.environment import ROOT

DEFAULT_PORT = 8188
ANY_ADDRESS = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class Options:
    """The options of `server.py` that the launcher itself has to know, and its own."""

    host: str
    port: int
    models: Path
    custom_nodes: Path
    browser: bool
    server: tuple[str, ...]
    """What is passed on to `server.py`: everything but `--no-browser`."""

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        host = "127.0.0.1" if self.host in ANY_ADDRESS else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def parse(arguments: Sequence[str]) -> Options:
    """Read the options that matter here; `server.py` checks the others itself."""
    parser = argparse.ArgumentParser(prog="launch.py", add_help=False, allow_abbrev=False)
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT)
    parser.add_argument("--listen", nargs="?", const="0.0.0.0", default="127.0.0.1")
    parser.add_argument("--base-directory", type=Path, default=ROOT)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--no-browser", action="store_true")
    known, _ = parser.parse_known_args(arguments)
    host = known.listen.split(",")[0]
    passed_on = [item for item in arguments if item != "--no-browser"]
    if known.port == 0:  # chosen here, because the browser has to know it too
        known.port = free_port(host, DEFAULT_PORT - 1)
        passed_on += ["--port", str(known.port)]
    return Options(
        host=host,
        port=known.port,
        models=known.models or known.base_directory / "models",
        custom_nodes=known.base_directory / "custom_nodes",
        browser=not known.no_browser,
        server=tuple(passed_on),
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 65536:
        raise argparse.ArgumentTypeError(f"{port} is no port; choose one from 1024 to 65535")
    return port


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on this address now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":  # there the option would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE  # any other fault, a wrong host say, the server itself explains
    return True


def free_port(host: str, port: int) -> int:
    """The first free port after `port`; 0, which lets the system choose, if there is none near."""
    return next((near for near in range(port + 1, min(port + 100, 65536)) if is_free(host, near)), 0)


def fetch_json(url: str) -> Any:
    """What a server answers at `url`, or None if it does not answer or does not answer with JSON."""
    try:
        with _open(url) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def answers(url: str) -> bool:
    """Whether a web server answers at `url`, with whatever status."""
    try:
        _open(url).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _open(url: str) -> Any:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never ask a proxy for this machine
    return direct.open(url, timeout=5)
