"""A picture's parameters through the whole program: the server asks the worker for a workflow, and checks it."""

import json
import urllib.error
import urllib.request

import pytest


def post(server, path: str, body: object):
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())


def test_parameters_become_a_workflow(server):
    text = "a cat\nSteps: 5, Sampler: Euler a, CFG scale: 3, Seed: 1, Size: 64x64, Model: pocket, RNG: CPU, Odd: 1"
    made = post(server, "/api/infotext/workflow", {"texts": {"parameters": text}})
    assert made["notices"] == ["Odd: 1 was not taken over."]
    prompt = post(server, "/api/compile", {"document": made["workflow"]})["prompt"]
    assert {node["class_type"] for node in prompt.values()} >= {
        "CheckpointLoader",
        "WebUIPrompt",
        "KSampler",
        "SaveImage",
    }


@pytest.mark.parametrize(
    ("texts", "status", "problem"),
    [
        ({"comment": "holidays"}, 422, "no_parameters"),
        ("text", 400, "invalid_request"),
        ({"parameters": 1}, 400, "invalid_request"),
        ({"parameters": "a" * (5 << 20)}, 400, "invalid_request"),
    ],
)
def test_what_are_no_parameters_is_refused(server, texts, status, problem):
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(server, "/infotext/workflow", {"texts": texts})
    assert refused.value.code == status
    assert json.loads(refused.value.read())["error"]["type"] == problem
