"""What the world is told about a node: entries of `/object_info`, in ComfyUI's shape.

Beside ComfyUI's keys an entry has `version`, `search_aliases` and, for an alias, `alias_of`. A combo of ours is always
`[[choice, ...], options]`. Where the choices are files, `options.files` names their folder, and the list is empty until
`fill_choices` has put the present ones in. `options.is_list` says that an input takes all values of its link at once.
`variadic` is `[type, options]` of further inputs under any name, `dynamic` says that the choices change while the node
is installed, `validates` that the node checks its inputs itself: those in `validated` (`*`: all) alone, and with
`validates_types` the types of links as well. `foreign` marks nodes by another program's contract, whose inputs may have
widgets that nothing is known of. `gives_way` marks nodes that let other jobs run while they do.
"""

from collections.abc import Mapping
from typing import Any

from graph.folders import Folders
from graph.node_spec import Input, NodeSpec

Schema = dict[str, Any]
Schemas = Mapping[str, Schema]


def object_info(spec: NodeSpec) -> Schema:
    """The entry of a node, with empty lists where files are chosen."""
    return _entry(spec, spec.id, {})


def alias_entry(spec: NodeSpec, alias: str) -> Schema:
    """The entry of a node under another program's id, with that program's input names."""
    theirs = {ours: name for name, ours in spec.aliases[alias].items()}
    return {**_entry(spec, alias, theirs), "alias_of": spec.id}


def files_kind(options: Mapping[str, Any]) -> str | None:
    """The folder whose files are the choices of an input: a kind of models, `input`, or None."""
    return options.get("files")


def fill_choices(schemas: Schemas, folders: Folders) -> dict[str, Schema]:
    """The same entries, with the files that are there now as choices."""
    return {id: _filled(schema, folders) for id, schema in schemas.items()}


def file_choices(options: Mapping[str, Any], folders: Folders) -> list[str]:
    """The files that an input with these options (`files_kind` is not None) can choose from."""
    kind: str = options["files"]
    if kind == "input":
        return folders.input_names(options["extensions"]) if "extensions" in options else folders.input_names()
    names = folders.model_choices(kind)
    endings = tuple(options.get("extensions", ()))
    names = [name for name in names if name.lower().endswith(endings)] if endings else names
    return ["", *names] if options.get("optional") else names


def _entry(spec: NodeSpec, id: str, names: Mapping[str, str]) -> Schema:
    inputs: dict[str, dict[str, Any]] = {"required": {}}
    for item in spec.inputs:
        group = "hidden" if item.hidden else "required" if item.required else "optional"
        inputs.setdefault(group, {})[names.get(item.name, item.name)] = _input(item)
    entry: Schema = {
        "input": inputs,
        "input_order": {group: list(items) for group, items in inputs.items()},
        "output": [output.type for output in spec.outputs],
        "output_is_list": [output.items for output in spec.outputs],
        "output_name": [output.name for output in spec.outputs],
        "name": id,
        "display_name": spec.title,
        "description": spec.description,
        "python_module": spec.module,
        "category": spec.category,
        "output_node": spec.output_node,
        "version": spec.version,
        "search_aliases": [*spec.search, *(alias for alias in spec.aliases if alias != id)],
    }
    if any(output.tooltip for output in spec.outputs):
        entry["output_tooltips"] = [output.tooltip for output in spec.outputs]
    if spec.variadic:
        entry["variadic"] = _input(spec.variadic)
    if spec.inputs_now:
        entry["dynamic"] = True
    if spec.validate or spec.validated:
        validates = spec.validate is not None
        entry.update(validates=validates, validated=sorted(spec.validated), validates_types=spec.validates_types)
    if spec.gives_way:
        entry["gives_way"] = True
    if spec.deprecated:
        entry["deprecated"] = True
    if spec.experimental:
        entry["experimental"] = True
    return {**entry, **spec.extra}


def _input(item: Input) -> list[Any] | str:
    options = dict(item.options)
    if item.hidden and not options:
        return item.type
    if item.items and not item.hidden:
        options["is_list"] = True
    if item.type != "COMBO" or not (item.files or item.choices):
        return [item.type, options]
    if item.files:
        options["files"] = item.files
    return [list(item.choices()) if item.choices else [], options]


def _filled(schema: Schema, folders: Folders) -> Schema:
    filled = schema
    for group in ("required", "optional"):
        for name, (_, options) in schema["input"].get(group, {}).items():
            kind = files_kind(options)
            if kind is None:
                continue
            if filled is schema:
                filled = {**schema, "input": {key: dict(value) for key, value in schema["input"].items()}}
            filled["input"][group][name] = [file_choices(options, folders), options]
    return filled
