"""The types of inputs and outputs, as packs write them."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

from compat.contract.plain import text
from graph.types import ANY

SOCKETS = frozenset(
    {
        "AUDIO", "AUDIO_ENCODER", "AUDIO_ENCODER_OUTPUT", "CLIP", "CLIP_VISION", "CLIP_VISION_OUTPUT", "CONDITIONING",
        "CONTROL_NET", "GLIGEN", "GUIDER", "HOOKS", "HOOK_KEYFRAMES", "IMAGE", "LATENT", "LATENT_OPERATION", "MASK",
        "MODEL", "MODEL_PATCH", "NOISE", "PHOTOMAKER", "SAMPLER", "SIGMAS", "STYLE_MODEL", "TIMESTEPS_RANGE",
        "UPSCALE_MODEL", "VAE", "VIDEO",
    }
)  # fmt: skip
"""Types that no widget gives a value of: an input of one of these has to be linked."""

_UNHEARD_OF = "A TYPE THAT NO PACK HAS"


def type_name(kind: Any) -> str:
    """The name of a type: `*` for one that says of itself that it equals every other, COMBO for a list of choices."""
    if not isinstance(kind, str):
        if isinstance(kind, Iterable):
            return "COMBO"
        return text(str(kind.value)) if isinstance(kind, Enum) else str(kind)
    name = text(kind.value) if isinstance(kind, Enum) else text(kind)
    if type(kind) is not str and not (kind != _UNHEARD_OF):  # noqa: SIM202 - what packs override is this operator
        return ANY
    return name


def type_names(kinds: Any) -> tuple[str, ...]:
    """The names of several types; a lone string, as `("IMAGE")` is one, counts as one type."""
    if kinds is None:
        return ()
    return (type_name(kinds),) if isinstance(kinds, str) else tuple(type_name(kind) for kind in kinds)
