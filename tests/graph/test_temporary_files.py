import os
import time
from pathlib import Path

import pytest

from graph.files.temporary_files import trim

DAY = 24 * 3600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of 1000 bytes, named for the days since they were made."""
    folder = tmp_path / "temp"
    for name in ("0", "1", "sub/2", "sub/deep/3", "old/9", "8"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(1000))
        made = time.time() - int(file.name) * DAY
        os.utime(file, (made, made))
    return folder


def left(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_old_files_go_and_folders_that_are_empty_then(folder: Path):
    trim(folder, most_seconds=5 * DAY)
    assert left(folder) == ["0", "1", "sub", "sub/2", "sub/deep", "sub/deep/3"]


def test_the_oldest_go_when_it_is_too_much(folder: Path):
    trim(folder, most_bytes=2500, most_seconds=5 * DAY)
    assert left(folder) == ["0", "1"]


def test_nothing_is_left_of_a_budget_of_nothing(folder: Path):
    trim(folder, most_bytes=0)
    assert left(folder) == []


def test_links_are_not_followed(folder: Path, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"x")
    (folder / "folder").symlink_to(outside)
    (folder / "file").symlink_to(outside / "kept")
    trim(folder, most_bytes=0)
    assert (outside / "kept").read_bytes() == b"x"
    assert [path.name for path in folder.iterdir()] == ["folder"]


def test_a_folder_that_is_not_there_is_no_fault(tmp_path: Path):
    trim(tmp_path / "none")
    assert not (tmp_path / "none").exists()
