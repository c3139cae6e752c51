"""`comfy_api.latest.ui`: what nodes show, and helpers that save it first."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from compat.api.io_types import FolderType
from compat.api.node_class import HiddenHolder
from compat.host.stubs import unsupported
from diffusion.images.files import encode_png
from graph.context import Context, current

__all__ = [
    "AudioSaveHelper",
    "ImageSaveHelper",
    "PreviewAudio",
    "PreviewImage",
    "PreviewMask",
    "PreviewText",
    "PreviewUI3D",
    "PreviewVideo",
    "SavedAudios",
    "SavedImages",
    "SavedResult",
]

WEBP_TAGS = {"prompt": 0x0110, "more": 0x010F}
"""EXIF tags for the prompt, and from there downwards for the other texts of a WebP file."""


class SavedResult(dict[str, str]):
    """A file that a node has saved: `filename`, `subfolder`, `type`."""

    def __init__(self, filename: str, subfolder: str, type: FolderType | str) -> None:
        super().__init__(filename=filename, subfolder=subfolder, type=FolderType(type).value)

    @property
    def filename(self) -> str:
        """The name of the file."""
        return self["filename"]

    @property
    def subfolder(self) -> str:
        """Where it lies below its folder."""
        return self["subfolder"]

    @property
    def type(self) -> FolderType:
        """The folder that it lies in."""
        return FolderType(self["type"])


class _Shown:
    """Something to show on a node."""

    def as_dict(self) -> dict[str, Any]:
        """It, by the kinds that the editor knows."""
        raise NotImplementedError


class SavedImages(_Shown):
    """Saved pictures."""

    def __init__(self, results: Sequence[Mapping[str, str]], is_animated: bool = False) -> None:
        self.results = list(results)
        self.is_animated = is_animated

    def as_dict(self) -> dict[str, Any]:
        """The files; `animated` if they are."""
        shown: dict[str, Any] = {"images": self.results}
        return {**shown, "animated": (True,)} if self.is_animated else shown


class SavedAudios(_Shown):
    """Saved sounds."""

    def __init__(self, results: Sequence[Mapping[str, str]]) -> None:
        self.results = list(results)

    def as_dict(self) -> dict[str, Any]:
        """The files."""
        return {"audio": self.results}


class ImageSaveHelper:
    """Saves pictures, with the prompt and the workflow in the file if `cls`, the node, has asked for them."""

    @staticmethod
    def save_images(
        images: torch.Tensor,
        filename_prefix: str,
        folder_type: FolderType | str,
        cls: Any = None,
        compress_level: int = 4,
    ) -> list[SavedResult]:
        """Save pictures `[B, H, W, C]` as PNG files."""
        texts = _texts(cls)
        saved = []
        for number, image in enumerate(images):
            prefix = filename_prefix.replace("%batch_num%", str(number))
            saved.append(_save(encode_png(image, texts, compress_level), image, prefix, "png", folder_type))
        return saved

    @staticmethod
    def get_save_images_ui(
        images: torch.Tensor, filename_prefix: str, cls: Any = None, compress_level: int = 4
    ) -> SavedImages:
        """Save pictures in the output folder, to be shown."""
        return SavedImages(ImageSaveHelper.save_images(images, filename_prefix, FolderType.output, cls, compress_level))

    @staticmethod
    def save_animated_png(
        images: torch.Tensor,
        filename_prefix: str,
        folder_type: FolderType | str,
        cls: Any,
        fps: float,
        compress_level: int,
    ) -> SavedResult:
        """Save pictures `[B, H, W, C]` as the frames of one animated PNG file."""
        info = PngInfo()
        for key, value in _texts(cls).items():
            # Where it lies after the frames' start, as readers of ComfyUI's files look for it there.
            info.add(b"comf", f"{key}\0{value}".encode("latin-1", "replace"), after_idat=True)
        content = _animation(images, fps, "PNG", pnginfo=info, compress_level=compress_level)
        return _save(content, images[0], filename_prefix, "png", folder_type)

    @staticmethod
    def get_save_animated_png_ui(
        images: torch.Tensor, filename_prefix: str, cls: Any, fps: float, compress_level: int
    ) -> SavedImages:
        """Save an animated PNG file in the output folder, to be shown."""
        result = ImageSaveHelper.save_animated_png(images, filename_prefix, FolderType.output, cls, fps, compress_level)
        return SavedImages([result], is_animated=len(images) > 1)

    @staticmethod
    def save_animated_webp(
        images: torch.Tensor,
        filename_prefix: str,
        folder_type: FolderType | str,
        cls: Any,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedResult:
        """Save pictures `[B, H, W, C]` as the frames of one animated WebP file."""
        exif = Image.Exif()
        tag = WEBP_TAGS["more"]
        for key, value in _texts(cls).items():
            exif[WEBP_TAGS["prompt"] if key == "prompt" else tag] = f"{key}:{value}"
            tag -= key != "prompt"
        content = _animation(images, fps, "WEBP", exif=exif, lossless=lossless, quality=quality, method=method)
        return _save(content, images[0], filename_prefix, "webp", folder_type)

    @staticmethod
    def get_save_animated_webp_ui(
        images: torch.Tensor,
        filename_prefix: str,
        cls: Any,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedImages:
        """Save an animated WebP file in the output folder, to be shown."""
        result = ImageSaveHelper.save_animated_webp(
            images, filename_prefix, FolderType.output, cls, fps, lossless, quality, method
        )
        return SavedImages([result], is_animated=len(images) > 1)


class AudioSaveHelper:
    """Not there: Safelight has no encoder for sound."""

    @staticmethod
    def save_audio(*_: Any, **__: Any) -> Any:
        """Not supported."""
        raise unsupported("comfy_api.latest.ui.AudioSaveHelper.save_audio")

    @staticmethod
    def get_save_audio_ui(*_: Any, **__: Any) -> Any:
        """Not supported."""
        raise unsupported("comfy_api.latest.ui.AudioSaveHelper.get_save_audio_ui")


class PreviewImage(SavedImages):
    """Pictures `[B, H, W, C]`, saved in the temporary folder."""

    def __init__(self, image: torch.Tensor, animated: bool = False, cls: Any = None, **_: Any) -> None:
        prefix = f"preview_{secrets.token_hex(4)}"
        self.values = ImageSaveHelper.save_images(image, prefix, FolderType.temp, cls, compress_level=1)
        super().__init__(self.values, animated)


class PreviewMask(PreviewImage):
    """Masks `[B, H, W]` or `[H, W]`, as grey pictures."""

    def __init__(self, mask: torch.Tensor, animated: bool = False, cls: Any = None, **more: Any) -> None:
        grey = mask.reshape(-1, *mask.shape[-2:], 1).expand(-1, -1, -1, 3)
        super().__init__(grey, animated, cls, **more)


class PreviewText(_Shown):
    """A text."""

    def __init__(self, value: str, **_: Any) -> None:
        self.value = value

    def as_dict(self) -> dict[str, Any]:
        """The text."""
        return {"text": (self.value,)}


class PreviewVideo(_Shown):
    """Saved videos."""

    def __init__(self, values: Iterable[Mapping[str, str]], **_: Any) -> None:
        self.values = list(values)

    def as_dict(self) -> dict[str, Any]:
        """The files."""
        return {"images": self.values, "animated": (True,)}


class PreviewUI3D(_Shown):
    """A saved 3D model, and how the camera looks at it."""

    def __init__(self, model_file: str, camera_info: Any = None, **_: Any) -> None:
        self.model_file = model_file
        self.camera_info = camera_info

    def as_dict(self) -> dict[str, Any]:
        """The file and the camera."""
        return {"result": [self.model_file, self.camera_info]}


class PreviewAudio(_Shown):
    """Not there: Safelight has no encoder for sound."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise unsupported("comfy_api.latest.ui.PreviewAudio")


def _context() -> Context:
    context = current()
    if context is None:
        raise RuntimeError("Pictures can be saved only by a node that is being executed.")
    return context


def _texts(cls: Any) -> dict[str, str]:
    """What is written into a file: what the node has asked for, as far as the user wants it there."""
    hidden = getattr(cls, "hidden", None)
    if not isinstance(hidden, HiddenHolder) or not _context().metadata:
        return {}
    texts = {} if hidden.prompt is None else {"prompt": json.dumps(hidden.prompt)}
    texts.update((str(key), json.dumps(value)) for key, value in (hidden.extra_pnginfo or {}).items())
    return texts


def _save(
    content: bytes, image: torch.Tensor, prefix: str, extension: str, folder_type: FolderType | str
) -> SavedResult:
    context = _context()
    context.check()
    temporary = FolderType(folder_type) is FolderType.temp
    height, width = image.shape[:2]
    place = context.folders.save_path(prefix, extension, width, height, temporary)
    Path(place.path).write_bytes(content)
    return SavedResult(place.filename, place.subfolder, place.type)


def _animation(images: torch.Tensor, fps: float, format: str, **options: Any) -> bytes:
    pixels = (images.detach().float().clamp(0, 1) * 255).to(torch.uint8).cpu().numpy()
    frames = [Image.fromarray(np.ascontiguousarray(frame)) for frame in pixels]
    file = BytesIO()
    duration = int(1000 / fps)
    frames[0].save(file, format, save_all=True, append_images=frames[1:], duration=duration, loop=0, **options)
    return file.getvalue()
