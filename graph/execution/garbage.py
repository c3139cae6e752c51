"""How often Python looks for unreachable objects: seldom while a graph is worked on, surely between jobs."""

import gc
import time

YOUNG = 100_000
"""New containers before the youngest are looked at. With Python's own 700 a large graph costs a fifth more."""
INTERVAL = 10.0
"""Seconds between two collections at the end of jobs."""

_collected = 0.0


def collect_seldom() -> None:
    """Leave everything that is loaded now out of later collections, and make those rare. For the start of a process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


def collect_after_job() -> None:
    """Drop what jobs have left in circles, tensors among it, unless that was done a moment ago."""
    global _collected
    if time.monotonic() - _collected >= INTERVAL:
        gc.collect()
        _collected = time.monotonic()
