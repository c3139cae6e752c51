"""Importing modules that may fail: the built-in node modules and the packs in custom_nodes.

A module that cannot be imported becomes a `PackProblem` that says what to do; everything else goes on.
"""

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from graph.messages import PackProblem

# Packages on PyPI whose name differs from that of their module, as packs use them most.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "yaml": "pyyaml",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "bs4": "beautifulsoup4",
    "dotenv": "python-dotenv",
    "git": "gitpython",
    "google": "google-genai",
    "OpenSSL": "pyopenssl",
    "Crypto": "pycryptodome",
    "pkg_resources": "setuptools",
    "ffmpeg": "ffmpeg-python",
    "open_clip": "open-clip-torch",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """A module that was imported, under the name by which people know it, or the problem instead."""

    name: str
    module: ModuleType | None
    problem: PackProblem | None


def import_package(package: str) -> Iterator[Imported]:
    """Import every module of an installed package.

    Raises ImportError if the package itself cannot be imported: then the installation is broken.
    """
    root = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda info: info.name):
        name = f"{package}.{info.name}"
        yield _attempt(name, "", partial(importlib.import_module, name))


def import_packs(folder: Path) -> Iterator[Imported]:
    """Import every pack of a folder: each folder with an `__init__.py` and each `.py` file.

    Left out is what is hidden, starts with `__`, or ends with `.disabled`.
    """
    for path in pack_paths(folder):
        requirements = path / "requirements.txt"
        install = f"`pip install -r {path.parent.name}/{path.name}/requirements.txt`" if requirements.is_file() else ""
        yield _attempt(path.name, install, partial(_import_path, path))


def pack_paths(folder: Path) -> list[Path]:
    """The packs of a folder, sorted by name."""
    if not folder.is_dir():
        return []
    paths = (path for path in folder.iterdir() if not path.name.startswith((".", "__")) and path.suffix != ".disabled")
    return sorted(path for path in paths if path.suffix == ".py" or (path / "__init__.py").is_file())


def _import_path(path: Path) -> ModuleType:
    name = f"custom_nodes.{path.stem if path.is_file() else path.name.replace('.', '_')}"
    source = path if path.is_file() else path / "__init__.py"
    spec = importlib.util.spec_from_file_location(
        name, source, submodule_search_locations=None if path.is_file() else [str(path)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"'{source.name}' is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it is executed, so that its relative imports find their package
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _attempt(name: str, install: str, load: Callable[[], ModuleType]) -> Imported:
    try:
        return Imported(name, load(), None)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a pack may raise anything, and the others must still load
        message, cure = _explain(error, install)
        return Imported(name, None, PackProblem(name, message, cure, "".join(traceback.format_exception(error))))


def _explain(error: BaseException, install: str) -> tuple[str, str]:
    match error:
        case ModuleNotFoundError(name=str() as missing):
            top = missing.split(".")[0]
            return (
                f"The Python module '{missing}' is not installed.",
                f"Install it with {install or f'`pip install {DISTRIBUTIONS.get(top, top)}`'}, then restart.",
            )
        case SyntaxError():
            return (
                f"Line {error.lineno} of '{Path(error.filename or '').name}' is no valid Python: {error.msg}.",
                "Mend that line, or get a version of the pack for this version of Python.",
            )
        case ImportError():
            return (
                f"An import failed: {error}.",
                f"Another version of a package is needed{f'; try {install}' if install else ''}.",
            )
    return (
        f"{type(error).__name__} while it was loaded: {error}",
        "Update the pack, or disable it by adding '.disabled' to its name.",
    )
