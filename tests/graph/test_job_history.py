import json
import time
from contextlib import closing
from pathlib import Path

import pytest

from graph import events
from graph.queue.history import SECONDS_A_DAY, HistoryLimits, HistoryQuery, finished, history
from graph.queue.jobs import JobStore, NewJob


@pytest.fixture
def store(tmp_path: Path):
    opened = JobStore(tmp_path / "jobs.sqlite")
    yield opened
    opened.close()


def accept(store: JobStore, id: str, **nodes) -> None:
    prompt = nodes or {"1": {"class_type": "A", "inputs": {}}}
    store.accept(NewJob(id=id, prompt=json.dumps(prompt).encode(), extra_data=b"{}", targets=["1"]))


def run(store: JobStore, *ids: str, state="success") -> None:
    for id in ids:
        accept(store, id)
        store.claim()
        store.finish(id, state, {}, [])


def ids(store: JobStore, **query) -> str:
    return " ".join(record.id for record in history(store, HistoryQuery(**query)))


def test_history_keeps_outputs_and_events(store: JobStore):
    accept(store, "a")
    store.claim()
    happened = [events.Started(1), events.Cached(["1"], 2), events.Succeeded(3)]
    store.finish("a", "success", {"1": {"text": ["héllo"]}}, happened)
    record = finished(store, "a")
    assert record is not None
    assert record.outputs == '{"1":{"text":["héllo"]}}'.encode()
    assert list(record.events) == happened


def test_history_pages_as_other_programs_expect(store: JobStore):
    run(store, *"abcde")
    assert ids(store) == "a b c d e"
    assert ids(store, most=2) == "d e"
    assert ids(store, most=2, offset=1) == "b c"
    assert ids(store, offset=3) == "d e"
    assert ids(store, most=0) == ""
    assert ids(store, most=99) == "a b c d e"


def test_history_is_in_the_order_of_finishing(store: JobStore):
    accept(store, "a")
    accept(store, "b")
    store.claim()
    store.claim()
    store.finish("b", "success", {}, [])
    store.finish("a", "error", {}, [])
    assert ids(store) == "b a"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", "cat-1 dog-2"),
        ("CAT-1", "cat-1"),
        ("sampler", "cat-1 dog-2"),
        ("ksampler", "cat-1"),
        ("straße", "dog-2"),
        ("STRASSE", "dog-2"),
        ("red cat", "cat-1"),
        ("cat red", "cat-1"),
        ("red dog", ""),
        ("my picture", "dog-2"),
        ("listed", "dog-2"),
        ("inputs", ""),
        ("%", ""),
    ],
)
def test_all_words_are_looked_for_in_ids_types_titles_and_texts(store: JobStore, words: str, found: str):
    one = {"class_type": "KSampler", "inputs": {"text": "a Red\ncat", "seed": 7, "model": ["4", 0]}}
    two = {
        "class_type": "Sampler",
        "inputs": {"text": "Straße", "names": {"__value__": ["Listed"]}},
        "_meta": {"title": "My picture"},
    }
    accept(store, "cat-1", **{"3": one})
    accept(store, "dog-2", **{"3": two})
    for id in ("cat-1", "dog-2"):
        store.claim()
        store.finish(id, "success", {}, [])
    assert ids(store, words=tuple(words.split())) == found


def test_what_waits_is_not_found(store: JobStore):
    accept(store, "a")
    assert ids(store, words=("a",)) == ""


def test_history_is_filtered_by_its_end_and_its_time(store: JobStore, monkeypatch: pytest.MonkeyPatch):
    for moment, (id, state) in enumerate([("a", "success"), ("b", "error"), ("c", "interrupted"), ("d", "success")]):
        monkeypatch.setattr(time, "time", lambda moment=moment: 100.0 + moment)
        run(store, id, state=state)
    assert ids(store, state="success") == "a d"
    assert ids(store, state="interrupted") == "c"
    assert ids(store, since=101) == "b c d"
    assert ids(store, until=102) == "a b"
    assert ids(store, since=101, until=103, state="error") == "b"
    assert ids(store, state="success", most=1) == "d"
    assert ids(store, state="success", most=1, offset=0) == "a"


def test_the_oldest_history_is_forgotten(tmp_path: Path):
    with closing(JobStore(tmp_path / "jobs.sqlite", HistoryLimits(size=3))) as store:
        run(store, *"abcde")
        assert ids(store) == "c d e"
        store.delete_finished(["d"])
        run(store, "f")
        assert ids(store) == "c e f"
        assert ids(store, words=("c",)) == "c"


def test_limits_are_applied_when_they_are_changed_and_at_the_start(tmp_path: Path):
    path = tmp_path / "jobs.sqlite"
    with closing(JobStore(path)) as store:
        run(store, *"abcde")
        store.prune(HistoryLimits(size=4))
        assert ids(store) == "b c d e"
        run(store, "f")
        assert ids(store) == "c d e f"
    with closing(JobStore(path, HistoryLimits(size=1))) as store:
        assert ids(store) == "f"
        store.prune(HistoryLimits(size=0))
        assert ids(store) == ""


def test_history_is_forgotten_after_some_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    start = time.time()
    with closing(JobStore(tmp_path / "jobs.sqlite", HistoryLimits(days=2))) as store:
        run(store, "a")
        monkeypatch.setattr(time, "time", lambda: start + 1.5 * SECONDS_A_DAY)
        run(store, "b")
        assert ids(store) == "a b"
        monkeypatch.setattr(time, "time", lambda: start + 2.5 * SECONDS_A_DAY)
        store.prune()
        assert ids(store) == "b"
        store.prune(HistoryLimits(days=0.5))
        assert ids(store) == ""
