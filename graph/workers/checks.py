"""What the server asks a worker about nodes, as only their code knows it: choices of the moment, own validation."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph.execution.graph_view import View
from graph.execution.plan import PlanError, Planner, Step
from graph.folders import Folders
from graph.input_error import InputError
from graph.prompt import Link, Prompt
from graph.registry import Registry
from graph.types import ANY
from graph.workers.host import Answerer


def answers(registry: Callable[[], Registry], folders: Folders) -> dict[str, Answerer]:
    """The questions that every worker answers, about the nodes that there are at that moment.

    "schemas": the entries of /object_info of nodes whose choices change, of the types in a list, or of all (null).
    "validate": what nodes of an API prompt have against their inputs, as `[{node, input, message}]`; the question is
    `{"prompt", "nodes": [id]}`.
    """
    return {
        "schemas": lambda types: registry().schemas_now(types),
        "validate": lambda question: complaints_of(registry(), question["prompt"], question["nodes"], folders),
    }


def complaints_of(registry: Registry, prompt: Prompt, ids: Sequence[str], folders: Folders) -> list[dict[str, Any]]:
    """What these nodes of a validated prompt have against their inputs, as `[{node, input, message}]`."""
    planner = Planner(registry.specs)
    steps = [planner.arguments(prompt, id) for id in ids if prompt[id]["class_type"] in registry.specs]
    return [problem for step in steps for problem in _validate(registry, planner, prompt, step, folders)]


def _validate(
    registry: Registry, planner: Planner, prompt: Prompt, step: Step, folders: Folders
) -> list[dict[str, Any]]:
    if step.spec.validate is None:
        return []
    try:
        wanted = _wanted(step, {name: _type(registry, prompt, link) for name, link in step.links.items()})
        if step.spec.reads_graph:
            steps = planner.plan(prompt, [step.id]).steps
            wanted.update(graph=View(steps, lambda: prompt), node_id=step.id, folders=folders)
        step.spec.validate(**wanted)
    except PlanError:
        return []  # what is wrong with the nodes before it is told where it is
    except InputError as error:
        return [{"node": step.id, "input": error.input_name, "message": str(error)}]
    except Exception as error:  # noqa: BLE001 - a node may raise anything, which is then what is wrong
        message = f"The node's own check failed ({type(error).__name__}: {error})."
        return [{"node": step.id, "input": None, "message": message}]
    return []


def _wanted(step: Step, types: Mapping[str, str]) -> dict[str, Any]:
    """What the node's check has parameters for: values of widgets, None for what is linked, and the types of links."""
    assert step.spec.validate is not None
    parameters = inspect.signature(step.spec.validate).parameters
    every = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in parameters.values())
    values = {**step.literals, **dict.fromkeys(step.links)}
    wanted = {name: value for name, value in values.items() if every or name in parameters}
    if "input_types" in parameters:
        wanted["input_types"] = dict(types)
    return wanted


def _type(registry: Registry, prompt: Prompt, link: Link) -> str:
    """The type of what a link brings."""
    source, slot = link
    spec = registry.specs.get(prompt[source]["class_type"]) if source in prompt else None
    return spec.outputs[slot].type if spec and 0 <= slot < len(spec.outputs) else ANY
