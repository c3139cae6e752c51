"""The virtual environment: made once, brought up to date when a requirements file changes, finished if interrupted."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
REQUIREMENTS = ROOT / "requirements.txt"


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do."""


def prepare(*requirements: Path) -> None:
    """Make `.venv` if there is none that works, and install each requirements file that is not installed yet.

    A stamp in the environment records what was installed; it is written only when pip has succeeded, so that an
    interrupted installation is finished the next time. Raises SetupError.
    """
    version = _python_version()
    if version is None:
        _create()
        version = _python_version()
    for file in requirements:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        install_once(
            VENV / f"{file.name}.installed",
            f"{content} {version}",
            [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *_pip_verbosity(), "-r", str(file)],
            f"Installing {file.name} (the first time this takes some minutes) …",
        )


def install_once(stamp: Path, identity: str, command: Sequence[str], message: str) -> None:
    """Run `command` unless `stamp` says that it has succeeded for `identity`. Raises SetupError if it fails."""
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == identity:
        return
    stamp.unlink(missing_ok=True)
    print(message, flush=True)
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise SetupError(
            "The installation failed; the lines above say why. "
            "Check the network and the free disk space, then start this command again: it goes on where it stopped."
        )
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(identity, encoding="utf-8")


def _python_version() -> str | None:
    """The version of the environment's Python, or None if there is no environment that works."""
    command = [str(PYTHON), "-c", "import pip, sys; print(*sys.version_info[:3], sep='.')"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _create() -> None:
    print(f"Making the virtual environment {VENV} …", flush=True)
    made = subprocess.run(
        [_base_python(), "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode == 0:
        return
    if shutil.which("apt-get") and "ensurepip" in made.stdout + made.stderr:
        major, minor = sys.version_info[:2]
        raise SetupError(f"Python's venv module is not installed. Run: sudo apt install python{major}.{minor}-venv")
    raise SetupError(f"The virtual environment could not be made: {(made.stderr or made.stdout).strip()}")


def _base_python() -> str:
    """This interpreter, or the one that it was made from if this one lives in the environment to be cleared."""
    return getattr(sys, "_base_executable", sys.executable)


def _pip_verbosity() -> list[str]:
    return [] if sys.stdout.isatty() else ["--quiet", "--progress-bar", "off"]
