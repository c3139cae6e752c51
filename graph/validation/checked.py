"""Checking a prompt in a process that can import the nodes, as the server checks one with the help of a worker."""

from collections.abc import Callable, Iterable

from graph.folders import Folders
from graph.registry import Registry
from graph.schema import Schemas
from graph.validation.own_checks import dynamic_types, nodes_that_check, types_in
from graph.validation.validate import Complaint, Validation, validate
from graph.workers.checks import complaints_of


def check(
    prompt: object, schemas: Schemas, folders: Folders, targets: Iterable[str] | None, registry: Callable[[], Registry]
) -> Validation:
    """Validate a prompt. `registry` imports the nodes; it is called only if code of theirs has to say something."""
    wanted = None if targets is None else list(targets)
    dynamic = dynamic_types(schemas, types_in(prompt))
    if dynamic:
        schemas = {**schemas, **registry().schemas_now(dynamic)}
    found = validate(prompt, schemas, folders, wanted)
    own = nodes_that_check(found.prompt, schemas)
    said = complaints_of(registry(), found.prompt, own, folders) if own else []
    return validate(prompt, schemas, folders, wanted, [Complaint(**each) for each in said]) if said else found


def sentences(found: Validation) -> list[str]:
    """All that is wrong, a sentence each; empty if nothing is."""
    errors = [error for node in found.node_errors.values() for error in node["errors"]]
    told = [error["details"] or error["message"] for error in errors]
    if found.error and not told:
        told = [found.error.details or found.error.message]
    return list(dict.fromkeys(told))
