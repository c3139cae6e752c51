"""Control units on conditioning."""

from __future__ import annotations

from typing import Any

from diffusion.control.unit import ControlUnit
from diffusion.sampling.conditions import Conditioning


def controlled(conditioning: Conditioning, unit: ControlUnit, *, negative_too: bool = False) -> list[Any]:
    """Prompts under one more control network, which adds to those that they have.

    negative_too: negative prompts without control networks of their own get them too, when the prompts are guided.
    """
    more = {"control_apply_to_uncond": True} if negative_too else {}
    return [
        [states, {**settings, "control": (*(settings.get("control") or ()), unit), **more}]
        for states, settings in conditioning
    ]
