"""`launch.py doctor`: what is wrong with this installation, and how to mend it."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.address import Options, fetch_json, free_port, is_free, parse
from launcher.environment import PYTHON, REQUIREMENTS, ROOT

GIGABYTE = 1024**3
ENOUGH_DISK = 5 * GIGABYTE
ENOUGH_MEMORY = 4 * GIGABYTE
WEIGHTS = {".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".onnx", ".gguf"}
UNFINISHED = {".part", ".crdownload", ".download", ".aria2", ".tmp"}


@dataclass(frozen=True)
class Finding:
    """Something that was looked at; with a cure it is a problem."""

    subject: str
    text: str
    cure: str = ""


def run(arguments: Sequence[str]) -> int:
    """Print every finding with its cure; the exit status says whether there was a problem."""
    options = parse(arguments)
    problems = 0
    for finding in _findings(options):
        print(f"{'PROBLEM' if finding.cure else 'ok     '}  {finding.subject}: {finding.text}", flush=True)
        if finding.cure:
            problems += 1
            print(f"         Cure: {finding.cure}")
    print(f"\n{problems or 'No'} problem{'' if problems == 1 else 's'} found.")
    return 1 if problems else 0


def _findings(options: Options) -> Iterator[Finding]:
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    yield from _disk(options)
    yield _port(options)
    yield from _model_folders(options.models)
    if not PYTHON.is_file():
        yield Finding(
            "Packages", f"there is no virtual environment {PYTHON.parent.parent}", "python3 launch.py makes it"
        )
        return
    yield from _packages()
    yield from _device()
    yield from _packs(options)


def _packages() -> Iterator[Finding]:
    found = _probe("packages", str(REQUIREMENTS))
    if isinstance(found, str):
        yield Finding("Packages", found, "Delete the folder .venv and run: python3 launch.py")
        return
    wrong = [item for item in found if not item["fits"]]
    if not wrong:
        yield Finding("Packages", f"all {len(found)} of requirements.txt are installed")
    for item in wrong:
        state = f"version {item['version']} is installed" if item["version"] else "not installed"
        cure = f'{PYTHON} -m pip install "{item["requirement"]}"'
        yield Finding("Packages", f"{item['requirement']} is wanted, {state}", cure)


def _device() -> Iterator[Finding]:
    found = _probe("device")
    if isinstance(found, str):
        yield Finding(
            "Device", f"torch does not load: {found}", f"{PYTHON} -m pip install --force-reinstall -r requirements.txt"
        )
        return
    memory = found["memory"]
    text = f"{_size(memory['free'])} of {_size(memory['total'])} free"
    cure = "" if memory["free"] >= ENOUGH_MEMORY else "Close other programs, or use smaller models."
    yield Finding("Memory", text, cure)
    for device in found["devices"]:
        size = f", {_size(device['free'])} of {_size(device['total'])} free" if device["total"] else ""
        yield Finding("Device", device["name"] + size)
    if found["devices"]:
        return
    if shutil.which("nvidia-smi"):
        cure = f"Update the NVIDIA driver, or reinstall torch: {PYTHON} -m pip install --force-reinstall torch"
        yield Finding("Device", f"there is an NVIDIA GPU that torch {found['torch']} cannot use", cure)
    else:
        yield Finding("Device", f"CPU with {found['cores']} cores (torch {found['torch']} sees no GPU)")


def _disk(options: Options) -> Iterator[Finding]:
    folders = {"Disk": ROOT, "Disk of the models": options.models}
    seen = set()
    for subject, folder in folders.items():
        if not folder.is_dir() or folder.stat().st_dev in seen:
            continue
        seen.add(folder.stat().st_dev)
        free = shutil.disk_usage(folder).free
        cure = (
            ""
            if free >= ENOUGH_DISK
            else f"Make room: pictures and caches need some, models 2 to 20 GB each ({folder})."
        )
        yield Finding(subject, f"{_size(free)} free", cure)


def _port(options: Options) -> Finding:
    if is_free(options.host, options.port):
        return Finding("Port", f"{options.port} is free")
    if fetch_json(f"{options.url}/api/problems") is not None:
        return Finding("Port", f"Safelight is running at {options.url}")
    cure = f"python3 launch.py --port {free_port(options.host, options.port)}"
    return Finding("Port", f"{options.port} is used by another program", cure)


def _model_folders(models: Path) -> Iterator[Finding]:
    if not models.is_dir():
        yield Finding(
            "Models", f"there is no folder {models}", "Make it, or name another: python3 launch.py --models DIR"
        )
        return
    counts = []
    for folder in sorted(item for item in models.iterdir() if item.is_dir()):
        if not os.access(folder, os.R_OK | os.X_OK):
            yield Finding(
                "Models", f"{folder} cannot be read", f"Give yourself the right to read it: chmod u+rx {folder}"
            )
            continue
        kinds, problems = _look_through(folder)
        yield from problems
        if kinds:
            counts.append(f"{folder.name} " + ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())))
    yield Finding("Models", f"{models}: " + ("; ".join(counts) or "no files"))


def _look_through(folder: Path) -> tuple[Counter[str], list[Finding]]:
    """How many weight files of each kind a folder holds, and what is wrong with the others."""
    kinds: Counter[str] = Counter()
    problems = []
    for file in sorted(folder.rglob("*")):
        kind = file.suffix.lower()
        if not file.is_file() or kind not in WEIGHTS | UNFINISHED:
            if file.is_symlink() and not file.exists():
                problems.append(Finding("Models", f"{file} is a link to nothing", "Remove it, or mend its target."))
        elif kind in UNFINISHED:
            problems.append(
                Finding("Models", f"{file} is an unfinished download", "Finish the download, or delete it.")
            )
        elif not os.access(file, os.R_OK):
            problems.append(Finding("Models", f"{file} cannot be read", f"chmod u+r {file}"))
        elif file.stat().st_size == 0:
            problems.append(Finding("Models", f"{file} is empty", "Download it again."))
        else:
            kinds[kind] += 1
    return kinds, problems


def _packs(options: Options) -> Iterator[Finding]:
    """What failed to load, from the running server or, if there is none, by loading the nodes now."""
    found = fetch_json(f"{options.url}/api/problems")
    if found is None:
        found = _load_nodes(options.custom_nodes)
    if isinstance(found, str):
        cure = "Mend the packages named above, then start this again."
        yield Finding("Nodes", f"they could not be loaded: {found}", cure)
        return
    if not found:
        yield Finding("Nodes", "the built-in ones and all packs load")
    for problem in found:
        yield Finding(problem.get("subject") or f"Pack {problem['pack']}", problem["message"], problem["cure"])


def _load_nodes(custom_nodes: Path) -> list[dict[str, str]] | str:
    """The problems that loading all nodes meets, or what kept the loading from being tried."""
    answer = _run([str(PYTHON), "-m", "graph.workers.check_packs", "--custom-nodes", str(custom_nodes)])
    problems = [json.loads(line) for line in answer.stdout.splitlines()]
    return problems if problems or answer.returncode == 0 else _complaint(answer)


def _probe(*arguments: str) -> Any:
    return _json_of([str(PYTHON), str(Path(__file__).with_name("probe.py")), *arguments])


def _json_of(command: Sequence[str]) -> Any:
    """What a command prints as JSON, or the last line of its complaint as a string."""
    answer = _run(command)
    return json.loads(answer.stdout) if answer.returncode == 0 else _complaint(answer)


def _run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


def _complaint(answer: "subprocess.CompletedProcess[str]") -> str:
    return (answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"])[-1]


def _size(number: int) -> str:
    return f"{number / GIGABYTE:.1f} GB"
