from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from graph.cache import Result, ResultCache
from graph.size import OBJECT_BYTES, size_of


@dataclass
class Array:
    nbytes: int


class Storage:
    def __init__(self, pointer, size):
        self.data_ptr = lambda: pointer
        self.nbytes = lambda: size


class Tensor:
    def __init__(self, storage, nbytes):
        self.untyped_storage = lambda: storage
        self.nbytes = nbytes


def result(*outputs, seconds=1.0):
    return Result(outputs, None, (), seconds)


def test_sizes_are_those_of_the_data_in_containers():
    size = size_of({"samples": Array(1000), "list": [b"x" * 500, ("y" * 200,)]})
    assert size.plain
    assert 1700 <= size.bytes <= 1700 + 20 * OBJECT_BYTES


def test_a_view_counts_with_its_storage_and_shared_memory_once():
    storage = Storage(1, 10_000)
    assert 10_000 <= size_of([Tensor(storage, 10), Tensor(storage, 20)]).bytes < 11_000
    array = Array(1000)
    assert size_of([array, array]).bytes < 2000
    circle = []
    circle.append(circle)
    assert size_of(circle).plain


def test_real_tensors_and_arrays_are_measured():
    latent = {"samples": torch.zeros(2, 4, 16, 16), "batch_index": [0, 1]}
    conditioning = [[torch.zeros(1, 77, 768, dtype=torch.float16), {"pooled_output": None}]]
    assert 8192 <= size_of(latent).bytes < 8192 + 2000
    assert 118_272 <= size_of(conditioning).bytes < 118_272 + 2000
    assert size_of(torch.zeros(1000, 1000)[:1]).bytes >= 4_000_000
    assert 800 <= size_of(np.zeros(100)).bytes < 2000
    assert not size_of(torch.nn.Linear(2, 2)).plain


def test_what_is_no_data_is_a_handle():
    assert not size_of((Array(5), object())).plain
    assert not size_of({"model": lambda: 1}).plain
    assert size_of((1, 2.5, True, None, "a", {1, 2})).plain


def test_results_come_back_until_they_are_dropped():
    cache = ResultCache(10_000)
    kept = result(Array(100))
    cache.put("a", kept)
    cache.put("b", result(object()))
    assert cache.get("a") is kept
    cache.drop("a")
    assert cache.get("a") is None
    cache.clear()
    assert (cache.get("b"), cache.bytes) == (None, 0)


def test_what_is_cheapest_to_make_per_byte_goes_first():
    cache = ResultCache(11_000)
    cache.put("dear", result(Array(3000), seconds=9))
    cache.put("cheap", result(Array(3000), seconds=0.1))
    cache.put("small", result(Array(300), seconds=0.1))
    cache.put("new", result(Array(6000), seconds=5))
    assert [key for key in ("dear", "cheap", "small", "new") if cache.get(key)] == ["dear", "small", "new"]


def test_among_equals_the_one_not_used_for_longest_goes_first():
    cache = ResultCache(4000)
    for key in "abc":
        cache.put(key, result(Array(1000)))
    assert cache.get("a")
    cache.put("d", result(Array(1000)))
    assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]


def test_a_dear_result_that_is_never_used_again_leaves_at_last():
    cache = ResultCache(4000)
    cache.put("dear", result(Array(1000), seconds=50))
    for index in range(300):
        cache.put(str(index), result(Array(1000), seconds=1))
    assert cache.get("dear") is None


def test_what_is_larger_than_the_budget_is_not_kept_and_costs_nothing():
    cache = ResultCache(4000)
    cache.put("a", result(Array(1000)))
    cache.put("b", result(Array(5000), seconds=100))
    assert cache.get("a")
    assert cache.get("b") is None


def test_handles_are_counted_apart():
    cache = ResultCache(4000, most_handles=2)
    cache.put("data", result(Array(1000), seconds=0.001))
    cache.put("checkpoint", result(object(), seconds=5))
    for index in range(10):
        cache.put(f"patch {index}", result(object(), seconds=0.01))
    assert cache.get("data")
    assert cache.get("checkpoint")
    assert cache.get("patch 9")
    assert cache.get("patch 8") is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "get", "drop"]), st.sampled_from("abcdef"), st.integers(0, 3000)), max_size=60
    )
)
def test_the_budget_is_kept_and_the_count_is_right(actions):
    cache = ResultCache(5000)
    for action, key, size in actions:
        if action == "put":
            cache.put(key, result(Array(size), seconds=size % 7))
        elif action == "get":
            cache.get(key)
        else:
            cache.drop(key)
        kept = [size_of((found.outputs, found.ui)).bytes for found in map(cache.get, "abcdef") if found]
        assert cache.bytes == sum(kept) <= 5000


def test_many_uses_leave_no_trail():
    cache = ResultCache(100_000)
    for key in "abc":
        cache.put(key, result(Array(10)))
    sizes = []
    for _ in range(5):
        for _ in range(1000):
            cache.get("a")
        sizes.append(size_of(cache._data._heap).bytes)
    assert all(later <= 2 * earlier + 10_000 for earlier, later in pairwise(sizes))
    assert sizes[-1] < 30_000
