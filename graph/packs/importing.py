"""Importing modules that may fail: the built-in node modules and the packs in custom_nodes.

A module that cannot be imported becomes a `PackProblem` that says what to do; everything else goes on.
"""

import contextlib
import gc
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from graph.messages import PackProblem
from graph.packs.folder import PackFolder
from graph.packs.requirements import Unmet, unmet

STARTUP_SCRIPT = "prestartup_script.py"
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
    """A module that was imported, under the name by which people know it; where it could not be, `module` is None.

    `problem` says why, or what its pack lacks all the same. `code` is a fingerprint of its files, `seconds` how long
    the import took.
    """

    name: str
    module: ModuleType | None
    problem: PackProblem | None = None
    pack: PackFolder | None = None
    code: str = ""
    seconds: float = 0.0


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """For imports: modules are no garbage, and to look for some among them would take a sixth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def import_package(package: str) -> Iterator[Imported]:
    """Import every module of an installed package.

    Raises ImportError if the package itself cannot be imported: then the installation is broken.
    """
    root = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda info: info.name):
        name = f"{package}.{info.name}"
        module, error = _attempt(partial(importlib.import_module, name))
        yield Imported(name, module, _problem(name, error, _explain(error, None, [])) if error else None)


def import_pack(pack: PackFolder) -> Imported:
    """Import a pack, or say what keeps it from being imported and what it lacks."""
    if pack.problem:
        cure = "Mend its files, or get them anew; `python3 launch.py pack disable` leaves it out."
        return Imported(pack.name, None, PackProblem(pack.name, pack.problem, cure), pack)
    lacking = unmet(pack.requirements)
    begun = time.perf_counter()
    module, error = _attempt(partial(_import_source, pack))
    seconds = time.perf_counter() - begun
    if error:
        return Imported(pack.name, None, _problem(pack.name, error, _explain(error, pack, lacking)), pack)
    problem = None
    if lacking:
        cure = f"Run {_install(pack)} if one of its nodes fails, then restart."
        problem = PackProblem(pack.name, f"It is loaded, but {_wants(lacking)}.", cure)
    return Imported(pack.name, module, problem, pack, code_of(pack), seconds)


def forget_pack(pack: PackFolder) -> None:
    """Take a pack's modules out of this process, so that the next import reads its files as they are then."""
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{pack.module_name}.")]:
        del sys.modules[name]
    # Compiled files are known by the second and the size of their source, which a quick edit may leave as they were.
    for compiled in pack.path.rglob("__pycache__/*.pyc") if pack.path.is_dir() else ():
        with contextlib.suppress(OSError):
            compiled.unlink()
    importlib.invalidate_caches()


def run_startup_script(pack: PackFolder) -> PackProblem | None:
    """Run what a pack wants to happen before anything heavy is imported, such as settings of the environment."""
    script = pack.path / STARTUP_SCRIPT
    if not script.is_file():
        return None
    _, error = _attempt(partial(_execute, f"{pack.module_name}.prestartup_script", script, None))
    if error is None:
        return None
    message, cure = _explain(error, pack, unmet(pack.requirements))
    return _problem(pack.name, error, (f"Its {STARTUP_SCRIPT} failed. {message}", cure))


def code_of(pack: PackFolder) -> str:
    """A fingerprint of a pack's code: results of other code are not those of its nodes."""
    digest = hashlib.sha256()
    for path in pack.files():
        if path.suffix == ".py":
            digest.update(f"{path.relative_to(pack.path.parent).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _import_source(pack: PackFolder) -> ModuleType:
    return _execute(pack.module_name, pack.source, pack.path if pack.path.is_dir() else None)


def _execute(name: str, source: Path, package: Path | None) -> ModuleType:
    places = [str(package)] if package else None
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=places)
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


def _attempt(load: Callable[[], ModuleType]) -> tuple[ModuleType | None, BaseException | None]:
    try:
        return load(), None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a pack may raise anything, and the others must still load
        return None, error


def _problem(name: str, error: BaseException, explained: tuple[str, str]) -> PackProblem:
    return PackProblem(name, *explained, "".join(traceback.format_exception(error)))


def _explain(error: BaseException, pack: PackFolder | None, lacking: list[Unmet]) -> tuple[str, str]:
    """What to tell the user of an import that failed: a message and its cure."""
    message, cure = _reason(error, pack)
    if pack and lacking:
        wants = _wants(lacking)
        return f"{message} {wants[0].upper()}{wants[1:]}.", f"Run {_install(pack)}, then restart."
    return message, cure


def _reason(error: BaseException, pack: PackFolder | None) -> tuple[str, str]:
    match error:
        case ModuleNotFoundError(name=str() as missing):
            top = missing.split(".")[0]
            distribution = DISTRIBUTIONS.get(top, top)
            command = _install(pack, distribution) if pack else f"`pip install {distribution}`"
            return f"The Python module '{missing}' is not installed.", f"Install it with {command}, then restart."
        case SyntaxError():
            return (
                f"Line {error.lineno} of '{Path(error.filename or '').name}' is no valid Python: {error.msg}.",
                "Mend that line, or get a version of the pack for this version of Python.",
            )
        case ImportError():
            return f"An import failed: {error}.", "Another version of a package, or of the pack, is needed."
    return (
        f"{type(error).__name__} while it was loaded: {error}",
        "Update the pack, or leave it out with `python3 launch.py pack disable`.",
    )


def _install(pack: PackFolder, *more: str) -> str:
    return f"`{' '.join(['python3 launch.py pack install', pack.name, *more])}`"


def _wants(lacking: list[Unmet]) -> str:
    return f"it wants {', '.join(map(str, lacking))}"
