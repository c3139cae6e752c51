"""Prompts through the whole server, as clients of ComfyUI's interface see them."""

import json

import psutil
import pytest

from tests.running_server import RunningServer, node, shown


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    running = RunningServer(tmp_path_factory.mktemp("server")).start()
    yield running
    assert running.stop() == 0


async def test_a_prompt_runs_and_is_in_the_history(server: RunningServer):
    async with server.session() as session:
        prompt = shown("a text")
        id = await session.queue(prompt, client_id="me", extra_data={"extra_pnginfo": {"workflow": {"a": 1}}})
        entry = await session.finished(id)
        number, same_id, stored, extra, outputs = entry["prompt"]
        assert (same_id, stored, outputs) == (id, prompt, ["2"])
        assert isinstance(number, int)
        assert extra == {"extra_pnginfo": {"workflow": {"a": 1}}, "client_id": "me"}
        assert entry["outputs"] == {"2": {"text": ["a text"]}}
        meta = {"node_id": "2", "display_node": "2", "parent_node": None, "real_node_id": "2"}
        assert entry["meta"] == {"2": meta}
        assert entry["status"]["status_str"] == "success"
        assert entry["status"]["completed"] is True
        names = [name for name, _ in entry["status"]["messages"]]
        assert names == ["execution_start", "execution_cached", "execution_success"]
        assert all(data["prompt_id"] == id for _, data in entry["status"]["messages"])


FRAMES_OF_A_RUN = [
    "execution_start",
    "execution_cached",
    *("progress_state", "executing", "progress_state"),
    *("progress_state", "executing", "executed", "progress_state"),
    "execution_success",
    "status",
    "executing",
]


def kinds(frames: list) -> list[str]:
    return [kind for kind, _ in frames]


async def test_frames_come_in_the_order_that_clients_know(server: RunningServer):
    async with server.session() as session, session.socket("order") as frames:
        kind, first = await frames.next()
        assert (kind, first["sid"]) == ("status", "order")
        assert first["status"]["exec_info"] == {"queue_remaining": 0, "paused": False}
        id = await session.queue(shown("frames in order"), client_id="order")
        seen = await frames.until("executing", node=None)
        assert kinds(seen)[:2] == ["status", "status"]
        assert kinds(seen)[2:] == FRAMES_OF_A_RUN
        data = [content for _, content in seen[2:]]
        assert all(content["prompt_id"] == id for kind, content in seen if kind != "status")
        assert data[1]["nodes"] == []
        assert data[3] == {"node": "1", "display_node": "1", "prompt_id": id}
        assert data[7] == {"node": "2", "display_node": "2", "output": {"text": ["frames in order"]}, "prompt_id": id}
        assert set(data[8]["nodes"]) == {"1", "2"}
        assert data[8]["nodes"]["2"]["state"] == "finished"
        assert "delta" not in data[8]
        assert data[-1] == {"node": None, "prompt_id": id}
        assert (await session.get(f"/history/{id}"))[id]["status"]["completed"]


async def test_what_is_cached_is_announced_and_shown_again(server: RunningServer):
    async with server.session() as session, session.socket("cached") as frames:
        for _ in range(2):
            id = await session.queue(shown("twice the same"), client_id="cached")
            seen = await frames.until("executing", node=None)
        content = dict(seen)
        assert content["execution_cached"]["nodes"] == ["1", "2"]
        assert content["executed"]["output"] == {"text": ["twice the same"]}
        assert (await session.get(f"/history/{id}"))[id]["outputs"] == {"2": {"text": ["twice the same"]}}


def counting(steps: int) -> dict:
    return {"1": node("Count", steps=steps), "2": node("Show", text=["1", 0])}


async def test_progress_and_previews(server: RunningServer):
    async with server.session() as session, session.socket("plain") as frames:
        id = await session.queue(counting(4), client_id="plain")
        seen = await frames.until("executing", node=None)
        steps = [content for kind, content in seen if kind == "progress"]
        assert steps[-1] == {"value": 4, "max": 4, "prompt_id": id, "node": "1"}
        pictures = [content for kind, content in seen if kind == "binary"]
        assert pictures
        assert pictures[0] == b"\0\0\0\x01\0\0\0\x01\xff\xd8\xff\xd9"


async def test_a_job_may_do_without_previews(server: RunningServer):
    async with server.session() as session, session.socket("blind") as frames:
        await session.queue(counting(6), client_id="blind", extra_data={"preview_method": "none"})
        seen = [kind for kind, _ in await frames.until("executing", node=None)]
        assert "progress" in seen
        assert "binary" not in seen
        refused = await session.post("/prompt", {"prompt": counting(4), "extra_data": {"preview_method": "film"}}, 400)
        assert "auto, latent2rgb, taesd, none" in refused["error"]["message"]


async def test_previews_say_where_they_belong_to_clients_that_want_it(server: RunningServer):
    async with server.session() as session, session.socket("rich", supports_preview_metadata=True) as frames:
        await frames.until("feature_flags", supports_preview_metadata=True)
        id = await session.queue(counting(5), client_id="rich")
        seen = await frames.until("executing", node=None)
        picture = next(content for kind, content in seen if kind == "binary")
        assert picture[:4] == b"\0\0\0\x04"
        length = int.from_bytes(picture[4:8])
        metadata = json.loads(picture[8 : 8 + length])
        assert picture[8 + length :] == b"\xff\xd8\xff\xd9"
        assert metadata == {
            "node_id": "1",
            "prompt_id": id,
            "display_node_id": "1",
            "parent_node_id": None,
            "real_node_id": "1",
            "image_type": "image/jpeg",
        }


async def test_states_are_of_what_changed_for_clients_that_keep_the_rest(server: RunningServer):
    async with server.session() as session, session.socket("delta", progress_delta=True) as frames:
        await frames.until("feature_flags")
        await session.queue(shown("only what changed"), client_id="delta")
        states = [content for kind, content in await frames.until("executing", node=None) if kind == "progress_state"]
        assert [list(state["nodes"]) for state in states] == [["1"], ["1"], ["2"], ["2"]]
        assert all(state["delta"] for state in states)
        assert states[1]["nodes"]["1"]["state"] == "finished"


async def test_whole_states_of_a_large_graph_do_not_grow_with_its_square(server: RunningServer):
    size = 400
    prompt = {"0": node("Text", text="x"), "show": node("Show", text=[str(size), 0])}
    for index in range(1, size + 1):
        prompt[str(index)] = node("Join", first=[str(index - 1), 0], second=["0", 0])
    async with server.session() as session, session.socket("large") as frames:
        await session.queue(prompt, client_id="large")
        seen = await frames.until("executing", node=None)
    states = [content["nodes"] for kind, content in seen if kind == "progress_state"]
    assert kinds(seen).count("executing") == size + 3
    assert len(states[-1]) == size + 2
    assert {state["state"] for state in states[-1].values()} == {"finished"}
    # All of them for each of the first hundred nodes, then now and then: not all of them for each.
    assert len(states) < size


async def test_a_bystander_hears_of_the_queue_alone(server: RunningServer):
    async with server.session() as session, session.socket("bystander") as frames:
        id = await session.queue(counting(3))
        await session.finished(id)
        await session.queue(counting(2), client_id="somebody else")
        seen = []
        for _ in range(7):
            seen.append(await frames.next())
        assert set(kinds(seen)) == {"status"}


async def test_a_new_connection_takes_over_and_stays_when_the_old_one_closes(server: RunningServer):
    async with server.session() as session, session.socket("same") as old, session.socket("same") as new:
        await new.until("status", sid="same")
        await old.socket.close()
        await session.queue(shown("after the old one closed"), client_id="same")
        assert "executed" in kinds(await new.until("executing", node=None))


async def test_who_comes_back_learns_what_is_running(server: RunningServer):
    async with server.session() as session:
        async with session.socket("away") as before:
            id = await session.queue(
                {"1": node("Sleep", seconds=30), "2": node("Show", text=["1", 0])}, client_id="away"
            )
            await before.until("executing", node="1")
        async with session.socket("away", progress_delta=True) as after:
            seen = await after.until("executing", prompt_id=id)
            assert seen[-1][1]["node"] == "1"
            (*_, (_, state)) = await after.until("progress_state")
            assert state["nodes"]["1"]["state"] == "running"
            assert "delta" not in state
            await session.post("/interrupt", {})
            *_, (_, said) = await after.until("execution_interrupted")
            assert (said["node_id"], said["node_type"], said["executed"]) == ("1", "Sleep", [])
        entry = await session.finished(id)
        assert entry["status"]["status_str"] == "error"
        assert entry["status"]["completed"] is False
        assert entry["status"]["messages"][-1][0] == "execution_interrupted"


async def test_an_error_names_the_node(server: RunningServer):
    prompt = {"1": node("Text", text="abc"), "5": node("Fail", text=["1", 0]), "2": node("Show", text=["5", 0])}
    async with server.session() as session, session.socket("unlucky") as frames:
        id = await session.queue(prompt, client_id="unlucky")
        seen = await frames.until("executing", node=None)
        error = dict(seen)["execution_error"]
        assert (error["prompt_id"], error["node_id"], error["node_type"]) == (id, "5", "Fail")
        assert "cannot work with 'abc'" in error["exception_message"]
        assert error["executed"] == ["1"]
        assert isinstance(error["traceback"], list)
        states = [content["nodes"] for kind, content in seen if kind == "progress_state"]
        assert states[-1]["5"]["state"] == "error"
        entry = await session.finished(id)
        assert entry["status"]["messages"][-1][0] == "execution_error"


@pytest.mark.parametrize("kind", ["key", "object", "number", "bytes"])
async def test_a_node_that_shows_nonsense_harms_nobody(server: RunningServer, kind: str):
    async with server.session() as session, session.socket("odd") as frames:
        id = await session.queue({"1": node("Odd", kind=kind)}, client_id="odd")
        await frames.until("executing", node=None, prompt_id=id)
        assert (await session.finished(id))["status"]["status_str"] == ("success" if kind == "bytes" else "error")
        worker = psutil.Process(server.pid).children()
        await session.finished(await session.queue(shown("fine")))
        assert psutil.Process(server.pid).children() == worker


async def test_the_worker_answers_while_a_job_runs_and_only_the_named_job_is_interrupted(server: RunningServer):
    async with server.session() as session:
        id = await session.queue({"1": node("Sleep", seconds=60, text="x"), "2": node("Show", text=["1", 0])})
        await session.running(id)
        await session.post("/interrupt", {"prompt_id": "another"})
        stats = await session.get("/system_stats")
        assert stats["devices"][0]["type"] == "cpu"
        assert (await session.get("/queue"))["queue_running"][0][1] == id
        await session.post("/interrupt", {"prompt_id": id})
        assert (await session.finished(id))["status"]["messages"][-1][0] == "execution_interrupted"


async def test_the_queue_can_be_looked_at_and_changed(server: RunningServer):
    async with server.session() as session:
        blocker = await session.queue({"1": node("Sleep", seconds=60, text="y"), "2": node("Show", text=["1", 0])})
        await session.running(blocker)
        ids = [await session.queue(shown(str(index)), prompt_id=f"waiting {index}") for index in range(3)]
        front = await session.queue(shown("front"), front=True)
        queue = await session.get("/queue")
        assert [item[1] for item in queue["queue_pending"]] == [front, *ids]
        assert queue["queue_pending"][0][0] < 0
        assert queue["queue_pending"][1][2:] == [shown("0"), {}, ["2"]]
        assert (await session.get("/prompt")) == {"exec_info": {"queue_remaining": 5, "paused": False}}
        again = await session.post("/prompt", {"prompt": shown("x"), "prompt_id": ids[0]}, status=400)
        assert "in the queue already" in again["error"]["message"]
        await session.post("/queue", {"delete": [ids[1]]})
        await session.post("/queue", {"clear": True})
        assert (await session.get("/queue"))["queue_pending"] == []
        await session.post("/interrupt", {})
        await session.finished(blocker)


async def test_history_is_paged_and_forgotten(server: RunningServer):
    async with server.session() as session:
        await session.post("/history", {"clear": True})
        ids = [await session.queue(shown(f"page {index}")) for index in range(4)]
        await session.finished(ids[-1])
        assert list(await session.get("/history")) == ids
        assert list(await session.get("/history?max_items=2")) == ids[2:]
        assert list(await session.get("/history?max_items=2&offset=1")) == ids[1:3]
        assert list(await session.get("/history?max_items=-1")) == ids
        await session.post("/history", {"delete": [ids[0]]})
        assert list(await session.get("/api/history")) == ids[1:]
        assert await session.get("/history/unknown") == {}


async def test_free_drops_the_results(server: RunningServer):
    async with server.session() as session, session.socket("free") as frames:
        for _ in range(2):
            await session.queue(shown("dropped"), client_id="free")
            seen = await frames.until("executing", node=None)
            assert dict(seen)["execution_cached"]["nodes"] == []
            await session.post("/free", {"free_memory": True, "unload_models": True})
