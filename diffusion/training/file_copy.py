"""Copies of trained files under another name, which their metadata says too."""

import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from diffusion.content_hashes import UNKNOWN, content_hashes
from diffusion.training.metadata import NAMED
from diffusion.weights import WeightsError, is_pickle, load_pickle, read_header

TITLE = "modelspec.title"
COPY_OF = "copy_of"  # in the metadata, and in the pickles of hypernetworks: the name of the file that it is a copy of
CHUNK = 1 << 24  # bytes that are copied at once


def is_copy(path: Path) -> bool:
    """Whether a file was made by `copy_as`; not where it cannot be read."""
    try:
        if is_pickle(path):
            content = load_pickle(path, "meta")
            return isinstance(content, dict) and COPY_OF in content
        return COPY_OF in read_header(path).metadata
    except WeightsError:
        return False


def copy_as(source: Path, path: Path) -> None:
    """Copy a trained file to `path`, by whose name it is called from then on.

    An interrupted copy leaves what was there as it was. Raises `WeightsError`.
    """
    partial = path.with_name(path.name + ".part")
    try:
        if is_pickle(source):
            torch.save({**load_pickle(source), "name": path.stem, COPY_OF: source.name}, partial)
        else:
            titled = {TITLE: path.stem} if TITLE in read_header(source).metadata else {}
            _copy(source, partial, {NAMED: path.stem, COPY_OF: source.name, **titled})
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        raise WeightsError(f"{path.name} cannot be written ({error}): make room for it, and try again.") from error


def _copy(source: Path, path: Path, entries: Mapping[str, str]) -> None:
    """Copy a sound safetensors file, with further entries in its metadata."""
    with source.open("rb") as original, path.open("wb") as copy:
        [length] = struct.unpack("<Q", original.read(8))
        header = json.loads(original.read(length))
        metadata = header["__metadata__"] = {**header.get("__metadata__", {}), **entries}
        copy.write(_beginning(header))
        shutil.copyfileobj(original, copy, CHUNK)
    if said := UNKNOWN.keys() & metadata.keys():
        hashes = content_hashes(path)  # one of them is of the name too
        metadata.update({name: hashes[name] for name in said})
        with path.open("r+b") as copy:
            copy.write(_beginning(header))  # as long as before, as hashes are


def _beginning(header: dict[str, Any]) -> bytes:
    """A safetensors file up to its tensors, which begin at a multiple of their numbers' size."""
    metadata = dict(sorted(header["__metadata__"].items()))
    text = json.dumps({**header, "__metadata__": metadata}, separators=(",", ":"), ensure_ascii=False).encode()
    padded = text.ljust(-(-len(text) // 8) * 8)
    return struct.pack("<Q", len(padded)) + padded
