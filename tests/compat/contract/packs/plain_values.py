# ruff: noqa: N802
"""A pack by the first contract: constants, sums, lists, things to show. `calls` has what ran."""

from comfy_execution.graph import ExecutionBlocker

calls = []


class AnyType(str):
    def __ne__(self, other):
        return False


ANY = AnyType("*")


class Number:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 1, "min": 0, "max": 100})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"
    CATEGORY = "test/values"

    def run(self, value):
        calls.append(("Number", value))
        return (value,)


class Add:
    @classmethod
    def INPUT_TYPES(cls):
        number = ("INT", {"default": 0})
        return {"required": {"a": number, "b": number}, "optional": {"c": number}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self, a, b, c=0):
        calls.append(("Add", a, b))
        return (a + b + c,)


class Below:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT",), "b": ("INT",)}}

    RETURN_TYPES = ("BOOLEAN",)
    FUNCTION = "run"

    def run(self, a, b):
        return (a < b,)


class Show:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": (ANY,)}}

    RETURN_TYPES = ()
    FUNCTION = "run"
    OUTPUT_NODE = True

    def run(self, value):
        calls.append(("ShowAny", value))
        return {"ui": {"text": [str(value)]}}


class Numbers:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"count": ("INT",)}}

    RETURN_TYPES = ("INT", "STRING")
    RETURN_NAMES = ("numbers", "how many")
    OUTPUT_IS_LIST = (True, False)
    FUNCTION = "run"

    def run(self, count):
        return list(range(count)), str(count)


class Gather:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"values": (ANY,), "separator": ("STRING", {"default": ","})},
            "hidden": {"unique_id": "UNIQUE_ID"},
        }

    INPUT_IS_LIST = (True,)
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, values, separator, unique_id):
        assert len(separator) == len(unique_id) == 1
        return (f"{unique_id[0]}: {separator[0].join(map(str, values))}",)


class Block:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": (ANY,), "block": ("BOOLEAN", {}), "message": ("STRING", {"default": ""})}}

    RETURN_TYPES = (ANY, "INT")
    FUNCTION = "run"

    def run(self, value, block, message):
        return (ExecutionBlocker(message or None) if block else value, 7)


class BlockAll(Block):
    def run(self, value, block, message):
        return ExecutionBlocker(message or None) if block else (value, 7)


class OddOnly:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT",)}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self, value):
        return (value if value % 2 else ExecutionBlocker(None),)


class Short:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("INT", "INT")
    RETURN_NAMES = ("first", "second")
    FUNCTION = "run"

    def run(self):
        return (1,)


class Kept:
    """Counts its calls in the object."""

    def __init__(self):
        self.count = 0

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT",)}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self, value):
        self.count += 1
        return (self.count,)


class Sum:
    """Takes any number of links."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, **kwargs):
        return (repr(sorted(kwargs.items())),)


class EverythingIsInHere(dict):
    def __contains__(self, key):
        return True

    def __getitem__(self, key):
        return super().get(key, (ANY,))


class Flexible:
    """Takes any number of links and values."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": EverythingIsInHere(known=("INT", {"default": 3}))}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, **kwargs):
        return (repr(sorted(kwargs.items())),)


class Broken:
    @classmethod
    def INPUT_TYPES(cls):
        raise FileNotFoundError("models/none")

    RETURN_TYPES = ()
    FUNCTION = "run"

    def run(self):
        return ()


NODE_CLASS_MAPPINGS = {
    "Number": Number,
    "Add": Add,
    "Below": Below,
    "ShowAny": Show,
    "Range": Numbers,
    "Gather": Gather,
    "Block": Block,
    "BlockAll": BlockAll,
    "OddOnly": OddOnly,
    "Short": Short,
    "Kept": Kept,
    "Sum": Sum,
    "Flexible": Flexible,
    "Broken": Broken,
}
NODE_DISPLAY_NAME_MAPPINGS = {"Add": "Add Numbers"}
