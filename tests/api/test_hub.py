"""How the hub treats its clients, without a network."""

import asyncio

import pytest

from api import hub
from api.hub import Client, Hub
from graph import events
from graph.queue.dispatch import RunningJob
from graph.queue.table import JobRecord


class Socket:
    """A WebSocket that keeps what is sent, or hangs."""

    def __init__(self, hangs: bool = False) -> None:
        self.sent: list[bytes] = []
        self.hangs = hangs

    async def send_frame(self, frame: bytes, kind: object) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        self.sent.append(frame)


def client(id: str = "me", hangs: bool = False) -> tuple[Client, Socket, list[str]]:
    aborted: list[str] = []
    socket = Socket(hangs)
    return Client(id, socket, lambda: aborted.append(id)), socket, aborted  # type: ignore[arg-type]


def job(client_id: str | None = "me") -> RunningJob:
    record = JobRecord(1, "job", 1, "running", client_id, b"{}", b"{}", b"[]", b"{}", (), 0, 0, None)
    return RunningJob(record, None)  # type: ignore[arg-type]


async def delivered(*clients: Client) -> None:
    tasks = [asyncio.create_task(client.deliver()) for client in clients]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()


async def test_a_client_that_takes_nothing_is_cut_off_and_delays_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "QUEUED_LIMIT", 10_000)
    stuck, _, aborted = client("stuck", hangs=True)
    quick, socket, unharmed = client("quick")
    both = Hub()
    both.join(stuck)
    both.join(quick)
    for _ in range(200):
        both.broadcast("note", {"text": "x" * 100})
        await delivered(stuck, quick)
        if aborted:
            break
    assert aborted == ["stuck"]
    assert not unharmed
    assert len(socket.sent) > 50


async def test_previews_are_left_out_for_who_is_behind(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "QUEUED_PREVIEWS", 1000)
    slow, socket, aborted = client()
    hall = Hub()
    hall.join(slow)
    hall.happened(job(), events.Started(1))
    for index in range(50):
        hall.happened(job(), events.Preview("1", bytes([index]) * 200))
    hall.happened(job(), events.Succeeded(2))
    await delivered(slow)
    pictures = [frame for frame in socket.sent if not frame.startswith(b"{")]
    assert 0 < len(pictures) <= 6
    assert b"execution_success" in socket.sent[-1]
    assert not aborted


async def test_an_interrupted_job_of_nobody_is_told_to_all():
    first, heard, _ = client("first")
    hall = Hub()
    hall.join(first)
    for event in (events.Started(1), events.NodeStarted("1"), events.Progress("1", 1, 2)):
        hall.happened(job(None), event)
    hall.happened(job(None), events.Interrupted("1", "Sleep", [], 2))
    hall.ended(job(None))
    await delivered(first)
    assert [b"execution_interrupted" in frame for frame in heard.sent] == [False, True]


async def sent_for(count: int, flags: dict[str, bool]) -> int:
    """Bytes that a client is sent for a job of so many nodes."""
    me, socket, _ = client()
    table = Hub()
    table.join(me)
    table.introduce(me, flags)
    delivery = asyncio.create_task(me.deliver())
    running = job()
    for number in range(count):
        table.happened(running, events.NodeStarted(str(number)))
        table.happened(running, events.NodeFinished(str(number), None, False, 0.0))
        await asyncio.sleep(0)
    table.happened(running, events.Succeeded(1))
    await asyncio.sleep(0.05)
    delivery.cancel()
    return sum(map(len, socket.sent))


@pytest.mark.parametrize("flags", [{}, {"progress_delta": True}], ids=["whole states", "changes"])
async def test_what_a_job_sends_grows_with_its_nodes_not_with_their_square(
    monkeypatch: pytest.MonkeyPatch, flags: dict
):
    monkeypatch.setattr(hub, "STATE_INTERVAL", 0)
    small, large = await sent_for(500, flags), await sent_for(4000, flags)
    assert large < 12 * small
