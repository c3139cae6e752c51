# ruff: noqa: N802
"""Nodes that evaluate their inputs only when they need them, and async ones."""

import asyncio
import contextlib

from comfy.comfy_types import IO, CheckLazyMixin, ComfyNodeABC, InputTypeDict

calls = []
running = {"now": 0, "most": 0, "wanted": 1}
"""How many async nodes are running, have been at once, and wait for each other."""


class Switch:
    @classmethod
    def INPUT_TYPES(cls):
        lazy = ("*", {"lazy": True})
        return {"required": {"first": ("BOOLEAN", {}), "a": lazy, "b": lazy}}

    RETURN_TYPES = ("*",)
    FUNCTION = "run"

    def check_lazy_status(self, first, a, b):
        calls.append(("status", first, a, b))
        if first and a is None:
            return ["a"]
        if not first and b is None:
            return ["b"]
        return None

    def run(self, first, a=None, b=None):
        return (a if first else b,)


class AsyncSwitch(Switch):
    async def check_lazy_status(self, first, a, b):
        await asyncio.sleep(0)
        return super().check_lazy_status(first, a, b)


class ListSwitch:
    """Takes whole lists, and asks for one input after the other."""

    @classmethod
    def INPUT_TYPES(cls):
        lazy = ("INT", {"lazy": True})
        return {"required": {"a": lazy, "b": lazy}}

    INPUT_IS_LIST = True
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def check_lazy_status(self, a, b):
        calls.append(("status", a, b))
        if a == (None,) or a == [None]:
            return ["a"]
        return ["b"] if sum(a) > 1 and b[0] is None else []

    def run(self, a, b):
        return (f"{a} {b}",)


class Both(CheckLazyMixin, ComfyNodeABC):
    @classmethod
    def INPUT_TYPES(cls) -> InputTypeDict:
        return {"required": {"a": (IO.INT, {"lazy": True}), "b": (IO.ANY, {"lazy": True})}}

    RETURN_TYPES = (IO.INT,)
    FUNCTION = "run"

    def run(self, a, b):
        return (a + b,)


class Slow:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    async def run(self, value):
        running["now"] += 1
        running["most"] = max(running["most"], running["now"])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                while running["most"] < running["wanted"]:
                    await asyncio.sleep(0.001)
        running["now"] -= 1
        return (value * 2,)


def plainly(function):
    return lambda *values, **named: function(*values, **named)


class Disguised(Slow):
    @plainly
    async def run(self, value):
        await asyncio.sleep(0)
        return (-value,)


NODE_CLASS_MAPPINGS = {
    "LazySwitch": Switch,
    "AsyncLazySwitch": AsyncSwitch,
    "ListLazySwitch": ListSwitch,
    "LazyBoth": Both,
    "SlowDouble": Slow,
    "Disguised": Disguised,
}
