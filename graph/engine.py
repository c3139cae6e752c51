"""Running workflows in this process: for scripts, notebooks, and the command `python -m graph`."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from graph import events
from graph.folders import Folders
from graph.headless.progress import Course, Progress
from graph.headless.workflow import Prepared, Source, prepare, workflow_of
from graph.messages import Job, PackProblem
from graph.places import Places
from graph.prompt import Prompt
from graph.registry import Registry, signature
from graph.results import Results, Shown, unwrapped
from graph.schema import Schema, Schemas, fill_choices
from graph.settings import EXTENSIONS, SOURCES, Settings
from graph.validation.checked import check, sentences
from graph.validation.own_checks import dynamic_types
from graph.validation.validate import Validation
from graph.workers.assembly import Assembly, DeviceError, assemble
from graph.workers.caches import make_room
from graph.workers.catalog import Catalog
from graph.workers.device import select
from graph.workflow_error import WorkflowError, WorkflowInterrupted

__all__ = ["Engine", "Progress", "Results", "WorkflowError", "WorkflowInterrupted"]

PROJECT = Path(__file__).resolve().parents[1]
FLUSH_SECONDS = 10.0

_turn = threading.RLock()
"""Runs of one process take turns, whichever engine they are of: they share its devices and what is loaded there."""


class Engine:
    """Runs workflows, with the results of earlier ones at hand.

    Nodes are imported when they are first needed. Several engines may be used side by side, from several threads too,
    each with folders and results of its own; only the packs of ComfyUI, which know one set of folders, want to be used
    by one engine alone. `close` writes what is to be kept on disk; an engine is a context that does so.
    """

    def __init__(
        self,
        base: Path | str = PROJECT,
        *,
        models: Path | str | None = None,
        input: Path | str | None = None,
        output: Path | str | None = None,
        temp: Path | str | None = None,
        packages: Sequence[str] = ("nodes",),
        packs: bool = False,
        device: str | None = None,
        cache_bytes: int | None = None,
        disk_cache_bytes: int | None = None,
        metadata: bool = True,
    ) -> None:
        """Take the folders below `base` (that of the program), apart from those that are named.

        `packages` have the nodes, and with `packs` the packs in `base/custom_nodes` do too. `device` is `cpu`, `cuda:0`
        …, by default the best. Results take up to `cache_bytes` of memory (an eighth of it) and `disk_cache_bytes` of
        disk (10 GiB, or a tenth of what is free), 0 for none. With `metadata` saved pictures have the workflow in them.
        """
        root = Path(base).resolve()
        self.folders = Folders(
            base=root,
            models=Path(models or root / "models").resolve(),
            input=Path(input or root / "input").resolve(),
            output=Path(output or root / "output").resolve(),
            temp=Path(temp or root / "temp").resolve(),
            user=root / "user",
            custom_nodes=root / "custom_nodes",
        )
        settings = Settings(
            folders=self.folders,
            packages=tuple(packages),
            packs=packs,
            device=device,
            metadata=metadata,
            cache_bytes=cache_bytes,
            disk_cache_bytes=disk_cache_bytes,
        )
        self._settings = settings.for_worker(SOURCES, EXTENSIONS if packs else ())
        custom_nodes = self.folders.custom_nodes if packs else None
        of_files = partial(signature, [*packages, *SOURCES], custom_nodes)
        self._catalog = Catalog(self.folders.user / "cache" / "schemas.json", of_files)
        self._assembly: Assembly | None = None
        self._loading = threading.RLock()
        self._closed = False

    @property
    def nodes(self) -> dict[str, Schema]:
        """The nodes that there are, by id: their entries of `/object_info`, with the files that can be chosen now.

        Raises WorkflowError if the nodes cannot be imported.
        """
        schemas = self._schemas()
        dynamic = dynamic_types(schemas, schemas)
        now = self._registry().schemas_now(dynamic) if dynamic else {}
        return fill_choices({**schemas, **now}, self.folders)

    @property
    def problems(self) -> list[PackProblem]:
        """The modules and packs that cannot be loaded, or that lack something. Raises WorkflowError."""
        self._schemas()
        return list(self._catalog.problems)

    def compile(self, workflow: Source, *, set: Mapping[str, Any] | None = None) -> Prompt:
        """The prompt of a workflow, with the values of `set` as `run` takes them. Raises WorkflowError."""
        return self._prepare(workflow, set).prompt

    def validate(
        self, workflow: Source, *, set: Mapping[str, Any] | None = None, targets: Iterable[str] | None = None
    ) -> list[str]:
        """All that is wrong with a workflow, a sentence each; an empty list if it can run.

        Raises WorkflowError for what cannot be read as a workflow at all.
        """
        return sentences(self._check(self._prepare(workflow, set).prompt, targets))

    def run(
        self,
        workflow: Source,
        *,
        set: Mapping[str, Any] | None = None,
        targets: Iterable[str] | None = None,
        progress: Callable[[Progress], None] | None = None,
        interrupt: threading.Event | None = None,
    ) -> Results:
        """Run a workflow: a prompt, a document of the editor, a `PromptBuilder`, or the path of a file.

        `set` gives inputs other values, by places such as `6.text` or `Positive prompt.text`. `targets` are the nodes
        that are wanted, by id, title or type: by default all that save or show something. `progress` is called in this
        thread; what it raises ends the run. So does `interrupt`, at the next step, once it is set, from another thread
        or a signal handler. Raises WorkflowError, and WorkflowInterrupted.
        """
        prepared = self._prepare(workflow, set)
        checked = self._check(prepared.prompt, targets)
        if told := sentences(checked):
            node, found = next(iter(checked.node_errors.items()), (None, {}))
            raise WorkflowError("\n".join(told), node=node, input=_input_of(found), node_errors=checked.node_errors)
        stop = interrupt or threading.Event()
        return _without_loop(partial(self._execute, checked, prepared.extra_pnginfo, progress, stop), stop)

    def close(self) -> None:
        """Write the results that are to be kept, and let go of the others. Nothing can be run afterwards."""
        with _turn, self._loading:
            self._closed = True
            if self._assembly is not None:
                self._assembly.executor.cache.close(FLUSH_SECONDS)
                self._assembly.executor.reservations.close()
                self._assembly = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _prepare(self, workflow: Source, values: Mapping[str, Any] | None) -> Prepared:
        return prepare(workflow_of(workflow), self._schemas(), values or {})

    def _check(self, prompt: Prompt, targets: Iterable[str] | None) -> Validation:
        schemas = self._schemas()
        places = Places(prompt, schemas)
        wanted = None if targets is None else [places.node(str(target)) for target in targets]
        return check(prompt, schemas, self.folders, wanted, self._registry)

    def _execute(
        self,
        checked: Validation,
        extra_pnginfo: dict[str, Any],
        progress: Callable[[Progress], None] | None,
        interrupt: threading.Event,
    ) -> Results:
        course = Course(checked.prompt, checked.targets, self._schemas())
        shown = Shown(self.folders)
        ends: list[events.Event] = []

        def hear(event: events.Event) -> None:
            shown.hear(event, course)
            if isinstance(event, events.FINAL):
                ends.append(event)
            now = course.follow(event)
            if now is not None and progress is not None:
                progress(now)

        job = Job(str(uuid.uuid4()), _encoded(checked.prompt), checked.targets, extra_pnginfo, previews="none")
        with _turn:
            executor = self._loaded().executor
            select(self._settings.device)
            outputs = executor.run(job, hear, interrupt)
            match ends:
                case [events.Failed() as failed]:
                    if failed.out_of_memory:
                        make_room(executor.cache)
                    raise _failure(failed)
                case [events.Interrupted(node)]:
                    place = f" in {course.title(node)} (node {node})" if node else ""
                    raise WorkflowInterrupted(f"The run was interrupted{place}.", node=node)
        return shown.results(course, {id: unwrapped(values) for id, values in outputs.items()})

    def _schemas(self) -> Schemas:
        known = self._catalog.known()
        if known is None:
            self._loaded()
            known = self._catalog.known()
        assert known is not None
        return known

    def _registry(self) -> Registry:
        return self._loaded().executor.registry

    def _loaded(self) -> Assembly:
        with self._loading:
            if self._closed:
                raise WorkflowError("This engine has been closed. Make another one.")
            if self._assembly is None:
                try:
                    self._assembly = assemble(self._settings, lambda kind, data, client_id: None)
                except ImportError as error:
                    packages = ", ".join(self._settings.packages)
                    raise WorkflowError(
                        f"The nodes cannot be imported ({error}). Look whether there is such a package: {packages}."
                    ) from error
                except DeviceError as error:
                    raise WorkflowError(str(error)) from error
                self._catalog.ready(self._assembly.report())
            return self._assembly


def _without_loop(run: Callable[[], Results], stop: threading.Event) -> Results:
    """Do it in this thread, or in another one if an event loop turns in this: async nodes need one of their own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run()
    with ThreadPoolExecutor(1, thread_name_prefix="engine") as threads:
        try:  # an interrupt may come before the thread is handed back
            return threads.submit(copy_context().run, run).result()
        except BaseException:  # the user wants this cell of a notebook to end
            stop.set()
            raise


def _encoded(prompt: Prompt) -> bytes:
    try:
        return orjson.dumps(prompt)
    except TypeError as error:
        raise WorkflowError(f"The workflow cannot be written as JSON: {error}.") from None


def _input_of(found: Mapping[str, Any]) -> str | None:
    names = [error["extra_info"].get("input_name") for error in found.get("errors", ())]
    return names[0] if names else None


def _failure(failed: events.Failed) -> WorkflowError:
    message = f"{failed.message} {failed.advice}".strip()
    return WorkflowError(message, node=failed.node, input=failed.input_name)
