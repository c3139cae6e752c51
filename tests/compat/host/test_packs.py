"""Packs in the style of ComfyUI's and of ours, loaded by a real server: nodes, messages, routes."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.running_server import RunningServer, node

PACKS = Path(__file__).parent / "custom_nodes"
PATIENCE = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = tmp_path_factory.mktemp("darkroom")
    shutil.copytree(PACKS, base / "custom_nodes")
    for folder, name in (("models/darkroom", "a.txt"), ("more", "b.txt"), ("models", "secret.txt")):
        (base / folder).mkdir(parents=True, exist_ok=True)
        (base / folder / name).write_text(f"this is {name}")
    running = RunningServer(base, "--cpu", "--max-upload-size", "1").start()
    yield running
    running.stop()


@pytest.fixture
async def session(server):
    async with server.session() as session:
        yield session


async def run(session, class_type, **inputs):
    """The history entry of a prompt with one node."""
    return await session.finished(await session.queue({"1": node(class_type, **inputs)}))


def error_of(entry):
    return next(data["exception_message"] for kind, data in entry["status"]["messages"] if kind == "execution_error")


async def test_packs_are_loaded_with_all_their_nodes(session):
    info = await session.get("/object_info")
    assert {"Develop", "Enlarge", "DarkroomFolders", "Uses", "Sigmas", "Greet"} <= info.keys()
    assert info["Develop"]["display_name"] == "Develop (Darkroom)"
    assert info["Develop"]["input"]["required"]["file"][0] == ["a.txt", "b.txt"]
    assert info["Uses"]["input"]["required"]["sampler"][0][-1] == "mine"
    problems = [problem for problem in await session.get("/problems") if problem["subject"].endswith("_pack")]
    assert [problem["message"] for problem in problems] == [
        "Its route /queue is never reached: the server has one there."
    ]


async def test_a_file_that_is_added_to_a_folder_of_a_pack_can_be_chosen_at_once(session, server):
    (server.base / "models" / "darkroom" / "c.txt").write_text("new")
    info = await session.get("/object_info/Develop")
    assert "c.txt" in info["Develop"]["input"]["required"]["file"][0]
    entry = await run(session, "Develop", steps=1, file="c.txt")
    assert entry["outputs"]["1"]["text"] == ["new"]


async def test_progress_and_messages_of_a_pack_reach_the_client(session, server):
    async with session.socket("watcher") as frames, session.socket("other") as others:
        id = await session.queue({"5": node("Develop", steps=3, file="a.txt")}, client_id="watcher")
        seen = await frames.until("execution_success", prompt_id=id)
        done = [data for kind, data in seen if kind == "darkroom.done"]
        assert done == [{"node": "5", "client": "watcher", "last": "5"}]
        values = [(data["value"], data["max"]) for kind, data in seen if kind == "progress"]
        assert values[-1] == (3, 3)
        assert ("darkroom.done", done[0]) in await others.until("darkroom.done")
    results = sorted(path.name for path in (server.base / "output" / "prints").iterdir())
    assert results == [f"x_{number:05}_.json" for number in range(1, len(results) + 1)]


async def test_a_subclass_of_a_core_node_writes_into_the_temporary_folder(session, server):
    entry = await run(session, "Enlarge", side=16)
    picture = entry["outputs"]["1"]["images"][0]
    assert picture["type"] == "temp"
    async with session.http.get("/view", params=picture) as response:
        assert response.status == 200
        assert b"class_type" in await response.read()


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "..\\secret.txt", "nothing.txt"])
async def test_names_from_a_prompt_stay_within_the_folders_of_a_pack(session, name):
    entry = await run(session, "DarkroomFolders", name=name)
    assert entry["outputs"]["1"]["found"] == [None, False]


@pytest.mark.parametrize(
    ("what", "missing"),
    [
        ("attention", "comfy.ldm.modules.attention.optimized_attention"),
        ("block", "comfy.ldm.modules.attention.BasicTransformerBlock"),
        ("call", "comfy.ldm.modules.attention.optimized_attention_for_device()"),
        ("registered", "comfy.hooks.register()()"),
        ("noise", "comfy_extras.nodes_custom_sampler.Noise_RandomNoise"),
    ],
)
async def test_using_what_is_not_there_names_it_and_the_pack(session, what, missing):
    message = error_of(await run(session, "Uses", what=what, sampler="euler"))
    assert f"{missing} is not supported by Safelight; the pack 'subclassing_pack' needs it." in message


async def test_asking_for_the_type_of_what_is_not_there_says_no(session):
    entry = await run(session, "Uses", what="isinstance", sampler="euler")
    assert entry["outputs"]["1"]["text"] == ["False", "compat.host.toolbox"]


async def test_replacing_a_function_of_a_host_module_works_for_those_who_call_it(session, server):
    entry = await run(session, "Sigmas", scheduler="flat", steps=3)
    assert entry["outputs"]["1"] == {"sigmas": [3.0, 2.0, 1.0, 0.0], "nodes": ["patched"]}
    log = server.log.read_text()
    assert "The pack 'patching_pack' replaces comfy.ldm.flux.layers.attention" in log


async def test_packs_see_and_change_prompts_before_they_are_queued(session):
    id = await session.queue({"1": node("DarkroomFolders", name="%stamp%")})
    entry = await session.finished(id)
    assert entry["prompt"][2]["1"]["inputs"]["name"] == "stamped.txt"


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_routes_of_packs_are_answered_by_the_server(session, prefix):
    headers = {"Cookie": "secret=1"}
    async with session.http.get(f"{prefix}/darkroom/hello?name=a%26b", headers=headers) as response:
        assert await response.json() == {"hello": "a&b", "cookie": None}
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    async with session.http.post(f"{prefix}/darkroom/echo/two%20words", data=b"abc") as response:
        assert (response.status, await response.read()) == (201, b"cba")
        assert response.headers["X-Word"] == "two words"
        assert "Set-Cookie" not in response.headers
    async with session.http.get(f"{prefix}/darkroom/stream") as response:
        assert await response.text() == "0\n1\n2\n"
    assert await session.get(f"{prefix}/darkroom/files/a/b.png") == "a/b.png"
    assert await session.get(f"{prefix}/own/you") == {"own": "you"}


async def test_methods_and_paths_that_no_pack_has_are_answered_as_ever(session):
    for method, path in (("POST", "/darkroom/hello"), ("GET", "/darkroom/echo/x"), ("GET", "/own/a/b")):
        async with session.http.request(method, path) as response:
            assert response.status == 404
            assert (await response.json())["error"]["type"] == "not_found"
    async with session.http.get("/darkroom/broken") as response:
        assert response.status == 500


async def test_a_route_of_a_pack_never_takes_the_place_of_one_of_ours(session):
    assert "queue_running" in await session.get("/queue")
    hidden = [problem for problem in await session.get("/problems") if "/queue" in problem["message"]]
    assert [problem["subject"] for problem in hidden] == ["darkroom_pack"]


async def test_what_guards_the_server_guards_the_routes_of_packs(session):
    async with session.http.get("/darkroom/hello", headers={"Origin": "http://elsewhere.example"}) as response:
        assert response.status == 403

    async def endless():
        for _ in range(40):
            yield bytes(1 << 16)

    async with session.http.post("/darkroom/echo/x", data=bytes(2 << 20)) as response:
        assert response.status == 413
    async with session.http.post("/darkroom/echo/x", data=endless()) as response:
        assert response.status == 413
    async with session.http.get("/darkroom/hello", headers={"Upgrade": "websocket"}) as response:
        assert response.status == 501


async def test_routes_wait_for_a_worker_and_come_back_with_it(session, server):
    assert (await session.get("/own/before"))["own"] == "before"
    os.kill(await worker_of(server), signal.SIGKILL)
    async with asyncio.timeout(PATIENCE):
        while True:
            async with session.http.get("/own/again") as response:
                if response.status == 200:
                    assert await response.json() == {"own": "again"}
                    return
                assert response.status == 503
                assert "belongs to a pack" in (await response.json())["error"]["message"]
            await asyncio.sleep(0.05)


async def test_a_pack_that_is_loaded_anew_answers_with_its_new_routes(session, server):
    packs = server.base / "custom_nodes"
    for path, old, new in (
        (packs / "own_pack" / "__init__.py", '"own":', '"mine":'),
        (packs / "darkroom_pack" / "routes.py", '"hello":', '"welcome":'),
        (packs / "darkroom_pack" / "routes.py", '"stamped.txt"', '"stamped again.txt"'),
    ):
        path.write_text(path.read_text().replace(old, new))
    await session.post("/packs/reload", {})
    assert await session.get("/own/you") == {"mine": "you"}
    assert (await session.get("/darkroom/hello?name=x"))["welcome"] == "x"
    assert await session.get("/darkroom/files/a/b.png") == "a/b.png"
    entry = await session.finished(await session.queue({"1": node("DarkroomFolders", name="%stamp%")}))
    assert entry["prompt"][2]["1"]["inputs"]["name"] == "stamped again.txt"


async def worker_of(server):
    """The process that runs the nodes."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    assert len(children) == 1
    return int(children[0])


async def test_the_port_of_the_worker_answers_nobody_else(server):
    ports = listening_ports(await worker_of(server))
    assert len(ports) == 1
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{ports[0]}/own/you") as response:
        assert response.status == 403


def listening_ports(process):
    """The ports on which a process accepts connections."""
    sockets = {link.readlink().name for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()}
    lines = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    return [int(line[1].split(":")[1], 16) for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]


async def test_the_routes_of_a_pack_that_is_gone_are_gone(session, server):
    shutil.rmtree(server.base / "custom_nodes" / "own_pack")
    await session.post("/packs/reload", {})
    await session.get("/own/you", status=404)
    assert await session.get("/darkroom/files/a/b.png") == "a/b.png"
