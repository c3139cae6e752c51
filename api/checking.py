"""Checking a prompt, with the help of a worker where only the code of a node knows what is right."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.services import Services
from graph.schema import Schema, Schemas
from graph.validation.own_checks import dynamic_types, nodes_that_check, types_in
from graph.validation.validate import Complaint, Validation, validate
from graph.workers.catalog import NoNodesError
from graph.workers.worker import AskError

NODES_PATIENCE = 120.0
"""Seconds that a request waits for the nodes, at the very first start."""


async def check_prompt(service: Services, prompt: object, targets: Iterable[str] | None) -> Validation:
    """Validate a prompt with the nodes and choices of this moment. Raises NoNodesError."""
    schemas = await schemas_now(service, types_in(prompt))
    targets = None if targets is None else list(targets)
    checked = validate(prompt, schemas, service.settings.folders, targets)
    own = nodes_that_check(checked.prompt, schemas)
    if not own:
        return checked
    question = {"prompt": checked.prompt, "nodes": own}
    complaints = [Complaint(**complaint) for complaint in await _ask(service, "validate", question)]
    if not complaints:
        return checked
    return validate(prompt, schemas, service.settings.folders, targets, complaints)


async def schemas_now(service: Services, types: Iterable[str] | None = None) -> Schemas:
    """The schemas of all nodes; of these types, or of all, with the choices of this moment. Raises NoNodesError."""
    schemas = await service.catalog.schemas(NODES_PATIENCE)
    dynamic = dynamic_types(schemas, schemas if types is None else types)
    if not dynamic:
        return schemas
    fresh: Mapping[str, Schema] = await _ask(service, "schemas", dynamic)
    return {**schemas, **fresh}


async def _ask(service: Services, what: str, question: Any) -> Any:
    try:
        return await service.dispatcher.ask(what, question, NODES_PATIENCE)
    except TimeoutError:
        raise NoNodesError("The worker that has the nodes does not answer. Try again in a moment.") from None
    except AskError as error:
        raise NoNodesError(f"The worker could not be asked about the nodes: {error}. See the server's log.") from None
