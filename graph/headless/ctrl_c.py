"""What Ctrl-C does while a workflow runs."""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C has ended, as shells have it."""


@contextlib.contextmanager
def ctrl_c(first: Callable[[], None]) -> Iterator[None]:
    """Inside of this the first Ctrl-C calls `first`, on another thread; the second one ends the process at once.

    A signal handler of Python has to wait until the main thread is back from native code, which may take minutes. What
    the system does at once is to write a byte where somebody else can read it.
    """
    written, read = socket.socketpair()
    written.setblocking(False)
    handler = signal.signal(signal.SIGINT, lambda number, frame: None)
    before = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=[read, first], name="Ctrl-C", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGINT, handler)
        written.close()
        watcher.join()
        read.close()


def _watch(read: socket.socket, first: Callable[[], None]) -> None:
    presses = 0
    while number := read.recv(1):
        if number[0] != signal.SIGINT:
            continue
        presses += 1
        if presses == 1:
            first()
        else:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write("\nEnded.\n")
                sys.stderr.flush()
            os._exit(INTERRUPTED)
