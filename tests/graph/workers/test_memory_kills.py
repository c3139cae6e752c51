import pytest

from graph.workers import memory_kills


def test_the_counter_of_the_kernel_is_read(tmp_path):
    counters = tmp_path / "vmstat"
    counters.write_text("oom_kill_other 5\noom_kill 12\npgfault 3\n")
    assert memory_kills.count(counters) == 12
    counters.write_text("pgfault 3\n")
    assert memory_kills.count(counters) is None
    counters.write_bytes(b"oom_kill \xff")
    assert memory_kills.count(counters) is None
    assert memory_kills.count(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (3, 4, "by the system because the memory ran out; it had taken 2.0 GB"),
        (3, 3, "from outside; the memory had not run out"),
        (None, None, "probably because the memory ran out"),
        (3, None, "probably because the memory ran out"),
    ],
)
def test_what_is_not_known_is_not_claimed(before, now, words):
    assert words in memory_kills.cause(before, now, 2 << 30)
