"""Reading the inputs and outputs of a node from the signature of its function."""

import inspect
import re
import types
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from graph.annotations import (
    Advanced,
    Choice,
    Color,
    CurvePoints,
    Files,
    Multiline,
    Range,
    SeedControl,
    Widget,
    WidgetTarget,
    WidgetValues,
)
from graph.context import Context
from graph.node_spec import Input, Output
from graph.types import Socket
from graph.values import Blocked, Lazy, Subgraph

SCALARS = {int: "INT", float: "FLOAT", str: "STRING", bool: "BOOLEAN"}
CURVE = "CURVE"
LISTS = (list, Iterator, AsyncIterator)
"""Return types of a function whose output is a list of values."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function says of its node; the fields are those of `NodeSpec`."""

    description: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    context_parameter: str | None
    several_outputs: bool
    variadic: Input | None
    absent: tuple[str, ...]
    is_async: bool


def read_signature(function: Callable[..., Any], output_names: Sequence[str] = ()) -> Signature:
    """The inputs, outputs and help text of a function.

    Raises TypeError for a parameter without a usable annotation and for a tooltip of an unknown input.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    description, tooltips = _docstring(function, parameters)
    inputs: list[Input] = []
    context_parameter, variadic = None, None
    absent: list[str] = []
    for name, parameter in parameters.items():
        if name not in hints:
            raise TypeError(f"{function.__qualname__}: the input '{name}' has no type annotation")
        if hints[name] is Context:
            context_parameter = name
            continue
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            raise TypeError(f"{function.__qualname__}: inputs have names; use **{name} for any number of them")
        item = _input(function, parameter, hints[name], tooltips.get(name))
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            variadic = replace(item, required=False)
            continue
        inputs.append(item)
        if not item.required and parameter.default is inspect.Parameter.empty:
            absent.append(name)
    outputs, several = _outputs(hints.get("return", type(None)), output_names, function)
    return Signature(
        description=description,
        inputs=tuple(inputs),
        outputs=outputs,
        context_parameter=context_parameter,
        several_outputs=several,
        variadic=variadic,
        absent=tuple(absent),
        is_async=inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function),
    )


def _docstring(function: Callable[..., Any], names: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The help text, and the lines `name: text` (with their indented continuation) taken out of it."""
    text, tooltips, last = [], {}, None
    for line in inspect.cleandoc(function.__doc__ or "").splitlines():
        match = re.match(r"(\w+): (\S.*)$", line)
        if match and (match[1] in names or match[1].islower()):
            if match[1] not in names:
                raise TypeError(f"{function.__qualname__}: the docstring describes '{match[1]}', which is no input")
            last = match[1]
            tooltips[last] = match[2].strip()
        elif last and line.startswith(" ") and line.strip():
            tooltips[last] += " " + line.strip()
        else:
            last = None
            text.append(line)
    return "\n".join(text).strip(), tooltips


@dataclass(slots=True)
class _Hint:
    """An annotation taken apart. `parts` are its alternatives, each a plain type with its marks."""

    parts: list[tuple[Any, list[Any]]] = field(default_factory=list)
    optional: bool = False
    lazy: bool = False
    items: bool = False

    @property
    def plain(self) -> Any:
        return self.parts[0][0] if len(self.parts) == 1 else None

    @property
    def marks(self) -> list[Any]:
        return self.parts[0][1] if len(self.parts) == 1 else []


def _read(hint: Any, marks: Sequence[Any] = (), into: _Hint | None = None) -> _Hint:
    read = into or _Hint()
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _read(arguments[0], [*marks, *arguments[1:]], read)
    if any(isinstance(mark, Socket) for mark in marks):
        read.parts.append((hint, list(marks)))
    elif origin in (Union, types.UnionType):
        for part in arguments:
            if part is type(None):
                read.optional = True
            elif part not in (Subgraph, Blocked):
                _read(part, marks, read)
    elif origin is Lazy:
        read.lazy = True
        _read(arguments[0], marks, read)
    elif origin in LISTS:
        read.items = True
        _read(arguments[0], marks, read)
    elif origin is Generator and len(arguments) == 3:
        _read(arguments[2], marks, read)
    else:
        read.parts.append((hint, list(marks)))
    return read


def _input(function: Callable[..., Any], parameter: inspect.Parameter, hint: Any, tooltip: str | None) -> Input:
    read = _read(hint)
    options: dict[str, Any] = {}
    if tooltip:
        options["tooltip"] = tooltip
    if read.lazy:
        options["lazy"] = True
    has_default = parameter.default is not inspect.Parameter.empty
    kinds = [_socket(plain, marks) for plain, marks in read.parts]
    if any(_mark(marks, Socket) for _, marks in read.parts) or len(kinds) > 1:
        if None in kinds:
            raise TypeError(f"{function.__qualname__}: '{parameter.name}' has the type {hint!r}, no socket or scalar")
        required = not (read.optional or has_default)
        name = ",".join(dict.fromkeys(kind for kind in kinds if kind))
        return Input(parameter.name, name, required, options, lazy=read.lazy, items=read.items)
    if has_default and parameter.default is not None:
        options["default"] = parameter.default
    kind, choices, files = _widget(read.plain, read.marks, options)
    if kind is None:
        raise TypeError(f"{function.__qualname__}: '{parameter.name}' has the type {hint!r}, no socket or widget")
    return Input(
        parameter.name,
        kind,
        required=not read.optional,
        options=options,
        choices=choices,
        files=files,
        lazy=read.lazy,
        items=read.items,
    )


T = TypeVar("T")


def _mark(marks: Sequence[Any], kind: type[T]) -> T | None:
    return next((mark for mark in marks if isinstance(mark, kind)), None)


def _socket(plain: Any, marks: Sequence[Any]) -> str | None:
    socket = _mark(marks, Socket)
    if _mark(marks, CurvePoints):
        return CURVE
    return socket.name if socket else SCALARS.get(plain)


def _widget(
    plain: Any, marks: Sequence[Any], options: dict[str, Any]
) -> tuple[str | None, Callable[[], Sequence[Any]] | None, str | None]:
    """The widget's type name, its choices and its folder kind; fills `options`."""
    choices, files, kind = None, None, SCALARS.get(plain)
    for mark in marks:
        match mark:
            case Range(low, high, step, slider):
                options.update(min=plain(low), max=plain(high))
                if step is not None:
                    options["step"] = step
                if slider:
                    options["display"] = "slider"
            case Choice(values):
                choices = values if callable(values) else (lambda values=values: values)
            case Files(kind, upload, extensions, optional):
                files = kind
                if optional:
                    options["optional"] = True
                if upload:
                    options["upload" if upload == "file" else f"{upload}_upload"] = True
                if extensions:
                    options["extensions"] = list(extensions)
            case Multiline(placeholder, prompt, dialect):
                options.update(multiline=True, **({"placeholder": placeholder} if placeholder else {}))
                if prompt:
                    options.update({"dynamicPrompts": True} if dialect == "comfyui" else {"promptDialect": dialect})
            case Color(alpha):
                options.update(display="color", **({"alpha": True} if alpha else {}))
            case Widget(name):
                options["widgetType"] = name
            case WidgetTarget(others):
                options["widgetTarget"] = list(others)
            case WidgetValues(target):
                options["widgetValues"] = target
            case Advanced():
                options["advanced"] = True
            case SeedControl(after):
                options["control_after_generate"] = True if after == "randomize" else after
            case CurvePoints():
                kind = CURVE
                options.setdefault("default", {"points": [[0.0, 0.0], [1.0, 1.0]]})
    if choices is not None or files is not None:
        return "COMBO", choices, files
    return kind, None, None


def _outputs(hint: Any, names: Sequence[str], function: Callable[..., Any]) -> tuple[tuple[Output, ...], bool]:
    read = _read(hint)
    if read.plain is type(None) or not read.parts:
        return (), False
    plain = read.plain
    if isinstance(plain, type) and issubclass(plain, tuple) and hasattr(plain, "_fields"):
        if read.items:
            raise TypeError(f"{function.__qualname__}: make each output of {plain.__name__} a list, not the tuple")
        fields = get_type_hints(plain, include_extras=True)
        return tuple(_output(name, item, function) for name, item in fields.items()), True
    output = _output("", hint, function)
    return (replace(output, name=names[0] if names else output.type),), False


def _output(name: str, hint: Any, function: Callable[..., Any]) -> Output:
    read = _read(hint)
    kinds = []
    for plain, marks in read.parts:
        combo = "COMBO" if _mark(marks, Choice) or _mark(marks, Files) else None
        kind = combo or _socket(plain, marks)
        if kind is None:
            raise TypeError(f"{function.__qualname__}: the output type {hint!r} is no socket or scalar")
        kinds.append(kind)
    return Output(name, ",".join(dict.fromkeys(kinds)), items=read.items)
