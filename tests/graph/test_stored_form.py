import io
import subprocess
import sys
from collections import OrderedDict
from enum import IntEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.caching.stored_form import DamagedError, NotPlainError, freeze, load
from graph.values import Items
from tests.graph.plain_values import same, values

LABEL = "the key"


def stored(value, label=LABEL) -> bytes:
    return b"".join(freeze(value).chunks(label))


def loaded(content: bytes, label=LABEL):
    return load(io.BytesIO(content), label)


@given(values)
def test_plain_data_comes_back_as_it_was(value):
    assert same(loaded(stored(value)), value)


def test_kinds_of_lists_and_of_numbers_stay_what_they_were():
    value = [Items([1, Items()]), (1,), [True, 1, 1.0], {1: "int", "1": "str"}, float("-inf"), -0.0]
    assert same(loaded(stored(value)), value)
    assert not same(loaded(stored([1])), [1.0])


def test_a_change_after_freezing_changes_nothing():
    value = {"list": [1, 2], "bytes": bytearray(b"abc")}
    frozen = freeze(value)
    value["list"].append(3)
    value["bytes"][0] = 0
    assert loaded(b"".join(frozen.chunks(LABEL))) == {"list": [1, 2], "bytes": bytearray(b"abc")}


class Text(str):
    pass


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    "value",
    [
        object(), Text("a"), Level.HIGH, OrderedDict(a=1), lambda: 1, Path("a"), range(3), iter([]), int,
        2**64, -(2**63) - 1, "half a pair: \ud800", memoryview(b"a"),
    ],
)  # fmt: skip
def test_what_would_come_back_as_something_else_is_not_plain(value):
    for holder in (value, [value], {"a": (value,)}, [[0, value]]):
        with pytest.raises(NotPlainError):
            freeze(holder)


def test_circles_and_towers_are_not_plain():
    circle: list = []
    circle.append(circle)
    tower: list = []
    for _ in range(100):
        tower = [tower]
    tree: list = []
    for _ in range(50):
        tree = [tree, tree]  # small in memory, and endless when written out
    for value in (circle, tower, tree):
        with pytest.raises(NotPlainError):
            freeze(value)


@given(st.data())
def test_every_damage_is_noticed(data):
    value = {"numbers": list(range(50)), "text": "abc" * 20, "bytes": b"\x00" * 64}
    content = stored(value)
    match data.draw(st.sampled_from(["flip", "cut", "add"])):
        case "flip":
            place = data.draw(st.integers(0, len(content) - 1))
            other = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
            content = content[:place] + bytes([other]) + content[place + 1 :]
        case "cut":
            content = content[: data.draw(st.integers(0, len(content) - 1))]
        case "add":
            content += data.draw(st.binary(min_size=1, max_size=20))
    with pytest.raises(DamagedError):
        loaded(content)


@given(st.binary(max_size=300))
def test_anything_else_is_refused(content):
    with pytest.raises(DamagedError):
        loaded(content)


def test_what_belongs_to_another_key_is_refused():
    with pytest.raises(DamagedError, match="something else"):
        loaded(stored(1, "another key"))


def test_an_unknown_codec_is_refused():
    """A process that knows no tensors reads what one with torch has written."""
    program = f"""
import io, sys
from graph.caching.stored_form import DamagedError, load
try:
    load(io.BytesIO(sys.stdin.buffer.read()), {LABEL!r})
except DamagedError as error:
    print("refused:", error)
"""
    import torch

    import nodes.stored_tensors  # noqa: F401

    content = stored([torch.zeros(3)])
    root = Path(__file__).resolve().parents[2]
    answer = subprocess.run([sys.executable, "-c", program], cwd=root, input=content, capture_output=True, check=True)
    assert answer.stdout.startswith(b"refused:")
