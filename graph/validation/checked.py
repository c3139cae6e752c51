"""Checking a prompt in a process that can import the nodes, as the server checks one with the help of a worker."""

from collections.abc import Callable, Iterable

from graph.folders import Folders
from graph.registry import Registry
from graph.schema import Schemas
from graph.validation.validate import Complaint, Validation, validate
from graph.workers import checks


def check(
    prompt: object, schemas: Schemas, folders: Folders, targets: Iterable[str] | None, registry: Callable[[], Registry]
) -> Validation:
    """Validate a prompt. `registry` imports the nodes; it is called only if code of theirs has to say something."""
    wanted = None if targets is None else list(targets)
    nodes = prompt.values() if isinstance(prompt, dict) else ()
    types = {str(node.get("class_type")) for node in nodes if isinstance(node, dict)}
    dynamic = sorted(type for type in types if schemas.get(type, {}).get("dynamic"))
    if dynamic:
        schemas = {**schemas, **registry().schemas_now(dynamic)}
    found = validate(prompt, schemas, folders, wanted)
    own = [id for id, node in found.prompt.items() if schemas.get(node["class_type"], {}).get("validates")]
    if not own:
        return found
    said = checks.answers(registry)["validate"]({"prompt": found.prompt, "nodes": own})
    return validate(prompt, schemas, folders, wanted, [Complaint(**each) for each in said]) if said else found


def sentences(found: Validation) -> list[str]:
    """All that is wrong, a sentence each; empty if nothing is."""
    errors = [error for node in found.node_errors.values() for error in node["errors"]]
    told = [error["details"] or error["message"] for error in errors]
    if found.error and not told:
        told = [found.error.details or found.error.message]
    return list(dict.fromkeys(told))
