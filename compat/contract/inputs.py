"""The inputs of a class, as `INPUT_TYPES` gives them.

That is `{"required": {name: (type, options)}, "optional": {…}, "hidden": {name: type}}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from compat.contract.given import GIVEN
from compat.contract.plain import plain, text
from compat.contract.type_names import SOCKETS, type_name
from graph.node_spec import Input
from graph.types import ANY, WIDGET_TYPES

_UNDECLARED = "an input that no pack declares"
_NUMBERS = ("min", "max", "step")


@dataclass(frozen=True, slots=True)
class Takes:
    """What a class takes.

    `given` are the hidden inputs that the engine itself has a value for, as `{input name: "PROMPT" …}`. `variadic`
    describes further inputs; with `any_value` these may be values too, and are links otherwise.
    """

    inputs: tuple[Input, ...]
    given: Mapping[str, str]
    variadic: Input | None = None
    any_value: bool = False

    @property
    def lazy(self) -> bool:
        """Whether some input is evaluated only when the node asks for it."""
        return any(item.lazy for item in self.inputs)

    @property
    def unchecked(self) -> frozenset[str]:
        """The inputs whose values nothing is known about: widgets of packs, several choices at once."""
        return frozenset(item.name for item in self.inputs if not _is_checkable(item))


def read_inputs(declared: Any, whole_lists: bool, takes_more: bool, any_value: bool = False) -> Takes:
    """Read what `INPUT_TYPES` returned.

    With `whole_lists` (INPUT_IS_LIST) each input takes all values of its link at once. `takes_more` says that the
    function has `**kwargs`, which get undeclared links; and with `any_value`, values too. Raises TypeError for what is
    no such dict.
    """
    if not isinstance(declared, Mapping):
        raise TypeError(f"INPUT_TYPES gave {type(declared).__name__}, and a dict is wanted")
    inputs = []
    given: dict[str, str] = {}
    for group in ("required", "optional"):
        for name, entry in _entries(declared, group):
            inputs.append(read_input(name, entry, required=group == "required"))
    for name, entry in _entries(declared, "hidden"):
        item = replace(read_input(name, entry, required=False), hidden=True)
        inputs.append(item)
        if item.type in GIVEN:
            given[item.name] = item.type
    variadic = _variadic(declared)
    any_value = any_value or variadic is not None
    if variadic is None and (takes_more or any_value):
        variadic = Input("", ANY, required=False, options={} if any_value else {"forceInput": True})
    if whole_lists:
        inputs = [replace(item, items=True) for item in inputs]
        variadic = replace(variadic, items=True) if variadic else None
    return Takes(tuple(inputs), given, variadic, any_value)


def read_input(name: str, entry: Any, required: bool) -> Input:
    """One input from its `(type, options)`; a hidden one may be the type alone."""
    kind, *more = entry if isinstance(entry, list | tuple) else (entry,)
    given = more[0] if more and isinstance(more[0], Mapping) else {}
    type = type_name(kind)
    options = {text(str(key)): plain(value) for key, value in given.items()}
    if type in ("INT", "FLOAT"):
        options = {key: value for key, value in options.items() if key not in _NUMBERS or _is_number(value)}
    choices = [plain(choice) for choice in kind] if type == "COMBO" and not isinstance(kind, str) else None
    return Input(
        name=text(str(name)),
        type=type,
        required=required,
        options=options,
        choices=None if choices is None else lambda: choices,
        lazy=bool(given.get("lazy")),
        raw_link=bool(given.get("rawLink")),
    )


def _entries(declared: Mapping[str, Any], group: str) -> list[tuple[str, Any]]:
    entries = declared.get(group)
    return list(entries.items()) if isinstance(entries, Mapping) else []


def _variadic(declared: Mapping[str, Any]) -> Input | None:
    """What a dict says of names that it does not list: packs take any input with one that claims to contain it."""
    for group in ("optional", "required", "hidden"):
        entries = declared.get(group)
        if isinstance(entries, Mapping) and _UNDECLARED in entries:
            try:
                entry = entries[_UNDECLARED]
            except KeyError:
                entry = (ANY,)
            return replace(read_input("", entry, required=False), choices=None)
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_checkable(item: Input) -> bool:
    if item.type == "COMBO":
        return item.choices is not None and "multi_select" not in item.options
    return item.type in WIDGET_TYPES or item.type in SOCKETS or item.type == ANY
