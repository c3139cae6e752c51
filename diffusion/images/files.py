"""Picture files to tensors and back."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

NO_MASK_SIZE = 64
CHANNELS = ("red", "green", "blue")


class PictureError(ValueError):
    """A file that is no picture, or one that cannot be read; the message names it and says what to do."""


class Picture(NamedTuple):
    """`images` is `[B, H, W, 3]`, a frame each; `mask` is `[B, H, W]`, 1 where the picture is transparent.

    A picture without transparency has a mask of zeros that is 64 x 64, as ComfyUI's has.
    """

    images: Tensor
    mask: Tensor


def load_picture(path: Path) -> Picture:
    """Read a picture file upright, an animation as a batch of its frames.

    Raises PictureError.
    """
    frames = _frames(path)
    images = torch.stack([_colours(frame) for frame in frames])
    alphas = [_alpha(frame) for frame in frames]
    if all(alpha is None for alpha in alphas):
        return Picture(images, torch.zeros(len(frames), NO_MASK_SIZE, NO_MASK_SIZE))
    solid = torch.ones(images.shape[1:3])
    return Picture(images, 1 - torch.stack([solid if alpha is None else alpha for alpha in alphas]))


def load_channel(path: Path, channel: str) -> Tensor:
    """Read one channel of a picture file as a mask `[1, H, W]`: red, green, blue, or alpha.

    Alpha is inverted, so that the mask is 1 where the picture is transparent; without transparency the mask is 64 x 64
    zeros. Raises PictureError.
    """
    frame = _frames(path)[0]
    if channel == "alpha":
        alpha = _alpha(frame)
        return torch.zeros(1, NO_MASK_SIZE, NO_MASK_SIZE) if alpha is None else 1 - alpha[None]
    return _colours(frame)[None, ..., CHANNELS.index(channel)]


def encode_png(image: Tensor, text: Mapping[str, str] | None = None, compress_level: int = 4) -> bytes:
    """Encode one image `[H, W, C]` of 1, 3 or 4 channels, with `text` in the file's text chunks.

    Values are cut to 0..1 and truncated to 8 bits, as ComfyUI does; what was read from 8 bits is kept.
    """
    pixels = (torch.nan_to_num(image.detach().float()).clamp(0, 1) * 255).to(torch.uint8).cpu().numpy()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    info = PngInfo()
    for key, value in (text or {}).items():
        info.add_text(key, value)
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=info, compress_level=compress_level)
    return file.getvalue()


def _frames(path: Path) -> list[Image.Image]:
    """All frames of the size of the first, upright."""
    try:
        with Image.open(path) as file:
            # A camera's multi-picture file holds previews beside the picture; they are no animation.
            sequence = [file] if file.format == "MPO" else ImageSequence.Iterator(file)
            frames = [ImageOps.exif_transpose(frame) for frame in sequence]
    except UnidentifiedImageError:
        raise PictureError(f"{path.name} is not a picture that can be read. Save it as PNG, JPEG or WebP.") from None
    except FileNotFoundError:
        raise PictureError(f"{path.name} is not there any more. Put it back or choose another file.") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{path.name} has too many pixels. Scale it down first.") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise PictureError(f"{path.name} is damaged or cut off. Get the file again.") from error
    return [frame for frame in frames if frame.size == frames[0].size]


def _colours(frame: Image.Image) -> Tensor:
    """The colours `[H, W, 3]`, with transparency dropped rather than blended with anything."""
    if frame.mode == "F" or frame.mode.startswith("I"):  # grey of floats in 0..1, or of 16 bits
        grey = torch.from_numpy(np.array(frame, np.float32) / (1 if frame.mode == "F" else 65535))
        return grey.clamp(0, 1)[..., None].expand(-1, -1, 3)
    if frame.mode == "P" and "transparency" in frame.info:
        frame = frame.convert("RGBA")
    return _pixels(frame.convert("RGB"))


def _alpha(frame: Image.Image) -> Tensor | None:
    if frame.has_transparency_data:
        return _pixels(frame.convert("RGBA").getchannel("A"))
    return None


def _pixels(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture, np.float32) / 255)
