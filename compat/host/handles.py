"""What packs call on a MODEL, CLIP or VAE of ComfyUI, added to the handles of Safelight that travel in their place.

Handles are immutable, so whatever changes one in place has no counterpart here and says so.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from compat.host.stubs import MissingAttributeError, unsupported

if TYPE_CHECKING:  # torch is imported when the nodes are
    from diffusion.model import Clip, Model, Vae

OVERLAP = 16  # of a VAE's tiles, in latent pixels
CLONED = "_cloned"


def attach() -> None:
    """Add them, if the handles are there. Doing it again does no harm."""
    handles = sys.modules.get("diffusion.model")
    if handles is None or hasattr(handles.Model, "clone"):
        return
    handles.Vae.decode_tiled = _tiled(handles.Vae.decode_tiled)
    for handle, name, names in (
        (handles.Model, "MODEL", MODEL),
        (handles.Clip, "CLIP", CLIP),
        (handles.Vae, "VAE", VAE),
    ):
        for attribute, value in names.items():
            setattr(handle, attribute, value)
        handle.__getattr__ = _missing(name)


def _missing(kind: str) -> Callable[[Any, str], Any]:
    def missing(self: Any, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        raise unsupported(f"{kind}.{name}", MissingAttributeError)

    return missing


class Inner:
    """What is found of `model.model`: the noise schedule and the latent format."""

    def __init__(self, model: "Model") -> None:
        self.model_sampling = model.schedule
        self.latent_format = model.latent_format

    __getattr__ = _missing("MODEL.model")


def _clone(self: Any) -> Any:
    return replace(self)


def _model_object(self: "Model", name: str) -> Any:
    if name not in ("model_sampling", "latent_format"):
        raise unsupported(f"The part '{name}' of a MODEL")
    return getattr(Inner(self), name)


def _encode_from_tokens(self: "Clip", tokens: Any, return_pooled: bool | str = False, return_dict: bool = False) -> Any:
    """The states `[1, T, width]` of tokens; with `return_pooled` a pair with the pooled state, or both in a dict."""
    states, options = self.encode_tokens(tokens)[0]
    if return_dict:
        return {"cond": states, **options}
    return (states, options["pooled_output"]) if return_pooled else states


def _encode_from_tokens_scheduled(
    self: "Clip",
    tokens: Any,
    unprojected: bool = False,
    add_dict: Mapping[str, Any] | None = None,
    show_pbar: bool = True,
) -> Any:
    """The conditioning of tokens, with further options."""
    if unprojected:
        raise unsupported("CLIP.encode_from_tokens_scheduled with unprojected=True")
    return [[states, {**options, **(add_dict or {})}] for states, options in self.encode_tokens(tokens)]


def _clone_clip(self: "Clip") -> "Clip":
    copy = replace(self)
    object.__setattr__(copy, CLONED, True)
    return copy


def _clip_layer(self: "Clip", layer_idx: int) -> None:
    """Stop at a layer counted from the end. Only a clone may be changed: the handle itself is in the cache too."""
    if CLONED not in vars(self):
        raise unsupported("CLIP.clip_layer without CLIP.clone before it")
    object.__setattr__(self, "last_layer", layer_idx)


def _tiled(decode: Callable[..., Any]) -> Callable[..., Any]:
    """`Vae.decode_tiled` that takes ComfyUI's sizes too, which are in latent pixels."""

    def decode_tiled(
        self: "Vae", samples: Any, *values: Any, tile_x: int | None = None, tile_y: int | None = None, **named: Any
    ) -> Any:
        if tile_x is None and tile_y is None:
            return decode(self, samples, *values, **named)
        overlap = named.pop("overlap", None)
        shared = OVERLAP if overlap is None else overlap
        return decode(self, samples, max(tile_x or 0, tile_y or 0) * self.downscale, shared * self.downscale, **named)

    return decode_tiled


MODEL: dict[str, Any] = {
    "clone": _clone,
    "get_model_object": _model_object,
    "model": property(Inner),
    "model_options": property(lambda self: {"transformer_options": {}}),
    "load_device": property(lambda self: self.device),
    "offload_device": property(lambda self: self.device),
    "model_size": lambda self: self.part.size,
    "is_clone": lambda self, other: self.part is getattr(other, "part", None),
}
CLIP: dict[str, Any] = {
    "clone": _clone_clip,
    "clip_layer": _clip_layer,
    "encode_from_tokens": _encode_from_tokens,
    "encode_from_tokens_scheduled": _encode_from_tokens_scheduled,
}
VAE: dict[str, Any] = {
    "latent_channels": property(lambda self: self.channels),
    "spacial_compression_encode": lambda self: self.downscale,
    "spacial_compression_decode": lambda self: self.downscale,
}
