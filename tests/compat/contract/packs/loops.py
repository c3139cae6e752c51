# ruff: noqa: N802
"""Loops by expansion, as packs have them: the end copies the body of the loop, and itself, as often as needed."""

import json

from comfy_execution.graph import ExecutionBlocker, NodeNotFoundError
from comfy_execution.graph_utils import GraphBuilder, is_link

VALUES = 3
NAMES = [f"value{number}" for number in range(VALUES)]


class WhileOpen:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"condition": ("BOOLEAN", {"default": True})},
            "optional": dict.fromkeys(NAMES, ("*",)),
        }

    RETURN_TYPES = ("FLOW_CONTROL", *["*"] * VALUES)
    RETURN_NAMES = ("flow", *NAMES)
    FUNCTION = "run"

    def run(self, condition, **values):
        given = [values.get(name) if condition else ExecutionBlocker(None) for name in NAMES]
        return ("flow", *given)


class WhileClose:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "flow": ("FLOW_CONTROL", {"rawLink": True}),
                "condition": ("BOOLEAN", {"forceInput": True}),
            },
            "optional": dict.fromkeys(NAMES, ("*",)),
            "hidden": {"dynprompt": "DYNPROMPT", "unique_id": "UNIQUE_ID"},
        }

    RETURN_TYPES = ("*",) * VALUES
    RETURN_NAMES = tuple(NAMES)
    FUNCTION = "run"

    def run(self, flow, condition, dynprompt=None, unique_id=None, **values):
        if not condition:
            return tuple(values.get(name) for name in NAMES)
        opened = flow[0]
        body = self.body(opened, unique_id, dynprompt)
        graph = GraphBuilder()
        names = {id: "Recurse" if id == unique_id else id for id in body}
        for id in body:
            graph.node(dynprompt.get_node(id)["class_type"], names[id]).set_override_display_id(id)
        for id in body:
            node = graph.lookup_node(names[id])
            for name, value in dynprompt.get_node(id)["inputs"].items():
                inside = is_link(value) and value[0] in body
                node.set_input(name, graph.lookup_node(names[value[0]]).out(value[1]) if inside else value)
        begin = graph.lookup_node(opened)
        for name in NAMES:
            begin.set_input(name, values.get(name))
        again = graph.lookup_node("Recurse")
        return {"result": tuple(again.out(slot) for slot in range(VALUES)), "expand": graph.finalize()}

    def body(self, opened, closed, dynprompt):
        """The nodes from the opening to the closing one: those that need the first, and that the last needs."""
        within = {opened, closed}

        def needs(id):
            if id == opened:
                return True
            links = [v[0] for v in dynprompt.get_node(id)["inputs"].values() if is_link(v)]
            found = [needs(source) for source in dict.fromkeys(links)]
            if any(found):
                within.add(id)
            return any(found)

        needs(closed)
        return within


class ForOpen:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"remaining": ("INT", {"default": 1, "min": 0})},
            "optional": {"value1": ("*",), "value2": ("*",)},
            "hidden": {"value0": ("*",)},
        }

    RETURN_TYPES = ("FLOW_CONTROL", "INT", "*", "*")
    FUNCTION = "run"

    def run(self, remaining, value0=None, value1=None, value2=None):
        remaining = remaining if value0 is None else value0
        graph = GraphBuilder()
        graph.node("LoopWhileOpen", condition=bool(remaining), value0=remaining, value1=value1, value2=value2)
        return {"result": ("flow", remaining, value1, value2), "expand": graph.finalize()}


class ForClose:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"flow": ("FLOW_CONTROL", {"rawLink": True})},
            "optional": {"value1": ("*", {"rawLink": True}), "value2": ("*", {"rawLink": True})},
        }

    RETURN_TYPES = ("*", "*")
    FUNCTION = "run"

    def run(self, flow, value1=None, value2=None):
        graph = GraphBuilder()
        left = graph.node("Add", a=[flow[0], 1], b=-1)
        go_on = graph.node("Below", a=0, b=left.out(0))
        closed = graph.node(
            "LoopWhileClose", flow=flow, condition=go_on.out(0), value0=left.out(0), value1=value1, value2=value2
        )
        return {"result": (closed.out(1), closed.out(2)), "expand": graph.finalize()}


class Accumulate:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"to_add": ("*",)}, "optional": {"accumulation": ("ACCUMULATION",)}}

    RETURN_TYPES = ("ACCUMULATION",)
    FUNCTION = "run"

    def run(self, to_add, accumulation=None):
        return ({"accum": [*(accumulation or {"accum": []})["accum"], to_add]},)


class AccumulationToList:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"accumulation": ("ACCUMULATION",)}}

    RETURN_TYPES = ("*",)
    OUTPUT_IS_LIST = (True,)
    FUNCTION = "run"

    def run(self, accumulation):
        return (accumulation["accum"],)


class Twice:
    """Adds up in a subgraph, and shows what it has done from in there."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT",)}, "hidden": {"prompt": "PROMPT", "extra": "EXTRA_PNGINFO"}}

    RETURN_TYPES = ("INT", "STRING")
    FUNCTION = "run"

    def run(self, value, prompt, extra):
        graph, second = GraphBuilder(), GraphBuilder()
        total = graph.node("Add", a=value, b=value)
        graph.node("ShowAny", value=total.out(0)).set_override_display_id("t")
        return {
            "result": (total.out(0), f"{graph.prefix} {second.prefix} {len(prompt)} {sorted(extra)}"),
            "expand": graph.finalize(),
        }


class Looks:
    """Says what it finds in the graph; once from within a subgraph."""

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"deep": ("BOOLEAN", {})},
            "optional": {"value": ("INT",)},
            "hidden": {"graph": "DYNPROMPT", "id": "UNIQUE_ID", "token": "AUTH_TOKEN_COMFY_ORG"},
        }

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, deep, graph, id, token, value=0):
        if deep:
            builder = GraphBuilder()
            inner = builder.node("LoopLooks", deep=False, value=graph.get_node(id)["inputs"]["value"])
            return {"result": (inner.out(0),), "expand": builder.finalize()}
        try:
            graph.get_node("nowhere")
        except NodeNotFoundError as error:
            missing = str(error)
        own = graph.get_node(id)
        found = {
            "class": own["class_type"],
            "value": own["inputs"].get("value"),
            "ids": sorted(graph.all_node_ids()),
            "parent": graph.get_parent_node_id(id),
            "real": graph.get_real_node_id(id),
            "display": graph.get_display_node_id(id),
            "other": (graph.get_display_node_id("x"), graph.get_parent_node_id("x"), graph.has_node("x")),
            "prompt": sorted(graph.get_original_prompt()),
            "missing": missing,
            "token": token,
        }
        return (json.dumps(found),)


class ListOfOne:
    """Gives the single value of a node in its subgraph on an output that is a list, and a list of its own."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT",)}}

    RETURN_TYPES = ("INT", "INT", "INT")
    OUTPUT_IS_LIST = (True, True, False)
    FUNCTION = "run"

    def run(self, value):
        graph = GraphBuilder()
        number = graph.node("Number", value=value)
        numbers = graph.node("Range", count=number.out(0))
        return {"result": (number.out(0), numbers.out(0)), "expand": graph.finalize()}


NODE_CLASS_MAPPINGS = {
    "LoopWhileOpen": WhileOpen,
    "LoopWhileClose": WhileClose,
    "LoopForOpen": ForOpen,
    "LoopForClose": ForClose,
    "LoopAccumulate": Accumulate,
    "LoopToList": AccumulationToList,
    "LoopTwice": Twice,
    "LoopListOfOne": ListOfOne,
    "LoopLooks": Looks,
}
