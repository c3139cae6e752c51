"""What a node of a pack says of its inputs before it runs: whether they are right, and whether something changed."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compat.contract import inference
from compat.contract.chosen_files import states_of
from compat.contract.inputs import Takes
from compat.contract.plain import text
from compat.contract.waiting import finished
from graph.input_error import InputError

__all__ = ["fingerprint_of", "parameters_of", "takes_types", "validate_of", "validated_names"]

ALL = "*"
INPUT_TYPES = "input_types"


Gather = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Makes the arguments of a function from the values of a node's inputs."""


def fingerprint_of(
    changed: Callable[..., Any] | None, takes: Takes, whole_lists: bool, gather: Gather = dict
) -> Callable[..., object] | None:
    """The fingerprint for a NodeSpec, by IS_CHANGED or what corresponds to it, and by the files that combos name.

    `changed` gets all inputs, linked ones as None or, if they are optional, as the default that it has for them. What
    it raises, and what is no plain value, counts as a change.
    """
    combos = [item.name for item in takes.inputs if item.type == "COMBO"]
    own = _own_fingerprint(changed, takes, whole_lists, gather) if changed else None
    if not combos:
        return own

    def fingerprint(folders: Any, /, **values: Any) -> object:
        said = own(folders, **values) if own else None
        return said if _is_nan(said) else (said, states_of(values.get(name) for name in combos))

    return fingerprint


def _own_fingerprint(
    changed: Callable[..., Any], takes: Takes, whole_lists: bool, gather: Gather
) -> Callable[..., object]:
    parameters = parameters_of(changed)
    wanted = {name for name, parameter in parameters.items() if _has_no_default(parameter)}
    names = [item.name for item in takes.inputs if item.required or item.name in wanted]

    def fingerprint(folders: Any, /, **values: Any) -> object:
        given = {**dict.fromkeys(names), **{name: value for name, value in values.items() if value is not None}}
        try:
            return _comparable(finished(inference.call(changed, **gather(_whole(given, whole_lists)))))
        except Exception:  # noqa: BLE001 - as packs may rely on it
            return math.nan

    return fingerprint


def validated_names(check: Callable[..., Any]) -> frozenset[str]:
    """The inputs that VALIDATE_INPUTS, or what corresponds to it, takes upon itself; `*` for all."""
    parameters = parameters_of(check)
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return frozenset({ALL})
    return frozenset(parameters) - {INPUT_TYPES}


def takes_types(check: Callable[..., Any]) -> bool:
    """Whether it looks at the types of links too."""
    return INPUT_TYPES in parameters_of(check)


def validate_of(
    check: Callable[..., Any], takes: Takes, whole_lists: bool, gather: Gather = dict
) -> Callable[..., None]:
    """The `validate` for a NodeSpec: calls the class's own check, and raises InputError if that is not content."""
    parameters = parameters_of(check)
    names = validated_names(check)
    required = [item.name for item in takes.inputs if item.name in names and _has_no_default(parameters[item.name])]

    def run(types: Mapping[str, str] | None, values: Mapping[str, Any]) -> None:
        given = {**dict.fromkeys(required), **values}
        arguments = {n: v for n, v in gather(_whole(given, whole_lists)).items() if ALL in names or n in names}
        if types is not None:
            arguments[INPUT_TYPES] = [dict(types)] if whole_lists else dict(types)
        answer = finished(inference.call(check, **arguments))
        if answer is not True:
            looked_at = {n: v for n, v in given.items() if ALL in names or n.partition(".")[0] in names}
            message = text(str(answer)) if answer is not False else "The node does not accept it."
            raise InputError(_blamed(message, looked_at), message)

    def validate(**values: Any) -> None:
        run(None, values)

    def validate_with_types(*, input_types: Mapping[str, str], **values: Any) -> None:
        run(input_types, values)

    return validate_with_types if takes_types(check) else validate


def parameters_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function; none for one that does not tell."""
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def _has_no_default(parameter: inspect.Parameter) -> bool:
    return parameter.default is inspect.Parameter.empty


def _whole(values: Mapping[str, Any], whole_lists: bool) -> dict[str, Any]:
    return {name: [value] if whole_lists else value for name, value in values.items()}


def _blamed(message: str, values: Mapping[str, Any]) -> str:
    """The input that a complaint is most likely about: one that it names, or else one whose value it quotes."""
    given = {name: value for name, value in values.items() if value is not None} or values
    for name in given:
        if name in message:
            return name
    for name, value in given.items():
        if isinstance(value, str) and value and value in message:
            return name
    return next(iter(given), "")


def _comparable(value: Any) -> object:
    """The value if it is plain through and through, else NaN: other objects are never equal to earlier ones."""
    match value:
        case float() if math.isnan(value):
            return math.nan
        case None | bool() | int() | float() | str() | bytes():
            return value
        case Mapping():
            parts: Sequence[Any] = [*value.keys(), *value.values()]
        case list() | tuple() | set() | frozenset():
            parts = list(value)
        case _:
            return math.nan
    return math.nan if any(_is_nan(_comparable(part)) for part in parts) else value


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
