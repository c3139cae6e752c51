"""How much memory a value holds, without importing the libraries that it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a Python object costs beside its data; exactness is of no use, zero would make millions of numbers free.
OBJECT_BYTES = 64


@dataclass(frozen=True, slots=True)
class Size:
    """`bytes` that were found; `plain` is false if something is a handle, whose memory belongs to somebody else."""

    bytes: int
    plain: bool


def size_of(value: Any) -> Size:
    """Walk containers down to tensors, arrays, pictures, text and numbers. Memory that is shared counts once.

    A tensor counts with its whole storage, which a view keeps alive.
    """
    total, plain = 0, True
    seen: set[int] = set()
    storages: set[int] = set()
    pending = [value]
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        total += OBJECT_BYTES
        match item:
            case None | bool() | int() | float() | complex():
                pass
            case str() | bytes() | bytearray():
                total += len(item)
            case Mapping():
                pending.extend(item.keys())
                pending.extend(item.values())
            case list() | tuple() | set() | frozenset():
                pending.extend(item)
            case _ if hasattr(item, "untyped_storage"):
                storage = item.untyped_storage()
                if storage.data_ptr() not in storages:
                    storages.add(storage.data_ptr())
                    total += storage.nbytes()
            case _ if hasattr(item, "nbytes"):
                total += item.nbytes
            case _:
                plain = False
    return Size(total, plain)
