from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graph.caching.cache import ENTRY_BYTES, LIGHT_BYTES, Inner, Result, ResultCache
from graph.caching.disk_cache import DiskCache
from graph.caching.size import OBJECT_BYTES, size_of
from graph.values import Blocked, Items


@dataclass
class Array:
    nbytes: int


def result(*outputs, seconds=1.0):
    return Result(outputs, None, (), seconds)


def kept(cache, keys):
    """Those of the keys whose results are in memory."""
    return [key for key in keys if cache.get(key)]


def test_sizes_are_those_of_the_data_in_containers():
    size = size_of({"samples": Array(1000), "list": [b"x" * 500, ("y" * 200,)]})
    assert size.plain
    assert 1700 <= size.bytes <= 1700 + 20 * OBJECT_BYTES


def test_a_view_counts_with_its_storage_and_shared_memory_once():
    tensor = torch.zeros(2500)
    assert 10_000 <= size_of([tensor[:1], tensor[5:9], tensor]).bytes < 11_000
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
    assert size_of(np.zeros((1000, 100))[:1].T).bytes >= 800_000
    assert not size_of(torch.nn.Linear(2, 2)).plain


@pytest.mark.parametrize("make", [torch.Tensor.to_sparse, torch.Tensor.to_sparse_csr, lambda t: t.to("meta")])
def test_tensors_without_a_storage_of_their_own_are_measured(make):
    size = size_of(make(torch.eye(100)))
    assert size.plain
    assert 400 <= size.bytes <= 50_000


def test_what_is_no_data_is_a_handle():
    assert not size_of((Array(5), object())).plain
    assert not size_of({"model": lambda: 1}).plain
    assert size_of((1, 2.5, True, None, "a", {1, 2}, Items([Blocked("no"), Blocked()]))).plain


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
    cache = ResultCache(110_000)
    cache.put("dear", result(Array(30_000), seconds=9))
    cache.put("cheap", result(Array(30_000), seconds=0.1))
    cache.put("small", result(Array(3000), seconds=0.1))
    cache.put("new", result(Array(60_000), seconds=5))
    assert kept(cache, ("dear", "cheap", "small", "new")) == ["dear", "small", "new"]


def test_among_equals_the_one_not_used_for_longest_goes_first():
    cache = ResultCache(40_000)
    for key in "abc":
        cache.put(key, result(Array(10_000)))
    assert cache.get("a")
    cache.put("d", result(Array(10_000)))
    assert kept(cache, "abcd") == ["a", "c", "d"]


def test_a_dear_result_that_is_never_used_again_leaves_at_last():
    cache = ResultCache(40_000)
    cache.put("dear", result(Array(10_000), seconds=50))
    for index in range(300):
        cache.put(str(index), result(Array(10_000), seconds=1))
    assert cache.get("dear") is None


def test_what_is_larger_than_the_budget_is_not_kept_and_costs_nothing():
    cache = ResultCache(40_000)
    cache.put("a", result(Array(10_000)))
    cache.put("b", result(Array(50_000), seconds=100))
    assert kept(cache, "ab") == ["a"]
    nothing = ResultCache(0)
    nothing.put("a", result(1))
    assert nothing.get("a") is None


def test_handles_are_counted_apart():
    cache = ResultCache(40_000, most_handles=2)
    cache.put("data", result(Array(10_000), seconds=0.001))
    cache.put("checkpoint", result(object(), seconds=5))
    for index in range(10):
        cache.put(f"patch {index}", result(object(), seconds=0.01))
    assert kept(cache, ("data", "checkpoint", "patch 9", "patch 8")) == ["data", "checkpoint", "patch 9"]


def test_pictures_that_come_with_a_handle_count_as_pictures():
    cache = ResultCache(5 * LIGHT_BYTES)
    cache.put("checkpoint", result(object(), seconds=1))
    for index in range(10):
        cache.put(str(index), result(object(), Array(LIGHT_BYTES), seconds=1))
    assert kept(cache, ["checkpoint", *map(str, range(10))]) == ["checkpoint", "6", "7", "8", "9"]
    assert cache.bytes <= 5 * LIGHT_BYTES


def test_memory_that_several_results_share_counts_once_until_the_last_is_gone():
    batch = torch.zeros(1000, 1000)
    cache = ResultCache(10_000_000)
    cache.put("batch", result(batch))
    alone = cache.bytes
    for index in range(100):
        cache.put(str(index), result(batch[index], [batch[index:]]))
    assert alone >= 4_000_000
    assert cache.bytes < alone + 200 * ENTRY_BYTES
    cache.drop("batch")
    for index in range(99):
        cache.drop(str(index))
    assert cache.bytes >= 4_000_000
    cache.drop("99")
    assert cache.bytes == 0


def test_what_a_subgraph_has_shown_counts():
    cache = ResultCache(1_000_000)
    cache.put("a", Result((), None, (), 1.0, (Inner("1", "Show", None, {"text": ["x" * 100_000]}),)))
    assert cache.bytes > 100_000


class Storages:
    """Real tensors, each a view of one of a few storages of 100 to 400 bytes."""

    def __init__(self):
        self.all = [torch.zeros(25 * size) for size in (1, 2, 3, 4)]

    def __getitem__(self, number):
        return self.all[number % 4][: 1 + number % 5]


actions = st.tuples(
    st.sampled_from(["put", "get", "drop"]), st.sampled_from("abcdef"), st.lists(st.integers(0, 40), max_size=3)
)


@given(st.lists(actions, max_size=60))
def test_the_budget_is_kept_and_the_count_is_right(actions):
    """Against a count of what the results in the cache hold together."""
    storages = Storages()
    cache = ResultCache(4 * ENTRY_BYTES)
    for action, key, numbers in actions:
        if action == "put":
            cache.put(key, result(*(storages[number] for number in numbers), seconds=sum(numbers) % 7))
        elif action == "get":
            cache.get(key)
        else:
            cache.drop(key)
        sizes = [size_of((found.outputs, found.ui, [])) for found in map(cache.get, "abcdef") if found]
        shared = {storage: size for each in sizes for storage, size in each.shared.items()}
        assert cache.bytes == sum(size.own + ENTRY_BYTES for size in sizes) + sum(shared.values())
        assert cache.bytes <= 4 * ENTRY_BYTES


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


def test_what_is_on_disk_is_in_memory_once_it_was_used(tmp_path):
    disk = DiskCache(tmp_path, 1 << 20)
    cache = ResultCache(100_000, disk=disk)
    cache.put("a", result("text"))
    cache.put("handle", result(object()))
    assert disk.flush()
    later = ResultCache(100_000, disk=disk)
    assert later.get("a") == result("text")
    assert later.get("a") is later.get("a")
    assert later.get("handle") is None
    assert later.figures() == {
        "memory": {"entries": 1, "handles": 0, "bytes": later.bytes, "budget": 100_000, "hits": 2, "misses": 2},
        "disk": {"entries": 1, "bytes": disk.figures()["bytes"], "budget": 1 << 20, "hits": 1},
    }
    later.drop("a")
    assert ResultCache(100_000, disk=disk).get("a") is None
    cache.close(1)


def test_each_tier_is_cleared_alone_or_with_the_other(tmp_path):
    disk = DiskCache(tmp_path, 1 << 20)
    cache = ResultCache(100_000, disk=disk)

    def tiers():
        return bool(cache.figures()["memory"]["entries"]), bool(disk.figures()["entries"])

    def fill():
        cache.put("a", result("text"))
        assert disk.flush()
        assert tiers() == (True, True)

    fill()
    cache.clear(disk=False)
    assert tiers() == (False, True)
    fill()
    cache.clear(memory=False)
    assert tiers() == (True, False)
    fill()
    cache.clear()
    assert tiers() == (False, False)
    assert cache.get("a") is None
    cache.close(1)
