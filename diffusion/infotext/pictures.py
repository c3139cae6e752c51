"""The texts that picture files carry: PNG chunks, EXIF, comments, and what NovelAI and Forge write."""

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from diffusion.images.files import PictureError
from diffusion.infotext.parameters import Parameters, is_infotext, write

PARAMETERS = "parameters"
EXIF_DIRECTORY = 0x8769
USER_COMMENT = 0x9286
LABELLED = {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model"}
"""Tags in which ComfyUI and its packs write `keyword:text`."""
COMMENT_CODES = {b"UNICODE\0": "utf-16", b"ASCII\0\0\0": "utf-8", b"\0" * 8: "utf-8"}
SIGNATURE_BITS = 15 * 8
HIDDEN = {"stealth_pnginfo": ("alpha", False), "stealth_pngcomp": ("alpha", True),
          "stealth_rgbinfo": ("rgb", False), "stealth_rgbcomp": ("rgb", True)}  # fmt: skip
LONGEST_HIDDEN = 16 << 20
NOVELAI_SAMPLERS = {
    "k_euler_ancestral": "Euler a",
    "k_euler": "Euler",
    "k_dpmpp_2s_ancestral": "DPM++ 2S a",
    "k_dpmpp_2m": "DPM++ 2M",
    "k_dpmpp_sde": "DPM++ SDE",
    "k_lms": "LMS",
    "plms": "PLMS",
    "ddim": "DDIM",
}


def texts_of(path: Path) -> dict[str, str]:
    """All texts of a picture file by keyword, and as `parameters` the infotext wherever it was found.

    Raises PictureError for a file that is no picture, or is damaged before its texts end.
    """
    try:
        with Image.open(path) as picture:
            texts = _chunks(picture)
            texts |= {key: text for key, text in _exif(picture).items() if key not in texts}
            if not texts and picture.format in ("PNG", "WEBP"):
                texts |= _hidden(picture)
    except UnidentifiedImageError:
        raise PictureError(f"{path.name} is not a picture that can be read. Save it as PNG, JPEG or WebP.") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{path.name} has too many pixels. Scale it down first.") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise PictureError(f"{path.name} is damaged or cut off. Get the file again.") from error
    found = parameters_in(texts)
    return texts if found is None else {**texts, PARAMETERS: found}


def parameters_in(texts: Mapping[str, str]) -> str | None:
    """The infotext among the texts of a picture, or one made of what NovelAI writes; None if there is none."""
    if PARAMETERS in texts:
        return texts[PARAMETERS]
    for key in ("UserComment", "comment", "ImageDescription"):
        if key in texts and is_infotext(texts[key]):
            return texts[key]
    if texts.get("Software") == "NovelAI":
        return _novelai(texts)
    return None


def user_comment(text: str) -> bytes:
    """The value of EXIF's UserComment with a text: big-endian UTF-16 behind the code of its encoding."""
    return b"UNICODE\0" + text.encode("utf-16-be")


def comment_text(value: bytes) -> str:
    """The text of a UserComment. Its byte order is told by which of both readings has more plain letters."""
    code, content = value[:8], value[8:]
    if code not in COMMENT_CODES:
        return value.decode("utf-8", "replace").strip("\0")
    if COMMENT_CODES[code] == "utf-8":
        return content.decode("utf-8", "replace").strip("\0")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    high, low = content[0::2].count(0), content[1::2].count(0)
    return content.decode("utf-16-be" if high >= low else "utf-16-le", "replace").strip("\0")


def _chunks(picture: Image.Image) -> dict[str, str]:
    if picture.format == "PNG":
        picture.load()  # texts may come behind the pixels
    texts = {}
    for key, value in picture.info.items():
        if key == "comment" and isinstance(value, bytes):
            texts[key] = value.decode("utf-8", "replace")
        elif isinstance(key, str) and isinstance(value, str):
            texts[key] = str(value)
    return texts


def _exif(picture: Image.Image) -> dict[str, str]:
    exif = picture.getexif()
    texts = {}
    for tag, name in LABELLED.items():
        value = exif.get(tag)
        if not isinstance(value, str):
            continue
        value = _utf8(value)
        key, colon, text = value.partition(":")
        known = colon and key.lower() in ("workflow", "prompt")
        texts[key.lower() if known else name] = text if known else value
    comment = exif.get_ifd(EXIF_DIRECTORY).get(USER_COMMENT)
    if isinstance(comment, bytes):
        texts["UserComment"] = comment_text(comment)
    elif isinstance(comment, str):
        texts["UserComment"] = comment
    return texts


def _utf8(text: str) -> str:
    """A text that was read as Latin-1, as it was meant."""
    try:
        return text.encode("latin1").decode("utf-8")
    except UnicodeError:
        return text


def _hidden(picture: Image.Image) -> dict[str, str]:
    """What Forge hides in the lowest bits of a picture: a signature, a length in bits, a text; column after column."""
    bits = {}
    if picture.has_transparency_data:
        bits["alpha"] = np.asarray(picture.convert("RGBA"))[..., 3:]
    bits["rgb"] = np.asarray(picture.convert("RGB"))
    for place, values in bits.items():
        stream = (values & 1).transpose(1, 0, 2).reshape(-1)
        signature = np.packbits(stream[:SIGNATURE_BITS]).tobytes().decode("latin1")
        wanted, packed = HIDDEN.get(signature, (None, False))
        if wanted != place or len(stream) < SIGNATURE_BITS + 32:
            continue
        length = int.from_bytes(np.packbits(stream[SIGNATURE_BITS : SIGNATURE_BITS + 32]).tobytes(), "big")
        content = stream[SIGNATURE_BITS + 32 :][:length]
        if length > LONGEST_HIDDEN or len(content) < length:
            continue
        return {PARAMETERS: _unpacked(np.packbits(content).tobytes(), packed)}
    return {}


def _unpacked(data: bytes, packed: bool) -> str:
    if packed:
        try:
            data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, LONGEST_HIDDEN)
        except (zlib.error, gzip.BadGzipFile):
            return ""
    return data.decode("utf-8", "replace")


def _novelai(texts: Mapping[str, str]) -> str | None:
    try:
        settings = json.loads(texts["Comment"])
        size = f"{settings['width']}x{settings['height']}" if "width" in settings else None
    except (KeyError, ValueError, TypeError):
        return None
    entries = {
        "Steps": settings.get("steps"),
        "Sampler": NOVELAI_SAMPLERS.get(str(settings.get("sampler")), "Euler a"),
        "CFG scale": settings.get("scale"),
        "Seed": settings.get("seed"),
        "Size": size,
        "Denoising strength": settings.get("strength"),
        "Clip skip": 2,
        "ENSD": 31337,
    }
    known = {key: str(value) for key, value in entries.items() if value is not None}
    return write(Parameters(texts.get("Description", ""), str(settings.get("uc", "")), known))
