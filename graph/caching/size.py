"""How much memory a value holds, without importing the libraries that it comes from."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.values import Blocked

# What a Python object costs beside its data; exactness is of no use, zero would make millions of numbers free.
OBJECT_BYTES = 64


@dataclass(frozen=True, slots=True)
class Size:
    """What a value holds.

    `own` are the bytes that go with it. `shared` are those of the storages that it keeps alive, by what identifies a
    storage in this process: other values may keep the same ones alive. `plain` is false if something is a handle,
    whose memory belongs to somebody else.
    """

    own: int
    shared: Mapping[Hashable, int] = field(default_factory=dict)
    plain: bool = True

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.own + sum(self.shared.values())


def size_of(value: Any) -> Size:
    """Walk containers down to tensors, arrays, pictures, text and numbers. Memory that is shared counts once.

    A tensor or an array counts with its whole storage, which a view keeps alive.
    """
    own, plain = 0, True
    shared: dict[Hashable, int] = {}
    seen: set[int] = set()
    pending = [value]
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        own += OBJECT_BYTES
        match item:
            case None | bool() | int() | float() | complex() | Blocked():
                pass
            case str() | bytes() | bytearray():
                own += len(item)
            case Mapping():
                pending.extend(item.keys())
                pending.extend(item.values())
            case list() | tuple() | set() | frozenset():
                pending.extend(item)
            case _ if hasattr(item, "untyped_storage"):
                storage, size = _storage(item)
                shared[storage] = size
            case _ if hasattr(item, "nbytes"):
                owner = _owner(item)
                shared[id(owner)] = owner.nbytes
            case _:
                plain = False
    return Size(own, shared, plain)


def _storage(tensor: Any) -> tuple[Hashable, int]:
    """What identifies the storage of a tensor, and its bytes; of a sparse one, which has several, the whole."""
    try:
        storage = tensor.untyped_storage()
        return (str(storage.device), storage.data_ptr()), storage.nbytes()
    except (RuntimeError, NotImplementedError):
        return id(tensor), tensor.numel() * tensor.element_size()


def _owner(array: Any) -> Any:
    """The array whose memory this one is a view of; itself, if it is none."""
    while isinstance(base := getattr(array, "base", None), type(array)):
        array = base
    return array
