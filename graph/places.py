"""Naming inputs of a prompt by places like `6.text`.

A place is a node, a dot, and the name of an input. The node is its id (`6:12` in a subgraph), or its title or its type
where no other node has the same. The title of one in a subgraph may have those of the instances before it:
`Details › KSampler.cfg`.
"""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from graph.documents.plain_data import record
from graph.problem import brief, labelled
from graph.prompt import Prompt
from graph.schema import Schema, Schemas
from graph.validation.type_checks import type_name
from graph.workflow_error import NotThereError

INSIDE = " › "
MOST_TOLD = 12
TEXTS = ("STRING", "COMBO")


class Written(str):
    """A value as people write it on a command line: JSON if it is that, and text otherwise."""

    __slots__ = ()


class Assignment(NamedTuple):
    """A value for an input of a node."""

    node: str
    input: str
    value: Any


class Places:
    """What can be named in a prompt."""

    def __init__(self, prompt: Prompt, schemas: Schemas) -> None:
        self._prompt = prompt
        self._schemas = schemas

    def assignments(self, values: Mapping[str, Any]) -> list[Assignment]:
        """What values by place mean. Raises NotThereError for a place that there is not."""
        return [self._assignment(place, value) for place, value in values.items()]

    def node(self, name: str) -> str:
        """The id of the node that is called so. Raises NotThereError if there is none, or several."""
        if name in self._prompt:
            return name
        for names_of in (self._paths, self._titles, self._types):
            found = [id for id in self._prompt if name in names_of(id)]
            if len(found) == 1:
                return found[0]
            if found:
                raise NotThereError(f"Several nodes are called '{brief(name)}': {_told(found)}. Name one by its id.")
        known = [name for id in self._prompt for name in (id, *self._names(id))]
        there = [f"{id} ({brief([*self._names(id), '?'][0])})" for id in self._prompt]
        hint = _hint(name, known, there)
        raise NotThereError(f"There is no node '{brief(name)}' among those of the workflow that run. {hint}")

    def _assignment(self, place: str, value: Any) -> Assignment:
        node, name = self._input(place)
        schema = self._schema(node)
        config = _inputs(schema).get(name) or record(schema).get("variadic")
        return Assignment(node, name, _read(value, config) if isinstance(value, Written) else value)

    def _input(self, place: str) -> tuple[str, str]:
        """The node and the name of the input. Names of nodes and of inputs may have dots of their own."""
        dots = [index for index, character in enumerate(place) if character == "."]
        if not dots:
            raise NotThereError(f"'{brief(place)}' names no input. Name a node and an input with a dot, as in 6.text.")
        for dot in dots:
            if place[:dot] in self._prompt and self._has(place[:dot], place[dot + 1 :]):
                return place[:dot], place[dot + 1 :]
        splits = [(place[:dot], place[dot + 1 :]) for dot in reversed(dots)]
        for name, input in splits:
            if self._is_known(name):
                node = self.node(name)
                if self._has(node, input):
                    return node, input
        name, input = next((split for split in splits if self._is_known(split[0])), splits[0])
        node = self.node(name)
        label = labelled([*self._titles(node), *self._types(node), "The node"][0], node)
        names = self._input_names(node)
        raise NotThereError(f"{label} has no input '{brief(input)}'. {_hint(input, names, names)}")

    def _is_known(self, name: str) -> bool:
        return name in self._prompt or any(name in self._names(id) for id in self._prompt)

    def _has(self, node: str, input: str) -> bool:
        return bool(input) and (input in self._input_names(node) or "variadic" in record(self._schema(node)))

    def _input_names(self, node: str) -> list[str]:
        given = record(record(self._prompt[node]).get("inputs"))
        return list(dict.fromkeys((*_inputs(self._schema(node)), *given)))

    def _schema(self, node: str) -> Schema | None:
        return self._schemas.get(str(record(self._prompt[node]).get("class_type")))

    def _titles(self, node: str) -> list[str]:
        return titles(self._prompt[node])[1:]

    def _paths(self, node: str) -> list[str]:
        return titles(self._prompt[node])[:1]

    def _names(self, node: str) -> list[str]:
        return [*self._paths(node), *self._titles(node), *self._types(node)]

    def _types(self, node: str) -> list[str]:
        schema = self._schema(node)
        names = [record(self._prompt[node]).get("class_type"), schema and schema["display_name"]]
        return [name for name in names if isinstance(name, str)]


def titles(node: object) -> list[str]:
    """The title of a node of a prompt behind those of the subgraphs that it is in, and alone; nothing without one."""
    meta = record(record(node).get("_meta"))
    title, within = meta.get("title"), meta.get("within")
    if not isinstance(title, str) or not title:
        return []
    outer = [str(each) for each in within] if isinstance(within, list) else []
    return [INSIDE.join([*outer, title]), title]


def _inputs(schema: Schema | None) -> dict[str, Any]:
    groups = record(record(schema).get("input"))
    return {name: config for group in ("required", "optional") for name, config in record(groups.get(group)).items()}


def _read(text: str, config: Sequence[Any] | None) -> Any:
    """A value as it was written: for an input that takes text, JSON of anything else is text too."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return str(text)
    takes_text = config is not None and type_name(config[0]) in TEXTS
    return str(text) if takes_text and not isinstance(value, str) else value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _hint(name: str, known: Sequence[str], there: Sequence[str]) -> str:
    by_lower = {each.lower(): each for each in reversed(known)}
    close = [by_lower[each] for each in get_close_matches(name.lower(), by_lower, n=3)]
    if close:
        return f"Similar: {', '.join(map(brief, close))}."
    return f"There are: {_told(there)}." if there else "There is none."


def _told(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return f"{', '.join(map(brief, names[:MOST_TOLD]))}{more}"
