"""Checking a prompt, with the help of a worker where only the code of a node knows what is right."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.services import Services
from graph.schema import Schema, Schemas
from graph.validation.validate import Complaint, Validation, validate
from graph.workers.catalog import NoNodesError
from graph.workers.worker import AskError

NODES_PATIENCE = 120.0
"""Seconds that a request waits for the nodes, at the very first start."""


async def check_prompt(service: Services, prompt: object, targets: Iterable[str] | None) -> Validation:
    """Validate a prompt with the nodes and choices of this moment. Raises NoNodesError."""
    types = _types(prompt)
    schemas = await schemas_now(service, types)
    targets = None if targets is None else list(targets)
    checked = validate(prompt, schemas, service.settings.folders, targets)
    validating = {each for each in types if schemas.get(each, {}).get("validates")}
    if not validating:
        return checked
    own = [id for id, node in checked.prompt.items() if node["class_type"] in validating]
    question = {"prompt": checked.prompt, "nodes": own}
    complaints = [Complaint(**complaint) for complaint in await _ask(service, "validate", question)]
    if not complaints:
        return checked
    return validate(prompt, schemas, service.settings.folders, targets, complaints)


async def schemas_now(service: Services, types: Iterable[str] | None = None) -> Schemas:
    """The schemas of all nodes; of these types, or of all, with the choices of this moment. Raises NoNodesError."""
    schemas = await service.catalog.schemas(NODES_PATIENCE)
    dynamic = [id for id in (schemas if types is None else types) if id in schemas and schemas[id].get("dynamic")]
    if not dynamic:
        return schemas
    fresh: Mapping[str, Schema] = await _ask(service, "schemas", dynamic)
    return {**schemas, **fresh}


def _types(prompt: object) -> set[str]:
    nodes = prompt.values() if isinstance(prompt, dict) else ()
    found = {node.get("class_type") for node in nodes if isinstance(node, dict)}
    return {each for each in found if isinstance(each, str)}


async def _ask(service: Services, what: str, question: Any) -> Any:
    try:
        return await service.dispatcher.ask(what, question, NODES_PATIENCE)
    except TimeoutError:
        raise NoNodesError("The worker that has the nodes does not answer. Try again in a moment.") from None
    except AskError as error:
        raise NoNodesError(f"The worker could not be asked about the nodes: {error}. See the server's log.") from None
