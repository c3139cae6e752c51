"""Keys of results: equal keys are equal results, across jobs, processes and restarts.

A key is a hash of the node's id and version, its literals, the content of the files that these name, and the keys of
its inputs with their output indices: a Merkle tree, so that the keys of a graph cost time linear in its size. Node ids
of the prompt, titles and the names of aliases do not take part.
"""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from blake3 import blake3

from graph.declare import InputError
from graph.folders import Folders
from graph.plan import Step
from graph.types import WIDGET_TYPES

ContentHash = Callable[[Path], str]


def key_of(step: Step, input_keys: Mapping[str, str], folders: Folders, content: ContentHash) -> str:
    """The key of a step, given the keys of the nodes that it is linked to.

    Raises InputError for a file that is not there, OSError for one that cannot be read, and whatever the node's
    fingerprint raises.
    """
    spec = step.spec
    parts: list[Any] = [spec.id, spec.version]
    parts.append(sorted(step.literals.items()))
    parts.append(sorted((name, input_keys[source], slot) for name, (source, slot) in step.links.items()))
    for item in spec.inputs:
        name = step.literals.get(item.name)
        if item.files and isinstance(name, str):
            try:
                parts.append(content(file_path(item.files, name, folders)))
            except FileNotFoundError as error:
                raise InputError(item.name, str(error)) from None
    if spec.fingerprint:
        widgets = {item.name: step.literals.get(item.name) for item in spec.inputs if item.type in WIDGET_TYPES}
        parts.append(repr(spec.fingerprint(folders, **widgets)))
    if spec.always:
        parts.append(uuid.uuid4().hex)
    return blake3(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def file_path(kind: str, name: str, folders: Folders) -> Path:
    """The file that an input of a folder kind names."""
    return folders.input_path(name) if kind == "input" else folders.model_path(kind, name)
