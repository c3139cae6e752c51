"""What only the environment's own Python can tell: run by the doctor in it, answers as JSON.

python launcher/probe.py packages FILE…    every requirement, with the version that is installed and whether it fits
python launcher/probe.py device            what torch would compute on, and the memory
"""

import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any


def packages(files: list[str]) -> list[dict[str, Any]]:
    """Compare requirements files with what is installed."""
    from pip._vendor.packaging.requirements import Requirement  # comes with every virtual environment

    found = []
    for file in files:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            text = line.partition("#")[0].strip()
            if not text:
                continue
            requirement = Requirement(text)
            if requirement.marker and not requirement.marker.evaluate():
                continue
            try:
                version = importlib.metadata.version(requirement.name)
            except importlib.metadata.PackageNotFoundError:
                version = None
            fits = version is not None and requirement.specifier.contains(version, prereleases=True)
            found.append({"requirement": text, "version": version, "fits": fits})
    return found


def device() -> dict[str, Any]:
    """The devices of torch with their memory in bytes, and that of the machine."""
    import psutil
    import torch

    devices = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        devices.append({"name": torch.cuda.get_device_name(index), "free": free, "total": total})
    if torch.backends.mps.is_available():
        devices.append({"name": "Apple GPU (shares the machine's memory)", "free": None, "total": None})
    memory = psutil.virtual_memory()
    return {
        "torch": torch.__version__,
        "cores": psutil.cpu_count(logical=False) or psutil.cpu_count(),
        "memory": {"free": memory.available, "total": memory.total},
        "devices": devices,
    }


if __name__ == "__main__":
    print(json.dumps(packages(sys.argv[2:]) if sys.argv[1] == "packages" else device()))
