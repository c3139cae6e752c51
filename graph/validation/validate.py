"""Validating a prompt: everything that is wrong with it, at once, before anything runs.

`validate` needs the nodes' schemas and the folders, no node code, so it works in a process without torch. Outputs that
can run do so while the bad ones are reported; `Validation` holds both.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from graph.execution.order import Order, depth_first
from graph.folders import Folders
from graph.problem import Problem, brief, labelled
from graph.prompt import Link, Prompt, link_of, literal
from graph.schema import Schemas
from graph.types import WIDGET_TYPES, fits
from graph.validation.literals import LiteralError, convert, told_config
from graph.validation.type_checks import InputCheck, TypeCheck

__all__ = ["Problem", "Validation", "validate"]

# Bounds on what is said of one prompt: of a circle of thousands of nodes, or thousands of missing types.
MOST_NAMES = 12
MOST_SEARCHES = 20
MOST_SENTENCES = 20
NO_LINK: tuple[Any, Any] = (None, None)


@dataclass(frozen=True, slots=True)
class Validation:
    """The result of `validate`.

    `prompt` is a normalised copy: converted literals, defaults filled in, and what is needed first, each node after its
    sources. `targets` are the nodes that are wanted and
    can run. `error` says why nothing can; it is None if there are targets. `node_errors` is as ComfyUI answers it:
    `{node id: {"errors": [...], "dependent_outputs": [node id], "class_type": id}}`.
    """

    prompt: Prompt
    targets: list[str]
    error: Problem | None = None
    node_errors: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a node itself has against one of its inputs, or against all of them (None)."""

    node: str
    input: str | None
    message: str


def validate(
    prompt: object,
    schemas: Schemas,
    folders: Folders,
    targets: Iterable[str] | None = None,
    complaints: Iterable[Complaint] = (),
) -> Validation:
    """Check an API prompt. `targets` are the nodes that are wanted; by default, all output nodes.

    `schemas` are entries of /object_info, whose file lists may be empty: files are looked up in `folders`. Every node
    that a target needs is checked. Without `targets` the others are checked for whether their type is installed, as a
    node that is not may well have been an output. `complaints` are what nodes say that check their inputs themselves.
    """
    if not isinstance(prompt, dict):
        return Validation({}, [], Problem("no_prompt", "No prompt provided", "A prompt is an object of nodes by id."))
    check = _Check(prompt, schemas, folders)
    wanted = check.outputs() if targets is None else list(dict.fromkeys(map(str, targets)))
    unknown = [id for id in wanted if id not in check.prompt]
    if unknown:
        details = f"The node {brief(unknown[0])} is wanted, and the prompt does not have it."
        return Validation(check.prompt, [], Problem("invalid_prompt", "A wanted node does not exist", details))
    if not wanted and (targets is not None or not check.problems):
        details = "Add a node that shows or saves something, such as SaveImage or PreviewImage."
        return Validation(check.prompt, [], Problem("prompt_no_outputs", "Prompt has no outputs", details))
    order = check.walk(wanted)
    check.hear(complaints)
    if targets is not None:
        check.problems = {id: check.problems[id] for id in order.nodes if id in check.problems}
    bad = check.bad(order)
    good = [id for id in wanted if id not in bad]
    nodes = {id: check.prompt[id] for id in order.nodes}
    nodes.update(check.prompt)
    return Validation(nodes, good, None if good else check.summary(), check.node_errors(order, wanted))


class _Check:
    def __init__(self, prompt: Mapping[Any, Any], schemas: Schemas, folders: Folders) -> None:
        self.prompt: Prompt = {}
        self.problems: dict[str, list[Problem]] = {}
        self._schemas = schemas
        self._folders = folders
        self._types: dict[str, TypeCheck | None] = {}
        self._kinds: dict[str, TypeCheck | None] = {}
        self._links: dict[str, list[str]] = {}
        self._similar: dict[str, str] = {}
        for key, node in prompt.items():
            self._add_node(str(key), node)

    def _add_node(self, id: str, node: object) -> None:
        if not isinstance(node, dict) or not isinstance(node.get("class_type"), str):
            self.prompt[id] = {"class_type": "", "inputs": {}}
            self._kinds[id] = None
            text = f"The node {brief(id)} has no class_type. Each node is {{'class_type': ..., 'inputs': {{...}}}}."
            self._complain(id, Problem("invalid_prompt", "A node is missing its class_type", text))
            return
        inputs = node.get("inputs")
        if isinstance(inputs, dict):
            self.prompt[id] = node
        else:
            self.prompt[id] = {**node, "inputs": {}}
        if not isinstance(inputs, dict | None):
            text = f"{self._label(id)}: its inputs are no object of values by name."
            self._complain(id, Problem("invalid_prompt", "The inputs of a node are no object", text))
        kind = self._kinds[id] = self._type(node["class_type"])
        if kind is None:
            text = (
                f"{self._label(id)}: the node type '{brief(node['class_type'])}' is not installed. Install the pack "
                f"that has it, or use another node.{self._similar_types(node['class_type'])}"
            )
            self._complain(id, Problem("invalid_prompt", f"Node '{brief(node['class_type'])}' does not exist", text))

    def _similar_types(self, class_type: str) -> str:
        # The search is slow, so a prompt of thousands of foreign types gets it for the first of them only.
        if class_type not in self._similar and len(self._similar) < MOST_SEARCHES:
            close = get_close_matches(class_type, self._schemas, n=3)
            self._similar[class_type] = f" Similar: {', '.join(close)}." if close else ""
        return self._similar.get(class_type, "")

    def outputs(self) -> list[str]:
        """The nodes that are wanted for their own sake."""
        return [id for id, kind in self._kinds.items() if kind and kind.output_node]

    def walk(self, wanted: Iterable[str]) -> Order:
        """Check the wanted nodes and all that they need, and order them."""
        order = depth_first(wanted, self._sources)
        for circle in order.cycles:
            # The walk goes from a node to what it needs; people read in the direction of the data.
            flow = [*reversed(circle), circle[-1]]
            labels = [self._label(id) for id in flow]
            if len(labels) > MOST_NAMES:
                labels[MOST_NAMES - 2 : -1] = [f"… ({len(flow) - MOST_NAMES + 1} more)"]
            text = f"These nodes wait for each other in a circle: {' → '.join(labels)}. Remove one of the links."
            extra = {"cycle": flow[:MOST_NAMES]}
            for id in circle:
                self._complain(id, Problem("dependency_cycle", "Nodes form a cycle", text, extra))
        return order

    def bad(self, order: Order) -> set[str]:
        """The nodes that cannot run: those with problems, and those that need one of them."""
        bad: set[str] = set()
        if not self.problems:
            return bad
        for id in order.nodes:
            if id in self.problems or not bad.isdisjoint(self._links[id]):
                bad.add(id)
        return bad

    def node_errors(self, order: Order, wanted: Collection[str]) -> dict[str, dict[str, Any]]:
        """All problems in ComfyUI's shape."""
        if not self.problems:
            return {}
        # A set of targets is a bit mask: passing it on to the sources of a node is one operation.
        targets = list(wanted)
        needed_by = dict.fromkeys(self.prompt, 0) | {id: 1 << bit for bit, id in enumerate(targets)}
        changed = True
        while changed:  # one pass does it, but for circles
            changed = False
            for id in reversed(order.nodes):
                for source in self._links[id]:
                    both = needed_by[source] | needed_by[id]
                    changed = changed or (bool(order.cycles) and both != needed_by[source])
                    needed_by[source] = both
        return {
            id: {
                "errors": [problem.as_dict() for problem in problems],
                "dependent_outputs": [t for bit, t in enumerate(targets) if needed_by[id] >> bit & 1],
                "class_type": self.prompt[id]["class_type"],
            }
            for id, problems in self.problems.items()
        }

    def summary(self) -> Problem:
        """Why nothing at all can run."""
        sentences = list(dict.fromkeys(problem.details for found in self.problems.values() for problem in found))
        kinds = {problem.type for found in self.problems.values() for problem in found}
        if len(sentences) > MOST_SENTENCES:
            sentences[MOST_SENTENCES:] = [f"… and {len(sentences) - MOST_SENTENCES} more"]
        details = "\n".join(sentences)
        if "invalid_prompt" in kinds:
            return Problem("invalid_prompt", "Cannot execute because of nodes that do not exist", details)
        return Problem("prompt_outputs_failed_validation", "Prompt outputs failed validation", details)

    def hear(self, complaints: Iterable[Complaint]) -> None:
        """Add what the nodes themselves say."""
        for complaint in complaints:
            place = f", input '{complaint.input}'" if complaint.input else ""
            text = f"{self._label(complaint.node)}{place}: {complaint.message}"
            extra = {"input_name": complaint.input} if complaint.input else {}
            problem = Problem("custom_validation_failed", "Custom validation failed for node", text, extra)
            self._complain(complaint.node, problem)

    def _sources(self, id: str) -> list[str]:
        """Check the inputs of a node; the nodes that they come from."""
        kinds = self._kinds
        kind, node = kinds[id], self.prompt[id]
        given = node["inputs"]
        links = self._links[id] = []
        if kind is None:
            found = [link_of(value) for value in given.values()]
            links += [link[0] for link in found if link and link[0] in self.prompt]
            return links
        kept: dict[str, Any] = {}
        for item in kind.inputs:
            value = given.get(item.name)
            if value is None:
                value = item.default
            if type(value) is list:
                source, slot = value if len(value) == 2 else NO_LINK
                origin = kinds.get(source) if type(source) is str and type(slot) is int else None
                # The quick way for links like those that were good before.
                if origin and 0 <= slot < len(origin.output_types) and origin.output_types[slot] in item.fitting:
                    links.append(source)
                    kept[item.name] = value
                else:
                    kept[item.name] = self._link(id, kind, item, value)
            elif item.takes(value):
                kept[item.name] = value
            elif value is not None:
                kept[item.name] = self._literal(id, kind, item, value)
            elif item.required:
                self._missing(id, item, [other for other in given if other not in kind.schema["input"]["required"]])
        if kind.variadic and not given.keys() <= kept.keys():
            kept.update(self._more(id, kind, kind.variadic, {n: v for n, v in given.items() if n not in kept}))
        self.prompt[id] = {**node, "inputs": kept}
        return links

    def _more(self, id: str, kind: TypeCheck, item: InputCheck, given: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs that are not declared, of a node that takes such; with `forceInput`, only links."""
        declared = {each.name for each in kind.inputs}
        kept = {}
        for name, value in given.items():
            if name in declared or value is None:
                continue
            named = InputCheck(name, item.config, False, False)
            if type(value) is list:
                kept[name] = self._link(id, kind, named, value)
            elif not item.config[1].get("forceInput"):
                kept[name] = value if named.takes(value) else self._literal(id, kind, named, value)
        return kept

    def _literal(self, id: str, kind: TypeCheck, item: InputCheck, value: Any) -> Any:
        if kind.foreign and item.type not in WIDGET_TYPES:
            return value  # the widget of a pack: only that knows what it takes
        try:
            plain = literal(value)
            converted = convert(plain, item.config, self._folders, loosely=item.own)
            return value if plain is not value else converted
        except LiteralError as error:
            self._blame(id, item, error.problem, received_value=value)
            return value

    def _link(self, id: str, kind: TypeCheck, item: InputCheck, value: list[Any]) -> list[Any]:
        link = link_of(value)
        fault = self._bad_link(link)
        if link is None or fault:
            self._blame(id, item, Problem("bad_linked_input", "Bad linked input", fault), received_value=value)
            return value
        source, slot = link
        self._links[id].append(source)
        origin = self._kinds[source]
        if origin is None:
            return [source, slot]
        received = origin.output_types[slot]
        if kind.validates_types or fits(received, item.type):
            item.fitting.add(received)
            return [source, slot]
        clause = (
            f"takes {item.type}, and output {slot} of {self._label(source)} gives {received}. "
            f"Connect an output of type {item.type}."
        )
        problem = Problem("return_type_mismatch", "Return type mismatch between linked nodes", clause)
        self._blame(id, item, problem, received_type=received, linked_node=[source, slot])
        return [source, slot]

    def _bad_link(self, link: Link | None) -> str:
        if link is None:
            return "has a list that is no link; a link is [node id, output index]."
        source, slot = link
        if source not in self.prompt:
            return f"is linked to the node {brief(source)}, which does not exist. Connect it to another one."
        kind = self._kinds[source]
        if kind and not 0 <= slot < len(kind.output_types):
            count = len(kind.output_types)
            return f"is linked to output {slot} of {self._label(source)}, which has {count}. Connect another one."
        return ""

    def _missing(self, id: str, item: InputCheck, undeclared: list[str]) -> None:
        folded = {other.lower(): other for other in undeclared}
        close = get_close_matches(item.name.lower(), folded, n=1)
        hint = f" There is '{folded[close[0]]}', which the node does not have." if close else ""
        cure = "Connect it or give it a value." if item.type in WIDGET_TYPES else "Connect it."
        clause = f"({item.type}) is missing. {cure}{hint}"
        self._blame(id, item, Problem("required_input_missing", "Required input is missing", clause))

    def _blame(self, id: str, item: InputCheck, problem: Problem, **extra: Any) -> None:
        """Complain of an input; the problem's details are the clause that follows its name."""
        text = f"{self._label(id)}: the input '{item.name}' {problem.details}"
        told = {"input_name": item.name, "input_config": told_config(item.config, self._folders), **extra}
        self._complain(id, Problem(problem.type, problem.message, text, told))

    def _type(self, class_type: str) -> TypeCheck | None:
        """What is to be checked of a node type; None if it is not installed."""
        if class_type not in self._types:
            schema = self._schemas.get(class_type)
            self._types[class_type] = TypeCheck(schema) if schema else None
        return self._types[class_type]

    def _label(self, id: str) -> str:
        node = self.prompt[id]
        meta = node.get("_meta")
        title = meta.get("title") if isinstance(meta, dict) else None
        kind = self._kinds.get(id)
        return labelled(str(title or (kind.schema["display_name"] if kind else node["class_type"])), id)

    def _complain(self, id: str, problem: Problem) -> None:
        self.problems.setdefault(id, []).append(problem)
