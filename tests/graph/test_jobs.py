import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import events
from graph.queue.history import HistoryQuery, finished, history
from graph.queue.jobs import MOST_CRASHES, DuplicateJob, JobStore, NewJob, NotPending, patience_after
from graph.queue.table import STEPS

PROMPT, EXTRA = b'{"1":{"class_type":"A","inputs":{}}}', b"{}"


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "user" / "jobs.sqlite"


@pytest.fixture
def store(path: Path):
    opened = JobStore(path)
    yield opened
    opened.close()


def new(id: str, **more) -> NewJob:
    return NewJob(id=id, prompt=PROMPT, extra_data=EXTRA, targets=["1"], **more)


def accept(store: JobStore, *ids: str, **more) -> None:
    for id in ids:
        store.accept(new(id, **more))


def claimed(store: JobStore) -> list[str]:
    ids = []
    while record := store.claim():
        ids.append(record.id)
    return ids


def waiting(store: JobStore) -> list[str]:
    return [record.id for record in store.queue()[1]]


def run(store: JobStore, *ids: str) -> None:
    for id in ids:
        accept(store, id)
        store.claim()
        store.finish(id, "success", {}, [])


# Order.


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


def test_a_higher_priority_goes_before_any_number(store: JobStore):
    accept(store, "usual", number=-100)
    accept(store, "urgent", priority=2, number=5)
    accept(store, "most urgent", priority=2.5)
    accept(store, "whenever", priority=-1, front=True)
    assert claimed(store) == ["most urgent", "urgent", "usual", "whenever"]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-3, 3)), max_size=10))
def test_the_queue_is_sorted_by_priority_then_number_then_arrival(places):
    with TemporaryDirectory() as folder, closing(JobStore(Path(folder) / "jobs.sqlite")) as store:
        for index, (priority, number) in enumerate(places):
            accept(store, str(index), priority=priority, number=number)
        expected = sorted(range(len(places)), key=lambda index: (-places[index][0], places[index][1], index))
        order = waiting(store)
        assert order == claimed(store) == [str(index) for index in expected]


def test_a_priority_can_be_changed_while_the_job_waits(store: JobStore):
    accept(store, "a", "b", "c")
    store.set_priority("c", 1)
    store.set_priority("a", -1)
    assert claimed(store) == ["c", "b", "a"]
    with pytest.raises(NotPending, match="no pending job 'a'"):
        store.set_priority("a", 1)


JOBS = "abcdef"
moves = st.tuples(st.sampled_from(JOBS), st.sampled_from([None, *JOBS]), st.booleans())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-1, 1), st.integers(0, 1)), min_size=6, max_size=6), st.lists(moves, max_size=12))
def test_moving_a_job_does_to_the_queue_what_it_does_to_a_list(places, wanted):
    with TemporaryDirectory() as folder, closing(JobStore(Path(folder) / "jobs.sqlite")) as store:
        for id, (priority, number) in zip(JOBS, places, strict=True):
            accept(store, id, priority=priority, number=number)
        order = waiting(store)
        for id, neighbour, after in wanted:
            store.move(id, neighbour, after)
            if id != neighbour:
                order.remove(id)
                beside = order.index(neighbour) if neighbour else len(order) - 1 if after else 0
                order.insert(beside + after, id)
            assert waiting(store) == order
        assert claimed(store) == order


def test_what_comes_after_a_move_is_behind_it(store: JobStore):
    accept(store, "a", "b", "c")
    store.move("a", None, after=True)
    accept(store, "d")
    assert waiting(store) == ["b", "c", "a", "d"]


def test_only_what_waits_can_be_moved(store: JobStore):
    accept(store, "a", "b")
    store.claim()
    for id, neighbour in (("a", "b"), ("b", "a"), ("unknown", None), ("b", "unknown")):
        with pytest.raises(NotPending):
            store.move(id, neighbour, after=False)


def test_several_jobs_are_accepted_together_or_not_at_all(store: JobStore):
    accept(store, "a")
    with pytest.raises(DuplicateJob, match="a is in the queue already"):
        store.accept(new("x"), new("a"), new("y"))
    assert waiting(store) == ["a"]
    assert store.status().remaining == 1
    store.accept(new("x", front=True), new("y", front=True))
    accept(store, "z", front=True)
    assert claimed(store) == ["z", "x", "y", "a"]


# Pausing.


def test_a_paused_queue_gives_no_job_also_after_a_restart(store: JobStore, path: Path):
    accept(store, "a", "b")
    assert store.claim() is not None
    store.set_paused(True)
    assert store.claim() is None
    assert store.seconds_to_wait() is None
    store.finish("a", "success", {}, [])
    assert store.status() == (1, True)
    store.close()
    with closing(JobStore(path)) as again:
        assert again.status() == (1, True)
        assert again.claim() is None
        again.set_paused(False)
        assert claimed(again) == ["b"]


# Durability.


def test_a_record_holds_what_was_given(store: JobStore):
    job = NewJob(
        id="a", prompt=PROMPT, extra_data=b'{"client_id":"me"}', targets=["1", "2"], client_id="me", priority=3
    )
    (number,) = store.accept(job)
    record = store.claim()
    assert record is not None
    assert (record.prompt, record.extra_data, record.targets) == (PROMPT, b'{"client_id":"me"}', b'["1","2"]')
    assert (record.client_id, record.number, record.state, record.priority) == ("me", number, "running", 3)
    assert store.unfinished("a") == record


def test_an_accepted_job_is_on_disk(store: JobStore, path: Path):
    accept(store, "a")
    store.close()
    with closing(JobStore(path)) as opened:
        assert claimed(opened) == ["a"]


def test_what_ran_when_the_server_died_is_queued_again_in_its_place(store: JobStore, path: Path):
    accept(store, "a", "b")
    store.claim()
    store.close()
    with closing(JobStore(path)) as opened:
        assert claimed(opened) == ["a", "b"]


def crash(path: Path, times: int) -> None:
    """Open the table and run the job "a" until the server ends, so many times."""
    for _ in range(times):
        clock = Clock()
        with closing(JobStore(path, clock=clock)) as store:
            clock.now += patience_after(MOST_CRASHES)
            assert claimed(store) == ["a"]


def test_a_job_that_may_have_brought_the_server_down_twice_waits_behind_the_others(path: Path):
    with closing(JobStore(path)) as store:
        accept(store, "a")
    crash(path, times=2)
    clock = Clock()
    with closing(JobStore(path, clock=clock)) as store:
        accept(store, "b")
        accept(store, "c", priority=-5)
        assert waiting(store) == ["b", "c", "a"]
        assert claimed(store) == ["b", "c"]
        wait = store.seconds_to_wait()
        assert wait is not None
        assert wait > 0
        clock.now += wait
        assert claimed(store) == ["a"]


def test_who_moves_a_job_that_waits_behind_the_others_wants_it_to_run(path: Path):
    with closing(JobStore(path)) as store:
        accept(store, "a")
    crash(path, times=3)
    with closing(JobStore(path, clock=Clock())) as store:
        assert store.claim() is None
        store.move("a", None, after=True)
        assert claimed(store) == ["a"]


def test_a_job_during_which_the_server_died_again_and_again_is_failed(path: Path):
    with closing(JobStore(path)) as store:
        accept(store, "a")
    crash(path, MOST_CRASHES)
    with closing(JobStore(path)) as store:
        assert store.status().remaining == 0
        record = finished(store, "a")
        assert record is not None
        assert record.state == "error"
        assert isinstance(record.events[0], events.Failed)


def test_a_released_job_may_be_claimed_for_ever(store: JobStore):
    accept(store, "a")
    for _ in range(MOST_CRASHES + 2):
        assert store.claim() is not None
        store.release("a")
    assert store.status().remaining == 1


def test_a_second_process_cannot_open_the_table(store: JobStore, path: Path):
    accept(store, "a")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        JobStore(path)


def test_the_same_id_is_refused_while_it_waits_and_replaces_what_has_run(store: JobStore):
    accept(store, "a")
    with pytest.raises(DuplicateJob, match="a is in the queue already"):
        accept(store, "a")
    store.claim()
    store.finish("a", "error", {}, [])
    accept(store, "a")
    assert finished(store, "a") is None
    assert store.status().remaining == 1


def test_a_job_ends_once(store: JobStore):
    accept(store, "a", "b")
    store.claim()
    store.finish("a", "success", {}, [])
    store.finish("a", "error", {}, [])
    store.finish("unknown", "error", {}, [])
    record = finished(store, "a")
    assert record is not None
    assert record.state == "success"
    assert store.status().remaining == 1


def test_deleting_leaves_running_jobs_alone(store: JobStore):
    accept(store, "a", "b", "c", "d")
    store.claim()
    assert store.delete_pending(["b", "a", "unknown"]) == 1
    assert store.delete_pending() == 2
    running, pending = store.queue()
    assert [record.id for record in running] == ["a"]
    assert pending == []
    assert store.status().remaining == 1


def test_history_can_be_cleared_without_the_queue(store: JobStore):
    run(store, "a")
    accept(store, "b")
    assert store.delete_finished() == 1
    assert history(store) == []
    assert store.status().remaining == 1


def test_the_file_of_an_older_version_is_brought_up_to_date(path: Path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as old:
        old.executescript(STEPS[0])
        insert = (
            "INSERT INTO jobs"
            " (id, number, state, prompt, extra_data, targets, attempts, accepted, finished, finish_order)"
            " VALUES (?, ?, ?, ?, '{}', '[]', 2, 0, ?, ?)"
        )
        old.execute(insert, ("done", 1, "success", PROMPT, 5.0, 1))
        old.executemany(insert, [(id, number, "pending", PROMPT, None, None) for id, number in (("b", 3), ("a", 2))])
        old.commit()
    with closing(JobStore(path)) as store:
        assert [record.id for record in history(store, HistoryQuery(words=("DONE",)))] == ["done"]
        assert store.status().remaining == 2
        assert claimed(store) == ["a", "b"]


def test_the_file_of_a_newer_version_is_left_alone(path: Path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(sqlite3.OperationalError, match="newer version"):
        JobStore(path)
