import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.caching import result_store
from graph.caching.result_store import LEFTOVER_SECONDS, ROW_BYTES, SMALL_BYTES, Entry, ResultStore
from graph.caching.stored_form import freeze

ROOT = Path(__file__).resolve().parents[2]
LARGE = SMALL_BYTES * 2


def entry(key, value, seconds=1.0):
    return Entry(key, freeze(value), seconds)


def value_of(number, size):
    """A value that is known by its number, so that a reader can tell whether it got the right one."""
    return [number, number.to_bytes(8, "little") * (size // 8)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def store(folder):
    store = ResultStore(folder, 100 << 20)
    yield store
    store.close()


def large_files(folder):
    return [file for file in (folder / "large").rglob("*") if file.is_file()]


def is_consistent(store, folder):
    """Whether the counts are those of the rows, and each large row has its file."""
    with sqlite3.connect(folder / "index.sqlite") as index:
        rows = index.execute("SELECT key, size, content IS NULL FROM results").fetchall()
    assert store.totals() == (len(rows), sum(size for _, size, _ in rows))
    assert {store._file(key) for key, _, is_large in rows if is_large} <= set(large_files(folder))


def test_small_and_large_ones_come_back_also_for_another_process(store, folder):
    store.write([entry("small", "text"), entry("large", b"x" * LARGE)])
    other = ResultStore(folder, 100 << 20)
    for reader in (store, other):
        assert (reader.read("small"), reader.read("large"), reader.read("none")) == ("text", b"x" * LARGE, None)
    assert len(large_files(folder)) == 1
    store.write([entry("small", "newer")])
    assert other.read("small") == "newer"
    other.remove(["large", "none"])
    assert store.read("large") is None
    assert large_files(folder) == []
    store.write([entry("large", b"y" * LARGE)])
    store.clear()
    assert (other.read("small"), other.read("large"), other.totals()) == (None, None, (0, 0))
    assert large_files(folder) == []
    other.close()


def test_what_another_process_stores_is_found_soon(store, folder, monkeypatch):
    other = ResultStore(folder, 100 << 20)
    assert other.read("a") is None
    store.write([entry("a", 1)])
    assert other.read("a") is None  # it has just looked
    monkeypatch.setattr(result_store, "LOOK_SECONDS", 0.0)
    other._look_again = 0.0
    assert other.read("a") == 1
    store.clear()
    assert other.read("a") is None
    store.write([entry("b", 2)])
    assert other.read("b") == 2
    other.close()


def test_the_index_gives_its_pages_back(store, folder):
    store.write([entry(str(n), value_of(n, 30_000)) for n in range(200)])
    with sqlite3.connect(folder / "index.sqlite") as index:
        full = index.execute("PRAGMA page_count").fetchone()[0]
        store.clear()
        assert index.execute("PRAGMA page_count").fetchone()[0] < full / 10


@pytest.mark.parametrize("size", [100, LARGE])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "swap"])
def test_a_damaged_entry_is_not_there_and_is_removed(store, folder, size, damage):
    store.write([entry("a", value_of(1, size)), entry("b", value_of(2, size))])
    index = sqlite3.connect(folder / "index.sqlite", isolation_level=None)

    def content(key, new=None):
        if new is None:
            (old,) = index.execute("SELECT content FROM results WHERE key = ?", (key,)).fetchone()
            return old if old is not None else store._file(key).read_bytes()
        if size == LARGE:
            store._file(key).write_bytes(new)
        else:
            index.execute("UPDATE results SET content = ? WHERE key = ?", (new, key))
        return new

    whole = content("a")
    place = len(whole) - 7
    damaged = {
        "flip": whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
        "cut": whole[:place],
        "empty": b"",
        "swap": content("b"),
    }[damage]
    content("a", damaged)
    index.close()
    assert store.read("a") is None
    assert store.read("b") == value_of(2, size)
    assert store.totals()[0] == 1
    is_consistent(store, folder)


def test_an_entry_whose_file_is_gone_is_not_there(store, folder):
    store.write([entry("a", b"x" * LARGE)])
    large_files(folder)[0].unlink()
    assert store.read("a") is None
    assert store.totals() == (0, 0)


def test_what_is_cheapest_per_byte_goes_first_then_what_was_not_used_for_long(folder):
    store = ResultStore(folder, 10 * (LARGE + ROW_BYTES + 300))
    store.write([entry(str(n), b"x" * LARGE, seconds=1) for n in range(9)])
    store.write([entry("cheap", b"x" * LARGE, seconds=0.1)])
    assert store.read("cheap")
    store.write([entry("9", b"x" * LARGE, seconds=1)])
    assert store.read("cheap") is None
    store.write([], used=["0", "1"])
    store.write([entry(str(n), b"x" * LARGE, seconds=1.01) for n in (10, 11, 12)])
    assert [n for n in range(13) if store.read(str(n)) is None] == [2, 3, 4]
    is_consistent(store, folder)
    store.write([entry("huge", b"x" * 20 * LARGE, seconds=100)])
    assert store.read("huge") is None
    assert store.totals()[0] == 10
    store.close()


def test_a_dear_result_that_is_never_used_again_leaves_at_last(folder):
    store = ResultStore(folder, 10_000)
    store.write([entry("dear", b"x" * 1000, seconds=30)])
    for n in range(300):
        store.write([entry(str(n), b"x" * 1000, seconds=1)])
    assert store.read("dear") is None
    store.close()


actions = st.tuples(
    st.sampled_from(["write", "use", "remove", "read"]), st.sampled_from("abcdef"), st.integers(1, LARGE * 2)
)


@given(st.lists(actions, max_size=30))
def test_the_budget_is_kept_and_what_is_read_is_what_was_written(tmp_path_factory, actions):
    folder = tmp_path_factory.mktemp("store")
    store = ResultStore(folder, LARGE * 4)
    written = {}
    for action, key, size in actions:
        match action:
            case "write":
                store.write([entry(key, value_of(size, size), seconds=size % 5)])
                written[key] = value_of(size, size)
            case "use":
                store.write([], used=[key])
            case "remove":
                store.remove([key])
                written.pop(key, None)
            case "read":
                assert store.read(key) in (None, written.get(key))
        assert store.totals()[1] <= LARGE * 4
    is_consistent(store, folder)
    store.close()


def test_an_index_of_another_version_is_emptied(folder):
    store = ResultStore(folder, 1 << 20)
    store.write([entry("a", 1)])
    store._writer.execute("PRAGMA user_version = 99")
    store.close()
    store = ResultStore(folder, 1 << 20)
    assert store.read("a") is None
    store.write([entry("a", 2)])
    assert store.read("a") == 2
    store.close()


def test_a_sweep_removes_what_crashes_have_left(store, folder):
    store.write([entry("whole", b"x" * LARGE), entry("gone", b"x" * LARGE)])
    store._file("gone").unlink()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    place = store._file("whole").parent
    left = {
        place / f"{dead.pid}-0.part": False,  # of a process that is gone
        place / f"{os.getpid()}-0.part": True,  # somebody may be writing it
        place / "0123": True,  # its row may be about to be written
        place / "4567": False,  # its row will never come
    }
    for file in left:
        file.write_bytes(b"")
    long_ago = time.time() - LEFTOVER_SECONDS - 10
    os.utime(place / "4567", (long_ago, long_ago))
    os.utime(store._file("whole"), (long_ago, long_ago))
    store.sweep()
    assert {file: file.exists() for file in left} == left
    assert store.read("whole")
    assert store.totals()[0] == 1


WRITER = """
import random, sys
from pathlib import Path
from graph.caching.result_store import ResultStore
from tests.graph.test_result_store import LARGE, entry, value_of
chance = random.Random(int(sys.argv[2]))
store = ResultStore(Path(sys.argv[1]), 20 * LARGE)
print("open", flush=True)
for turn in range(int(sys.argv[3])):
    number = chance.randrange(60)
    key = str(number)
    size = LARGE if number % 2 else 1000
    match chance.randrange(6):
        case 0:
            store.remove([key])
        case 1 | 2:
            assert store.read(key) in (None, value_of(number, size))
        case _:
            store.write([entry(key, value_of(number, size), number)], used=[str(chance.randrange(60))])
store.close()
"""


def writer(folder, seed, turns):
    command = [sys.executable, "-c", WRITER, str(folder), str(seed), str(turns)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check_all(folder):
    store = ResultStore(folder, 20 * LARGE)
    store.sweep()
    is_consistent(store, folder)
    found = 0
    for number in range(60):
        read = store.read(str(number))
        assert read in (None, value_of(number, LARGE if number % 2 else 1000))
        found += read is not None
    assert store.totals()[0] == found > 0
    assert not [file for file in large_files(folder) if file.name.endswith(".part")]
    store.close()


def test_two_processes_use_one_folder(folder):
    processes = [writer(folder, seed, 250) for seed in range(2)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    check_all(folder)


def test_a_process_may_be_killed_at_any_moment(folder):
    chance = random.Random(5)
    for seed in range(6):
        process = writer(folder, seed, 100_000)
        assert process.stdout.readline() == b"open\n"
        time.sleep(0.05 + chance.random() / 4)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        check_all(folder)
