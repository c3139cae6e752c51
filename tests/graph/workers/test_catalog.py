import asyncio
from pathlib import Path

import pytest

from graph.messages import Device, PackProblem, Ready
from graph.workers.catalog import Catalog, NoNodesError

SCHEMAS = {"Text": {"input": {"required": {}}, "output": ["TEXT"]}}
PROBLEM = PackProblem("broken", "It is broken.", "Mend it.")


def report() -> Ready:
    return Ready(SCHEMAS, [PROBLEM], Device("cpu", "cpu", None, 1, 1, 1, 1), {"python": "3"})


async def test_requests_wait_for_the_first_worker(tmp_path: Path):
    catalog = Catalog(tmp_path / "schemas.json", lambda: "a")
    asyncio.get_running_loop().call_later(0.05, catalog.ready, report())
    assert await catalog.schemas(5) == SCHEMAS


async def test_the_next_server_answers_before_its_worker_is_there(tmp_path: Path):
    path = tmp_path / "cache" / "schemas.json"
    Catalog(path, lambda: "a").ready(report())
    later = Catalog(path, lambda: "a")
    assert await later.schemas(0) == SCHEMAS
    assert later.problems == [PROBLEM]


async def test_schemas_of_other_files_are_not_used(tmp_path: Path):
    path = tmp_path / "schemas.json"
    Catalog(path, lambda: "a").ready(report())
    with pytest.raises(NoNodesError, match="not loaded within"):
        await Catalog(path, lambda: "b").schemas(0.01)


async def test_a_damaged_file_is_no_harm(tmp_path: Path):
    path = tmp_path / "schemas.json"
    path.write_bytes(b'{"signature": "a", "schemas"')
    with pytest.raises(NoNodesError):
        await Catalog(path, lambda: "a").schemas(0.01)


async def test_a_worker_that_cannot_start_is_named_at_once(tmp_path: Path):
    catalog = Catalog(tmp_path / "schemas.json", lambda: "a")
    asyncio.get_running_loop().call_later(0.02, catalog.down, "it ended with exit code 1")
    with pytest.raises(NoNodesError, match="could not start: it ended with exit code 1"):
        await catalog.schemas(60)
    catalog.ready(report())
    assert await catalog.schemas(0) == SCHEMAS
