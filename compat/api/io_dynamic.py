"""Inputs that stand for several: `Autogrow`, as many as are wanted, and `DynamicCombo`, others for each choice.

In a prompt the parts are inputs of their own, `<id>.<part>`; the node gets them as one dict.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compat.api.io_types import ComfyType, Input, comfytype

__all__ = ["Autogrow", "DynamicCombo", "entries", "gathered", "groups"]

MOST_SHOWN = 8
"""How many parts of an `Autogrow` the editor offers, unless more are required."""

Entry = tuple[str, bool, str, dict[str, Any]]
"""Name, whether it may be left out, type, options."""


class _Group(Input):
    """An input that stands for several."""

    def parts(self) -> Iterator[Entry]:
        """The inputs that it stands for, by names below its own."""
        raise NotImplementedError

    def filled(self, given: dict[str, Any], own: Any) -> dict[str, Any]:
        """What the node gets: the parts that are given, and the value of the input itself."""
        return given


class _Template:
    """What grows: inputs like `input`, by these names, of which the first `min` are required."""

    def __init__(self, input: Input, names: Sequence[str], min: int) -> None:
        self.input = input
        self.names = list(names)
        self.min = min


@comfytype("COMFY_AUTOGROW_V3")
class Autogrow(ComfyType):
    """Any number of inputs of one kind."""

    Type = dict[str, Any]

    class TemplatePrefix(_Template):
        """Names made of a prefix and a number, from 0."""

        def __init__(self, input: Input, prefix: str, min: int = 1, max: int = 10) -> None:
            super().__init__(input, [f"{prefix}{number}" for number in range(max)], min)

    class TemplateNames(_Template):
        """Names of their own."""

        def __init__(self, input: Input, names: Sequence[str], min: int = 1) -> None:
            super().__init__(input, names, min)

    class Input(_Group):
        """The inputs of a template."""

        def __init__(self, id: str, template: _Template, *more: Any, **named: Any) -> None:
            super().__init__(id, *more, **named)
            self.template = template

        def parts(self) -> Iterator[Entry]:
            """As many as are required, and some more."""
            template = self.template
            optional = self.optional or template.input.optional
            for number, name in enumerate(template.names[: max(template.min, MOST_SHOWN)]):
                may_lack = optional or number >= template.min
                for part, lacks, kind, options in entries([template.input]):
                    below = part.removeprefix(template.input.id)
                    yield name + below, may_lack or lacks, kind, options

        def filled(self, given: dict[str, Any], own: Any) -> dict[str, Any]:
            """The values in the order of the template's names."""
            return {**{name: given[name] for name in self.template.names if name in given}, **given}


@comfytype("COMFY_DYNAMICCOMBO_V3")
class DynamicCombo(ComfyType):
    """One of several values, each of which brings inputs of its own."""

    Type = dict[str, Any]

    class Option:
        """A value, and its inputs."""

        def __init__(self, key: str, inputs: Sequence[Input]) -> None:
            self.key = key
            self.inputs = list(inputs)

    class Input(_Group):
        """The choice, and the inputs of all values: which of them count depends on it."""

        def __init__(self, id: str, options: "Sequence[DynamicCombo.Option]", *more: Any, **named: Any) -> None:
            super().__init__(id, *more, **named)
            self.choices = list(options)

        def parts(self) -> Iterator[Entry]:
            """The inputs of each value, of which none is required, as another may be chosen."""
            seen = set()
            for option in self.choices:
                for name, _, kind, options in entries(option.inputs):
                    if name not in seen:
                        seen.add(name)
                        yield name, True, kind, options

        def filled(self, given: dict[str, Any], own: Any) -> dict[str, Any]:
            """The choice, and what belongs to it."""
            chosen = next((option for option in self.choices if option.key == own), None)
            inputs = chosen.inputs if chosen else []
            return {self.id: own, **gathered(inputs, {n: v for n, v in given.items() if _belongs(n, inputs)})}


def entries(inputs: Iterable[Input]) -> Iterator[Entry]:
    """The inputs as a prompt has them."""
    for item in inputs:
        if isinstance(item, DynamicCombo.Input):
            keys = [option.key for option in item.choices]
            yield item.id, item.optional, "COMBO", {**item.as_dict(), "options": keys, "multiselect": False}
        elif not isinstance(item, _Group):
            yield item.id, item.optional, item.get_io_type(), item.as_dict()
        if isinstance(item, _Group):
            for name, optional, kind, options in item.parts():
                yield f"{item.id}.{name}", optional, kind, options


def groups(inputs: Iterable[Input]) -> bool:
    """Whether some input stands for several."""
    return any(isinstance(item, _Group) for item in inputs)


def gathered(inputs: Iterable[Input], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the names of the inputs: those of parts in one dict for each input that stands for several."""
    values = dict(given)
    for item in inputs:
        if isinstance(item, _Group):
            names = [name for name in values if name.startswith(f"{item.id}.")]
            parts = {name.removeprefix(f"{item.id}."): values.pop(name) for name in names}
            values[item.id] = item.filled(parts, values.get(item.id))
    return values


def _belongs(name: str, inputs: Iterable[Input]) -> bool:
    return any(name == item.id or name.startswith(f"{item.id}.") for item in inputs)
