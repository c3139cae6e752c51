"""What packs want to be installed beside them, compared with what is."""

import importlib.metadata
import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

STAND_INS = {
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "opencv-contrib-python": ("opencv-contrib-python-headless",),
    "onnxruntime": ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"),
    "onnxruntime-gpu": ("onnxruntime",),
}
"""Distributions that bring the same modules as another one, which packs ask for."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """A requirement that the installed packages do not fulfil; `installed` is the version that is there, if one is."""

    requirement: str
    installed: str | None

    def __str__(self) -> str:
        return f"{self.requirement} (installed: {self.installed or 'none'})"


def requirement_lines(text: str) -> list[str]:
    """The requirements of a `requirements.txt`, without options, paths and addresses, whose names pip alone knows."""
    lines = re.sub(r"\\\r?\n", " ", text).splitlines()
    found = (re.sub(r"(^|\s)#.*$|\s--\w.*$", "", line).strip() for line in lines)
    return [line for line in found if line and _read(line)]


def unmet(requirements: Iterable[str]) -> list[Unmet]:
    """Those of the requirements that what is installed does not fulfil, without those for other systems."""
    found = []
    for text in dict.fromkeys(requirements):
        requirement = _read(text)
        if requirement is None or (requirement.marker and not requirement.marker.evaluate()):
            continue
        version = installed_version(requirement.name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            found.append(Unmet(text, version))
    return found


def installed_version(name: str) -> str | None:
    """The version of an installed distribution, or of one that brings the same modules; None if there is none."""
    for candidate in (name, *STAND_INS.get(canonicalize_name(name), ())):
        try:
            return importlib.metadata.version(candidate)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def _read(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None
