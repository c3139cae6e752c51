"""Milliseconds to validate, plan and key graphs of trivial nodes, in one process without a server.

python -m bench.planning [--count 10000]
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.shapes import SHAPES
from graph.execution.garbage import collect_seldom
from graph.execution.keys import Keys
from graph.execution.plan import Planner
from graph.folders import Folders
from graph.registry import load
from graph.validation.validate import validate

REPEATS = 7


def fastest(work: Callable[[], Any]) -> tuple[float, Any]:
    """The least milliseconds of several runs, in processor time, and what the last one gave."""
    least, result = float("inf"), None
    for _ in range(REPEATS):
        begun = time.process_time()
        result = work()
        least = min(least, (time.process_time() - begun) * 1000)
    return least, result


def main(count: int) -> None:
    """Print a line for each shape."""
    collect_seldom()  # as the processes do
    registry = load(["bench.trivial_nodes"], None)
    schemas, folders = registry.schemas(), Folders.under(Path("nowhere"))
    for name, shape in SHAPES.items():
        prompt = shape(count, 1, 7)
        validating, checked = fastest(lambda prompt=prompt: validate(prompt, schemas, folders))
        assert checked.error is None, checked.error
        planning, plan = fastest(lambda checked=checked: Planner(registry.specs).plan(checked.prompt, checked.targets))

        def key(plan: Any = plan) -> None:
            keys = Keys(folders, lambda path: "")
            for step in plan.steps.values():
                keys.add(step)

        keying, _ = fastest(key)
        total = validating + planning + keying
        print(
            f"{name:<6}{len(prompt):>7} nodes: validate {validating:6.1f}  plan {planning:6.1f}  key {keying:6.1f}"
            f"  together {total:6.1f} ms"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    main(parser.parse_args().count)
