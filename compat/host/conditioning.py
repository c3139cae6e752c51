"""ComfyUI's `node_helpers`: small functions on conditioning and pictures."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from PIL import ImageFile, UnidentifiedImageError
from torch import Tensor

from compat.host.arguments import args


def conditioning_set_values(
    conditioning: list[Any], values: Mapping[str, Any] | None = None, append: bool = False
) -> list[Any]:
    """The same conditioning with options set; `append` adds to what is there, where that is possible."""
    result = []
    for states, options in conditioning:
        changed = dict(options)
        for name, value in (values or {}).items():
            before = changed.get(name)
            changed[name] = before + value if append and before is not None else value
        result.append([states, changed])
    return result


def pillow(fn: Callable[..., Any], arg: Any) -> Any:
    """Call a function of PIL; where a file is cut off, once more with what is left of it."""
    try:
        return fn(arg)
    except (OSError, UnidentifiedImageError, ValueError):
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            return fn(arg)
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def hasher() -> Callable[..., Any]:
    """The hash function for file contents: a constructor of hashlib."""
    constructor: Callable[..., Any] = getattr(hashlib, args.default_hashing_function)
    return constructor


def image_alpha_fix(destination: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """Give the source `[B, H, W, C]` the channels of the destination: a missing alpha is 1, one too many is dropped."""
    channels, others = destination.shape[-1], source.shape[-1]
    if channels < others:
        source = source[..., :channels]
    elif channels > others:
        source = torch.nn.functional.pad(source, (0, channels - others), value=1.0)
    return destination, source


def string_to_torch_dtype(string: str) -> torch.dtype | None:
    """The number format of a short name; None for any other name."""
    return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}.get(string)
