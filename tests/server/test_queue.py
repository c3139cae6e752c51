"""The queue and the history over HTTP: what Safelight has beyond ComfyUI's interface."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer, Session, node, shown


@pytest.fixture
async def session(empty_queue: Session) -> Session:
    """The queue is paused."""
    await empty_queue.post("/queue", {"paused": True})
    return empty_queue


async def waiting(session: Session) -> list[str]:
    return [item[1] for item in (await session.get("/queue"))["queue_pending"]]


async def change(session: Session, id: str, body: Any, status: int = 200) -> Any:
    async with session.http.patch(f"/api/queue/{id}", json=body) as response:
        assert response.status == status, await response.text()
        return await response.json() if status != 200 else None


async def delete(session: Session, id: str) -> int:
    async with session.http.delete(f"/queue/{id}") as response:
        return response.status


# Pausing.


async def test_a_paused_queue_says_so_and_goes_on_when_it_is_told_to(session: Session):
    async with session.socket("watch") as frames:
        *_, (_, said) = await frames.until("status")
        assert said["status"]["exec_info"] == {"queue_remaining": 0, "paused": True}
        id = await session.queue(shown("paused"))
        assert (await session.get("/prompt")) == {"exec_info": {"queue_remaining": 1, "paused": True}}
        assert (await session.get("/queue"))["paused"] is True
        await session.post("/queue", {"paused": False})
        await session.finished(id)
        await frames.until("status", status={"exec_info": {"queue_remaining": 0, "paused": False}})
    assert (await session.get("/queue")) == {
        "queue_running": [],
        "queue_pending": [],
        "paused": False,
        "priorities": {},
    }


async def test_what_runs_when_the_queue_is_paused_is_finished(session: Session):
    await session.post("/queue", {"paused": False})
    running = await session.queue({"1": node("Sleep", seconds=0.5, text="slept"), "2": node("Show", text=["1", 0])})
    await session.running(running)
    await session.post("/queue", {"paused": True})
    id = await session.queue(shown("later"))
    assert (await session.finished(running))["outputs"] == {"2": {"text": ["slept"]}}
    assert await waiting(session) == [id]


async def test_a_queue_stays_paused_over_a_restart(tmp_path: Path):
    server = RunningServer(tmp_path).start()
    async with server.session() as session:
        await session.post("/queue", {"paused": True})
        id = await session.queue(shown("kept"))
    server.stop()
    server.start()
    async with server.session() as session:
        async with session.socket("late") as frames:
            *_, (_, said) = await frames.until("status")
            assert said["status"]["exec_info"] == {"queue_remaining": 1, "paused": True}
        assert await waiting(session) == [id]
        await session.post("/queue", {"paused": False})
        assert (await session.finished(id))["status"]["completed"]
    server.stop()


# Order.


async def test_priorities_go_before_the_order_of_arrival(session: Session):
    usual = await session.queue(shown("usual"))
    later = await session.queue(shown("later"), priority=-1)
    urgent = await session.queue(shown("urgent"), priority=2.5)
    assert await waiting(session) == [urgent, usual, later]
    assert (await session.get("/queue"))["priorities"] == {urgent: 2.5, later: -1}
    await change(session, later, {"priority": 3})
    assert await waiting(session) == [later, urgent, usual]
    described = await session.get(f"/queue/{later}")
    assert (described["prompt_id"], described["state"], described["priority"]) == (later, "pending", 3)
    assert described["prompt"][1:3] == [later, shown("later")]


async def test_jobs_can_be_moved(session: Session):
    a, b, c, d = [await session.queue(shown(name)) for name in "abcd"]
    await change(session, d, {"before": b})
    assert await waiting(session) == [a, d, b, c]
    await change(session, a, {"after": b})
    assert await waiting(session) == [d, b, a, c]
    await change(session, c, {"to": "front"})
    await change(session, d, {"to": "back"})
    assert await waiting(session) == [c, b, a, d]
    numbers = [item[0] for item in (await session.get("/queue"))["queue_pending"]]
    assert numbers == sorted(numbers)  # clients that sort by number see the same order


async def test_jobs_can_be_deleted_one_by_one(session: Session):
    a, b = [await session.queue(shown(name)) for name in "ab"]
    assert await delete(session, a) == 204
    assert await waiting(session) == [b]
    assert await delete(session, a) == 404
    assert (await session.get(f"/queue/{a}", status=404))["error"]["message"] == f"There is no job '{a}' in the queue."


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"before": 5},
        {"to": "top"},
        {"before": "a", "after": "b"},
        {"priority": "high"},
        {"priority": 1e999},
        [],
    ],
)
async def test_a_change_that_says_nothing_clear_is_refused(session: Session, body: Any):
    id = await session.queue(shown("x"))
    async with session.http.patch(f"/queue/{id}", data=json.dumps(body)) as response:
        assert response.status == 400
        assert (await response.json())["error"]["message"].endswith(".")


async def test_what_does_not_wait_cannot_be_changed(session: Session):
    id = await session.queue(shown("x"))
    for body in ({"before": "unknown"}, {"after": "unknown"}):
        assert "no pending job 'unknown'" in (await change(session, id, body, status=404))["error"]["message"]
    await change(session, "unknown", {"priority": 1}, status=404)
    await session.post("/queue", {"paused": "yes"}, status=400)


# Batches.


async def test_a_prompt_can_be_queued_several_times_at_once(session: Session):
    await session.queue(shown("first"), prompt_id="first")
    said = await session.post("/prompt", {"prompt": shown("x"), "batch_count": 3, "prompt_id": "mine", "front": True})
    ids = said["prompt_ids"]
    assert said["prompt_id"] == ids[0] == "mine"
    assert len(set(ids)) == 3
    assert await waiting(session) == [*ids, "first"]
    again = await session.post("/prompt", {"prompt": shown("x"), "batch_count": 2, "prompt_id": "first"}, status=400)
    assert "in the queue already" in again["error"]["message"]
    assert len(await waiting(session)) == 4
    for count in (0, -1, 1001, 2.0, True, "2"):
        await session.post("/prompt", {"prompt": shown("x"), "batch_count": count}, status=400)


DRAWN: dict[str, Any] = {
    "nodes": [
        {"id": 1, "type": "Seeded", "widgets_values": ["a {red|green|blue} cat", 41, "increment"],
         "outputs": [{"name": "TEXT", "type": "TEXT", "links": [1]}]},
        {"id": 2, "type": "Show", "inputs": [{"name": "text", "type": "TEXT", "link": 1}]},
    ],
    "links": [[1, 1, 0, 2, 0, "TEXT"]],
    "version": 0.4,
}  # fmt: skip


async def test_each_job_of_a_drawn_graph_gets_its_own_seed_and_alternatives(session: Session):
    said = await session.post("/prompt", {"document": DRAWN, "batch_count": 30})
    assert await waiting(session) == said["prompt_ids"]
    pending = (await session.get("/queue"))["queue_pending"]
    assert [item[2]["1"]["inputs"]["seed"] for item in pending] == list(range(41, 71))
    texts = {item[2]["1"]["inputs"]["text"] for item in pending}
    assert texts == {"a red cat", "a green cat", "a blue cat"}
    workflows = [item[3]["extra_pnginfo"]["workflow"] for item in pending]
    assert workflows[0] == DRAWN
    third = copy.deepcopy(DRAWN)
    third["nodes"][0]["widgets_values"][1] = 43
    assert workflows[2] == third


# History.


async def test_the_history_can_be_searched(session: Session):
    await session.post("/queue", {"paused": False})
    good = await session.queue(shown("a red cat"), prompt_id="good")
    bad = await session.queue({"1": node("Text", text="a red dog"), "5": node("Fail", text=["1", 0]),
                               "2": node("Show", text=["5", 0])}, prompt_id="bad")  # fmt: skip
    await session.finished(good)
    failed = await session.finished(bad)

    async def found(query: str) -> list[str]:
        return list(await session.get(f"/history?{query}"))

    assert await found("search=RED") == ["good", "bad"]
    assert await found("search=red+cat") == ["good"]
    assert await found("search=Fail") == ["bad"]
    assert await found("search=nothing+like+it") == []
    assert await found("status=success") == ["good"]
    assert await found("status=error&search=dog") == ["bad"]
    assert await found("status=interrupted") == []
    assert await found("search=red&max_items=1") == ["bad"]
    assert await found("search=red&max_items=1&offset=0") == ["good"]
    assert await found("since=0&until=2") == []
    assert await found("since=2001-01-01T10:00&until=4000000000") == ["good", "bad"]
    assert (await session.get("/history?search=dog"))["bad"] == failed
    for nonsense in ("status=pending", "since=yesterday", "until=nan", "max_items=some"):
        assert (await session.get(f"/history?{nonsense}", status=400))["error"]["message"]


async def test_a_changed_setting_prunes_the_history_at_once(session: Session):
    await session.post("/queue", {"paused": False})
    ids = [await session.queue(shown(f"pruned {index}")) for index in range(4)]
    await session.finished(ids[-1])
    await session.post("/settings/safelight.history.size", 2)
    assert list(await session.get("/history")) == ids[2:]
    another = await session.queue(shown("another"))
    await session.finished(another)
    assert list(await session.get("/history")) == [ids[3], another]
    await session.post("/settings", {"safelight.history.days": 0, "safelight.history.size": None})
    assert await session.get("/history") == {}
    for name, nonsense in (("size", -1), ("size", "many"), ("days", True), ("days", [])):
        await session.post(f"/settings/safelight.history.{name}", nonsense, status=400)
    assert await session.get("/settings/safelight.history.days") == 0
    await session.post("/settings", {"safelight.history.days": None})
    kept = await session.queue(shown("kept"))
    await session.finished(kept)
    assert list(await session.get("/history")) == [kept]


async def test_a_stored_setting_holds_instead_of_the_option_after_a_restart(tmp_path: Path):
    server = RunningServer(tmp_path, "--history-size", "2", "--history-days", "30").start()
    async with server.session() as session:
        ids = [await session.queue(shown(str(index))) for index in range(3)]
        await session.finished(ids[-1])
        assert list(await session.get("/history")) == ids[1:]
        await session.post("/settings/safelight.history.size", 1)
        assert list(await session.get("/history")) == ids[2:]
    server.stop()
    server.start()
    async with server.session() as session:
        id = await session.queue(shown("one more"))
        await session.finished(id)
        assert list(await session.get("/history")) == [id]
    server.stop()
