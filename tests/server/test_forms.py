"""What clients see of nodes that give graphs, block, wait, or check their inputs themselves."""

from pathlib import Path

import pytest

from tests.running_server import RunningServer, Session, node

SHOWN_AGAIN = {"1": node("Text", text="a"), "2": node("ShowAgain", text=["1", 0]), "3": node("Show", text=["2", 0])}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    running = RunningServer(Path(tmp_path_factory.mktemp("forms"))).start()
    yield running
    running.stop()


@pytest.fixture
async def session(server: RunningServer):
    async with server.session() as opened:
        yield opened


async def frames_of(session: Session, prompt: dict, **flags: bool) -> tuple[str, list]:
    """A job's id and the frames that its client gets, to its end."""
    async with session.socket("me", **flags) as frames:
        id = await session.queue(prompt, client_id="me")
        return id, await frames.until("executing", node=None, prompt_id=id)


async def test_the_nodes_of_a_subgraph_are_shown_on_the_node_that_gave_it(session: Session):
    id, frames = await frames_of(session, SHOWN_AGAIN, progress_delta=True)
    executed = [data for kind, data in frames if kind == "executed"]
    assert [(data["node"], data["display_node"], data["output"]) for data in executed] == [
        ("2.0.2", "2", {"text": ["aa"]}),
        ("2.0.4", "2", {"text": ["aaaa"]}),
        ("3", "3", {"text": ["aaaa"]}),
    ]
    assert ("executing", {"node": "2.0.1", "display_node": "2", "prompt_id": id}) in frames
    states = [data["nodes"] for kind, data in frames if kind == "progress_state"]
    (inner, *_) = [nodes["2.0.1"] for nodes in states if "2.0.1" in nodes]
    assert (inner["display_node_id"], inner["parent_node_id"], inner["real_node_id"]) == ("2", "2", "2")
    entry = await session.finished(id)
    assert entry["outputs"].keys() == {"2.0.2", "2.0.4", "3"}
    assert entry["meta"]["2.0.2"] == {
        "node_id": "2.0.2",
        "display_node": "2",
        "parent_node": "2",
        "real_node_id": "2",
    }
    assert entry["status"]["completed"]


async def test_what_a_subgraph_has_shown_is_shown_again_where_its_result_is_used_again(session: Session):
    prompt = {**SHOWN_AGAIN, "1": node("Text", text="once")}
    await frames_of(session, prompt)
    more = {**prompt, "3": node("Join", first=["2", 0], second=["1", 0]), "4": node("Show", text=["3", 0])}
    _, frames = await frames_of(session, more)
    assert [data["nodes"] for kind, data in frames if kind == "execution_cached"] == [["1", "2"]]
    assert [(data["node"], data["display_node"]) for kind, data in frames if kind == "executed"] == [
        ("2.0.2", "2"),
        ("2.0.4", "2"),
        ("4", "4"),
    ]


async def test_progress_and_previews_inside_a_subgraph_name_its_node(session: Session):
    prompt = {"1": node("CountInside", steps=4), "2": node("Show", text=["1", 0])}
    _, frames = await frames_of(session, prompt, supports_preview_metadata=True)
    assert [data["node"] for kind, data in frames if kind == "progress"][-1] == "1.0.1"
    (preview, *_) = [data for kind, data in frames if kind == "binary"]
    assert b'"display_node_id":"1"' in preview


async def test_a_failure_inside_a_subgraph_is_that_of_the_node_of_the_prompt(session: Session):
    prompt = {"1": node("Text", text="x"), "2": node("FailInside", text=["1", 0]), "3": node("Show", text=["2", 0])}
    id, frames = await frames_of(session, prompt)
    (error,) = [data for kind, data in frames if kind == "execution_error"]
    assert (error["node_id"], error["node_type"]) == ("2", "Fail")
    assert (await session.finished(id))["status"]["status_str"] == "error"


async def test_a_blocked_value_is_told_as_comfyui_does_and_the_job_succeeds(session: Session):
    prompt = {
        "1": node("Text", text="closed off"),
        "2": node("Closed", text=["1", 0]),
        "3": node("Show", text=["2", 0]),
        "4": node("Show", text=["1", 0]),
    }
    id, frames = await frames_of(session, prompt)
    (told,) = [data for kind, data in frames if kind == "execution_error"]
    assert (told["node_id"], told["exception_type"]) == ("3", "ExecutionBlocked")
    assert told["exception_message"] == "The gate is closed."
    entry = await session.finished(id)
    assert entry["status"]["completed"]
    assert entry["outputs"] == {"4": {"text": ["closed off"]}}


async def test_a_node_is_called_for_each_value_of_a_list(session: Session):
    prompt = {
        "1": node("Words", text="x y"),
        "2": node("Join", first=["1", 0], second=["1", 0]),
        "3": node("Show", text=["2", 0]),
    }
    id, _ = await frames_of(session, prompt)
    assert (await session.finished(id))["outputs"] == {"3": {"text": ["xx", "yy"]}}
    assert (await session.get("/object_info/Words"))["Words"]["output_is_list"] == [True]


async def test_a_node_checks_its_own_inputs_before_a_job_is_queued(session: Session):
    prompt = {
        "1": {**node("Even", number=3), "_meta": {"title": "Pairs"}},
        "2": node("Show", text=["1", 0]),
        "3": node("Show", text=["4", 0]),
        "4": node("Text"),
    }
    answer = await session.post("/prompt", {"prompt": prompt})
    (error,) = answer["node_errors"]["1"]["errors"]
    assert error["type"] == "custom_validation_failed"
    assert error["details"] == "Pairs (node 1), input 'number': It must be even, and is 3. Choose another one."
    assert error["extra_info"]["input_name"] == "number"
    assert answer["node_errors"]["1"]["dependent_outputs"] == ["2"]
    assert (await session.finished(answer["prompt_id"]))["outputs"].keys() == {"3"}
    refused = await session.post("/prompt", {"prompt": {k: prompt[k] for k in "12"}}, status=400)
    assert refused["error"]["type"] == "prompt_outputs_failed_validation"
    linked = {**prompt, "1": node("Even", number=["5", 0]), "5": node("Length", text="abc")}
    assert (await session.post("/prompt", {"prompt": linked}))["node_errors"] == {}


async def test_async_nodes_wait_together(session: Session):
    prompt = {"0": node("Text", text="w")}
    for number in range(1, 9):
        prompt[str(number)] = node("Wait", text=["0", 0], seconds=0.5 + number / 1000)
        prompt[f"s{number}"] = node("Show", text=[str(number), 0])
    _, frames = await frames_of(session, prompt)
    order = [(kind, data["node"]) for kind, data in frames if kind in ("executing", "executed")]
    first_end = next(index for index, (kind, _) in enumerate(order) if kind == "executed")
    begun = {id for kind, id in order[:first_end] if kind == "executing"}
    assert {str(number) for number in range(1, 9)} <= begun, "all have begun before one has ended"
