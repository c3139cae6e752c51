import asyncio

import pytest

from graph.workers.local import death, lines


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-9, ["killed", "SIGKILL", "memory"]),
        (-11, ["crashed", "SIGSEGV"]),
        (-6, ["SIGABRT", "no kernel image"]),
        (-15, ["SIGTERM"]),
        (1, ["exit code 1", "no kernel image"]),
        (-250, ["signal 250"]),
    ],
)
def test_a_death_is_explained(code: int, words: list[str]):
    reason = death(code, "no kernel image")
    assert all(word in reason for word in words)


async def test_output_becomes_lines_progress_bars_too():
    stream = asyncio.StreamReader()
    stream.feed_data(b"one\ntw")
    stream.feed_data("o ✓\n\n 10%\r 20%\r\nbad \xff".encode("utf-8", "surrogateescape"))
    stream.feed_data(b"\xff end")
    stream.feed_eof()
    found = [line async for line in lines(stream)]
    assert found[:4] == ["one", "two ✓", " 10%", " 20%"]
    assert found[4].startswith("bad")
    assert len(found) == 5


async def test_a_line_without_end_is_cut():
    stream = asyncio.StreamReader()
    stream.feed_data(b"x" * 200_000)
    stream.feed_eof()
    found = [line async for line in lines(stream)]
    assert sum(map(len, found)) == 200_000
    assert len(found) > 1
