"""Nodes by ComfyUI's second contract: classes with a schema, from `comfy_api`."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from compat.api.io_dynamic import gathered, groups
from compat.api.node_class import ComfyNode, NodeOutput, Schema, locked_clone
from compat.contract.calling import CONTEXT, Calling, Target, function_of
from compat.contract.classes import may_change, remembering
from compat.contract.given import GIVEN
from compat.contract.inputs import Takes, read_inputs
from compat.contract.own_checks import fingerprint_of, parameters_of, takes_types, validate_of, validated_names
from compat.contract.plain import plain, text
from compat.contract.returned import Returned, read_returned
from compat.contract.type_names import type_name
from graph.context import Context
from graph.node_spec import NodeSpec, Output
from graph.values import Blocked

__all__ = ["is_schema_class", "read_schema"]


def is_schema_class(cls: Any) -> bool:
    """Whether a class is a node by this contract."""
    return isinstance(cls, type) and issubclass(cls, ComfyNode)


def read_schema(cls: type[ComfyNode], module: str, id: str | None = None, title: str | None = None) -> NodeSpec:
    """The spec of a node that a class with a schema declares; `id` and `title` take the place of the schema's.

    Raises ValueError and TypeError for a broken schema, and whatever `define_schema` raises.
    """
    schema = cls.GET_SCHEMA()
    id = id or schema.node_id
    title = title or schema.display_name or id
    takes = _takes(cls, schema)
    outputs = tuple(_output(each) for each in schema.outputs)
    status = getattr(cls, "check_lazy_status", None)
    is_async = any(inspect.iscoroutinefunction(each) for each in (cls.execute, status) if each)
    calling = Calling(
        title=title,
        takes=takes,
        outputs=outputs,
        bind=_binder(cls, schema, takes),
        read=_reader(cls, schema),
        whole_lists=schema.is_input_list,
        is_async=is_async,
        given_as_inputs=False,
    )
    check = _method(cls, "validate_inputs")
    gather = partial(gathered, schema.inputs)
    return NodeSpec(
        id=text(id),
        function=function_of(calling),
        title=text(title),
        category=text(schema.category or "sd"),
        description=text(schema.description or ""),
        inputs=takes.inputs,
        outputs=outputs,
        context_parameter=CONTEXT,
        several_outputs=True,
        output_node=schema.is_output_node,
        search=tuple(plain(schema.search_aliases)),
        not_idempotent=schema.not_idempotent or "UNIQUE_ID" in takes.given.values(),
        fingerprint=fingerprint_of(_method(cls, "fingerprint_inputs"), takes, schema.is_input_list, gather),
        validate=validate_of(check, takes, schema.is_input_list, gather) if check else None,
        validated=takes.unchecked | (validated_names(check) if check else frozenset()),
        validates_types=check is not None and takes_types(check),
        variadic=takes.variadic,
        is_async=is_async,
        sees_graph="DYNPROMPT" in takes.given.values() or any(item.raw_link for item in takes.inputs),
        inputs_now=remembering(cls, lambda: _takes(cls, cls.GET_SCHEMA()).inputs, takes.inputs)
        if may_change(cls.define_schema, takes)
        else None,
        deprecated=schema.is_deprecated,
        experimental=schema.is_experimental,
        module=module,
        extra=_extra(schema),
    )


def _takes(cls: type[ComfyNode], schema: Schema) -> Takes:
    kinds = [parameter.kind for parameter in parameters_of(cls.execute).values()]
    takes_more = inspect.Parameter.VAR_KEYWORD in kinds or groups(schema.inputs)
    return read_inputs(cls.INPUT_TYPES(), schema.is_input_list, takes_more, schema.accept_all_inputs)


def _output(declared: Any) -> Output:
    kind = type_name(declared.get_io_type())
    name = declared.display_name or declared.id or kind
    return Output(text(name), kind, items=declared.is_output_list, tooltip=text(declared.tooltip or ""))


def _binder(cls: type[ComfyNode], schema: Schema, takes: Takes) -> Callable[[Context], Target]:
    def bind(context: Context) -> Target:
        clone = locked_clone(cls, {name: GIVEN[kind](context) for name, kind in takes.given.items()})
        execute, status = clone.execute, getattr(clone, "check_lazy_status", None)  # type: ignore[attr-defined]
        if not groups(schema.inputs):
            return Target(execute, status)
        return Target(_gathering(execute, schema), _gathering(status, schema) if status else None)

    return bind


def _gathering(function: Callable[..., Any], schema: Schema) -> Callable[..., Any]:
    """The function, with inputs that stand for several as one dict each."""
    return lambda **inputs: function(**gathered(schema.inputs, inputs))


def _method(cls: type[ComfyNode], name: str) -> Callable[..., Any] | None:
    """A class method for use before the node runs, on a clone without hidden values."""
    return getattr(locked_clone(cls, {}), name, None)


def _reader(cls: type[ComfyNode], schema: Schema) -> Callable[[Any], Returned]:
    def read(returned: Any) -> Returned:
        found = _read(returned)
        if found.expand and not schema.enable_expand:
            raise ValueError(
                f"{cls.__name__} gave a graph to expand to, and its schema does not say enable_expand=True."
            )
        return found

    return read


def _read(returned: Any) -> Returned:
    if isinstance(returned, NodeOutput):
        result = returned.result
        if returned.block_execution is not None:
            return Returned(Blocked(returned.block_execution or None), returned.ui, returned.expand)
        return Returned(result, returned.ui, returned.expand)
    if returned is None or isinstance(returned, tuple | Mapping | Blocked):
        return read_returned(returned)
    raise TypeError(f"it returned {type(returned).__name__}, and io.NodeOutput is wanted")


def _extra(schema: Schema) -> dict[str, Any]:
    """The keys that entries of such nodes always have."""
    return {
        "foreign": True,
        "output_tooltips": [plain(each.tooltip) for each in schema.outputs],
        "deprecated": schema.is_deprecated,
        "experimental": schema.is_experimental,
        "api_node": schema.is_api_node,
    }
