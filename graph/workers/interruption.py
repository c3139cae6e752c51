"""Interrupting a node that does not look whether it is to stop.

A node that reports progress or calls `ctx.check()` stops by itself, as the job's `flag` is set. One that has not done
so after `PATIENCE` seconds is woken: a signal handler raises `graph.context.Interrupted` in it, so that it may be
asleep, wait for something to read, or compute in plain Python. What cannot be reached like that, code that never comes
back to Python or that swallows everything, ends with its process, which is the dispatcher's affair.

An exception that comes out of nowhere must not leave anything half done that outlives the job. So it is raised only in
code of the node: not in the engine, where a message may be half sent, and not while something is imported, entered,
left or cleaned up. Where that is the case now, it is tried again a moment later.
"""

import _thread
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from graph.context import Interrupted

PATIENCE = 0.3
INTERVAL = 0.02
MOST_TRIES = 500
"""A job that has not ended by then has no dispatcher that would end its process."""
STUCK_LOOKS = 5
"""A lock that is waited for at so many looks is no moment's work."""

ENGINE = "graph"
IMPORTING = "<frozen importlib"
LEAVING = frozenset({"__exit__", "__aexit__", "__del__"})
ENTERING = frozenset({"__enter__", "__aenter__"})
# What these do takes a moment, and must be finished: they enter and leave contexts, take and release locks, turn event
# loops, keep the books of what is in memory. Whatever they call may be interrupted.
QUICK = frozenset({"asyncio", "compat", "contextlib", "diffusion.residency", "logging", "selectors", "threading"})
WAITING = "threading"

SIGNAL = signal.SIGINT if sys.platform == "win32" else signal.SIGUSR1


class Interruptible:
    """A job that runs, for whoever wants to interrupt it."""

    def __init__(self, job_id: str, aside: bool = False) -> None:
        self.job_id = job_id
        self.flag = threading.Event()
        """Set as soon as the job is to stop."""
        self.aside = aside
        """Whether it waits or has given way to another job, which is not to be interrupted in its place."""
        self._over = threading.Event()

    def request(self) -> None:
        """Ask for the end of the job, from any thread."""
        if not self.flag.is_set():
            self.flag.set()
            threading.Thread(target=self._insist, name="interruption", daemon=True).start()

    def end(self) -> None:
        """The job has ended. Called by the main thread, which runs it."""
        self._over.set()

    @property
    def over(self) -> bool:
        """Whether the job has ended."""
        return self._over.is_set()

    def _insist(self) -> None:
        if self._over.wait(PATIENCE):
            return
        for _ in range(MOST_TRIES):
            if not self.aside:
                _state.wanted = self
                _wake_main_thread()
            if self._over.wait(INTERVAL):
                return


class _State:
    """What the signal handler has to know; there is one main thread, and it runs one job, or one within another."""

    def __init__(self) -> None:
        self.wanted: Interruptible | None = None
        self.boundary: FrameType | None = None
        """The frame that calls the node."""
        self.seen: tuple[int, int] | None = None
        """Where it was that no exception could be raised, the last time."""
        self.looks = 0


_state = _State()


def install() -> None:
    """Make the main thread interruptible. Called by itself, once."""
    signal.signal(SIGNAL, _on_signal)


def call(function: Callable[..., Any], /, *arguments: Any, **inputs: Any) -> Any:
    """Call the function of a node, in which the job may be interrupted. Raises whatever it raises, and Interrupted."""
    outer, _state.boundary = _state.boundary, sys._getframe()
    try:
        return function(*arguments, **inputs)
    finally:
        _state.boundary = outer


def _wake_main_thread() -> None:
    if sys.platform == "win32":
        _thread.interrupt_main(SIGNAL)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)


def _on_signal(number: int, frame: FrameType | None) -> None:
    wanted = _state.wanted
    if wanted is not None and not wanted.over and not wanted.aside and frame is not None and _may_raise(frame):
        raise Interrupted


def _may_raise(frame: FrameType) -> bool:
    """Whether the main thread, which is in this frame, may get an exception there."""
    if frame is _state.boundary or frame.f_code.co_name in ENTERING or _unwinds():
        return False
    if _is_quick(frame) and not _is_stuck(frame):
        return False
    caller: FrameType | None = frame
    while caller is not None and caller is not _state.boundary:
        code = caller.f_code
        if code.co_name in LEAVING or code.co_filename.startswith(IMPORTING) or _package(caller) == ENGINE:
            return False
        caller = caller.f_back
    return caller is not None


def _unwinds() -> bool:
    """Whether an interruption is on its way already, and something is being put in order on that occasion."""
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, Interrupted):
        error = error.__context__
    return error is not None


def _is_quick(frame: FrameType) -> bool:
    return _package(frame) in QUICK or frame.f_globals.get("__name__") in QUICK


def _is_stuck(frame: FrameType) -> bool:
    """Whether the frame waits for a lock, at the same place as the last few times."""
    seen = (id(frame), frame.f_lasti)
    _state.looks = _state.looks + 1 if seen == _state.seen else 0
    _state.seen = seen
    return _state.looks >= STUCK_LOOKS and frame.f_globals.get("__name__") == WAITING


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
