"""The results on disk, as the cache in memory uses them: written on a thread of their own, and never in the way.

Whatever goes wrong with the folder (no permission, no space, a damaged index) costs what is kept there and no job: it
is said once in the log, and the program goes on without.
"""

import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from graph.caching.result import Inner, Result
from graph.caching.result_store import Entry, ResultStore, remove_index
from graph.caching.stored_form import NotPlainError, freeze

DEFAULT_BUDGET = 10 << 30
SHARE_OF_FREE = 10
"""Without a budget of the user's own, at most this part (one in …) of the free disk is taken."""
READ_SECONDS = 50e-6
READ_BYTES_PER_SECOND = 500e6
"""What reading a result costs. One that is made faster is not worth storing."""
MOST_WAITING_BYTES = 512 << 20
MOST_WAITING = 20_000
"""What may wait to be written; beyond that, results are not stored."""
GATHER_SECONDS = 0.2
"""How long results are gathered before they are written together."""

FORM = tuple(tuple(field.name for field in fields(kind)) for kind in (Result, Inner))
"""What is stored of a result. An entry of another version of this program has another form, and is not read."""

logger = logging.getLogger("cache")


class DiskCache:
    """Results in a folder. May be used from several threads; what waits is written by `close`."""

    def __init__(self, folder: Path, budget: int | None = None) -> None:
        """`budget` in bytes; None is 10 GiB, or a tenth of the disk's free space if that is less."""
        self._folder = folder
        self._waiting: dict[str, Entry] = {}
        self._waiting_bytes = 0
        self._used: set[str] = set()
        self._hits = 0
        self._changed = threading.Condition()
        self._busy = self._hurry = self._closed = False
        self._store: ResultStore | None = None
        try:
            self._store = _open(folder, budget)
        except (OSError, sqlite3.Error) as error:
            self._turn_off(error)
        self._thread = threading.Thread(target=self._work, name="disk cache", daemon=True)
        self._thread.start()

    def get(self, key: str) -> Result | None:
        """The result of a key, if it is stored and whole."""
        store = self._store
        if store is None:
            return None
        try:
            match store.read(key):
                case None:
                    return None
                case (form, values) if form == FORM:
                    pass
                case _:
                    store.remove([key])
                    return None
        except (OSError, sqlite3.Error) as error:
            self._failed(error)
            return None
        with self._changed:
            self._hits += 1
            self._wake()
            self._used.add(key)
        return _result(values)

    def offer(self, key: str, result: Result, size: int, wanted: bool = False) -> None:
        """Store a result of about `size` bytes in a while, if it is plain data, worth it, and there is time for it.

        What shows something or ends a graph is worth it, and so is what is `wanted`: with these the same job has
        nothing to do after a restart. Other results have to take longer to make than to read.
        """
        final = wanted or result.ui is not None or not result.outputs
        if not final and result.seconds < READ_SECONDS + size / READ_BYTES_PER_SECOND:
            return
        if self._store is None or self._is_behind(size):
            return
        try:
            content = freeze((FORM, _values(result)))
        except NotPlainError as error:
            logger.debug("A result is not kept on disk: %s", error)
            return
        with self._changed:
            self._forget(key)
            self._wake()
            self._waiting[key] = Entry(key, content, result.seconds)
            self._waiting_bytes += content.size

    def drop(self, key: str) -> None:
        """Forget a result."""
        with self._changed:
            self._forget(key)
        if store := self._store:
            self._try(partial(store.remove, [key]))

    def clear(self) -> None:
        """Forget all results."""
        with self._changed:
            for key in list(self._waiting):
                self._forget(key)
        if store := self._store:
            self._try(store.clear)

    def flush(self, patience: float = 10.0) -> bool:
        """Write what waits; whether that was done within `patience` seconds."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: not (self._waiting or self._used or self._busy), patience)
            self._hurry = False
        return done

    def close(self, patience: float = 2.0) -> None:
        """Write what waits, for at most `patience` seconds, and use the folder no longer."""
        self.flush(patience)
        with self._changed:
            self._closed = True
            store, self._store = self._store, None
            self._changed.notify_all()
        self._thread.join(patience)
        if store and not self._thread.is_alive():
            store.close()

    def figures(self) -> dict[str, int] | None:
        """Entries, bytes, budget (bytes) and hits; None if it is off."""
        if (store := self._store) is None:
            return None
        try:
            entries, size = store.totals()
        except sqlite3.Error as error:
            self._failed(error)
            return None
        return {"entries": entries, "bytes": size, "budget": store.budget, "hits": self._hits}

    def _is_behind(self, size: int) -> bool:
        with self._changed:
            return len(self._waiting) >= MOST_WAITING or self._waiting_bytes + size > MOST_WAITING_BYTES

    def _wake(self) -> None:
        """Tell the writer of the first thing that there is to do; to be woken for each costs more than writing it."""
        if not (self._waiting or self._used):
            self._changed.notify_all()

    def _forget(self, key: str) -> None:
        if entry := self._waiting.pop(key, None):
            self._waiting_bytes -= entry.content.size

    def _work(self) -> None:
        if store := self._store:
            self._try(store.sweep)
        while batch := self._gather():
            entries, used = batch
            if store := self._store:
                self._try(partial(store.write, entries, used))
            with self._changed:
                self._waiting_bytes -= sum(entry.content.size for entry in entries)
                self._busy = False
                self._changed.notify_all()

    def _gather(self) -> tuple[list[Entry], set[str]] | None:
        """What is to be written next; None when it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._used or self._closed)
            self._changed.wait_for(lambda: self._hurry or self._closed, GATHER_SECONDS)
            if self._closed:
                return None
            entries, used = list(self._waiting.values()), self._used
            self._waiting, self._used, self._busy = {}, set(), True
            return entries, used

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, sqlite3.Error) as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        """A folder that somebody else keeps busy is used again the next time; one that is broken is not."""
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            logger.debug("Another process was using %s; some results are not kept on disk.", self._folder)
        else:
            self._turn_off(error)

    def _turn_off(self, error: Exception) -> None:
        with self._changed:
            if self._closed:
                return
            store, self._store = self._store, None
            for key in list(self._waiting):
                self._forget(key)
        logger.warning("Results are no longer kept in %s: %s. Everything else goes on.", self._folder, error)
        if store and type(error) is sqlite3.DatabaseError:
            remove_index(self._folder)


def _values(result: Result) -> list[Any]:
    """A result as plain data, as far as its outputs are."""
    return [
        tuple(result.outputs),  # of a node with several outputs they may be a NamedTuple
        result.ui,
        result.warnings,
        result.seconds,
        [(inner.id, inner.class_type, inner.display, inner.ui) for inner in result.inner],
        result.blocked,
        list(result.files),
        list(result.paths),
    ]


def _result(values: list[Any]) -> Result:
    outputs, ui, warnings, seconds, inner, blocked, files, paths = values
    shown = tuple(Inner(*each) for each in inner)
    return Result(outputs, ui, warnings, seconds, shown, blocked, tuple(files), tuple(paths))


def _open(folder: Path, budget: int | None) -> ResultStore:
    """Open a folder; if its index is damaged, with a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        store = ResultStore(folder, 0)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        remove_index(folder)
        store = ResultStore(folder, 0)
    if budget is None:
        available = shutil.disk_usage(folder).free + store.totals()[1]
        budget = min(DEFAULT_BUDGET, available // SHARE_OF_FREE)
    store.budget = budget
    return store
