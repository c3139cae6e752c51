"""Changing documents over HTTP; what the changes do is tested in tests/graph."""

from typing import Any

import pytest

from tests.running_server import Session


def node(id: int, type: str, links: list[int], outputs: list[str], **more: Any) -> dict[str, Any]:
    inputs = [{"name": "text", "type": "TEXT", "link": link} for link in links]
    return {
        "id": id, "type": type, "pos": [id * 100, 0], "size": [80, 40], "flags": {}, "order": id, "mode": 0,
        "inputs": inputs, "outputs": [{"name": each, "type": each, "links": []} for each in outputs], **more,
    }  # fmt: skip


DOCUMENT = {
    "last_node_id": 3,
    "last_link_id": 2,
    "nodes": [
        node(1, "Text", [], ["TEXT"], widgets_values=["hello"]),
        node(2, "Pass", [1], ["TEXT"]),
        node(3, "Show", [2], []),
    ],
    "links": [[1, 1, 0, 2, 0, "TEXT"], [2, 2, 0, 3, 0, "TEXT"]],
    "groups": [],
    "version": 0.4,
}


async def compiled(session: Session, document: dict[str, Any]) -> dict[str, Any]:
    prompt = (await session.post("/compile", {"document": document}))["prompt"]
    return {id: (entry["class_type"], entry["inputs"]) for id, entry in prompt.items()}


async def test_nodes_become_a_subgraph_and_nodes_again(session: Session):
    body = {"document": DOCUMENT, "nodes": [1, 2], "name": "Greeting"}
    extracted = (await session.post("/api/subgraphs/extract", body))["document"]
    assert [each["name"] for each in extracted["definitions"]["subgraphs"]] == ["Greeting"]
    assert await compiled(session, extracted) == {
        "4:1": ("Text", {"text": "hello"}),
        "4:2": ("Pass", {"text": ["4:1", 0]}),
        "3": ("Show", {"text": ["4:2", 0]}),
    }
    job = await session.finished((await session.post("/prompt", {"document": extracted}))["prompt_id"])
    assert job["outputs"] == {"3": {"text": ["hello"]}}
    for path, more in (("inline", {"node": 4}), ("inline", {"node": "4"}), ("flatten", {})):
        flat = (await session.post(f"/subgraphs/{path}", {"document": extracted, **more}))["document"]
        assert sorted(kind for kind, _ in (await compiled(session, flat)).values()) == ["Pass", "Show", "Text"]
        assert "definitions" not in flat


async def test_group_nodes_become_subgraphs(session: Session):
    group = {"nodes": [{"type": "Pass", "inputs": [{"name": "text", "type": "TEXT", "link": None}]}], "links": []}
    instance = {**node(2, "workflow>G", [1], ["TEXT"]), "properties": {}}
    nodes = [DOCUMENT["nodes"][0], instance, DOCUMENT["nodes"][2]]
    document = {**DOCUMENT, "nodes": nodes, "extra": {"groupNodes": {"G": group}}}
    converted = (await session.post("/subgraphs/convert", {"document": document}))["document"]
    [definition] = converted["definitions"]["subgraphs"]
    assert [each["type"] for each in converted["nodes"]] == ["Text", definition["id"], "Show"]
    assert await compiled(session, converted) == await compiled(session, document)
    unchanged = (await session.post("/subgraphs/convert", {"document": DOCUMENT}))["document"]
    assert unchanged == DOCUMENT


@pytest.mark.parametrize(
    ("path", "body", "kind", "words"),
    [
        ("extract", {"document": DOCUMENT, "nodes": []}, "invalid_document", "No nodes are chosen"),
        ("extract", {"document": DOCUMENT, "nodes": [1, 3]}, "invalid_document", "leads out of the chosen nodes"),
        ("extract", {"document": DOCUMENT, "nodes": 3}, "invalid_request", "'nodes'"),
        ("extract", {"document": DOCUMENT, "nodes": [1.5]}, "invalid_request", "'nodes'"),
        ("extract", {"document": DOCUMENT, "nodes": [1], "name": ""}, "invalid_request", "'name'"),
        ("extract", {"document": {"nodes": 1}, "nodes": [1]}, "invalid_document", "no workflow as an editor saves it"),
        ("inline", {"document": DOCUMENT, "node": 2}, "invalid_document", "is no subgraph"),
        ("inline", {"document": DOCUMENT}, "invalid_request", "'node'"),
        ("flatten", {"document": [DOCUMENT]}, "invalid_request", "'document'"),
        ("flatten", {"document": {"nodes": {}, "extra": {"groupNodes": {"g": 1}}}}, "invalid_document", "no workflow"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_sentence(session: Session, path, body, kind, words):
    error = (await session.post(f"/subgraphs/{path}", body, status=400))["error"]
    assert error["type"] == kind
    assert words in error["message"] + error["details"]
