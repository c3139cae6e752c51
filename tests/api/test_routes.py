"""The other routes: the shapes that clients of ComfyUI's interface rely on, and answers to nonsense."""

import io
import json
import struct

import aiohttp
import pytest
from PIL import Image

from tests.running_server import RunningServer, Session, node, shown


@pytest.mark.parametrize(
    "path",
    [
        *("/prompt", "/queue", "/history", "/object_info", "/embeddings", "/models", "/models/loras", "/system_stats"),
        *("/features", "/extensions", "/workflow_templates", "/i18n", "/users", "/settings", "/settings/a.b"),
        *("/v2/userdata?path=", "/experiment/models", "/experiment/models/loras", "/problems"),
        *("/internal/logs", "/internal/logs/raw", "/internal/folder_paths", "/internal/files/output"),
    ],
)
async def test_every_route_exists_twice(session: Session, path: str):
    plain, twin = await session.get(path), await session.get(f"/api{path}")
    assert type(plain) is type(twin)


async def test_nodes_are_described(session: Session, server: RunningServer):
    everything = await session.get("/object_info")
    assert {"Text", "OtherText", "Show"} <= everything.keys()
    (entry,) = (await session.get("/object_info/Count")).values()
    assert entry == everything["Count"]
    assert entry["input"]["required"]["letter"][0] == ["a", "b"]
    assert entry["input"]["required"]["steps"][1]["max"] == 1000
    assert entry["output"] == ["TEXT"]
    assert {"name", "display_name", "description", "python_module", "category", "output_node", "input_order"} <= set(
        entry
    )
    assert everything["OtherText"]["alias_of"] == "Text"
    assert await session.get("/object_info/Unknown") == {}


async def test_a_new_file_can_be_chosen_without_a_restart(session: Session, server: RunningServer):
    path = server.base / "models" / "checkpoints" / "sub" / "new.safetensors"
    prompt = {"1": node("Checkpoint", name="sub/new.safetensors"), "2": node("Show", text=["1", 0])}
    refused = await session.post("/prompt", {"prompt": prompt}, status=400)
    assert refused["node_errors"]["1"]["errors"][0]["type"] == "value_not_in_list"
    path.parent.mkdir(parents=True)
    header = json.dumps({"__metadata__": {"ss_tag": "x"}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    entry = (await session.get("/object_info/Checkpoint"))["Checkpoint"]
    assert entry["input"]["required"]["name"] == [["sub/new.safetensors"], {"files": "checkpoints"}]
    assert await session.get("/models/checkpoints") == ["sub/new.safetensors"]
    assert await session.get("/view_metadata/checkpoints?filename=sub/new.safetensors") == {"ss_tag": "x"}
    (described,) = await session.get("/experiment/models/checkpoints")
    assert described["name"] == "sub/new.safetensors"
    assert described["size"] == path.stat().st_size
    assert described["pathIndex"] == 0
    assert (await session.finished(await session.queue(prompt)))["status"]["completed"]


async def test_the_picture_beside_a_model(session: Session, server: RunningServer):
    folder = server.base / "models" / "loras" / "sub"
    folder.mkdir(parents=True)
    (folder / "style.safetensors").touch()
    Image.new("RGB", (5, 4), "red").save(folder / "style.preview.png")
    async with session.http.get("/api/experiment/models/preview/loras/0/sub/style.safetensors") as response:
        assert response.content_type == "image/webp"
        assert Image.open(io.BytesIO(await response.read())).size == (5, 4)


async def test_pages_may_be_asked_for_their_headers_alone(session: Session):
    for path in ("/", "/api/queue", "/features"):
        async with session.http.head(path) as response:
            assert (response.status, await response.read()) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        *("/models/unknown", "/models/..%2F..", "/view_metadata/loras?filename=no.safetensors", "/nowhere"),
        *("/experiment/models/unknown", "/experiment/models/preview/loras/0/no.safetensors", "/internal/files/"),
        *("/extensions/unknown/a.js", "/workflow_templates/unknown/a.json", "/userdata/none.json"),
    ],
)
async def test_what_is_not_there_is_a_sentence(session: Session, path: str):
    said = await session.get(path, status=404)
    assert said["error"]["message"].endswith((".", "…"))


async def test_embeddings_have_no_extension(session: Session, server: RunningServer):
    folder = server.base / "models" / "embeddings" / "style"
    folder.mkdir(parents=True)
    (folder / "v1.2.safetensors").touch()
    (server.base / "models" / "embeddings" / "plain.pt").touch()
    assert await session.get("/embeddings") == ["plain", "style/v1.2"]


async def test_system_stats(session: Session):
    await session.finished(await session.queue(shown("wake the worker")))
    stats = await session.get("/system_stats")
    wanted = "os ram_total ram_free comfyui_version python_version pytorch_version embedded_python argv"
    assert set(wanted.split()) <= stats["system"].keys()
    (device,) = stats["devices"]
    names = "name type index vram_total vram_free torch_vram_total torch_vram_free"
    assert list(device) == names.split()


async def test_settings_are_merged_and_kept(session: Session, server: RunningServer):
    assert await session.get("/settings/Comfy.Theme") is None
    await session.post("/settings", {"Comfy.Theme": "dark", "a": 1})
    await session.post("/settings/a", [1, {"b": None}])
    await session.post("/api/settings/c", False)
    assert await session.get("/settings") == {"Comfy.Theme": "dark", "a": [1, {"b": None}], "c": False}
    assert json.loads((server.base / "user" / "default" / "comfy.settings.json").read_bytes())["c"] is False


async def test_features_and_users(session: Session):
    assert await session.get("/users") == {"storage": "server", "migrated": True}
    features = await session.get("/features")
    assert features["supports_preview_metadata"] is True
    assert features["max_upload_size"] == 2 << 20


async def test_the_log_can_be_read_and_followed(session: Session):
    raw = await session.get("/internal/logs/raw")
    assert set(raw) == {"entries", "size"}
    async with session.socket("reader") as frames:
        async with session.http.patch("/internal/logs/subscribe", json={"clientId": "reader", "enabled": True}) as said:
            assert said.status == 200
        await session.queue({"1": node("Quit", code=4), "2": node("Show", text=["1", 0])})
        while True:
            *_, (_, logs) = await frames.until("logs")
            if "something terrible happened" in logs["entries"][0]["m"]:
                break
    assert "something terrible happened" in await session.get("/internal/logs")


# Bad input.


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b'{"prompt": NaN}', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_a_sentence(session: Session, body: bytes):
    async with session.http.post("/prompt", data=body) as response:
        said = await response.json()
    assert response.status == 400
    assert said["error"]["message"]
    assert said["node_errors"] == {}


@pytest.mark.parametrize("depth", [300, 900, 50_000])
async def test_json_of_absurd_depth_is_a_sentence(session: Session, depth: int):
    nested = "[" * depth + "]" * depth
    prompt = json.dumps(shown("x"))
    for body in (f'{{"prompt": {nested}}}', f'{{"prompt": {prompt}, "extra_data": {{"x": {nested}}}}}'):
        async with session.http.post("/prompt", data=body) as response:
            said = await response.json()
        assert response.status == 400, said
    async with session.http.post("/settings/deep", data=nested) as response:
        assert response.status == 400
        assert "nested too deeply" in (await response.json())["error"]["message"]


async def test_too_large_a_body_is_refused_before_it_is_read(session: Session):
    async with session.http.post("/prompt", data=b"x" * (3 << 20)) as response:
        assert response.status == 413
        assert "2 MB" in (await response.json())["error"]["message"]


async def test_a_body_of_unknown_length_is_cut_off(session: Session):
    async def endless():
        for _ in range(400):
            yield b"x" * 10_000

    try:
        async with session.http.post("/prompt", data=endless()) as response:
            assert response.status == 413
    except aiohttp.ClientError:
        pass  # the server may close while we still send
    assert await session.get("/features")


@pytest.mark.parametrize(
    "more",
    [
        {"extra_data": [1]},
        {"extra_data": {"extra_pnginfo": "x"}},
        {"number": "first"},
        {"number": [1]},
        {"client_id": 5},
        {"prompt_id": {}},
        {"prompt_id": "x" * 1000},
        {"partial_execution_targets": "2"},
        {"targets": ["99"]},
    ],
)
async def test_odd_fields_of_a_prompt_are_refused(session: Session, more: dict):
    said = await session.post("/prompt", {"prompt": shown("x"), **more}, status=400)
    assert said["error"]["message"]


async def test_errors_have_the_known_shape(session: Session):
    nothing = await session.post("/prompt", {"client_id": "x"}, status=400)
    assert nothing["error"]["type"] == "no_prompt"
    prompt = {"1": node("Count", steps=5000, letter="z"), "2": node("Show", text=["1", 0]), "3": node("Show")}
    said = await session.post("/prompt", {"prompt": prompt}, status=400)
    assert said["error"]["type"] == "prompt_outputs_failed_validation"
    assert set(said["error"]) == {"type", "message", "details", "extra_info"}
    errors = {error["type"]: error for error in said["node_errors"]["1"]["errors"]}
    assert set(errors) == {"value_bigger_than_max", "value_not_in_list"}
    assert errors["value_bigger_than_max"]["extra_info"]["received_value"] == 5000
    assert said["node_errors"]["1"]["class_type"] == "Count"
    assert said["node_errors"]["1"]["dependent_outputs"] == ["2"]
    assert said["node_errors"]["3"]["errors"][0]["type"] == "required_input_missing"


async def test_good_outputs_run_while_bad_ones_are_reported(session: Session):
    said = await session.post("/prompt", {"prompt": {**shown("good"), "3": node("Show")}})
    assert list(said["node_errors"]) == ["3"]
    entry = await session.finished(said["prompt_id"])
    assert entry["outputs"] == {"2": {"text": ["good"]}}
    assert entry["prompt"][4] == ["2"]


async def test_wanted_nodes_alone_are_executed(session: Session):
    prompt = {**shown("one"), "3": node("Show", text=["1", 0])}
    id = await session.queue(prompt, partial_execution_targets=["3"])
    assert list((await session.finished(id))["outputs"]) == ["3"]


async def test_a_number_may_be_text_and_orders(session: Session):
    assert (await session.post("/prompt", {"prompt": shown("n"), "number": "-7.5"}))["number"] == -7.5


DOCUMENT = {
    "last_node_id": 2,
    "last_link_id": 1,
    "nodes": [
        {"id": 1, "type": "Text", "pos": [0, 0], "size": [1, 1], "flags": {}, "order": 0, "mode": 0,
         "outputs": [{"name": "TEXT", "type": "TEXT", "links": [1]}], "properties": {}, "widgets_values": ["drawn"]},
        {"id": 2, "type": "Show", "pos": [0, 0], "size": [1, 1], "flags": {}, "order": 1, "mode": 0,
         "inputs": [{"name": "text", "type": "TEXT", "link": 1}], "properties": {}},
    ],
    "links": [[1, 1, 0, 2, 0, "TEXT"]],
    "groups": [],
    "config": {},
    "extra": {},
    "version": 0.4,
}  # fmt: skip


async def test_a_document_of_the_editor_can_be_queued_and_compiled(session: Session):
    said = await session.post("/api/prompt", {"document": DOCUMENT, "client_id": "editor"})
    entry = await session.finished(said["prompt_id"])
    assert entry["outputs"] == {"2": {"text": ["drawn"]}}
    assert entry["prompt"][3]["extra_pnginfo"]["workflow"] == DOCUMENT
    prompt = (await session.post("/api/compile", {"document": DOCUMENT}))["prompt"]
    assert prompt["2"] == {"class_type": "Show", "inputs": {"text": ["1", 0]}, "_meta": {"title": "Show"}}
    for nonsense in (None, [], {"nodes": 3}, "x"):
        said = await session.post("/api/compile", {"document": nonsense}, status=400)
        assert said["error"]["type"] == "invalid_document"
        assert said["error"]["details"]


# Who may ask.


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
async def test_requests_that_other_sites_cause_are_refused(session: Session, headers: dict[str, str]):
    for path in ("/", "/queue", "/api/queue", "/view?filename=x.png", "/ws", "/nowhere"):
        async with session.http.get(path, headers=headers) as response:
            assert response.status == 403
            assert "Access-Control-Allow-Origin" not in response.headers
    async with session.http.post("/interrupt", headers=headers) as response:
        assert response.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.http.ws_connect("/ws", headers=headers)


async def test_a_form_of_another_site_is_refused(session: Session):
    async with session.http.post("/queue", json={"clear": True}, headers={"Sec-Fetch-Site": "cross-site"}) as response:
        assert response.status == 403


async def test_another_site_can_be_let_in(tmp_path):
    server = RunningServer(tmp_path, "--enable-cors-header", "http://studio.example").start()
    async with server.session() as session:
        headers = {"Origin": "http://studio.example"}
        async with session.http.options("/prompt", headers=headers) as response:
            assert response.status == 204
            assert response.headers["Access-Control-Allow-Origin"] == "http://studio.example"
        async with session.http.post("/prompt", json={"prompt": shown("x")}, headers=headers) as response:
            assert response.status == 200
            assert response.headers["Access-Control-Allow-Origin"] == "http://studio.example"
        async with session.http.get("/queue", headers={"Origin": "http://evil.example"}) as response:
            assert response.status == 403
    server.stop()
