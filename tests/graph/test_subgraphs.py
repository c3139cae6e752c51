import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import networkx
import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from graph.documents.compiler import DocumentError, compile_document
from graph.documents.subgraphs import extract, flatten, inline
from graph.prompt import Prompt
from tests.graph import sample_nodes
from tests.graph.random_documents import Json, documents

SCHEMAS = sample_nodes.registry().schemas()


def meaning(document: Json) -> Any:
    """What a document compiles to, without its ids."""
    return meaning_of(compile_document(document, SCHEMAS, max))


def meaning_of(prompt: Prompt) -> Any:
    """A prompt without its ids: how many nodes there are of each kind.

    Two nodes are of a kind if they agree in everything up to the far ends of all links, in both directions.
    """
    kinds = {id: hash(repr((node["class_type"], node["_meta"]["title"]))) for id, node in prompt.items()}
    for _ in range(len(prompt) + 1):
        leaving: dict[str, list[Any]] = {id: [] for id in prompt}
        entering = {}
        for id, node in prompt.items():
            inputs = []
            for name, value in sorted(node["inputs"].items()):
                if isinstance(value, list):
                    inputs.append((name, kinds.get(value[0]), value[1]))
                    leaving.get(value[0], []).append((kinds[id], name, value[1]))
                else:
                    inputs.append((name, repr(value)))
            entering[id] = inputs
        kinds = {id: hash((kinds[id], repr(entering[id]), repr(sorted(leaving[id])))) for id in prompt}
    return Counter(kinds.values())


def possible(change: Callable[[], Json]) -> Json:
    """A changed document; what passes through a bypassed subgraph can depend on too much for one to be made."""
    try:
        return change()
    except DocumentError as error:
        if "is bypassed, and what passes through it" not in str(error):
            raise
        reject()


@given(documents(), st.data())
def test_inlining_an_instance_never_changes_what_a_document_means(document, data):
    instances = [node["id"] for node in document["nodes"] if node["type"].startswith("uuid-")]
    if instances:
        before, saved = meaning(document), copy.deepcopy(document)
        node = data.draw(st.sampled_from(instances))
        assert meaning(possible(lambda: inline(document, node, SCHEMAS))) == before
        assert document == saved


@given(documents())
def test_flattening_leaves_no_subgraph_and_never_changes_what_a_document_means(document):
    flat = possible(lambda: flatten(document, SCHEMAS))
    assert not [node for node in flat["nodes"] if node["type"].startswith("uuid-")]
    assert meaning(flat) == meaning(document)


def selection(draw: Any, document: Json) -> list[int]:
    return draw(st.lists(st.sampled_from([node["id"] for node in document["nodes"]]), min_size=1, unique=True))


def comes_back(document: Json, chosen: set[int]) -> bool:
    """Whether a way leads out of nodes and back into them."""
    ends = [
        (link["origin_id"], link["target_id"]) if isinstance(link, dict) else (link[1], link[3])
        for link in document["links"]
    ]
    graph = networkx.DiGraph([(0 if a in chosen else a, 0 if b in chosen else b) for a, b in ends])
    graph.remove_edges_from([(0, 0)])
    return not networkx.is_directed_acyclic_graph(graph)


@given(documents(), st.data())
def test_nodes_with_a_way_out_and_back_are_refused(document, data):
    chosen = selection(data.draw, document)
    if comes_back(document, set(chosen)):
        with pytest.raises(DocumentError, match="leads out of the chosen nodes"):
            extract(document, chosen, "Part")


def drawing(document: Json) -> Any:
    """All that is drawn in a document without its ids: nodes by title, with what their inputs hang on."""
    extra = document.get("extra") or {}
    links: dict[int, Any] = {}
    parents = {entry["id"]: entry["parentId"] for entry in extra.get("linkExtensions", ())}
    for link in document["links"]:
        if isinstance(link, dict):
            links[link["id"]] = (link["origin_id"], link["origin_slot"], link["type"], link.get("parentId"))
        else:
            links[link[0]] = (link[1], link[2], link[5], parents.get(link[0]))
    points = {point["id"]: point for point in document.get("reroutes") or extra.get("reroutes") or ()}
    titles = {node["id"]: node["title"] for node in document["nodes"]}

    def hangs_on(link: int | None) -> Any:
        if link is None:
            return None
        origin, output, kind, point = links[link]
        over = []
        while point is not None:
            over.append(points[point]["pos"])
            point = points[point].get("parentId")
        return titles[origin], output, kind, over

    nodes = {}
    for node in document["nodes"]:
        kept = {name: value for name, value in node.items() if name not in ("id", "order", "inputs", "outputs")}
        inputs = [{**slot, "link": hangs_on(slot["link"])} for slot in node["inputs"]]
        nodes[node["title"]] = (kept, inputs, [{**slot, "links": None} for slot in node["outputs"]])
    groups = sorted((group["title"], *group["bounding"]) for group in document["groups"])
    return nodes, groups, document.get("definitions", {}).get("subgraphs", [])


@given(documents(), st.data())
def test_extracting_never_changes_what_a_document_means_and_inlining_undoes_it(document, data):
    chosen, saved = selection(data.draw, document), copy.deepcopy(document)
    assume(not comes_back(document, set(chosen)))
    extracted = extract(document, chosen, "Part")
    assert meaning(extracted) == meaning(document)
    (instance,) = [node["id"] for node in extracted["nodes"] if "title" not in node]
    assert drawing(inline(extracted, instance, SCHEMAS)) == drawing(document)
    assert document == saved
