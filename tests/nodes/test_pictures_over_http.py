"""Pictures through the whole program: uploaded, changed by nodes in the worker, saved, fetched again."""

import io
import json
import time
import urllib.error
import urllib.request
from typing import Any

import numpy as np
import pytest
from PIL import Image

PATIENCE = 120


class Client:
    """ComfyUI's HTTP interface, as far as these tests use it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fetch(self, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        request = urllib.request.Request(self.url + path, body, {"Content-Type": kind} if body else {})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    def upload(self, name: str, content: bytes) -> str:
        head = f'--x\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode()
        answer = self.fetch("/api/upload/image", head + content + b"\r\n--x--\r\n", "multipart/form-data; boundary=x")
        return json.loads(answer)["name"]

    def run(self, prompt: dict[str, Any]) -> dict[str, Any]:
        accepted = json.loads(self.fetch("/api/prompt", json.dumps({"prompt": prompt}).encode()))
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            history = json.loads(self.fetch(f"/api/history/{accepted['prompt_id']}"))
            if history:
                return history[accepted["prompt_id"]]
            time.sleep(0.05)
        pytest.fail("the job did not end")

    def view(self, item: dict[str, str]) -> Image.Image:
        query = "&".join(f"{key}={item[key]}" for key in ("filename", "subfolder", "type"))
        return Image.open(io.BytesIO(self.fetch(f"/api/view?{query}")))


@pytest.fixture
def client(server) -> Client:
    return Client(server.url)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_picture_is_uploaded_extended_and_saved(client):
    pixels = np.random.default_rng(5).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    name = client.upload("noise.png", png(pixels))
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": name}},
        "2": {
            "class_type": "ImagePadForOutpaint",
            "inputs": {"image": ["1", 0], "left": 8, "top": 0, "right": 0, "bottom": 16, "feathering": 0},
        },
        "3": {"class_type": "MaskToImage", "inputs": {"mask": ["2", 1]}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "wide/%width%x%height%"}},
        "5": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    }
    entry = client.run(prompt)
    assert entry["status"]["status_str"] == "success", entry["status"]

    saved = entry["outputs"]["4"]["images"]
    assert saved == [{"filename": "56x56_00001_.png", "subfolder": "wide", "type": "output"}]
    picture = client.view(saved[0])
    expected = np.full((56, 56, 3), 127, np.uint8)
    expected[:40, 8:] = pixels
    np.testing.assert_array_equal(np.asarray(picture), expected)
    assert json.loads(picture.text["prompt"]) == prompt

    mask = np.full((56, 56, 3), 255, np.uint8)
    mask[:40, 8:] = 0
    np.testing.assert_array_equal(np.asarray(client.view(entry["outputs"]["5"]["images"][0])), mask)


def test_a_file_that_became_unreadable_is_named_with_its_node(client, server):
    name = client.upload("soon_broken.png", png(np.zeros((64, 64, 3), np.uint8)))
    (server.base / "input" / name).write_bytes(b"no picture any more")
    entry = client.run(
        {
            "7": {"class_type": "LoadImage", "inputs": {"image": name}},
            "8": {"class_type": "PreviewImage", "inputs": {"images": ["7", 0]}},
        }
    )
    assert entry["status"]["status_str"] == "error"
    error = next(content for kind, content in entry["status"]["messages"] if kind == "execution_error")
    assert (error["node_id"], error["node_type"]) == ("7", "LoadImage")
    assert (
        "soon_broken.png is not a picture that can be read. Save it as PNG, JPEG or WebP." in error["exception_message"]
    )
    (server.base / "input" / name).unlink()


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({"image": "../../secret.png"}, "secret.png"),
        ({"image": "never_uploaded.png"}, "never_uploaded.png"),
        ({}, "image"),
    ],
)
def test_a_file_that_is_not_there_is_refused_at_once(client, inputs, complaint):
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": inputs},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    with pytest.raises(urllib.error.HTTPError) as refusal:
        client.run(prompt)
    assert refusal.value.code == 400
    errors = json.loads(refusal.value.read())["node_errors"]["1"]["errors"]
    assert complaint in json.dumps(errors)
