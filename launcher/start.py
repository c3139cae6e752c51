"""Starting the server, opening the browser, stopping both."""

import os
import signal
import subprocess
import sys
import time
import webbrowser
from collections.abc import Sequence

from launcher.address import Options, answers, fetch_json, free_port, is_free, parse
from launcher.environment import PYTHON, REQUIREMENTS, ROOT, SetupError, prepare

START_SECONDS = 60


def run(arguments: Sequence[str]) -> int:
    """Install what is missing, run the server until it ends or Ctrl-C, and return the exit status."""
    options = parse(arguments)
    if {"-h", "--help"} & set(arguments):
        prepare(REQUIREMENTS)
        return subprocess.run([str(PYTHON), "server.py", "--help"], cwd=ROOT, check=False).returncode
    _refuse_used_port(options)
    prepare(REQUIREMENTS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = subprocess.Popen([str(PYTHON), "server.py", *options.server], cwd=ROOT)
    try:
        if _wait_for_answer(server, options.url):
            print(f"Safelight is at {options.url} (Ctrl-C stops it).", flush=True)
            if options.browser:
                _open_browser(options.url)
        return server.wait()
    except KeyboardInterrupt:
        _stop(server)
        return 0


def _refuse_used_port(options: Options) -> None:
    if is_free(options.host, options.port):
        return
    if fetch_json(f"{options.url}/api/problems") is not None:
        raise SetupError(f"Safelight is already running: {options.url}")
    near = free_port(options.host, options.port)
    raise SetupError(f"Port {options.port} is used by another program. Try: python3 launch.py --port {near}")


def _wait_for_answer(server: "subprocess.Popen[bytes]", url: str) -> bool:
    """Whether the server answers; False if it ended, or has not answered for a minute."""
    limit = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < limit:
        if answers(url):
            return True
        time.sleep(0.1)
    if server.poll() is None:
        print(f"The server has started, but does not answer at {url} yet.", file=sys.stderr)
    return False


def _open_browser(url: str) -> None:
    """Open the default browser, but no text browser in the terminal of a machine without a screen."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    webbrowser.open(url)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """Let the server end: Ctrl-C in a terminal has reached it too, a signal to this process alone has not."""
    for insist, seconds in ((lambda: None, 2), (server.terminate, 10), (server.kill, None)):
        insist()
        try:
            server.wait(seconds)
            return
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            continue
