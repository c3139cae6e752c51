"""Writing pictures with an infotext in them, as Stable Diffusion WebUI stores it in each format."""

import io
from collections.abc import Mapping

import torch
from PIL import Image
from torch import Tensor

from diffusion.images.files import encode_png
from diffusion.infotext.pictures import EXIF_DIRECTORY, PARAMETERS, USER_COMMENT, user_comment

FORMATS = ("png", "jpeg", "webp")
EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp"}
LABELS = {"prompt": 0x0110, "workflow": 0x010F}
"""EXIF tags in which ComfyUI stores its texts, as `keyword:text`."""
LARGEST_EXIF = 65_000
"""Bytes; a segment of a JPEG holds no more."""


def encode(
    image: Tensor, format: str, quality: int, parameters: str, texts: Mapping[str, str]
) -> tuple[bytes, list[str]]:
    """A picture `[H, W, C]` as a file, and the keywords of the texts for which it has no room.

    `texts` are those of the graph (`prompt`, `workflow`). In PNG files all of them are text chunks; in the others the
    infotext is EXIF's UserComment, and `prompt` and `workflow` are where ComfyUI stores them.
    """
    if format == "png":
        return encode_png(image, {PARAMETERS: parameters, **texts} if parameters else texts), []
    pixels = (torch.nan_to_num(image.detach().float()).clamp(0, 1) * 255).to(torch.uint8).cpu().numpy()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if format == "jpeg":
        picture = picture.convert("RGB")
    exif = Image.Exif()
    if parameters:
        exif.get_ifd(EXIF_DIRECTORY)[USER_COMMENT] = user_comment(parameters)
    left_out = [key for key in texts if key not in LABELS]
    for key in ("prompt", "workflow"):
        if key not in texts:
            continue
        exif[LABELS[key]] = f"{key}:{texts[key]}".encode()
        if format == "jpeg" and len(exif.tobytes()) > LARGEST_EXIF:
            del exif[LABELS[key]]
            left_out.append(key)
    file = io.BytesIO()
    picture.save(file, format.upper(), quality=quality, exif=exif)
    return file.getvalue(), left_out
