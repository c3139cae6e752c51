"""A workflow of ComfyUI's editor, format 0.4, with everything in it that this editor does not run itself."""

from typing import Any

SUBGRAPH = "3f6c1f0e-9a57-4b0b-8f0e-0d5f4f1d8a11"


def slot(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def drawn(id: int, kind: str, x: int, y: int, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "type": kind, "pos": [x, y], "size": [240, 120], "flags": {}, "order": id - 1, "mode": 0,
        "inputs": [], "outputs": [], "properties": {}, **more,
    }  # fmt: skip


def foreign_workflow() -> dict[str, Any]:
    """Two types that nobody has, a subgraph, a group, a reroute, notes, and fields that no editor here knows."""
    pack = {"cnr_id": "fancy-pack", "ver": "1.2.3", "Node name for S&R": "FancyLoader", "deep": {"a": [1, None]}}
    nodes = [
        drawn(1, "FancyLoader", 0, 0, outputs=[slot("FANCY", "FANCY", links=[1, 2], slot_index=0)], properties=pack,
              widgets_values=["left.bin", 0.25, {"nested": [1, {"two": None}]}, None, True], color="#322",
              bgcolor="#533", shape=2, title="My loader", locked=True),
        drawn(2, "Reroute", 320, 0, inputs=[slot("", "*", link=1)], outputs=[slot("", "FANCY", links=[3])],
              size=[75, 26], properties={"showOutputText": False, "horizontal": False}),
        drawn(3, "FancyPainter", 480, 0, inputs=[slot("fancy", "FANCY", link=3), slot("also", "FANCY", link=2),
              slot("size", "INT", link=None, widget={"name": "size"})], outputs=[slot("IMAGE", "IMAGE", links=[4])],
              widgets_values={"size": 3, "mode": "soft"}, mode=4),
        drawn(4, "SaveImage", 800, 0, inputs=[slot("images", "IMAGE", link=5)], widgets_values=["kept"],
              properties={"Node name for S&R": "SaveImage"}),
        drawn(5, "Note", 0, 260, widgets_values=["Remember the milk"], color="#432", bgcolor="#653"),
        drawn(6, "MarkdownNote", 320, 260, widgets_values=["# Title\n\nWith *text*."]),
        drawn(7, SUBGRAPH, 480, 260, inputs=[slot("image", "IMAGE", link=4)],
              outputs=[slot("IMAGE", "IMAGE", links=[5])], properties={"proxyWidgets": [["1", "amount"]]},
              widgets_values=[]),
    ]  # fmt: skip
    inner = {
        "id": SUBGRAPH, "version": 1, "revision": 0, "name": "Softer", "config": {}, "widgets": [],
        "state": {"lastGroupId": 0, "lastNodeId": 1, "lastLinkId": 2, "lastRerouteId": 0},
        "inputNode": {"id": -10, "bounding": [0, 0, 120, 60]}, "outputNode": {"id": -20, "bounding": [600, 0, 120, 60]},
        "inputs": [{"id": "a1", "name": "image", "type": "IMAGE", "linkIds": [1], "pos": [100, 20]}],
        "outputs": [{"id": "b1", "name": "IMAGE", "type": "IMAGE", "linkIds": [2], "pos": [620, 20]}],
        "nodes": [drawn(1, "FancySoftener", 200, 0, inputs=[slot("image", "IMAGE", link=1)],
                        outputs=[slot("IMAGE", "IMAGE", links=[2])], widgets_values=[0.5])],
        "groups": [], "extra": {},
        "links": [
            {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0, "type": "IMAGE"},
            {"id": 2, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"},
        ],
    }  # fmt: skip
    return {
        "id": "0b2f6f1a-1111-4222-8333-444455556666", "revision": 3, "last_node_id": 7, "last_link_id": 5,
        "nodes": nodes,
        "links": [
            [1, 1, 0, 2, 0, "FANCY"], [2, 1, 0, 3, 1, "FANCY"], [3, 2, 0, 3, 0, "FANCY"], [4, 3, 0, 7, 0, "IMAGE"],
            [5, 7, 0, 4, 0, "IMAGE"],
        ],
        "groups": [{"id": 1, "title": "Inputs", "bounding": [-20, -60, 300, 240], "color": "#3f789e",
                    "font_size": 24, "flags": {"pinned": True}}],
        "definitions": {"subgraphs": [inner]}, "config": {"links_ontop": True},
        "extra": {"ds": {"scale": 0.8, "offset": [120, 90]}, "frontendVersion": "1.20.0", "of_some_pack": {"x": [1]}},
        "version": 0.4,
    }  # fmt: skip
