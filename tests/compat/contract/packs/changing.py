# ruff: noqa: N802
"""Nodes that say themselves whether something has changed, and whether their inputs are right."""

import folder_paths

state = {"version": 1, "choices": ["a", "b"]}
calls = []


class Node:
    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0})}, "optional": {"linked": ("INT", {"forceInput": True})}}

    def run(self, value, linked=0):
        calls.append(type(self).__name__)
        return (value + linked,)


class Versioned(Node):
    @classmethod
    def IS_CHANGED(cls, value, linked=5):
        state["seen"] = (value, linked)
        return f"version {state['version']}"


class Always(Node):
    @classmethod
    def IS_CHANGED(cls, **kwargs):
        return float("nan")


class Fails(Node):
    @staticmethod
    def IS_CHANGED(value, **kwargs):
        raise OSError("gone")


class Later(Node):
    @classmethod
    async def IS_CHANGED(cls, **kwargs):
        return [state["version"], {"deep": (1, 2)}]


class ByObject(Node):
    @classmethod
    def IS_CHANGED(cls, **kwargs):
        return object()


class NotIdempotent(Node):
    NOT_IDEMPOTENT = True


class KnowsItsId(Node):
    @classmethod
    def INPUT_TYPES(cls):
        return {**super().INPUT_TYPES(), "hidden": {"id": "UNIQUE_ID"}}

    def run(self, value, id, linked=0):
        return super().run(int(id), linked)


class Even(Node):
    @classmethod
    def VALIDATE_INPUTS(cls, value):
        return True if value is None or value % 2 == 0 else f"{value} is odd."


class Silent(Node):
    @classmethod
    async def VALIDATE_INPUTS(cls, **kwargs):
        return kwargs["value"] != 3


class Typed(Node):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT,FLOAT", {"forceInput": True})}}

    @classmethod
    def VALIDATE_INPUTS(cls, input_types):
        return input_types["value"] in ("INT", "STRING") or "Only whole numbers and texts."


class Chooses(Node):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0}), "choice": (list(state["choices"]), {"tooltip": "One."})}}

    def run(self, value, choice):
        return (choice,)


class Reads(Node):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"lora": (["none", *folder_paths.get_filename_list("loras")],)}}

    def run(self, lora):
        calls.append("Reads")
        return (len(lora),)


NODE_CLASS_MAPPINGS = {
    f"Changing{cls.__name__}": cls
    for cls in (
        Versioned, Always, Fails, Later, ByObject, NotIdempotent, KnowsItsId, Even, Silent, Typed, Chooses, Reads,
    )
}  # fmt: skip
