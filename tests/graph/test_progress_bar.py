"""The progress bar, as it looks on a terminal and in a file."""

import io
import os
import select

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.headless.progress import Progress
from graph.headless.progress_bar import WIDTH, ProgressBar, columns, cut


class Screen:
    """What is seen of a text in the end: carriage returns lead back to the start of the line."""

    def __init__(self, text):
        self.lines = []
        for line in text.split("\n"):
            cells = ""
            for part in line.split("\r"):
                cells = part + cells[len(part) :]
            self.lines.append(cells.rstrip())


def drawn(*progress):
    stream = io.StringIO()
    bar = ProgressBar(stream)
    for each in progress:
        bar.show(each)
    bar.close()
    return stream.getvalue()


def test_a_file_gets_the_first_state_and_the_last():
    steps = [Progress("1", "KSampler", step, 100, 1, 4) for step in range(1, 101)]
    lines = (
        drawn(*steps, Progress("2", "Save", 0, 0, 3, 4), Progress("", "", 0, 0, 4, 4)).replace("\n", "\r").split("\r")
    )
    assert lines[0] == " 25% [#####---------------] KSampler 1/100  0:00"
    assert lines[1].rstrip() == "100% [####################]   0:00"
    assert len(lines) == 3


def test_a_shorter_line_leaves_nothing_of_the_longer_one():
    long, short = Progress("1", "A long title 很长的标题", 0, 0, 0, 4), Progress("2", "B", 0, 0, 1, 4)
    assert Screen(drawn(long, short)).lines == [" 25% [#####---------------] B  0:00", ""]


def test_lines_in_between_stand_above_the_bar():
    stream = io.StringIO()
    bar = ProgressBar(stream)
    bar.say("Loading the nodes, which takes a while")
    bar.interject("Warning: short")
    bar.show(Progress("1", "A", 0, 0, 0, 1))
    bar.close()
    bar.close()
    seen = Screen(stream.getvalue()).lines
    assert seen == ["Warning: short", "  0% [--------------------] A  0:00", ""]


def test_what_a_title_has_cannot_move_the_cursor():
    text = drawn(Progress("1", "a\nb\x1b[2J\r\x07c", 0, 0, 0, 1))
    assert text == "  0% [--------------------] ab[2Jc  0:00\n"


def test_nothing_is_drawn_if_there_is_nothing_to_say():
    assert drawn() == ""


def read_until(terminal, text):
    """What was written to a terminal, up to a text."""
    seen = ""
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], 20)
        assert ready, f"{text!r} is not in {seen!r}"
        seen += os.read(terminal, 10_000).decode(errors="replace")
    return seen


def test_a_terminal_shows_the_last_state_and_the_time_without_further_news(monkeypatch):
    pty = pytest.importorskip("pty")
    monkeypatch.setenv("COLUMNS", "60")
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - a file descriptor
        bar = ProgressBar(terminal)
        bar.show(Progress("1", "First", 0, 0, 0, 2))
        bar.show(Progress("2", "很" * 300, 0, 0, 1, 2))
        seen = read_until(ours, "0:01")
        bar.close()
    *_, last = seen.split("\r")
    assert last.startswith(" 50% [##########----------] 很很")
    assert last.endswith("很…  0:01")
    assert all(columns(line) < 60 for line in seen.split("\r"))
    os.close(ours)


@given(st.text(), st.integers(0, 40))
def test_a_text_is_cut_to_its_width(text, width):
    kept = cut(text, width)
    assert columns(kept) <= width or columns(text) <= width
    assert kept == text or text.startswith(kept[:-1])


@given(st.lists(st.tuples(st.text(max_size=100), st.integers(0, 5)), max_size=20))
def test_no_line_is_wider_than_it_should_be(states):
    text = drawn(*(Progress("1", title, 0, 0, done, 5) for title, done in states))
    assert all(columns(part.rstrip("\n")) <= WIDTH for part in text.split("\r"))
