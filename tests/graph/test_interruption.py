"""Interrupting this very process; tests/server has it with a real worker."""

import contextlib
import sys
import threading
import time
import types

import pytest

from graph.context import Interrupted
from graph.workers import interruption
from graph.workers.interruption import Interruptible, call

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there a sleep is not woken")
LONG = 20.0


@pytest.fixture(autouse=True)
def job(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(interruption, "PATIENCE", 0.05)
    interruption.install()
    running = Interruptible("job")
    yield running
    running.end()  # the handler stays: a last signal may be on its way, which would end the process without one


def function_in(module: str, source: str):
    """The function `f` of a module of this name."""
    made = types.ModuleType(module)
    exec(source, made.__dict__)
    return made.f


def spin(seconds: float = LONG) -> bool:
    """Compute without looking at anything; True if that went on to its end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return True


@pytest.mark.parametrize(
    "work",
    [
        spin,
        lambda: time.sleep(LONG),
        lambda: threading.Event().wait(LONG),
        lambda: threading.Lock().acquire() and threading.Condition().acquire() and threading.Event().wait(LONG),
        lambda: [spin() for _ in range(2)],
    ],
)
def test_a_node_that_never_looks_is_interrupted(job: Interruptible, work):
    job.request()
    with pytest.raises(Interrupted):
        call(work)
    assert job.flag.is_set()


def test_the_code_around_nodes_is_not_interrupted(job: Interruptible):
    job.request()
    assert spin(0.3)
    with pytest.raises(Interrupted):
        call(spin)


def test_nothing_is_raised_once_the_job_is_over(job: Interruptible):
    job.request()
    job.end()
    assert call(spin, 0.3)


def test_a_job_that_has_given_way_is_not_interrupted_in_the_place_of_another(job: Interruptible):
    job.aside = True
    job.request()
    assert call(spin, 0.3)
    job.aside = False
    with pytest.raises(Interrupted):
        call(spin)


def test_the_engine_finishes_what_it_does_for_a_node(job: Interruptible):
    sent = []
    engine = function_in("graph.fake", "def f(spin, sent):\n    spin(0.3)\n    sent.append('whole')")
    job.request()
    with pytest.raises(Interrupted):
        call(lambda: [engine(spin, sent), spin()])
    assert sent == ["whole"]


@pytest.mark.parametrize(
    "module", ["contextlib", "logging.handlers", "diffusion.residency", "asyncio.events", "compat.x"]
)
def test_books_are_kept_to_the_end_and_what_they_call_is_interrupted(job: Interruptible, module: str):
    source = "def f(end, now):\n    while now() < end: pass\n    return 'booked'"
    assert (
        call(lambda: [job.request(), function_in(module, source)(time.monotonic() + 0.3, time.monotonic)][1])
        == "booked"
    )
    with pytest.raises(Interrupted):
        call(function_in(module, "def f(work):\n    work()"), spin)


def test_what_is_entered_is_left_again(job: Interruptible):
    steps: list[str] = []

    class Slow:
        def __enter__(self) -> None:
            end = time.monotonic() + 0.3
            while time.monotonic() < end:
                pass
            steps.append("entered")

        def __exit__(self, *error: object) -> None:
            spin(0.3)
            steps.append("left")

    def work() -> None:
        with Slow():
            spin()

    job.request()
    with pytest.raises(Interrupted):
        call(work)
    assert steps == ["entered", "left"]


def test_cleaning_up_after_an_interruption_is_not_interrupted(job: Interruptible):
    steps: list[str] = []

    def work() -> None:
        try:
            spin()
        except Interrupted:
            spin(0.2)
            steps.append("first")
            raise
        finally:
            with contextlib.suppress(ValueError):
                raise ValueError
            spin(0.2)
            steps.append("second")

    job.request()
    with pytest.raises(Interrupted):
        call(work)
    assert steps == ["first", "second"]


def test_an_import_is_not_left_halfway(job: Interruptible, tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "slow_import.py").write_text(
        "import time\nend = time.monotonic() + 0.3\nwhile time.monotonic() < end: pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def work() -> None:
        import slow_import  # type: ignore[import-not-found]

        assert slow_import.end
        spin()

    job.request()
    with pytest.raises(Interrupted):
        call(work)
    assert "slow_import" in sys.modules
    del sys.modules["slow_import"]


def test_who_swallows_it_is_asked_again(job: Interruptible):
    swallowed = []

    def work() -> None:
        for _ in range(3):
            try:
                spin()
            except Exception as error:  # noqa: BLE001 - that is what is tested
                swallowed.append(type(error))
        spin()

    job.request()
    with pytest.raises(Interrupted):
        call(work)
    assert swallowed == [Interrupted] * 3


def test_calls_within_calls(job: Interruptible):
    job.request()
    with pytest.raises(Interrupted):
        call(lambda: [call(lambda: None), spin()])
