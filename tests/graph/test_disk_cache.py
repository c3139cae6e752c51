import logging
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from graph.caching import disk_cache
from graph.caching.disk_cache import DEFAULT_BUDGET, DiskCache
from graph.caching.result import Inner, Result
from graph.caching.result_store import SMALL_BYTES, Entry, ResultStore
from graph.caching.stored_form import freeze
from graph.values import Blocked, Items

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def cache(folder):
    cache = DiskCache(folder, 100 << 20)
    yield cache
    cache.close()


def result(*outputs, seconds=1.0, ui=None):
    return Result(outputs, ui, (), seconds)


def offer(cache, key, result, size=100, wanted=False):
    cache.offer(key, result, size, wanted)
    assert cache.flush()


def again(cache, folder):
    """What another process would see."""
    assert cache.flush()
    return DiskCache(folder, 100 << 20)


class Pair(NamedTuple):
    low: int
    high: list


def test_a_result_is_the_same_after_a_restart(cache, folder):
    shown = {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}
    inner = (Inner("2.1", "Show", None, {"text": ["x"]}), Inner("2.2", "Show", "1", {}))
    whole = Result((1, Items([2, Blocked("no")]), Blocked()), shown, ("a warning",), 2.5, inner, "a message")
    cache.offer("whole", whole, 100)
    cache.offer("several", result(*Pair(1, [2])), 100)
    later = again(cache, folder)
    assert later.get("whole") == whole
    assert type(later.get("whole").outputs[1]) is Items
    assert later.get("several").outputs == (1, [2])
    assert later.get("other") is None
    assert later.figures()["hits"] == 3
    later.close()


def test_outputs_in_a_named_tuple_are_stored_as_a_tuple(cache):
    offer(cache, "a", Result(Pair(1, [2]), None, (), 1.0))
    assert cache.get("a").outputs == (1, [2])
    offer(cache, "b", result(Pair(1, [2])))  # inside an output the reader may rely on the names
    assert cache.get("b") is None


def test_handles_and_what_is_made_faster_than_it_is_read_are_not_stored(cache):
    offer(cache, "handle", result(object(), seconds=60))
    offer(cache, "trivial", result(1, seconds=1e-6))
    offer(cache, "large", result(b"x" * 1000, seconds=0.01), size=50 << 20)
    assert cache.figures()["entries"] == 0


def test_what_ends_a_graph_is_always_stored(cache):
    offer(cache, "shows", result(1, seconds=0, ui={"text": ["a"]}))
    offer(cache, "ends", result(seconds=0))
    offer(cache, "wanted", result(1, seconds=0), wanted=True)
    assert cache.figures()["entries"] == 3


def test_dropped_and_cleared_results_are_gone_even_if_they_are_just_being_written(cache, folder):
    for n in range(50):
        cache.offer(str(n), result(n), 100)
    cache.drop("7")
    cache.flush()
    assert (cache.get("7"), cache.get("8")) == (None, result(8))
    cache.offer("new", result(1), 100)
    cache.clear()
    later = again(cache, folder)
    assert (later.get("8"), later.get("new"), later.figures()["entries"]) == (None, None, 0)
    later.close()


def test_a_newer_result_takes_the_place_of_an_older_one(cache):
    offer(cache, "a", result(1, ui={"text": ["old"]}))
    cache.drop("a")
    cache.offer("a", result(1, ui={"text": ["new"]}), 100)
    cache.offer("a", result(1, ui={"text": ["newest"]}), 100)
    cache.flush()
    assert cache.get("a").ui == {"text": ["newest"]}


def test_what_is_written_later_is_what_it_was_when_it_was_offered(cache):
    data = [1, 2]
    cache.offer("a", result(data), 100)
    data.append(3)
    cache.flush()
    assert cache.get("a").outputs == ([1, 2],)


def test_when_it_is_behind_it_leaves_results_out(cache, monkeypatch):
    monkeypatch.setattr(disk_cache, "MOST_WAITING_BYTES", 1 << 20)
    monkeypatch.setattr(disk_cache, "GATHER_SECONDS", 60)
    for n in range(20):
        cache.offer(str(n), result(bytes(200_000)), 200_000)
    assert cache.flush()
    assert 4 <= cache.figures()["entries"] < 20
    offer(cache, "later", result(bytes(200_000)), 200_000)
    assert cache.get("later")


def test_closing_writes_what_waits(cache, folder, monkeypatch):
    monkeypatch.setattr(disk_cache, "GATHER_SECONDS", 60)
    cache.offer("a", result(1), 100)
    cache.close()
    cache.offer("b", result(1), 100)
    assert cache.get("a") is None  # it is closed
    later = DiskCache(folder)
    assert (later.get("a"), later.get("b")) == (result(1), None)
    later.close()


def test_an_entry_of_another_version_of_the_program_is_not_read(folder):
    store = ResultStore(folder, 1 << 20)
    store.write([Entry("a", freeze(((("outputs", "more"),), [(1,), 2])), 1.0), Entry("b", freeze("b"), 1.0)])
    cache = DiskCache(folder, 1 << 20)
    assert cache.get("a") is None
    assert cache.get("b") is None
    assert store.totals()[0] == 0
    offer(cache, "a", result(1))
    assert cache.get("a") == result(1)
    cache.close()
    store.close()


def test_the_budget_is_a_part_of_what_is_free(folder):
    cache = DiskCache(folder)
    assert 0 < cache.figures()["budget"] <= DEFAULT_BUDGET
    cache.close()


@pytest.mark.parametrize("content", [b"", b"this is no database " * 200])
def test_a_broken_index_is_made_anew(folder, content):
    folder.mkdir()
    (folder / "index.sqlite").write_bytes(content)
    cache = DiskCache(folder, 1 << 20)
    offer(cache, "a", result(1))
    assert cache.get("a") == result(1)
    cache.close()


def test_an_index_that_breaks_later_turns_it_off_until_the_next_start(cache, folder, caplog):
    for n in range(2000):
        cache.offer(str(n), result("x" * 500), 100)
    cache.flush()
    cache._store._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    index = folder / "index.sqlite"
    index.write_bytes(index.read_bytes()[:8192] + b"\xaa" * (index.stat().st_size - 8192))
    with caplog.at_level(logging.WARNING):
        assert [cache.get(str(n)) for n in range(0, 2000, 100)] == [None] * 20
        cache.offer("new", result(1), 100)
    assert (cache.figures(), len(caplog.records)) == (None, 1)
    later = DiskCache(folder, 1 << 20)
    offer(later, "a", result(1))
    assert later.get("a") == result(1)
    later.close()


def test_a_folder_that_cannot_be_used_turns_it_off_with_one_line(tmp_path, caplog):
    (tmp_path / "file").write_bytes(b"")
    with caplog.at_level(logging.INFO):
        cache = DiskCache(tmp_path / "file" / "results")
        cache.offer("a", result(1), 100)
        assert cache.flush()
        assert (cache.get("a"), cache.figures()) == (None, None)
        cache.drop("a")
        cache.clear()
        cache.close()
    (line,) = caplog.records
    assert "no longer kept" in line.getMessage()


def test_an_index_that_another_process_holds_costs_results_and_nothing_else(cache, folder, monkeypatch, caplog):
    cache._store._writer.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(folder / "index.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with caplog.at_level(logging.INFO):
        offer(cache, "lost", result(1))
        cache.drop("lost")
    other.execute("COMMIT")
    other.close()
    offer(cache, "kept", result(2))
    assert (cache.get("lost"), cache.get("kept")) == (None, result(2))
    assert caplog.records == []


def test_a_full_disk_turns_it_off_and_leaves_no_parts(folder):
    pytest.importorskip("resource", reason="the limit of a file's size is that of POSIX")
    program = """
import resource, sys
from pathlib import Path
from graph.caching.disk_cache import DiskCache
from graph.caching.result import Result
folder = Path(sys.argv[1])
cache = DiskCache(folder, 100 << 20)
cache.offer("small", Result((1,), None, (), 1.0), 100)
cache.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
for n in range(5):
    cache.offer(str(n), Result((bytes(1_000_000),), None, (), 10.0), 1_000_000)
    cache.flush()
print(cache.figures(), [file.name for file in folder.rglob("*.part")])
cache.close()
"""
    command = [sys.executable, "-c", program, str(folder)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert answer.stdout.strip() == "None []", answer.stderr
    assert answer.stderr.count("no longer kept") == 1
    later = DiskCache(folder, 100 << 20)
    assert later.get("small") == result(1)
    later.close()


def test_several_threads_use_it_at_once(cache):
    wrong = []

    def work(number):
        for turn in range(60):
            key = str((number + turn) % 20)
            found = cache.get(key)
            if found not in (None, result(key, bytes(SMALL_BYTES if int(key) % 2 else 10))):
                wrong.append(key)
            cache.offer(key, result(key, bytes(SMALL_BYTES if int(key) % 2 else 10)), 100)
            if turn % 7 == 0:
                cache.drop(key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.flush()
    assert cache.figures()["entries"] > 0
