"""What validation has to know of a node type, worked out once from its schema: inputs, and values that are surely good.

Most values of most prompts are good as they are. `InputCheck.takes` says so quickly; what it does not take is looked at
closely by `graph.validation.literals`, which converts it or says what is wrong.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from graph.schema import Schema, files_kind

ALL = "*"


class InputCheck:
    """One declared input. `own` says that the node checks its value itself; `fitting` are output types known to fit."""

    __slots__ = ("config", "default", "fitting", "name", "own", "required", "takes", "type")

    def __init__(self, name: str, config: Sequence[Any], required: bool, own: bool) -> None:
        options = config[1] if len(config) > 1 else {}
        self.name = name
        self.config = config
        self.required = required
        self.own = own
        default = options.get("default")
        self.default = {"__value__": default} if isinstance(default, list) else default
        self.type = type_name(config[0])
        self.fitting: set[str] = set()
        self.takes: Callable[[Any], bool] = (lambda value: False) if own else _quick_check(config[0], options)


class TypeCheck:
    """A node type: its inputs in order, the types of its outputs, and what it does not want to be checked."""

    __slots__ = ("foreign", "inputs", "output_node", "output_types", "schema", "validates_types", "variadic")

    def __init__(self, schema: Schema) -> None:
        validated = set(schema.get("validated", ()))
        self.schema = schema
        self.output_node = bool(schema["output_node"])
        self.inputs = [
            InputCheck(name, config, group == "required", ALL in validated or name in validated)
            for group in ("required", "optional")
            for name, config in schema["input"].get(group, {}).items()
        ]
        self.output_types = [type_name(kind) for kind in schema["output"]]
        self.validates_types = bool(schema.get("validates_types"))
        self.foreign = bool(schema.get("foreign"))
        more = schema.get("variadic")
        self.variadic = InputCheck("", more, False, False) if more else None


def type_name(kind: Any) -> str:
    """The name of a type; a list of choices, as older packs write it, is a combo."""
    return kind if isinstance(kind, str) else "COMBO"


def _quick_check(kind: Any, options: dict[str, Any]) -> Callable[[Any], bool]:
    low, high = options.get("min", -math.inf), options.get("max", math.inf)
    match kind:
        case list():
            if files_kind(options):
                return lambda value: False
            choices = {each for each in kind if isinstance(each, str)}
            return lambda value: type(value) is str and value in choices
        case "INT":
            return lambda value: type(value) is int and low <= value <= high
        case "FLOAT":
            return lambda value: type(value) is float and low <= value <= high and math.isfinite(value)
        case "STRING":
            return lambda value: type(value) is str and value.isascii()
        case "BOOLEAN":
            return lambda value: type(value) is bool
    return lambda value: False
