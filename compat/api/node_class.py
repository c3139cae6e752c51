"""Nodes by ComfyUI's second contract: `ComfyNode`, its `Schema`, and what it returns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from compat.api.io_dynamic import entries
from compat.api.io_types import Input, Output
from graph.values import Blocked

__all__ = ["ComfyNode", "Hidden", "HiddenHolder", "NodeOutput", "Schema", "locked_clone"]


class Hidden(StrEnum):
    """What a node may ask of the engine; it is found in `cls.hidden`."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"


class HiddenHolder:
    """The hidden values of one call; None for those that the schema does not ask for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.unique_id: str | None = values.get("unique_id")
        self.prompt: Any = values.get("prompt")
        self.extra_pnginfo: Any = values.get("extra_pnginfo")
        self.dynprompt: Any = values.get("dynprompt")
        self.auth_token_comfy_org: str | None = values.get("auth_token_comfy_org")
        self.api_key_comfy_org: str | None = values.get("api_key_comfy_org")


class Schema:
    """What a node is. Further named values belong to newer versions of the contract and change nothing here."""

    def __init__(
        self,
        node_id: str,
        display_name: str | None = None,
        category: str = "sd",
        inputs: Sequence[Input] | None = None,
        outputs: Sequence[Output] | None = None,
        hidden: Sequence[Hidden] | None = None,
        description: str = "",
        is_input_list: bool = False,
        is_output_node: bool = False,
        is_deprecated: bool = False,
        is_experimental: bool = False,
        is_api_node: bool = False,
        not_idempotent: bool = False,
        enable_expand: bool = False,
        search_aliases: Sequence[str] | None = None,
        accept_all_inputs: bool = False,
        **_: Any,
    ) -> None:
        self.node_id = node_id
        self.display_name = display_name
        self.category = category
        self.inputs = list(inputs or ())
        self.outputs = list(outputs or ())
        self.hidden = [Hidden(each) for each in hidden or ()]
        self.description = description
        self.is_input_list = is_input_list
        self.is_output_node = is_output_node
        self.is_deprecated = is_deprecated
        self.is_experimental = is_experimental
        self.is_api_node = is_api_node
        self.not_idempotent = not_idempotent
        self.enable_expand = enable_expand
        self.search_aliases = list(search_aliases or ())
        self.accept_all_inputs = accept_all_inputs
        if is_output_node:
            self.hidden += [each for each in (Hidden.prompt, Hidden.extra_pnginfo) if each not in self.hidden]

    def validate(self) -> None:
        """Raise ValueError if two inputs, or two outputs, have the same id."""
        for kind, parts in (("inputs", self.inputs), ("outputs", self.outputs)):
            ids = [part.id for part in parts if part.id is not None]
            twice = sorted({id for id in ids if ids.count(id) > 1})
            if twice:
                raise ValueError(f"the schema of {self.node_id} has several {kind} with the id '{twice[0]}'")


@dataclass(init=False)
class NodeOutput:
    """What `execute` returns: the values of the outputs, what to show, a graph to be run, or why it is blocked."""

    args: tuple[Any, ...] = ()
    ui: Any = None
    expand: dict[str, Any] | None = None
    block_execution: str | None = field(default=None)

    def __init__(
        self, *args: Any, ui: Any = None, expand: dict[str, Any] | None = None, block_execution: str | None = None
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        """The values, or None if there are none."""
        return self.args or None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "NodeOutput":
        """Read the dict that nodes of the first contract return."""
        result = data.get("result", ())
        blocked = result.message if isinstance(result, Blocked) else None
        if isinstance(result, Blocked) and blocked is None:
            blocked = ""
        args = () if isinstance(result, Blocked) or result is None else tuple(result)
        return cls(*args, ui=data.get("ui"), expand=data.get("expand"), block_execution=blocked)


class _FromSchema:
    """An attribute of the first contract, for packs that look at all node classes alike."""

    def __init__(self, read: Callable[[Schema], Any]) -> None:
        self._read = read

    def __get__(self, instance: object, owner: "type[ComfyNode]") -> Any:
        return self._read(owner.GET_SCHEMA())


class ComfyNode:
    """The base of nodes: class methods only. Each call runs on a class of its own, which cannot be changed."""

    hidden: HiddenHolder = HiddenHolder({})
    FUNCTION = "execute"
    CATEGORY = _FromSchema(lambda schema: schema.category)
    DESCRIPTION = _FromSchema(lambda schema: schema.description)
    INPUT_IS_LIST = _FromSchema(lambda schema: schema.is_input_list)
    OUTPUT_IS_LIST = _FromSchema(lambda schema: [output.is_output_list for output in schema.outputs])
    OUTPUT_NODE = _FromSchema(lambda schema: schema.is_output_node)
    RETURN_NAMES = _FromSchema(lambda schema: [each.display_name or each.get_io_type() for each in schema.outputs])
    RETURN_TYPES = _FromSchema(lambda schema: [output.get_io_type() for output in schema.outputs])

    @classmethod
    def define_schema(cls) -> Schema:
        """What the node is."""
        raise NotImplementedError(f"{cls.__name__} has no define_schema")

    @classmethod
    def execute(cls, **inputs: Any) -> Any:
        """What the node does."""
        raise NotImplementedError(f"{cls.__name__} has no execute")

    @classmethod
    def GET_SCHEMA(cls) -> Schema:  # noqa: N802 - the name by which packs call it
        """The schema, checked. Raises ValueError."""
        schema = cls.define_schema()
        schema.validate()
        return schema

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:  # noqa: N802 - as above
        """The inputs, as the first contract has them."""
        schema = cls.GET_SCHEMA()
        declared: dict[str, dict[str, Any]] = {"required": {}}
        for name, optional, kind, options in entries(schema.inputs):
            declared.setdefault("optional" if optional else "required", {})[name] = (kind, options)
        if schema.hidden:
            declared["hidden"] = {each.name: (each.value,) for each in schema.hidden}
        return declared


@lru_cache(maxsize=64)
def _locked(kind: type) -> type:
    """A metaclass whose classes cannot be changed."""

    def refuse(cls: type, name: str, *_: Any) -> None:
        raise AttributeError(
            f"{cls.__name__}.{name} cannot be set while the node runs: nodes of this kind have no state."
        )

    return type(f"Locked{kind.__name__}", (kind,), {"__setattr__": refuse, "__delattr__": refuse})


def locked_clone(cls: type, hidden: Mapping[str, Any]) -> type:
    """A class like `cls` for one call, with these hidden values."""
    members = {"hidden": HiddenHolder(hidden), "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    clone: type = _locked(type(cls))(cls.__name__, (cls,), members)
    return clone
