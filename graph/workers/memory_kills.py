"""Whether the system has killed a process because the memory ran out, which it does without a word to its parent."""

from pathlib import Path

COUNTERS = Path("/proc/vmstat")


def count(counters: Path = COUNTERS) -> int | None:
    """How many processes the kernel has killed for want of memory so far; None where it does not say."""
    try:
        for line in counters.read_text("ascii").splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    except (OSError, ValueError):
        pass
    return None


def cause(before: int | None, now: int | None, taken: int | None) -> str:
    """Why a process was killed, as a clause that follows "it was killed (SIGKILL)".

    `before` and `now` are counts at its start and after its end, `taken` the memory that it last had, in bytes.
    """
    if before is None or now is None:
        return ", probably because the memory ran out"
    if now == before:
        return " from outside; the memory had not run out"
    had = f"; it had taken {taken / (1 << 30):.1f} GB" if taken else ""
    return f" by the system because the memory ran out{had}"
