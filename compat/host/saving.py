"""ComfyUI's `nodes.SaveImage` and `PreviewImage`, which packs subclass to write elsewhere."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from compat.host import folder_paths
from compat.host.arguments import args
from diffusion.images.files import encode_png


class SaveImage:
    """Writes pictures as PNG into `output_dir`, which is the folder that is called `type`."""

    RETURN_TYPES = ()
    FUNCTION = "save_images"
    OUTPUT_NODE = True
    CATEGORY = "image"
    DESCRIPTION = "Save pictures as PNG in the output folder, with the workflow that made them."
    TITLE = "Save Image"

    def __init__(self) -> None:
        self.output_dir = folder_paths.get_output_directory()
        self.type = "output"
        self.prefix_append = ""
        self.compress_level = 4

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:  # noqa: N802
        """The pictures, and the start of the files' names."""
        return {
            "required": {"images": ("IMAGE", {}), "filename_prefix": ("STRING", {"default": "Safelight"})},
            "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    def save_images(
        self,
        images: Tensor,
        filename_prefix: str = "Safelight",
        prompt: Any = None,
        extra_pnginfo: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Write the pictures, with `prompt` and the entries of `extra_pnginfo` as texts in the files.

        Returns `{"ui": {"images": […]}}`. Raises ValueError for a prefix that leads out of the folder.
        """
        prefix = filename_prefix + self.prefix_append
        folder, stem, counter, subfolder, _ = folder_paths.get_save_image_path(
            prefix, self.output_dir, images[0].shape[1], images[0].shape[0]
        )
        texts = _texts(prompt, extra_pnginfo)
        shown = []
        for index, image in enumerate(images):
            name = f"{stem.replace('%batch_num%', str(index))}_{counter + index:05}_.png"
            Path(folder, name).write_bytes(encode_png(image, texts, self.compress_level))
            shown.append({"filename": name, "subfolder": subfolder, "type": self.type})
        return {"ui": {"images": shown}}


class PreviewImage(SaveImage):
    """Writes pictures into the temporary folder."""

    DESCRIPTION = "Show pictures without keeping them."
    TITLE = "Preview Image"

    def __init__(self) -> None:
        self.output_dir = folder_paths.get_temp_directory()
        self.type = "temp"
        self.prefix_append = f"_temp_{secrets.token_hex(3)}"
        self.compress_level = 1

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:  # noqa: N802
        """The pictures alone."""
        declared = super().INPUT_TYPES()
        return {**declared, "required": {"images": ("IMAGE", {})}}


def _texts(prompt: Any, extra_pnginfo: Mapping[str, Any] | None) -> dict[str, str]:
    if args.disable_metadata:
        return {}
    texts = {} if prompt is None else {"prompt": json.dumps(prompt)}
    texts.update((key, json.dumps(value)) for key, value in (extra_pnginfo or {}).items())
    return texts
