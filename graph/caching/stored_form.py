"""Plain data as bytes and back: exactly, and without pickle, so that nothing that is read can run code.

Plain are None, bool, int of 64 bits, float, complex, str, bytes, bytearray, list, tuple, dict, set and frozenset, the
wrappers of graph.values, and the types for which there is a codec (tensors and arrays, which the nodes' package
registers: the engine imports no such library). Types are taken exactly: an instance of a subclass would come back as
something else, so it is not plain.

The stored form is little more than MessagePack:

    magic, digest of the head, length of the head | head: label, tree, (length, digest) of each buffer | the buffers

Containers become arrays that begin with their tag. Digests are BLAKE3; they and the lengths are checked on reading.
"""

import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any

import msgspec
from blake3 import blake3

from graph.values import Blocked, Items

__all__ = ["Codec", "DamagedError", "Frozen", "NotPlainError", "freeze", "load", "register"]

MAGIC = b"safelight data 1" + sys.byteorder[:1].encode()
"""Changes with the stored form, so that what another version has written is not taken for data."""
_START = struct.Struct(f"<{len(MAGIC)}s32sQ")
_HEAD: msgspec.msgpack.Decoder[tuple[str, bytes, list[tuple[int, bytes]]]] = msgspec.msgpack.Decoder(
    tuple[str, bytes, list[tuple[int, bytes]]]
)
_SCALARS = frozenset({type(None), bool, int, float, str, bytes})
_SEQUENCES: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset", Items: "items"}
_MAKERS: dict[str, Callable[[Iterable[Any]], Any]] = {tag: kind for kind, tag in _SEQUENCES.items()}
# Deeper or larger trees cost more to store than they are worth; one that contains itself has no end at all.
MOST_LEVELS = 60
MOST_CONTAINERS = 200_000


class NotPlainError(ValueError):
    """A value that has no stored form."""


class DamagedError(ValueError):
    """Bytes that are not the stored form of what was asked for."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How values of a type are stored: a description, which is plain data, and a buffer.

    `take` copies both out of a value, or raises NotPlainError. `make` gives a new value of that description and the
    memory of its buffer, into which the bytes are then read; it may raise anything for a description that is wrong.
    """

    name: str
    take: Callable[[Any], tuple[Any, bytes]]
    make: Callable[[Any], tuple[Any, memoryview]]


_codecs: dict[type, Codec] = {}
_named: dict[str, Codec] = {}


def register(types: Iterable[type], codec: Codec) -> None:
    """Store values of exactly these types with a codec. Its name is part of the stored form."""
    _named[codec.name] = codec
    _codecs.update(dict.fromkeys(types, codec))


@dataclass(frozen=True, slots=True)
class Frozen:
    """A value as it was when it was frozen: changing it later changes nothing here."""

    tree: bytes
    buffers: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """About how many bytes the stored form has."""
        return len(self.tree) + sum(map(len, self.buffers)) + 200

    def chunks(self, label: str) -> Iterator[bytes]:
        """The stored form. `label` says what it is of; `load` must be given the same."""
        table = [(len(buffer), blake3(buffer).digest()) for buffer in self.buffers]
        head = msgspec.msgpack.encode((label, self.tree, table))
        yield _START.pack(MAGIC, blake3(head).digest(), len(head))
        yield head
        yield from self.buffers


def freeze(value: Any) -> Frozen:
    """Take a copy of a value. Raises NotPlainError."""
    freezer = _Freezer()
    try:
        tree = msgspec.msgpack.encode(freezer.freeze(value, 0))
    except (OverflowError, UnicodeEncodeError) as error:  # numbers beyond 64 bits, half a surrogate pair
        raise NotPlainError(str(error)) from None
    return Frozen(tree, tuple(freezer.buffers))


def load(file: BufferedIOBase, label: str) -> Any:
    """Read a value. Raises DamagedError for anything but the complete stored form with this label, and OSError."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(_START.size)
    if len(start) < _START.size:
        raise DamagedError("it ends within its first bytes")
    magic, digest, length = _START.unpack(start)
    if magic != MAGIC or length > size:
        raise DamagedError("it has another format")
    head = file.read(length)
    if blake3(head).digest() != digest:
        raise DamagedError("its head is damaged")
    try:
        found, tree, table = _HEAD.decode(head)
        if found != label:
            raise DamagedError("it is something else")
        if _START.size + length + sum(count for count, _ in table) != size:
            raise DamagedError("its length is wrong")
        return _Thawer(file, table).thaw(msgspec.msgpack.decode(tree))
    except (DamagedError, OSError):
        raise
    except Exception as error:  # a codec may raise anything for a description that it does not know
        raise DamagedError(f"it cannot be read ({type(error).__name__}: {error})") from error


class _Freezer:
    def __init__(self) -> None:
        self.buffers: list[bytes] = []
        self._places: dict[int, int] = {}
        self._containers = 0

    def freeze(self, value: Any, level: int) -> Any:
        """The node of the tree for a value; what has a codec leaves its bytes in `buffers`, once for each object."""
        kind = type(value)
        if kind in _SCALARS:
            return value
        self._containers += 1
        if level > MOST_LEVELS or self._containers > MOST_CONTAINERS:
            raise NotPlainError("it is nested too deeply, or too large")
        if tag := _SEQUENCES.get(kind):
            return [tag, *self._all(value, level)]
        if kind is dict:
            return ["dict", self._all(value.keys(), level), self._all(value.values(), level)]
        if codec := _codecs.get(kind):
            return self._with(codec, value)
        if kind is Blocked:
            return ["blocked", self.freeze(value.message, level + 1)]
        if kind is complex:
            return ["complex", value.real, value.imag]
        if kind is bytearray:
            return ["bytearray", bytes(value)]
        raise NotPlainError(f"a {kind.__name__} has no stored form")

    def _all(self, values: Iterable[Any], level: int) -> list[Any]:
        items = list(values)
        if _SCALARS.issuperset(map(type, items)):  # long lists of numbers at the speed of C
            return items
        return [self.freeze(item, level + 1) for item in items]

    def _with(self, codec: Codec, value: Any) -> list[Any]:
        place = self._places.get(id(value))
        if place is not None:
            return ["same", place]
        self._places[id(value)] = len(self.buffers)
        description, buffer = codec.take(value)
        self.buffers.append(buffer)
        return ["codec", codec.name, self.freeze(description, 0)]


class _Thawer:
    def __init__(self, file: BufferedIOBase, table: list[tuple[int, bytes]]) -> None:
        self._file = file
        self._table = iter(table)
        self._made: list[Any] = []

    def thaw(self, node: Any) -> Any:
        """The value of a node of the tree. Buffers are read in the order in which they were written."""
        if type(node) is not list:
            return node
        match node:
            case ["dict", keys, values]:
                return dict(zip(self._all(keys), self._all(values), strict=True))
            case ["codec", name, description]:
                return self._read(_named[name], self.thaw(description))
            case ["same", place]:
                return self._made[place]
            case ["blocked", message]:
                return Blocked(message)
            case ["complex", real, imaginary]:
                return complex(real, imaginary)
            case ["bytearray", content]:
                return bytearray(content)
        return _MAKERS[node[0]](self._all(node[1:]))

    def _all(self, nodes: list[Any]) -> list[Any]:
        return [self.thaw(node) if type(node) is list else node for node in nodes]

    def _read(self, codec: Codec, description: Any) -> Any:
        length, digest = next(self._table)
        value, memory = codec.make(description)
        if memory.nbytes != length or self._file.readinto(memory) != length:
            raise DamagedError("the length of a buffer is wrong")
        if blake3(memory).digest() != digest:
            raise DamagedError("a buffer is damaged")
        self._made.append(value)
        return value
