"""Workflows as they are given to be run: prompts, documents of the editor, and the files that have one.

A picture that was saved by a workflow has it in its texts.
"""

import io
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from graph.documents.alternatives import Choose
from graph.documents.compiler import DocumentError, compile_document
from graph.documents.plain_data import Json
from graph.headless.input_values import assign, assign_in_document, with_alternatives_chosen
from graph.places import Assignment, Places
from graph.prompt import Prompt
from graph.prompt_builder import PromptBuilder
from graph.schema import Schemas
from graph.workflow_error import NotThereError, WorkflowError

__all__ = ["Prepared", "Source", "Workflow", "parse_workflow", "prepare", "workflow_of"]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEITHER = (
    "is no workflow: it has neither nodes as the editor saves them, nor those of a prompt in the API format."
    " Save it in the editor, or export it there for the API."
)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A prompt or a document. `extra_pnginfo` is what files are to say beside the prompt: `{"workflow": document}`."""

    content: Json
    extra_pnginfo: Json = field(default_factory=dict)

    @property
    def is_document(self) -> bool:
        """Whether it is as the editor saves it."""
        return isinstance(self.content.get("nodes"), list)


Source = Mapping[str, Any] | PromptBuilder | Path | str | Workflow
"""A prompt, a document, a prompt that was built, or the path of a file."""


class Prepared(NamedTuple):
    """What is handed to an engine."""

    prompt: Prompt
    extra_pnginfo: Json


def workflow_of(source: Source) -> Workflow:
    """The workflow that is meant. Raises WorkflowError for a file that cannot be read, and for what is no workflow."""
    if isinstance(source, Workflow):
        return source
    if isinstance(source, PromptBuilder):
        return Workflow(source.prompt())
    if isinstance(source, Mapping):
        return _workflow(dict(source), "This")
    path = Path(source)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotThereError(f"The file '{path}' cannot be read: {error.strerror or error}.") from None
    return parse_workflow(content, path.name)


def parse_workflow(content: bytes, name: str) -> Workflow:
    """The workflow that a file has, JSON or a PNG; `name` is for messages. Raises WorkflowError."""
    if content.startswith(PNG_SIGNATURE):
        return _of_picture(content, name)
    return _workflow(_json(content, name), name)


def prepare(
    workflow: Workflow, schemas: Schemas, values: Mapping[str, Any], choose: Choose = random.choice
) -> Prepared:
    """The prompt of a workflow with other values for some inputs, and what files are to say beside it.

    `values` are by place, as in `6.text`: see `graph.places`. A document that goes into files gets them
    too; if it cannot say them it is left out, so that no file shows another workflow than the one that made it. Raises
    WorkflowError, and NotThereError for a place that there is not.
    """
    try:
        prompt = _compiled(workflow, schemas, choose)
        found = Places(prompt, schemas).assignments(values)
        extra: dict[str, Any] = {"workflow": workflow.content} if workflow.is_document else dict(workflow.extra_pnginfo)
        if found and "workflow" in extra:
            extra["workflow"] = _changed(extra["workflow"], schemas, found)
    except DocumentError as error:
        raise WorkflowError(str(error)) from None
    if workflow.is_document:
        found = with_alternatives_chosen(found, prompt, schemas, choose)
    return Prepared(assign(prompt, found), {name: value for name, value in extra.items() if value is not None})


def _compiled(workflow: Workflow, schemas: Schemas, choose: Choose) -> Prompt:
    return compile_document(workflow.content, schemas, choose) if workflow.is_document else workflow.content


def _changed(document: Any, schemas: Schemas, found: Sequence[Assignment]) -> Json | None:
    """The document with other values, if it then compiles to the prompt with those."""
    changed = assign_in_document(document, schemas, found) if isinstance(document, dict) else None
    if changed is None:
        return None
    try:
        prompt = compile_document(document, schemas, min)
        wanted = assign(prompt, with_alternatives_chosen(found, prompt, schemas, min))
        return changed if compile_document(changed, schemas, min) == wanted else None
    except DocumentError:
        return None


def _of_picture(content: bytes, name: str) -> Workflow:
    """The prompt that made a picture, which says what was chosen; the document where there is none."""
    from PIL import Image, PngImagePlugin

    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            assert isinstance(picture, PngImagePlugin.PngImageFile)
            texts = {key: str(text) for key, text in picture.text.items()}
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise WorkflowError(f"The picture '{name}' is damaged or cut off: {error}. Get the file again.") from None
    extra = {}
    if "workflow" in texts:
        extra["workflow"] = _json(texts["workflow"], name)
    if "prompt" in texts:
        return Workflow(_workflow(_json(texts["prompt"], name), name).content, extra)
    if extra:
        return _workflow(extra["workflow"], name)
    raise WorkflowError(f"The picture '{name}' has no workflow in it. Only files as they were saved have one.")


def _json(content: bytes | str, name: str) -> Any:
    try:
        return json.loads(content)
    except RecursionError:
        raise WorkflowError(f"'{name}' is nested too deeply to be a workflow.") from None
    except ValueError as error:
        raise WorkflowError(f"'{name}' is not valid JSON: {error}.") from None


def _workflow(content: Any, name: str) -> Workflow:
    if isinstance(content, dict):
        found = Workflow(content)
        nodes = [node for node in content.values() if isinstance(node, dict) and "class_type" in node]
        if found.is_document or nodes:
            return found
    raise WorkflowError(f"{name if name == 'This' else repr(name)} {NEITHER}")
