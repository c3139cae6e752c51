"""The types of `comfy_api`'s `io`: each with an `Input` and an `Output` class."""

from collections.abc import Sequence
from enum import Enum, StrEnum
from typing import Any

__all__ = [
    "ComfyType",
    "FolderType",
    "Input",
    "NumberDisplay",
    "Output",
    "RemoteOptions",
    "UploadType",
    "choices_input",
    "comfytype",
    "custom",
]

SPELLED = {
    "display_mode": "display",
    "dynamic_prompts": "dynamicPrompts",
    "force_input": "forceInput",
    "raw_link": "rawLink",
    "widget_type": "widgetType",
}
"""Parameters whose option in /object_info has another name."""


class FolderType(StrEnum):
    """A folder of files."""

    input = "input"
    output = "output"
    temp = "temp"


class UploadType(StrEnum):
    """What the upload button of a combo takes; the value is the option of that name."""

    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class NumberDisplay(StrEnum):
    """The widget of a number."""

    number = "number"
    slider = "slider"
    color = "color"


class RemoteOptions:
    """Choices of a combo that the editor asks a route of the pack for."""

    def __init__(
        self,
        route: str,
        refresh_button: bool,
        control_after_refresh: str = "first",
        timeout: int | None = None,
        max_retries: int | None = None,
        refresh: int | None = None,
    ) -> None:
        """`timeout` and `refresh` are milliseconds."""
        self.route = route
        self.refresh_button = refresh_button
        self.control_after_refresh = control_after_refresh
        self.timeout = timeout
        self.max_retries = max_retries
        self.refresh = refresh

    def as_dict(self) -> dict[str, Any]:
        """As it stands in /object_info."""
        return {name: value for name, value in vars(self).items() if value is not None}


class Input:
    """An input of a node. Further named values become options of its widget."""

    io_type = "*"
    Parent: "type[ComfyType]"

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        default: Any = None,
        *,
        extra_dict: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.default = default
        self.extra_dict = extra_dict or {}
        self.options_of_widget = options

    def get_io_type(self) -> str:
        """The name of its type."""
        return self.io_type

    def as_dict(self) -> dict[str, Any]:
        """Its options, as they stand in /object_info."""
        own = {"display_name": self.display_name, "tooltip": self.tooltip, "lazy": self.lazy, "default": self.default}
        own.update((SPELLED.get(name, name), _option(value)) for name, value in self.options_of_widget.items())
        return {**{name: value for name, value in own.items() if value is not None}, **self.extra_dict}


class Output:
    """An output of a node."""

    io_type = "*"
    Parent: "type[ComfyType]"

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
        **_: Any,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.tooltip = tooltip
        self.is_output_list = is_output_list

    def get_io_type(self) -> str:
        """The name of its type."""
        return self.io_type


class ComfyType:
    """A type of values; `Type` is for annotations."""

    Type: Any = Any
    io_type = "*"
    Input: type[Input] = Input
    Output: type[Output] = Output


def comfytype(io_type: str, **_: Any) -> Any:
    """Decorator for a class that describes a type, and may have an `Input` and an `Output` of its own."""

    def named(cls: type) -> type:
        for part, base in (("Input", Input), ("Output", Output)):
            own = vars(cls).get(part)
            kind = own if isinstance(own, type) and issubclass(own, base) else getattr(cls, part, base)
            bound = type(part, (kind,), {"io_type": io_type, "Parent": cls, "__module__": cls.__module__})
            setattr(cls, part, bound)
        cls.io_type = io_type  # type: ignore[attr-defined]
        if not hasattr(cls, "Type"):
            cls.Type = Any  # type: ignore[attr-defined]
        return cls

    return named


def custom(io_type: str) -> type[ComfyType]:
    """A type by its name."""
    kind: type[ComfyType] = comfytype(io_type)(type(io_type, (ComfyType,), {}))
    return kind


def choices_input(several: bool) -> type[Input]:
    """The input of a combo: of one value, or of `several` at once."""

    class Choices(Input):
        def __init__(self, id: str, options: Any = None, *more: Any, **named: Any) -> None:
            chip, placeholder = named.pop("chip", None), named.pop("placeholder", None)
            super().__init__(id, *more, **named)
            self.options = _choices(options)
            self._several = {"chip": chip, "placeholder": placeholder}

        def as_dict(self) -> dict[str, Any]:
            found = {**super().as_dict(), "multiselect": several}
            if self.options is not None:
                found["options"] = self.options
            if several:
                found["multi_select"] = {name: value for name, value in self._several.items() if value is not None}
            upload = found.pop("upload", None)
            return {**found, upload: True} if upload else found

    return Choices


def _choices(options: Any) -> list[Any] | None:
    if isinstance(options, type) and issubclass(options, Enum):
        return [each.value for each in options]
    return list(options) if isinstance(options, Sequence) else options


def _option(value: Any) -> Any:
    if isinstance(value, RemoteOptions):
        return value.as_dict()
    return value.value if isinstance(value, Enum) else value
