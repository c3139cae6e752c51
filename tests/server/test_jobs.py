"""Lists of jobs and of their pictures over HTTP: what the editor's queue and gallery are made of."""

from typing import Any

import pytest
from PIL import Image

from tests.running_server import RunningServer, Session, node, shown


@pytest.fixture
def session(empty_queue: Session) -> Session:
    return empty_queue


def painted(color: str, count: int = 1, seed: int = 0) -> dict[str, Any]:
    return {"1": node("Paint", color=color, count=count, seed=seed)}


async def ids(session: Session, query: str) -> list[str]:
    return [job["id"] for job in (await session.get(f"/api/jobs?{query}"))["jobs"]]


async def patch(session: Session, id: str, body: Any, status: int = 204) -> None:
    async with session.http.patch(f"/api/jobs/{id}", json=body) as response:
        assert response.status == status, await response.text()


# Jobs.


async def test_waiting_jobs_are_listed_a_page_at_a_time_in_the_order_in_which_they_will_run(session: Session):
    await session.post("/queue", {"paused": True})
    queued = [await session.queue(shown(text), name="Words") for text in "abcde"]
    front = await session.queue(shown("first"), front=True)
    page = await session.get("/api/jobs?status=pending&sort_by=queue&limit=2&offset=1")
    assert [job["id"] for job in page["jobs"]] == queued[:2]
    assert page["pagination"] == {"offset": 1, "limit": 2, "total": 6, "has_more": True}
    assert (page["counts"], page["paused"]) == ({"in_progress": 0, "pending": 6, "ended": 0}, True)
    assert (page["jobs"][0]["name"], page["jobs"][0]["status"]) == ("Words", "pending")
    assert await ids(session, "status=pending&sort_by=queue&limit=1") == [front]
    assert "prompt" not in page["jobs"][0]


async def test_ended_jobs_are_listed_newest_first_and_filtered(session: Session):
    red = await session.queue(painted("red", 2), name="Colours", tags=["warm", "warm", " two "])
    await session.finished(red)
    failed = await session.queue(
        {"1": node("Fail", text=["2", 0]), "2": node("Text"), "3": node("Show", text=["1", 0])}
    )
    await session.finished(failed)
    assert await ids(session, "status=completed,failed,cancelled&sort_by=ended") == [failed, red]
    for query, expected in {
        "status=failed": [failed],
        "search=colours": [red],
        "search=warm": [red],
        "tag=two": [red],
        "tag=tw": [],
        "name=Colours": [red],
        "since=2100-01-01T00:00": [],
    }.items():
        assert await ids(session, query) == expected, query
    [job] = (await session.get("/api/jobs?status=completed"))["jobs"]
    assert job["outputs_count"] == len(job["pictures"]) == 2
    assert job["tags"] == ["warm", "two"]
    assert job["preview_output"]["type"] == "output"
    assert job["create_time"] <= job["execution_start_time"] <= job["execution_end_time"]
    [job] = (await session.get("/api/jobs?status=failed"))["jobs"]
    assert "cannot work with 'hello'" in job["execution_error"]


async def test_a_running_job_tells_what_its_nodes_have_done_and_shown(session: Session):
    prompt = {**painted("blue"), "2": node("Sleep", seconds=300), "3": node("Show", text=["2", 0])}
    id = await session.queue(prompt, client_id="me")
    await session.running(id)
    async with session.socket("me", progress_delta=True) as frames:
        await frames.until("executing", node="2")
    job = await session.get(f"/api/jobs/{id}")
    assert (job["status"], job["client_id"], job["messages"]) == ("in_progress", "me", [])
    assert job["nodes"]["2"]["state"] == "running"
    assert job["nodes"]["1"]["state"] == "finished"
    assert job["outputs"]["1"]["images"][0]["type"] == "output"
    assert job["workflow"]["prompt"].keys() == prompt.keys()
    [listed] = (await session.get("/api/jobs?status=in_progress"))["jobs"]
    assert listed["nodes"] == 3
    await session.post("/interrupt", {"prompt_id": id})
    await session.finished(id)
    job = await session.get(f"/api/jobs/{id}")
    assert job["status"] == "cancelled"
    assert job["messages"][-1][0] == "execution_interrupted"
    assert job["outputs"]["1"]["images"]


async def test_jobs_can_be_named_and_tagged_later_and_are_found_by_it(session: Session):
    id = await session.queue(shown("x"))
    await session.finished(id)
    assert await ids(session, "search=nebula") == []
    await patch(session, id, {"name": "The Nebula", "tags": ["keep"]})
    assert await ids(session, "search=nebula+keep") == [id]
    await patch(session, id, {"tags": []})
    [job] = (await session.get("/api/jobs"))["jobs"]
    assert (job["name"], job["tags"]) == ("The Nebula", [])
    await patch(session, "nobody", {"name": "a"}, 404)
    await patch(session, id, {"tags": "keep"}, 400)
    await patch(session, id, {"name": "n" * 201}, 400)


async def test_a_job_can_be_run_again_with_the_same_or_with_new_seeds(session: Session):
    document = {
        "nodes": [{"id": 1, "type": "Paint", "widgets_values": ["red", 1, 5, "fixed", "painted"]}],
        "links": [],
        "version": 0.4,
    }
    posted = await session.post("/prompt", {"document": document, "name": "Again", "client_id": "first"})
    await session.finished(posted["prompt_id"])
    same = await session.post(f"/api/jobs/{posted['prompt_id']}/again", {"client_id": "second", "prompt_id": "mine"})
    new = await session.post(f"/api/jobs/{posted['prompt_id']}/again", {"seeds": "new"})
    repeated, reseeded = [await session.get(f"/api/jobs/{each['prompt_id']}") for each in (same, new)]
    assert repeated["workflow"]["prompt"]["1"]["inputs"]["seed"] == 5
    assert (repeated["client_id"], repeated["name"], repeated["id"]) == ("second", "Again", "mine")
    seed = reseeded["workflow"]["prompt"]["1"]["inputs"]["seed"]
    assert seed != 5
    kept = reseeded["workflow"]["extra_data"]["extra_pnginfo"]["workflow"]
    assert kept["nodes"][0]["widgets_values"] == ["red", 1, seed, "fixed", "painted"]
    plain = await session.queue(shown("no document"))
    refused = await session.post(f"/api/jobs/{plain}/again", {"seeds": "new"}, 400)
    assert refused["error"]["type"] == "no_workflow"
    await session.post("/api/jobs/nobody/again", {}, 404)


@pytest.mark.parametrize("query", ["status=done", "sort_by=colour", "limit=many", "since=tomorrow"])
async def test_a_list_that_cannot_be_made_is_refused(session: Session, query: str):
    answer = await session.get(f"/api/jobs?{query}", 400)
    assert answer["error"]["type"] == "invalid_request"


# Results.


async def results(session: Session, query: str = "") -> list[dict[str, Any]]:
    return (await session.get(f"/api/results?{query}"))["results"]


async def test_pictures_of_all_jobs_are_paged_newest_first(session: Session):
    for color, count in (("red", 2), ("green", 3)):
        await session.finished(await session.queue(painted(color, count), name=color))
    await session.finished(await session.queue(shown("no picture")))
    everything = await session.get("/api/results")
    assert everything["pagination"]["total"] == 5
    assert [each["name"] for each in everything["results"]] == ["green"] * 3 + ["red"] * 2
    assert len({each["filename"] for each in everything["results"]}) == 5
    assert await results(session, "limit=2&offset=2") == everything["results"][2:4]
    assert [each["name"] for each in await results(session, "search=RED")] == ["red"] * 2
    assert await session.get("/api/results/names") == ["green", "red"]
    assert await results(session, "type=temp") == []
    await session.get("/api/results?type=secret", 400)


async def test_what_nodes_of_packs_show_does_not_harm_the_list(session: Session):
    await session.finished(await session.queue({"1": node("Odd", kind="number")}))
    await session.finished(await session.queue(painted("red")))
    assert len(await results(session)) == 1


async def test_a_result_becomes_an_input_once(session: Session, quick_server: RunningServer):
    await session.finished(await session.queue(painted("red")))
    [picture] = await results(session)
    named = {key: picture[key] for key in ("filename", "subfolder", "type")}
    copied = await session.post("/api/results/input", named)
    assert copied == await session.post("/api/results/input", named)
    assert Image.open(quick_server.base / "input" / copied["name"]).size == (64, 48)
    await session.post("/api/results/input", {**named, "filename": "nothing.png"}, 404)
    await session.post("/api/results/input", {**named, "subfolder": "../user"}, 400)
    await session.post("/api/results/input", {**named, "type": "models"}, 400)


async def test_pictures_leave_the_history_and_on_demand_the_disk(session: Session, quick_server: RunningServer):
    await session.finished(await session.queue(painted("red", 3)))
    first, second, third = await results(session)
    output = quick_server.base / "output"

    async def delete(*pictures: dict[str, Any], files: bool = False) -> tuple[int, int]:
        said = await session.post("/api/results/delete", {"results": pictures, "files": files})
        return said["forgotten"], said["deleted"]

    assert await delete(first) == (1, 0)
    assert (output / first["filename"]).exists()
    assert await delete(second, files=True) == (1, 1)
    assert not (output / second["filename"]).exists()
    assert await results(session) == [third]
    # What no job has made is nobody's to delete.
    (output / "mine.png").write_bytes(b"mine")
    assert await delete({**third, "filename": "mine.png"}, files=True) == (0, 0)
    assert (output / "mine.png").exists()
    await session.post("/api/results/delete", {"results": []}, 400)


async def test_a_file_that_another_job_shows_is_kept(session: Session, quick_server: RunningServer):
    for _ in range(2):  # the second takes the first one's result
        await session.finished(await session.queue(painted("red", seed=7)))
    first, second = await results(session)
    assert first["filename"] == second["filename"]
    path = quick_server.base / "output" / first["filename"]
    said = await session.post("/api/results/delete", {"results": [first], "files": True})
    assert (said, path.exists()) == ({"forgotten": 1, "deleted": 0}, True)
    said = await session.post("/api/results/delete", {"results": [second], "files": True})
    assert (said, path.exists()) == ({"forgotten": 1, "deleted": 1}, False)


# Logs and meters.


async def test_the_log_says_how_grave_a_line_is_and_numbers_them(session: Session):
    prompt = {"1": node("Fail", text=["2", 0]), "2": node("Text"), "3": node("Show", text=["1", 0])}
    async with session.socket("reader") as frames:
        async with session.http.patch("/api/internal/logs/subscribe", json={"clientId": "reader", "enabled": True}):
            id = await session.queue(prompt)
        *_, (_, said) = await frames.until("logs")
        assert said["entries"][0]["number"] > 0
    await session.finished(id)
    lines = (await session.get("/internal/logs/raw"))["entries"]
    numbers = [line["number"] for line in lines]
    assert numbers == sorted(set(numbers))
    failure = next(line for line in lines if f"job {id} failed" in line["m"])
    assert failure["level"] == "error"


async def test_the_meters_tell_of_memory_and_load(session: Session):
    said = await session.get("/api/meters")
    assert 0 < said["ram"]["used"] < said["ram"]["total"]
    assert 0 <= said["cpu"]["busy"] <= 100
    assert said["cpu"]["count"] >= 1
    assert said["server"]["memory"] > 1 << 20
    assert said["workers"][0]["alive"]
