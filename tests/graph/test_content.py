import os
import sqlite3
import time

import pytest
from blake3 import blake3

from graph.caching.content import CHUNK_BYTES, ContentHashes
from graph.context import Interrupted


def settled(path, content):
    """Write a file as it would be an hour later."""
    path.write_bytes(content)
    past = time.time() - 3600
    os.utime(path, (past, past))
    return path


def test_the_hash_is_that_of_the_content(tmp_path):
    content = os.urandom(CHUNK_BYTES + 5)
    assert ContentHashes().hash(settled(tmp_path / "a", content)) == blake3(content).hexdigest()


def test_a_file_is_read_once_while_it_stays_as_it_is(tmp_path):
    path = settled(tmp_path / "a", b"one")
    reads = []
    hashes = ContentHashes(tmp_path / "cache" / "content.sqlite")
    first = hashes.hash(path, lambda: reads.append(1))
    assert hashes.hash(path, lambda: reads.append(1)) == first
    assert ContentHashes(tmp_path / "cache" / "content.sqlite").hash(path, lambda: reads.append(1)) == first
    assert len(reads) == 1
    settled(path, b"three")
    assert hashes.hash(path, lambda: reads.append(1)) == blake3(b"three").hexdigest()
    assert len(reads) == 2


def test_a_file_that_has_just_changed_is_read_again(tmp_path):
    path = tmp_path / "a"
    hashes = ContentHashes(tmp_path / "content.sqlite")
    for content in (b"one", b"two"):
        path.write_bytes(content)
        os.utime(path, ns=(time.time_ns(), 10**9 * int(time.time())))
        assert hashes.hash(path) == blake3(content).hexdigest()


def test_hashing_can_be_interrupted(tmp_path):
    def check():
        raise Interrupted

    with pytest.raises(Interrupted):
        ContentHashes().hash(settled(tmp_path / "a", b"one"), check)


def test_a_missing_file_is_an_error_and_a_broken_database_is_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        ContentHashes().hash(tmp_path / "a")
    (tmp_path / "broken.sqlite").write_bytes(b"this is no database" * 100)
    (tmp_path / "file").write_bytes(b"")
    path = settled(tmp_path / "a", b"one")
    for database in (tmp_path / "broken.sqlite", tmp_path / "file" / "content.sqlite"):
        assert ContentHashes(database).hash(path) == blake3(b"one").hexdigest()


def test_a_database_that_another_process_holds_is_done_without(tmp_path):
    hashes = ContentHashes(tmp_path / "content.sqlite", wait_seconds=0)
    other = sqlite3.connect(tmp_path / "content.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert hashes.hash(settled(tmp_path / "a", b"one")) == blake3(b"one").hexdigest()
    other.close()
