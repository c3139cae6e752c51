"""Keys of results: equal keys are equal results, across jobs, processes and restarts.

A key is a hash of the node's id, version and code, its literals, the content of the files that these name, and the keys
of its inputs with their output indices: a Merkle tree, so that the keys of a graph cost time linear in its size. Node
ids of the prompt, titles and the names of aliases do not take part, but for nodes that are not idempotent or read the
graph.
"""

import math
import uuid
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from graph.execution.order import depth_first
from graph.execution.plan import Plan, Step
from graph.folders import Folders
from graph.input_error import InputError
from graph.node_spec import NodeSpec
from graph.types import WIDGET_TYPES

ContentHash = Callable[[Path], str]
KEY_DIGITS = 40

_encode = msgspec.json.Encoder(order="deterministic").encode


class Keys:
    """The keys of the steps of a graph, made one after the other, sources first.

    `salt` is what else results depend on: the device, versions of libraries.
    """

    def __init__(
        self, folders: Folders, content: ContentHash, salt: str = "", steps: Mapping[str, Step] = MappingProxyType({})
    ) -> None:
        """`steps` has all steps of the graph, for those that read it."""
        self._steps = steps
        self._folders = folders
        self._content = content
        self._salt = salt
        self.random: set[str] = set()
        """The steps that give something else each time that they run."""
        self.unique: set[str] = set()
        """Those and all that depend on them: their keys never come again, so there is no use in caching results."""
        self._types: dict[int, tuple[bytes, bool]] = {}
        self._keys: dict[str, str] = {}

    def __getitem__(self, id: str) -> str:
        return self._keys[id]

    def add(self, step: Step) -> str:
        """Make the key of a step whose sources have theirs.

        Raises InputError for a file that is not there, OSError for one that cannot be read, and whatever the node's
        fingerprint raises.
        """
        start, pure = self._types.get(id(step.spec)) or self._type(step.spec)
        keys = self._keys
        links = {name: (keys[source], slot) for name, (source, slot) in step.links.items()}
        literals = step.literals if step.parent is None else self._without_objects(step, step.parent)
        parts = start + _encode((literals, links))
        if not pure:
            parts += _encode(self._more(step))
        if self.unique and any(source in self.unique for source, _ in step.links.values()):
            self.unique.add(step.id)
        key = keys[step.id] = sha256(parts).hexdigest()[:KEY_DIGITS]
        return key

    def set_apart(self, id: str) -> None:
        """What a step has given is not what its key stands for: it gets a key that never comes again.

        So do those that depend on it; none of them may have run.
        """
        self._keys[id] = uuid.uuid4().hex
        self.unique.add(id)
        behind = {id}
        for step in self._steps.values():  # sources first
            if any(source in behind for source, _ in step.links.values()):
                behind.add(step.id)
                self.add(step)

    def remember(self, plan: Plan) -> None:
        """Leave the keys of a plan's steps with the plan, for the next job that has the same."""
        plan.keys.update(self._keys)
        plan.impure.extend(step for step in plan.steps.values() if not self._types[id(step.spec)][1])

    def recall(self, plan: Plan) -> bool:
        """Take over the keys that were left with a plan, if what they depend on outside the graph is as it was.

        Raises as `add`.
        """
        if not plan.keys:
            return False
        self._keys = dict(plan.keys)
        return all(self.add(step) == plan.keys[step.id] for step in plan.impure)

    def _type(self, spec: NodeSpec) -> tuple[bytes, bool]:
        """How all keys of a type begin, and whether nothing but its literals and links comes after that."""
        files = any(item.files for item in spec.inputs)
        pure = not (files or spec.fingerprint or spec.always or spec.not_idempotent or spec.reads_graph)
        # The files of a node that saves some are in these folders, and another run may have other ones.
        places = (str(self._folders.output), str(self._folders.temp)) if spec.output_node else ()
        found = self._types[id(spec)] = (_encode((self._salt, spec.id, spec.version, spec.code, *places)), pure)
        return found

    def _more(self, step: Step) -> list[Any]:
        spec, literals = step.spec, step.literals
        parts: list[Any] = []
        for item in spec.inputs:
            name = literals.get(item.name)
            if item.files and isinstance(name, str) and (name or not item.options.get("optional")):
                try:
                    parts.append(self._content(file_path(item.files, name, self._folders)))
                except FileNotFoundError as error:
                    raise InputError(item.name, str(error)) from None
        never_again = spec.always
        if spec.fingerprint:
            inputs = [item for item in spec.inputs if item.type in WIDGET_TYPES or item.name in literals]
            found = spec.fingerprint(self._folders, **{item.name: literals.get(item.name) for item in inputs})
            never_again = never_again or (isinstance(found, float) and math.isnan(found))
            parts.append(repr(found))
        if never_again:
            parts.append(uuid.uuid4().hex)
            self.random.add(step.id)
            self.unique.add(step.id)
        if spec.not_idempotent:
            parts.append(step.id)
        if spec.reads_graph:
            parts.append(self._drawing(step))
        return parts

    def _drawing(self, step: Step) -> list[Any]:
        """The ids, titles and links of the nodes before a step."""
        order = depth_first([step.id], lambda id: [source for source, _ in self._steps[id].links.values()])
        steps = [self._steps[id] for id in order.nodes]
        return [[each.id, str(each.named or ""), each.links] for each in steps]

    def _without_objects(self, step: Step, parent: Step) -> Mapping[str, Any]:
        """The literals of a step in a subgraph, which may be any objects: where they come from stands for those.

        The same parent, run with the same inputs, makes the same subgraph.
        """
        objects = {name for name, value in step.literals.items() if not _is_plain(value)}
        if not objects:
            return step.literals
        origin = f"{self._keys[parent.id]}/{step.id.removeprefix(parent.id)}"
        return {name: {origin: name} if name in objects else value for name, value in step.literals.items()}


def file_path(kind: str, name: str, folders: Folders) -> Path:
    """The file that an input of a folder kind names."""
    return folders.input_path(name) if kind == "input" else folders.model_path(kind, name)


def _is_plain(value: Any) -> bool:
    """Whether JSON says all of a value."""
    match value:
        case None | bool() | int() | str():
            return True
        case float():
            return math.isfinite(value)
        case list() | tuple():
            return all(map(_is_plain, value))
        case dict():
            return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    return False
