"""Nodes by ComfyUI's first contract: a plain class with `INPUT_TYPES`, `RETURN_TYPES` and `FUNCTION`."""

import inspect
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from compat.contract.calling import CONTEXT, Calling, Target, function_of
from compat.contract.inputs import Takes, read_inputs
from compat.contract.own_checks import fingerprint_of, parameters_of, takes_types, validate_of, validated_names
from compat.contract.plain import plain, text
from compat.contract.returned import read_returned
from compat.contract.type_names import type_names
from graph.context import Context
from graph.node_spec import Input, NodeSpec, Output

__all__ = ["Instances", "may_change", "read_class", "remembering"]

INSTANCES_KEPT = 256
SEES_GRAPH = "DYNPROMPT"
logger = logging.getLogger("compat")


class Instances:
    """The objects that nodes keep between their calls: one for each node id and class, the last ones used."""

    def __init__(self, limit: int = INSTANCES_KEPT) -> None:
        self._limit = limit
        self._objects: OrderedDict[tuple[str, type], Any] = OrderedDict()

    def get(self, node_id: str, cls: type) -> Any:
        """The object of a node, made at its first use."""
        key = (node_id, cls)
        if key in self._objects:
            self._objects.move_to_end(key)
        else:
            self._objects[key] = cls()
            if len(self._objects) > self._limit:
                self._objects.popitem(last=False)
        return self._objects[key]

    def clear(self) -> None:
        """Forget them all."""
        self._objects.clear()


def read_class(id: str, cls: type, title: str, module: str, instances: Instances) -> NodeSpec:
    """The spec of a node that a class declares.

    Raises AttributeError and TypeError for a class that is none by this contract, and whatever its INPUT_TYPES raises.
    """
    method = getattr(cls, cls.FUNCTION)  # type: ignore[attr-defined]
    whole_lists = bool(_flag(cls, "INPUT_IS_LIST"))
    takes = _takes(cls, method, whole_lists)
    outputs = _outputs(cls)
    is_async = any(
        inspect.iscoroutinefunction(each) for each in (method, getattr(cls, "check_lazy_status", None)) if each
    )
    calling = Calling(
        title=title,
        takes=takes,
        outputs=outputs,
        bind=_binder(cls, instances),
        read=read_returned,
        whole_lists=whole_lists,
        is_async=is_async,
    )
    changed, check = getattr(cls, "IS_CHANGED", None), getattr(cls, "VALIDATE_INPUTS", None)
    return NodeSpec(
        id=id,
        function=function_of(calling),
        title=title,
        category=text(str(getattr(cls, "CATEGORY", None) or "sd")),
        description=text(str(getattr(cls, "DESCRIPTION", None) or "")),
        inputs=takes.inputs,
        outputs=outputs,
        context_parameter=CONTEXT,
        several_outputs=True,
        output_node=bool(_flag(cls, "OUTPUT_NODE")),
        search=tuple(plain(_several(getattr(cls, "SEARCH_ALIASES", None)))),
        not_idempotent=bool(_flag(cls, "NOT_IDEMPOTENT")) or "UNIQUE_ID" in takes.given.values(),
        fingerprint=fingerprint_of(changed, takes, whole_lists),
        validate=validate_of(check, takes, whole_lists) if check else None,
        validated=takes.unchecked | (validated_names(check) if check else frozenset()),
        validates_types=check is not None and takes_types(check),
        variadic=takes.variadic,
        is_async=is_async,
        sees_graph=SEES_GRAPH in takes.given.values() or any(item.raw_link for item in takes.inputs),
        inputs_now=remembering(cls, lambda: _takes(cls, method, whole_lists).inputs, takes.inputs)
        if may_change(cls.INPUT_TYPES, takes)  # type: ignore[attr-defined]
        else None,
        deprecated=bool(_flag(cls, "DEPRECATED")),
        experimental=bool(_flag(cls, "EXPERIMENTAL")),
        module=module,
        extra={"foreign": True, **({"api_node": True} if _flag(cls, "API_NODE") else {})},
    )


def _flag(cls: type, name: str) -> Any:
    """A flag of a class; packs also write `(True,)`."""
    value = getattr(cls, name, False)
    return value[0] if isinstance(value, list | tuple) and value else value


def _takes(cls: type, method: Callable[..., Any], whole_lists: bool) -> Takes:
    kinds = [parameter.kind for parameter in parameters_of(method).values()]
    takes_more = inspect.Parameter.VAR_KEYWORD in kinds
    return read_inputs(cls.INPUT_TYPES(), whole_lists, takes_more)  # type: ignore[attr-defined]


def _outputs(cls: type) -> tuple[Output, ...]:
    types = type_names(getattr(cls, "RETURN_TYPES", ()))
    names = _several(getattr(cls, "RETURN_NAMES", None))[: len(types)]
    lists = _several(getattr(cls, "OUTPUT_IS_LIST", None))[: len(types)]
    tooltips = _several(getattr(cls, "OUTPUT_TOOLTIPS", None))[: len(types)]
    return tuple(
        Output(text(str(name or type)), type, items=bool(is_list), tooltip=text(str(tooltip or "")))
        for type, name, is_list, tooltip in zip_longest(types, names, lists, tooltips)
    )


def _several(value: Any) -> Sequence[Any]:
    """A sequence; a lone value, as `("name")` is one, counts as one of a single item."""
    if value is None:
        return ()
    return list(value) if isinstance(value, list | tuple) else [value]


def _binder(cls: type, instances: Instances) -> Callable[[Context], Target]:
    def bind(context: Context) -> Target:
        node = instances.get(context.node_id, cls)
        return Target(getattr(node, cls.FUNCTION), getattr(node, "check_lazy_status", None))  # type: ignore[attr-defined]

    return bind


def may_change(declare: Callable[..., Any] | None, takes: Takes) -> bool:
    """Whether the choices of a class may be others later: not if the code that lists them looks at nothing."""
    if not any(item.type == "COMBO" for item in takes.inputs):
        return False
    code = getattr(getattr(declare, "__func__", declare), "__code__", None)
    return code is None or bool(code.co_names or code.co_freevars)


def remembering(
    cls: type, read: Callable[[], tuple[Input, ...]], first: tuple[Input, ...]
) -> Callable[[], tuple[Input, ...]]:
    """Reads the inputs of a class anew; where that fails, the last ones stay."""
    last = [first]

    def inputs_now() -> tuple[Input, ...]:
        try:
            last[0] = read()
        except Exception:
            logger.exception("The inputs of %s cannot be read anew; the last ones are kept.", cls.__qualname__)
        return last[0]

    return inputs_now
