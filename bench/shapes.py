"""Graphs of trivial nodes in the shapes that graphs have; each as an API prompt of about `count` nodes.

`value` makes all results new, `late` a constant near the outputs.
"""

from collections.abc import Callable
from typing import Any

Prompt = dict[str, dict[str, Any]]
Shape = Callable[[int, int, int], Prompt]

STRAND = 10
LAYERS = 20


def chain(count: int, value: int, late: int = 0) -> Prompt:
    """One node after the other."""
    prompt = {"0": start(value)}
    for number in range(1, count - 1):
        prompt[str(number)] = increment(number - 1, late if number == count - 2 else 1)
    prompt[str(count - 1)] = finish(count - 2)
    return prompt


def wide(count: int, value: int, late: int = 0) -> Prompt:
    """Strands of ten nodes, each with its own source and output."""
    prompt: Prompt = {}
    for strand in range(count // STRAND):
        first = strand * STRAND
        prompt[str(first)] = start(value * count + strand)
        for number in range(first + 1, first + STRAND - 1):
            last = number == first + STRAND - 2
            prompt[str(number)] = increment(number - 1, late if last and strand == 0 else 1)
        prompt[str(first + STRAND - 1)] = finish(first + STRAND - 2)
    return prompt


def tree(count: int, value: int, late: int = 0) -> Prompt:
    """Sources that are added up two by two, to one output."""
    prompt: Prompt = {}
    row = []
    for number in range(count // 2):
        prompt[str(number)] = start(value * count + number)
        row.append(number)
    while len(row) > 1:
        sums = []
        for left, right in zip(row[::2], row[1::2], strict=False):
            prompt[str(len(prompt))] = add(left, right, late if len(row) == 2 else 0)
            sums.append(len(prompt) - 1)
        row = sums + row[len(row) // 2 * 2 :]
    prompt[str(len(prompt))] = finish(row[0])
    return prompt


def grid(count: int, value: int, late: int = 0) -> Prompt:
    """Twenty layers, each node reading two of the layer before it; the last layer are outputs."""
    width = count // LAYERS
    prompt = {str(column): start(value * count + column) for column in range(width)}
    for layer in range(1, LAYERS - 1):
        for column in range(width):
            above = (layer - 1) * width
            constant = late if layer == LAYERS - 2 and column == 0 else 0
            prompt[str(layer * width + column)] = add(above + column, above + (column + 1) % width, constant)
    above = (LAYERS - 2) * width
    prompt |= {str(above + width + column): finish(above + column) for column in range(width)}
    return prompt


SHAPES: dict[str, Shape] = {"wide": wide, "tree": tree, "grid": grid, "chain": chain}


def start(value: int) -> dict[str, Any]:
    """A node that gives a number."""
    return {"class_type": "BenchStart", "inputs": {"value": value}}


def increment(source: int, by: int) -> dict[str, Any]:
    """A node that adds a constant."""
    return {"class_type": "BenchIncrement", "inputs": {"number": [str(source), 0], "by": by}}


def add(left: int, right: int, more: int) -> dict[str, Any]:
    """A node that adds two numbers and a constant."""
    return {"class_type": "BenchAdd", "inputs": {"left": [str(left), 0], "right": [str(right), 0], "more": more}}


def finish(source: int) -> dict[str, Any]:
    """An output node."""
    return {"class_type": "BenchFinish", "inputs": {"number": [str(source), 0]}}
