import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import events
from graph.jobs import MAX_ATTEMPTS, DuplicateJob, JobStore

PROMPT, EXTRA = b'{"1":{"class_type":"A","inputs":{}}}', b"{}"


@pytest.fixture
def store(tmp_path: Path):
    opened = JobStore(tmp_path / "user" / "jobs.sqlite")
    yield opened
    opened.close()


def accept(store: JobStore, *ids: str, **more) -> None:
    for id in ids:
        store.accept(id, PROMPT, EXTRA, ["1"], **more)


def claimed(store: JobStore) -> list[str]:
    ids = []
    while record := store.claim():
        ids.append(record.id)
    return ids


def run(store: JobStore, *ids: str) -> None:
    for id in ids:
        accept(store, id)
        store.claim()
        store.finish(id, "success", {}, [])


def test_jobs_come_in_the_order_in_which_they_were_accepted(store: JobStore):
    accept(store, "c", "a", "b")
    assert claimed(store) == ["c", "a", "b"]
    assert store.claim() is None


def test_front_goes_ahead_of_all_and_the_latest_front_first(store: JobStore):
    accept(store, "a", "b")
    accept(store, "x", "y", front=True)
    assert claimed(store) == ["y", "x", "a", "b"]


def test_a_number_decides_and_equal_numbers_keep_their_order(store: JobStore):
    accept(store, "late", number=7.5)
    accept(store, "first", number=-1)
    accept(store, "later", number=7.5)
    assert claimed(store) == ["first", "late", "later"]


@settings(max_examples=20)
@given(st.lists(st.integers(-3, 3), max_size=10))
def test_the_queue_is_sorted_by_number_then_arrival(numbers):
    with TemporaryDirectory() as folder, closing(JobStore(Path(folder) / "jobs.sqlite")) as store:
        for index, number in enumerate(numbers):
            accept(store, str(index), number=number)
        expected = sorted(range(len(numbers)), key=lambda index: (numbers[index], index))
        assert claimed(store) == [str(index) for index in expected]


def test_a_record_holds_what_was_given(store: JobStore):
    number = store.accept("a", PROMPT, b'{"client_id":"me"}', ["1", "2"], client_id="me")
    record = store.claim()
    assert record is not None
    assert (record.prompt, record.extra_data, record.targets) == (PROMPT, b'{"client_id":"me"}', b'["1","2"]')
    assert (record.client_id, record.number, record.state) == ("me", number, "running")


def test_an_accepted_job_is_on_disk(store: JobStore, tmp_path: Path):
    accept(store, "a")
    store.close()
    opened = JobStore(tmp_path / "user" / "jobs.sqlite")
    assert claimed(opened) == ["a"]
    opened.close()


def test_what_ran_when_the_server_died_is_queued_again_in_its_place(store: JobStore, tmp_path: Path):
    accept(store, "a", "b")
    store.claim()
    store.close()
    opened = JobStore(tmp_path / "user" / "jobs.sqlite")
    assert claimed(opened) == ["a", "b"]
    opened.close()


def test_a_job_during_which_the_server_died_too_often_is_failed(tmp_path: Path):
    path = tmp_path / "jobs.sqlite"
    first = JobStore(path)
    accept(first, "a")
    first.close()
    for _ in range(MAX_ATTEMPTS):
        opened = JobStore(path)
        assert claimed(opened) == ["a"]
        opened.close()
    last = JobStore(path)
    assert claimed(last) == []
    record = last.finished("a")
    assert record is not None
    assert record.state == "error"
    assert isinstance(record.events[0], events.Failed)
    last.close()


def test_a_released_job_may_be_claimed_for_ever(store: JobStore):
    accept(store, "a")
    for _ in range(MAX_ATTEMPTS + 2):
        record = store.claim()
        assert record is not None
        assert record.attempts == 1
        store.release("a")
    assert store.remaining() == 1


def test_a_second_process_cannot_open_the_table(store: JobStore, tmp_path: Path):
    accept(store, "a")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        JobStore(tmp_path / "user" / "jobs.sqlite")


def test_the_same_id_is_refused_while_it_waits_and_replaces_what_has_run(store: JobStore):
    accept(store, "a")
    with pytest.raises(DuplicateJob, match="a is in the queue already"):
        accept(store, "a")
    store.claim()
    store.finish("a", "error", {}, [])
    accept(store, "a")
    assert store.finished("a") is None
    assert store.remaining() == 1


def test_deleting_leaves_running_jobs_alone(store: JobStore):
    accept(store, "a", "b", "c", "d")
    store.claim()
    assert store.delete_pending(["b", "a", "unknown"]) == 1
    assert store.delete_pending() == 2
    running, pending = store.queue()
    assert [record.id for record in running] == ["a"]
    assert pending == []


def test_history_keeps_outputs_and_events(store: JobStore):
    accept(store, "a")
    store.claim()
    happened = [events.Started(1), events.Cached(["1"], 2), events.Succeeded(3)]
    store.finish("a", "success", {"1": {"text": ["héllo"]}}, happened)
    record = store.finished("a")
    assert record is not None
    assert record.outputs == '{"1":{"text":["héllo"]}}'.encode()
    assert list(record.events) == happened


def test_history_pages_as_other_programs_expect(store: JobStore):
    run(store, *"abcde")

    def ids(*arguments) -> str:
        return "".join(record.id for record in store.history(*arguments))

    assert ids() == "abcde"
    assert ids(2) == "de"
    assert ids(2, 1) == "bc"
    assert ids(None, 3) == "de"
    assert ids(0) == ""
    assert ids(99) == "abcde"


def test_history_is_in_the_order_of_finishing(store: JobStore):
    accept(store, "a", "b")
    store.claim()
    store.claim()
    store.finish("b", "success", {}, [])
    store.finish("a", "error", {}, [])
    assert [record.id for record in store.history()] == ["b", "a"]


def test_the_oldest_history_is_forgotten(tmp_path: Path):
    store = JobStore(tmp_path / "jobs.sqlite", history_limit=3)
    run(store, *"abcde")
    assert [record.id for record in store.history()] == ["c", "d", "e"]
    store.delete_finished(["d"])
    run(store, "f")
    assert [record.id for record in store.history()] == ["c", "e", "f"]
    store.close()


def test_history_can_be_cleared_without_the_queue(store: JobStore):
    run(store, "a")
    accept(store, "b")
    assert store.delete_finished() == 1
    assert store.history() == []
    assert store.remaining() == 1
