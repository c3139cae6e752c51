"""Packs by ComfyUI's contracts in a real server: what clients see of them."""

import shutil
from pathlib import Path

import pytest

from tests.running_server import RunningServer, node

PACKS = Path(__file__).parent / "packs"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(PACKS, base / "custom_nodes", ignore=shutil.ignore_patterns("__pycache__"))
    running = RunningServer(base, "--cpu").start()
    yield running
    running.stop()


@pytest.fixture
async def session(server):
    async with server.session() as session:
        yield session


async def test_entries_choices_and_problems(session):
    info = await session.get("/object_info")
    assert info["LoopForOpen"]["python_module"] == "custom_nodes.loops"
    assert info["SchemaDraw"]["input"]["required"]["mode"][1]["options"] == ["fast", "slow"]
    assert info["BorrowedSquares"]["input"]["required"]["size"][0] == [64, 128, 256]
    problems = [problem["message"] for problem in await session.get("/problems")]
    assert any("'Broken' cannot be read" in message for message in problems)


async def test_a_loop_runs_and_shows_each_round(session):
    prompt = {
        "open": node("LoopForOpen", remaining=20, value1=1),
        "double": node("Add", a=["open", 2], b=["open", 2]),
        "close": node("LoopForClose", flow=["open", 0], value1=["double", 0]),
        "show": node("ShowAny", value=["close", 0]),
    }
    entry = await session.finished(await session.queue(prompt))
    assert entry["status"]["status_str"] == "success", entry["status"]
    assert entry["outputs"]["show"]["text"] == [str(2**20)]


async def test_a_node_refuses_a_value_before_anything_is_queued(session):
    prompt = {"1": node("ChangingEven", value=3), "2": node("ShowAny", value=["1", 0])}
    refused = await session.post("/prompt", {"prompt": prompt}, status=400)
    (error,) = refused["node_errors"]["1"]["errors"]
    assert (error["type"], error["extra_info"]["input_name"]) == ("custom_validation_failed", "value")
    assert error["details"].endswith("3 is odd.")


async def test_values_that_are_not_declared_reach_a_node_that_takes_everything(session):
    prompt = {"1": node("Flexible", lora={"on": True}), "2": node("ShowAny", value=["1", 0])}
    entry = await session.finished(await session.queue(prompt))
    assert entry["outputs"]["2"]["text"] == ["[('known', 3), ('lora', {'on': True})]"]
