"""Stand-ins for the names of ComfyUI that Safelight does not have.

A stand-in can be imported, subclassed, called, used as a decorator, a type hint or a default value while a module is
being imported, so that a pack registers its nodes. Whoever uses it later gets one clear error.
"""

import logging
import sys
from abc import ABCMeta
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

logger = logging.getLogger("compat")

_known: dict[str, "Stub"] = {}
_told: set[str] = set()
_pack_folders: list[Path] = []


class NotSupportedError(NotImplementedError):
    """A pack has used something of ComfyUI that Safelight does not have; the message names both."""


class MissingAttributeError(NotSupportedError, AttributeError):
    """The same for an attribute, so that `hasattr` says no."""


def watch_packs(folder: Path) -> None:
    """Remember a folder of packs: messages name the pack whose code has used a stand-in."""
    if folder not in _pack_folders:
        _pack_folders.append(folder)


def stub(name: str) -> "Stub":
    """The stand-in for a dotted name; always the same object for the same name."""
    if name not in _known:
        _known[name] = Stub(name)
    return _known[name]


def unsupported(name: str, kind: type[NotSupportedError] = NotSupportedError) -> NotSupportedError:
    """The error for the use of a name, which says which pack it was."""
    pack = calling_pack(sys._getframe(1))
    needed = f"; the pack '{pack}' needs it" if pack else ""
    return kind(f"{name} is not supported by Safelight{needed}. Use another node instead.")


def pack_of(file: str) -> str | None:
    """The pack that a source file belongs to."""
    path = Path(file)
    for folder in _pack_folders:
        if path.is_relative_to(folder):
            return path.relative_to(folder).parts[0].removesuffix(".py")
    return None


def calling_pack(frame: FrameType | None) -> str | None:
    """The pack whose code is innermost on the stack of `frame`."""
    while frame is not None:
        if pack := pack_of(frame.f_code.co_filename):
            return pack
        frame = frame.f_back
    return None


def importing() -> bool:
    """Whether this thread is executing the body of a module that is being imported."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") != "__main__":
            return True
        frame = frame.f_back
    return False


def is_special(name: str) -> bool:
    """Whether a name is one of Python's own protocols, which no stand-in takes part in."""
    return name.startswith("__") and name.endswith("__")


class StubClass(ABCMeta):
    """The type of the classes that take a stand-in's place among the bases of a class."""

    stub_name: str

    def __getattr__(cls, name: str) -> Any:
        return _attribute(cls.stub_name, name)


class StubBase(metaclass=StubClass):
    """What a class inherits from that names a stand-in as its base."""

    stub_name = "a class"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__()

    def __init__(self, *values: Any, **named: Any) -> None:
        if not importing():
            raise unsupported(self.stub_name)

    def __getattr__(self, name: str) -> Any:
        return _attribute(self.stub_name, name)


def _attribute(owner: str, name: str) -> "Stub":
    if is_special(name) or name.startswith("_abc_"):
        raise AttributeError(name)
    if importing():
        return stub(f"{owner}.{name}")
    raise unsupported(f"{owner}.{name}", MissingAttributeError)


def _at_import(result: Callable[["Stub"], Any]) -> Callable[..., Any]:
    """A method that gives `result` while a module is imported, and raises later."""

    def method(self: "Stub", *values: Any, **named: Any) -> Any:
        if importing():
            return result(self)
        raise unsupported(vars(self)["_name"])

    return method


def _itself(self: "Stub", *_: Any) -> "Stub":
    return self


class Stub:
    """The stand-in for a function, a class or a value."""

    _name: str
    _base: StubClass

    def __init__(self, name: str) -> None:
        module, _, short = name.rpartition(".")
        base = StubClass(short, (StubBase,), {"stub_name": name, "__module__": module})
        vars(self).update(_name=name, _base=base, __name__=short, __qualname__=short, __module__=module)

    def __repr__(self) -> str:
        return f"<{self._name}, which Safelight does not have>"

    def __getattr__(self, name: str) -> Any:
        if is_special(name):
            raise AttributeError(name)
        return stub(f"{self._name}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        tell_replaced(f"{self._name}.{name}")
        vars(self)[name] = value

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self._base,)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._base)

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._base)

    def __reduce__(self) -> tuple[Any, ...]:
        return stub, (self._name,)

    def __iter__(self) -> Iterator[Any]:
        if importing():
            return iter(())
        raise unsupported(self._name)

    # A union of types is written in signatures, which are read at any time.
    __or__ = __ror__ = _itself
    __copy__ = __deepcopy__ = _itself

    __call__ = _at_import(lambda self: Stub(f"{self._name}()"))
    __getitem__ = __enter__ = __neg__ = __invert__ = _at_import(lambda self: self)
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _at_import(lambda self: self)
    __truediv__ = __rtruediv__ = __floordiv__ = __mod__ = __pow__ = __and__ = __rand__ = _at_import(lambda self: self)
    __setitem__ = __delitem__ = __exit__ = _at_import(lambda self: None)
    __bool__ = __contains__ = __lt__ = __le__ = __gt__ = __ge__ = _at_import(lambda self: False)
    __len__ = __int__ = __index__ = _at_import(lambda self: 0)
    __float__ = _at_import(lambda self: 0.0)


class StubModule(ModuleType):
    """A module of ComfyUI of which nothing, or only some modules below it, is there."""

    def __getattr__(self, name: str) -> Any:
        if is_special(name):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        return stub(f"{self.__name__}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        if not is_special(name) and not isinstance(value, ModuleType):
            tell_replaced(f"{self.__name__}.{name}")
        super().__setattr__(name, value)


def tell_replaced(name: str) -> None:
    """Say, once, that a pack puts something of its own in the place of a name that Safelight never looks at."""
    if name in _told:
        return
    _told.add(name)
    pack = calling_pack(sys._getframe(1))
    who = f"The pack '{pack}'" if pack else "A pack"
    logger.warning("%s replaces %s of ComfyUI, which changes nothing here: Safelight does not use it.", who, name)
