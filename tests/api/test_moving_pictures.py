"""Previews of videos and animations. Oracle: the colours that went into the files."""

import io

import pytest
import torch
from PIL import Image

from api.pictures import NoPictureError, first_of_video, is_animation
from diffusion.video.writing import write_video


def test_a_video_is_shown_by_its_first_picture(tmp_path):
    red = torch.tensor([1.0, 0.0, 0.0]).expand(32, 32, 3)
    for format in ("mp4", "webm"):
        write_video(tmp_path / f"a.{format}", [red, 1 - red], 5, format)
        picture = Image.open(io.BytesIO(first_of_video(tmp_path / f"a.{format}", "webp", 90)))
        pixel = picture.convert("RGB").getpixel((16, 16))
        assert pixel[0] > 230
        assert max(pixel[1:]) < 30
    (tmp_path / "b.mp4").write_bytes(b"#EXTM3U\na.mp4\n")
    with pytest.raises(NoPictureError, match=r"b\.mp4"):
        first_of_video(tmp_path / "b.mp4", "webp", 90)


def test_animations_are_told_from_pictures(tmp_path):
    for format in ("gif", "webp", "png"):
        write_video(tmp_path / f"a.{format}", [torch.zeros(8, 8, 3), torch.ones(8, 8, 3)], 5, format)
        assert is_animation(tmp_path / f"a.{format}")
        Image.new("RGB", (8, 8)).save(tmp_path / f"b.{format}")
        assert not is_animation(tmp_path / f"b.{format}")
    (tmp_path / "c.png").write_bytes(b"")
    assert not is_animation(tmp_path / "c.png")
    assert not is_animation(tmp_path / "a.mp4")
