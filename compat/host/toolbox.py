"""ComfyUI's `comfy.utils`: the progress bar here, the rest from the modules beside this one."""

import io
from collections.abc import Callable
from typing import Any

from PIL import Image

from compat.host.attributes import copy_to_param, get_attr, set_attr, set_attr_param
from compat.host.resizing import (
    bislerp,
    common_upscale,
    lanczos,
    repeat_to_batch_size,
    reshape_mask,
    resize_list_to_batch_size,
    resize_to_batch_size,
)
from compat.host.state_dicts import (
    calculate_parameters,
    load_torch_file,
    pack_latents,
    safetensors_header,
    save_torch_file,
    state_dict_key_replace,
    state_dict_prefix_replace,
    string_to_seed,
    unpack_latents,
    weight_dtype,
)
from compat.host.tiling import get_tiled_scale_steps, tiled_scale, tiled_scale_multidim
from compat.host.unet_names import TRANSFORMER_BLOCKS, UNET_MAP_ATTENTIONS, UNET_MAP_BASIC, UNET_MAP_RESNET
from graph import context

__all__ = [
    "PROGRESS_BAR_ENABLED",
    "PROGRESS_BAR_HOOK",
    "TRANSFORMER_BLOCKS",
    "UNET_MAP_ATTENTIONS",
    "UNET_MAP_BASIC",
    "UNET_MAP_RESNET",
    "ProgressBar",
    "bislerp",
    "calculate_parameters",
    "common_upscale",
    "copy_to_param",
    "get_attr",
    "get_tiled_scale_steps",
    "lanczos",
    "load_torch_file",
    "pack_latents",
    "repeat_to_batch_size",
    "reshape_mask",
    "resize_list_to_batch_size",
    "resize_to_batch_size",
    "safetensors_header",
    "save_torch_file",
    "set_attr",
    "set_attr_param",
    "set_progress_bar_enabled",
    "set_progress_bar_global_hook",
    "state_dict_key_replace",
    "state_dict_prefix_replace",
    "string_to_seed",
    "tiled_scale",
    "tiled_scale_multidim",
    "unpack_latents",
    "weight_dtype",
]

PREVIEW_SIDE = 512
PROGRESS_BAR_ENABLED = True


def report(value: float, total: float, preview: Any = None, prompt_id: str | None = None, node_id: Any = None) -> None:
    """Tell the editor how far the node is that this thread executes; of another node it is not told."""
    _tell(context.current(), value, total, preview)


PROGRESS_BAR_HOOK: Callable[..., Any] | None = report
"""What new progress bars call; packs put functions of their own around it."""


def set_progress_bar_enabled(enabled: bool) -> None:
    """Say whether libraries should print progress bars."""
    global PROGRESS_BAR_ENABLED
    PROGRESS_BAR_ENABLED = enabled


def set_progress_bar_global_hook(function: Callable[..., Any] | None) -> None:
    """Set what new progress bars call."""
    global PROGRESS_BAR_HOOK
    PROGRESS_BAR_HOOK = function


class ProgressBar:
    """Counts to `total` for the node that made it, whose thread need not be the one that reports."""

    def __init__(self, total: float, node_id: str | None = None) -> None:
        self.total = total
        self.current: float = 0
        self.node_id = node_id
        self.hook = PROGRESS_BAR_HOOK
        self._context = context.current()

    def update_absolute(self, value: float, total: float | None = None, preview: Any = None) -> None:
        """Say how far it is. `preview` is a JPEG, a picture, or ComfyUI's `(format, picture, longest side)`.

        Raises `graph.context.Interrupted` if the user asked for it.
        """
        if total is not None:
            self.total = total
        self.current = min(value, self.total)
        if self.hook is report:
            _tell(self._context, self.current, self.total, preview)
        elif self.hook is not None:
            self.hook(self.current, self.total, preview, node_id=self.node_id)

    def wants_preview(self) -> bool:
        """Whether a preview would reach anybody now; ComfyUI has no such question."""
        if self.hook is report:
            return self._context is not None and self._context.wants_preview()
        return self.hook is not None

    def update(self, value: float) -> None:
        """Say that it is `value` further."""
        self.update_absolute(self.current + value)


def _tell(node: context.Context | None, value: float, total: float, preview: Any) -> None:
    if node is not None:
        wanted = preview is not None and node.wants_preview()
        node.progress(value, total, jpeg(preview) if wanted else None)


def jpeg(preview: Any) -> bytes | None:
    """A preview in any of ComfyUI's forms as a JPEG; None for what is none."""
    if isinstance(preview, bytes):
        return preview
    side = PREVIEW_SIDE
    if isinstance(preview, tuple) and len(preview) > 1:
        side = (preview[2] if len(preview) > 2 else None) or PREVIEW_SIDE
        preview = preview[1]
    if not isinstance(preview, Image.Image):
        return None
    picture = preview.convert("RGB")
    picture.thumbnail((side, side))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()
