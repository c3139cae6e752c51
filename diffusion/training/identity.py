"""Telling whether two networks have the same weights, quickly: a run goes on only with the model that it began with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any

import torch
from blake3 import blake3
from torch import Tensor

from diffusion.component import Patches, Source, changes_of

_BYTES = 4096  # of each tensor, which a training does not leave as they were


def digest(source: Source | None, patches: Patches = ()) -> str:
    """A hash of names, shapes and the beginning of every tensor of a network, as it is under its patches."""
    found = blake3()
    if source is None:
        return found.hexdigest()
    changes = changes_of(patches)
    for name in sorted(source.shapes):
        entry = source.component.entry(name)
        tensor = source.tensor(name, changes[name]) if name in changes else source.weights[entry.name]
        found.update(f"{name} {entry.part} {tuple(tensor.shape)} {tensor.dtype}".encode())
        found.update(_beginning(tensor))
    return found.hexdigest()


def fingerprint(value: Any) -> str:
    """A hash of settings: of plain values, tensors, functions by their names, and what consists of these.

    What objects compute for themselves, in attributes whose names begin with an underscore, does not count.
    """
    found = blake3()
    for piece in _pieces(value):
        found.update(len(piece).to_bytes(8) + piece)
    return found.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    yield type(value).__qualname__.encode()
    match value:
        case None | bool() | int() | float() | str() | PurePath():
            yield repr(value).encode("utf-8", "backslashreplace")
        case Tensor():
            yield f"{tuple(value.shape)} {value.dtype}".encode()
            yield value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        case Source():
            yield digest(value).encode()
        case Mapping():
            for key in sorted(value, key=repr):
                yield from (*_pieces(key), *_pieces(value[key]))
        case list() | tuple() | set() | frozenset():
            items: Iterable[Any] = value if isinstance(value, list | tuple) else sorted(value, key=repr)
            for item in items:
                yield from _pieces(item)
        case _ if callable(value) and hasattr(value, "__qualname__"):
            yield f"{value.__module__}.{value.__qualname__}".encode()
        case _:
            names = (
                [each.name for each in fields(value)] if is_dataclass(value) else sorted(getattr(value, "__dict__", ()))
            )
            for name in names:
                if not name.startswith("_"):
                    yield name.encode()
                    yield from _pieces(getattr(value, name))


def _beginning(tensor: Tensor) -> bytes:
    start = tensor.detach().flatten()[: max(1, _BYTES // tensor.element_size())]
    return start.cpu().contiguous().view(torch.uint8).numpy().tobytes()
