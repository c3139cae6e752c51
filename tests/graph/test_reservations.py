import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from graph.files.reservations import OutdatedWorkerError, Reservations
from graph.folders import Folders
from graph.queue.jobs import JobStore, NewJob


@pytest.fixture
def table(tmp_path: Path):
    opened = Reservations(tmp_path / "cache" / "reserved.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.under(tmp_path)


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_a_job_that_is_run_again_gets_the_same_files(table: Reservations, folders: Folders):
    start = table.begin([])
    first = folders.saving(table.of(7, start), "3")
    names = [first.save_path("cat", "png"), first.save_path("cat", "png"), first.save_path("dog/%year%", "txt")]
    names[0].write(b"whole")
    folders.save_path("cat", "png").write(b"somebody else's")

    start = table.begin([7])
    second = folders.saving(table.of(7, start), "3")
    again = [second.save_path("cat", "png"), second.save_path("cat", "png"), second.save_path("dog/%year%", "txt")]
    assert again == names
    for place in again:
        place.write(b"again")
        assert place.path.read_bytes() == b"again"
    assert visible(folders.output) == ["cat_00001_.png", "cat_00002_.png", "cat_00003_.png", "dog"]
    assert hidden(folders.output) == []


def test_nodes_and_jobs_have_files_of_their_own(table: Reservations, folders: Folders):
    start = table.begin([])
    one, two = table.of(1, start), table.of(2, start)
    places = [
        folders.saving(files, node).save_path("x", "png").filename for files in (one, two) for node in ("1", "2", "1")
    ]
    assert places == [f"x_{number:05}_.png" for number in range(1, 7)]


def test_another_kind_of_file_is_another_file(table: Reservations, folders: Folders):
    start = table.begin([])
    assert folders.saving(table.of(1, start), "1").save_path("x", "png").filename == "x_00001_.png"
    again = folders.saving(table.of(1, start), "1").save_path("x", "webp")
    assert again.filename.endswith(".webp")
    assert folders.saving(table.of(1, start), "1").save_path("x", "webp") == again


def test_temporary_files_are_remembered_too(table: Reservations, folders: Folders):
    start = table.begin([])
    place = folders.saving(table.of(1, start), "1").save_path("a random name", "png", temporary=True)
    again = folders.saving(table.of(1, start), "1").save_path("another random name", "png", temporary=True)
    assert again == place
    assert place.path.is_relative_to(folders.temp)


def test_what_was_reserved_and_not_saved_is_free_when_the_job_has_ended(table: Reservations, folders: Folders):
    start = table.begin([])
    files = table.of(1, start)
    folders.saving(files, "1").save_path("x", "png").write(b"kept")
    folders.saving(files, "1").save_path("x", "png")
    assert hidden(folders.output) == [".x_00002_.png"]
    table.forget(1)
    assert (visible(folders.output), hidden(folders.output)) == (["x_00001_.png"], [])
    assert folders.saving(table.of(1, start), "1").save_path("x", "png").filename == "x_00002_.png"


def test_a_start_forgets_all_but_what_is_unfinished(table: Reservations, folders: Folders):
    start = table.begin([])
    for ticket in (1, 2):
        folders.saving(table.of(ticket, start), "1").save_path("x", "png")
    table.begin([2])
    assert hidden(folders.output) == [".x_00002_.png"]


def test_a_worker_that_has_missed_the_end_of_its_server_reserves_nothing(table: Reservations, folders: Folders):
    start = table.begin([])
    late = table.of(1, start)
    table.begin([1])
    with pytest.raises(OutdatedWorkerError):
        folders.saving(late, "1").save_path("x", "png")
    assert visible(folders.output) == hidden(folders.output) == []


def test_two_workers_never_reserve_the_same_file(tmp_path: Path, table: Reservations, folders: Folders):
    other = Reservations(tmp_path / "cache" / "reserved.sqlite")
    start = table.begin([])
    places = [
        folders.saving(each.of(ticket, start), "1").save_path("x", "png").filename
        for each, ticket in ((table, 1), (other, 2), (table, 3), (other, 4))
    ]
    assert len(set(places)) == 4
    other.close()


def test_a_damaged_table_is_made_anew(tmp_path: Path, folders: Folders):
    path = tmp_path / "cache" / "reserved.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 100)
    with closing(Reservations(path)) as table:
        start = table.begin([1])
        assert folders.saving(table.of(1, start), "1").save_path("x", "png").filename == "x_00001_.png"


def test_the_end_of_a_job_frees_what_it_has_reserved(tmp_path: Path):
    folders = Folders.under(tmp_path)
    store = JobStore(folders.user / "jobs.sqlite")
    table = Reservations(folders.user / "cache" / "reserved.sqlite")
    for id, end in (("a", True), ("b", False)):
        store.accept(NewJob(id=id, prompt=b"{}", extra_data=b"{}", targets=[]))
        record = store.claim()
        assert record is not None
        folders.saving(table.of(record.seq, store.start), "1").save_path(id, "png")
        if end:
            store.finish(id, "error", {}, [])
    assert hidden(folders.output) == [".b_00001_.png"]
    store.release("b")
    store.delete_pending()
    assert hidden(folders.output) == []
    table.close()
    store.close()


def test_what_is_written_is_there_whole_or_not_at_all(folders: Folders):
    place = folders.save_path("x", "txt")

    def fail() -> None:
        with place.writing() as path:
            path.write_bytes(b"half")
            assert path.suffix == ".txt"
            raise ValueError("out of ideas")

    with pytest.raises(ValueError, match="out of ideas"):
        fail()
    assert visible(folders.output) == hidden(folders.output) == []
    place.write(b"whole")
    assert (folders.output / "x_00001_.txt").read_bytes() == b"whole"


def test_a_node_that_writes_to_the_path_itself_still_saves_its_file(table: Reservations, folders: Folders):
    start = table.begin([])
    folders.saving(table.of(1, start), "1").save_path("x", "txt").path.write_bytes(b"written")
    table.forget(1)
    assert (folders.output / "x_00001_.txt").read_bytes() == b"written"
    assert hidden(folders.output) == []


def test_a_table_that_another_process_holds_is_an_error_and_not_a_lost_file(
    tmp_path: Path, table: Reservations, folders: Folders, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("graph.files.reservations.SECONDS_TO_WAIT", 0.05)
    start = table.begin([])
    with closing(sqlite3.connect(tmp_path / "cache" / "reserved.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        late = Reservations(tmp_path / "cache" / "reserved.sqlite")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            folders.saving(late.of(1, start), "1").save_path("x", "png")
        late.close()
    assert visible(folders.output) == hidden(folders.output) == []
