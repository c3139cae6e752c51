"""Declaring nodes: a node is a typed function.

The signature is the schema. A parameter whose type carries a `Socket` is a link, an annotated scalar is a widget, the
return type is the outputs (a `NamedTuple` for several), the docstring is the help; its lines `name: text` describe
single inputs. `node` returns the function unchanged, so that it can be called and tested as it is.
"""

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from graph.context import Context
from graph.folders import Folders
from graph.types import Socket

__all__ = [
    "Choice",
    "Context",
    "Files",
    "Folders",
    "Input",
    "InputError",
    "Multiline",
    "NodeSpec",
    "Output",
    "Range",
    "Seed",
    "SeedControl",
    "node",
    "spec_of",
]

SPEC_ATTRIBUTE = "__node_spec__"
Function = TypeVar("Function", bound=Callable[..., Any])


class InputError(ValueError):
    """A node's complaint about one of its inputs, in a sentence that says what was wrong and what to do."""

    def __init__(self, input_name: str, message: str) -> None:
        super().__init__(message)
        self.input_name = input_name


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of an int or float widget, both included; `step` is what one click changes."""

    min: float
    max: float
    step: float | None = None
    slider: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The values of a combo: a sequence, or a function of no arguments that is called when a worker starts."""

    options: Sequence[str] | Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Files:
    """A combo of file names: a model folder kind (`checkpoints`), or `input` for pictures of the input folder.

    The list is read at each request, so that a file dropped into the folder can be chosen without a restart. The
    content of the chosen file is part of the node's cache key. `upload` ("image") adds an upload button. With
    `extensions` the combo lists files of the input folder that have these instead of pictures.
    """

    kind: str
    upload: str | None = None
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Multiline:
    """A string widget of several lines. In a `prompt`, `{red|blue}` is one of the two each time it is queued."""

    placeholder: str = ""
    prompt: bool = False


@dataclass(frozen=True, slots=True)
class SeedControl:
    """An int widget with "control after generate": fixed, increment, decrement or randomize."""


Seed = Annotated[int, Range(0, 2**64 - 1), SeedControl()]


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a node.

    `type` is a socket type or INT, FLOAT, STRING, BOOLEAN, COMBO. `options` are the keys of ComfyUI's schema that hold
    for it (default, min, max, step, multiline, tooltip …). `choices` lists a combo; `files` names a folder kind.
    """

    name: str
    type: str
    required: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    choices: Callable[[], Sequence[str]] | None = None
    files: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a node."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """Everything that the engine and the editor know about a node.

    `aliases` maps the id that another program uses for the same node to the names of the inputs that differ there,
    as `{their name: our name}`. `always` says that a result is never reused. `fingerprint` is called with the folders
    and the values of all widgets by name (None for a linked one); it returns something that changes when what the node
    reads outside its inputs has changed.
    """

    id: str
    function: Callable[..., Any]
    title: str
    category: str
    description: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    context_parameter: str | None
    output_node: bool
    version: int
    aliases: Mapping[str, Mapping[str, str]]
    search: tuple[str, ...]
    always: bool
    fingerprint: Callable[..., object] | None
    deprecated: bool
    experimental: bool
    several_outputs: bool
    module: str

    def input(self, name: str) -> Input | None:
        """The input called `name`, or None."""
        return next((item for item in self.inputs if item.name == name), None)


def spec_of(function: Callable[..., Any]) -> NodeSpec | None:
    """The spec that `node` has attached to a function, or None."""
    return getattr(function, SPEC_ATTRIBUTE, None)


def node(
    id: str,
    *,
    category: str,
    title: str | None = None,
    output_node: bool = False,
    version: int = 1,
    aliases: Mapping[str, Mapping[str, str]] | Sequence[str] = (),
    search: Sequence[str] = (),
    output_names: Sequence[str] = (),
    always: bool = False,
    fingerprint: Callable[..., object] | None = None,
    deprecated: bool = False,
    experimental: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function as a node; see the module's docstring.

    Raises TypeError, at import, for a parameter without a usable annotation and for a tooltip of an unknown input.
    """

    def attach(function: Function) -> Function:
        hints = get_type_hints(function, include_extras=True)
        description, tooltips = _docstring(function)
        inputs, context_parameter = _inputs(function, hints, tooltips)
        outputs, several = _outputs(hints.get("return", type(None)), output_names, function)
        named = {alias: {} for alias in aliases} if not isinstance(aliases, Mapping) else dict(aliases)
        spec = NodeSpec(
            id=id,
            function=function,
            title=title or _spaced(id),
            category=category,
            description=description,
            inputs=inputs,
            outputs=outputs,
            context_parameter=context_parameter,
            output_node=output_node,
            version=version,
            aliases=named,
            search=tuple(search),
            always=always,
            fingerprint=fingerprint,
            deprecated=deprecated,
            experimental=experimental,
            several_outputs=several,
            module=function.__module__,
        )
        setattr(function, SPEC_ATTRIBUTE, spec)
        return function

    return attach


def _docstring(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The help text, and the lines `name: text` (with their indented continuation) taken out of it."""
    names = set(inspect.signature(function).parameters)
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


def _inputs(
    function: Callable[..., Any], hints: Mapping[str, Any], tooltips: Mapping[str, str]
) -> tuple[tuple[Input, ...], str | None]:
    inputs, context_parameter = [], None
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in hints:
            raise TypeError(f"{function.__qualname__}: the input '{parameter.name}' has no type annotation")
        if hints[parameter.name] is Context:
            context_parameter = parameter.name
            continue
        inputs.append(_input(function, parameter, hints[parameter.name], tooltips.get(parameter.name)))
    return tuple(inputs), context_parameter


def _input(function: Callable[..., Any], parameter: inspect.Parameter, hint: Any, tooltip: str | None) -> Input:
    plain, marks, optional = _unwrap(hint)
    options: dict[str, Any] = {}
    if tooltip:
        options["tooltip"] = tooltip
    has_default = parameter.default is not inspect.Parameter.empty
    if has_default and parameter.default is not None:
        options["default"] = parameter.default
    socket = next((mark for mark in marks if isinstance(mark, Socket)), None)
    if socket is not None:
        options.pop("default", None)
        return Input(parameter.name, socket.name, required=not (optional or has_default), options=options)
    kind, choices, files = _widget(plain, marks, options)
    if kind is None:
        raise TypeError(f"{function.__qualname__}: '{parameter.name}' has the type {hint!r}, no socket or widget")
    return Input(parameter.name, kind, required=not optional, options=options, choices=choices, files=files)


def _unwrap(hint: Any) -> tuple[Any, list[Any], bool]:
    """The plain type, its annotations, and whether None is allowed."""
    marks: list[Any] = []
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            marks.extend(more)
        elif get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
            optional = True
            hint = next(part for part in get_args(hint) if part is not type(None))
        else:
            return hint, marks, optional


def _widget(
    plain: Any, marks: Sequence[Any], options: dict[str, Any]
) -> tuple[str | None, Callable[[], Sequence[str]] | None, str | None]:
    """The widget's type name, its choices and its folder kind; fills `options`."""
    choices, files = None, None
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
            case Files(kind, upload, extensions):
                files = kind
                if upload:
                    options[f"{upload}_upload"] = True
                if extensions:
                    options["extensions"] = list(extensions)
            case Multiline(placeholder, prompt):
                options.update(multiline=True, **({"placeholder": placeholder} if placeholder else {}))
                if prompt:
                    options["dynamicPrompts"] = True
            case SeedControl():
                options["control_after_generate"] = True
    if choices is not None or files is not None:
        return "COMBO", choices, files
    name = {int: "INT", float: "FLOAT", str: "STRING", bool: "BOOLEAN"}.get(plain)
    return name, None, None


def _outputs(hint: Any, names: Sequence[str], function: Callable[..., Any]) -> tuple[tuple[Output, ...], bool]:
    if hint is type(None):
        return (), False
    plain, _, _ = _unwrap(hint)
    if isinstance(plain, type) and issubclass(plain, tuple) and hasattr(plain, "_fields"):
        fields = get_type_hints(plain, include_extras=True)
        pairs = [(name, _output_type(item, function)) for name, item in fields.items()]
        return tuple(Output(name, kind) for name, kind in pairs), True
    kind = _output_type(hint, function)
    return (Output(names[0] if names else kind, kind),), False


def _output_type(hint: Any, function: Callable[..., Any]) -> str:
    plain, marks, _ = _unwrap(hint)
    for mark in marks:
        if isinstance(mark, Socket):
            return mark.name
        if isinstance(mark, Choice | Files):
            return "COMBO"
    name = {int: "INT", float: "FLOAT", str: "STRING", bool: "BOOLEAN"}.get(plain)
    if name is None:
        raise TypeError(f"{function.__qualname__}: the output type {hint!r} is no socket or scalar")
    return name


def _spaced(id: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", id)
