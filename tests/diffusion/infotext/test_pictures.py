"""Texts of picture files. Oracles: files that Pillow writes, EXIF and hidden bits that are put together here."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffusion.images.files import PictureError
from diffusion.infotext.parameters import parse
from diffusion.infotext.pictures import comment_text, texts_of
from diffusion.infotext.saving import encode

TEXT = "a 猫\nSteps: 3, Sampler: Euler, Seed: 1"


def saved(path: Path, **options) -> Path:
    Image.new("RGBA" if path.suffix == ".png" else "RGB", (40, 40), (9, 8, 7)).save(path, **options)
    return path


def with_comment(value: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = value
    return exif


def test_chunks_of_png_files(tmp_path):
    info = PngInfo()
    info.add_text("parameters", TEXT)
    info.add_itxt("workflow", '{"猫": 1}')
    found = texts_of(saved(tmp_path / "a.png", pnginfo=info))
    assert found == {"parameters": TEXT, "workflow": '{"猫": 1}'}


@pytest.mark.parametrize(
    "value",
    [
        b"UNICODE\0" + TEXT.encode("utf-16-be"),
        b"UNICODE\0" + TEXT.encode("utf-16-le"),
        b"UNICODE\0" + b"\xff\xfe" + TEXT.encode("utf-16-le"),
        b"\0" * 8 + TEXT.encode(),
        TEXT.encode(),
    ],
)
@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_comments_in_exif_are_read_in_all_forms(tmp_path, value, ending):
    assert comment_text(value) == TEXT
    assert texts_of(saved(tmp_path / f"a.{ending}", exif=with_comment(value)))["parameters"] == TEXT


def test_a_camera_s_comment_is_no_infotext(tmp_path):
    found = texts_of(saved(tmp_path / "a.jpg", exif=with_comment(b"ASCII\0\0\0Holidays, sea: blue, sky: blue")))
    assert found == {"UserComment": "Holidays, sea: blue, sky: blue"}


def test_novelai_is_told_in_the_webui_s_words(tmp_path):
    info = PngInfo()
    settings = {"steps": 28, "sampler": "k_euler_ancestral", "seed": 42, "scale": 11.0, "uc": "bad", "strength": 0.69}
    for key, text in {"Software": "NovelAI", "Description": "a cat", "Comment": json.dumps(settings)}.items():
        info.add_text(key, text)
    found = parse(texts_of(saved(tmp_path / "a.png", pnginfo=info))["parameters"])
    assert (found.prompt, found.negative) == ("a cat", "bad")
    assert found.fields["Sampler"] == "Euler a"
    assert found.fields["ENSD"] == "31337"
    assert found.fields["Denoising strength"] == "0.69"


@pytest.mark.parametrize(("signature", "packed"), [("stealth_pnginfo", False), ("stealth_rgbcomp", True)])
def test_texts_that_are_hidden_in_the_lowest_bits(tmp_path, signature, packed):
    body = gzip.compress(TEXT.encode()) if packed else TEXT.encode()
    message = signature.encode() + (len(body) * 8).to_bytes(4, "big") + body
    bits = [byte >> (7 - bit) & 1 for byte in message for bit in range(8)]
    pixels = np.full((40, 40, 4), 254, np.uint8)
    channels = (3,) if "png" in signature else (0, 1, 2)
    places = ((row, column, channel) for column in range(40) for row in range(40) for channel in channels)
    for place, bit in zip(places, bits, strict=False):
        pixels[place] |= bit
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert texts_of(tmp_path / "a.png") == {"parameters": TEXT}


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_what_is_saved_is_read_again(tmp_path, format):
    graph = {"prompt": '{"猫": {}}', "workflow": '{"nodes": []}'}
    content, left_out = encode(torch.rand(16, 16, 3), format, 90, TEXT, graph)
    (tmp_path / "file").write_bytes(content)
    found = texts_of(tmp_path / "file")
    assert left_out == []
    assert found["parameters"] == TEXT
    assert {key: found[key] for key in graph} == graph


def test_a_large_workflow_has_no_room_in_a_jpeg(tmp_path):
    content, left_out = encode(torch.rand(8, 8, 3), "jpeg", 90, TEXT, {"prompt": "{}", "workflow": "x" * 70_000})
    (tmp_path / "file").write_bytes(content)
    assert left_out == ["workflow"]
    assert texts_of(tmp_path / "file")["prompt"] == "{}"


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(PictureError, match=r"a\.png is not a picture"):
        texts_of(tmp_path / "a.png")
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(whole, "PNG")
    (tmp_path / "b.png").write_bytes(whole.getvalue()[:1500])
    with pytest.raises(PictureError, match=r"b\.png is damaged"):
        texts_of(tmp_path / "b.png")
