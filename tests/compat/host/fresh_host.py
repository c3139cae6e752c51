"""The host modules, imported for folders of a test's own and forgotten afterwards: they know one installation only."""

import contextlib
import importlib
import sys

import compat
from graph.folders import Folders
from graph.workers.host import Host
from graph.workers.worker import WorkerSettings

AREAS = ("base", "models", "input", "output", "temp", "user", "custom_nodes")


class HostModules:
    """`modules.toolbox` is `compat.host.toolbox`; `said` has the frames that were sent to clients."""

    def __init__(self, base):
        self.folders = Folders.under(base)
        self.said = []
        folders = {area: str(getattr(self.folders, area)) for area in AREAS}
        settings = WorkerSettings(packages=[], device="cpu", **folders)
        self.host = Host(self.folders, settings, lambda *frame: self.said.append(frame))

    def __getattr__(self, name):
        try:
            return importlib.import_module(f"compat.host.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(name) from error


def _ours():
    """All host modules but the stand-ins, whose errors tests name."""
    kept = "compat.host.stubs"
    return {name: it for name, it in sys.modules.items() if f"{name}.".startswith("compat.host.") and name != kept}


@contextlib.contextmanager
def host_modules(base):
    """Fresh host modules for the folders below `base`."""
    before = _ours()
    for name in before:
        del sys.modules[name]
    modules = HostModules(base)
    modules.installation.set_host(modules.host)
    try:
        yield modules
    finally:
        for name in _ours():
            del sys.modules[name]
        sys.modules.update(before)
        if "compat.host" in before:
            compat.host = before["compat.host"]


@contextlib.contextmanager
def without_traces(*classes):
    """Take away from classes what was added to them in between."""
    before = [dict(vars(cls)) for cls in classes]
    try:
        yield
    finally:
        for cls, names in zip(classes, before, strict=True):
            for name in vars(cls).keys() - names.keys():
                delattr(cls, name)
            for name, value in names.items():
                if vars(cls).get(name) is not value:
                    setattr(cls, name, value)
