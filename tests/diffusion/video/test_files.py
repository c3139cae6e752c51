"""Videos written and read. Oracles: Pillow for animations, the frames that went in, closed forms for rates."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffusion.infotext.pictures import texts_of
from diffusion.video import reading
from diffusion.video.reading import VideoError, facts_of, load_frames
from diffusion.video.selection import Selection, at_rate
from diffusion.video.video import FileVideo, FramesVideo, VideoComponents
from diffusion.video.writing import FORMATS, Encoding, write_video

TEXTS = {"prompt": '{"1": "猫"}', "workflow": '{"nodes": []}'}


def ramp(count: int = 6, height: int = 33, width: int = 47) -> torch.Tensor:
    """Frames of one grey each, that of frame n being n tenths."""
    return torch.ones(count, height, width, 3) * torch.arange(count).view(-1, 1, 1, 1) / 10


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, ramp(), 12.5, "mp4", Encoding(quality=95), TEXTS)
    return path


@pytest.mark.parametrize("format", FORMATS)
def test_frames_rate_and_texts_come_back(tmp_path, format):
    path = tmp_path / f"a.{format}"
    seen = []
    write_video(path, iter(ramp()), 12.5, format, Encoding(quality=95), TEXTS, seen.append)
    assert seen == [1, 2, 3, 4, 5, 6]
    frames, facts = load_frames(path), facts_of(path)
    assert facts.rate == Fraction(25, 2)
    # Sides are made even where colours are stored for two by two pixels.
    assert frames.shape == ((6, 34, 48, 3) if format in ("mp4", "webm") else (6, 33, 47, 3))
    assert (frames[:, :33, :47] - ramp()).abs().max() < 0.02
    if format in ("mp4", "webm"):
        assert {key: facts.texts[key] for key in TEXTS} == TEXTS
        return
    with Image.open(path) as picture:
        assert (picture.n_frames, picture.info["loop"]) == (6, 0)
        if format == "png":
            assert picture.text == TEXTS
        if format == "webp":
            assert texts_of(path) == TEXTS


def test_only_what_is_wanted_is_read(clip):
    frames = load_frames(clip, Selection(first=1, count=2, every=2, width=24))
    assert frames.shape == (2, 17, 24, 3)
    assert torch.allclose(frames.mean((1, 2, 3)), torch.tensor([0.1, 0.3]), atol=0.02)
    assert len(load_frames(clip, Selection(rate=25))) == 12
    assert len(load_frames(clip, Selection(rate=6.25))) == 3
    with pytest.raises(VideoError, match="choose another first frame"):
        load_frames(clip, Selection(first=6))


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 5), st.integers(0, 10))
def test_the_number_of_frames_is_known_beforehand(frames, first, every, count):
    selection = Selection(first, count, every)
    assert len(list(selection.of(range(frames)))) == selection.number_of(frames)


@given(st.integers(2, 30), st.integers(1, 60), st.integers(1, 60))
def test_another_rate_shows_what_is_seen_at_each_moment(count, own, rate):
    shown = list(at_rate(((index / own, index) for index in range(count)), rate))
    assert abs(len(shown) - count * rate / own) <= 1
    for number, index in enumerate(shown):
        assert index <= number / rate * own + 0.01 * own
        assert index + 1 >= min(number / rate * own, count) - 0.01


def test_broken_files_and_others_are_refused(tmp_path, clip):
    (tmp_path / "secret.txt").write_text("secret")
    for name, content in {
        "list.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nclip.mp4\n",
        "join.mp4": b"ffconcat version 1.0\nfile clip.mp4\n",
        "empty.mp4": b"",
        "text.mp4": b"no video",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(VideoError, match=f"{name} is not a video"):
            load_frames(tmp_path / name)
    sound = tmp_path / "sound.mp4"
    with av.open(sound, "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(VideoError, match="no pictures"):
        facts_of(sound)


def test_memory_is_looked_at_before_anything_is_read(clip, monkeypatch):
    monkeypatch.setattr(reading, "free_bytes", lambda device: 40_000)
    with pytest.raises(VideoError, match=r"6 frames of 48 x 34 need 0\.0 GB"):
        load_frames(clip)
    assert len(load_frames(clip, Selection(count=1))) == 1


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(VideoError, match="no frames"):
        write_video(tmp_path / "a.mp4", [], 5, "mp4")
    with pytest.raises(VideoError, match="one size"):
        write_video(tmp_path / "a.gif", [torch.zeros(8, 8, 3), torch.zeros(8, 9, 3)], 5, "gif")
    with pytest.raises(VideoError, match="0 frames a second"):
        write_video(tmp_path / "a.gif", ramp(), 0, "gif")


def test_videos_as_values(clip):
    made = FramesVideo(VideoComponents(ramp(), Fraction(5)))
    assert (made.get_dimensions(), made.get_duration(), made.get_frame_count()) == ((47, 33), 1.2, 6)
    assert torch.equal(torch.stack(list(made.frames(Selection(first=2, every=2)))), ramp()[2::2])
    assert len(made.load(Selection(rate=10, width=8))) == 12
    stream = io.BytesIO(clip.read_bytes())
    read = FileVideo(stream)
    assert read.get_components().images.shape == (6, 34, 48, 3)
    assert read.get_frame_rate() == Fraction(25, 2)
    with pytest.raises(VideoError, match="no format avi"):
        made.save_to(clip, "avi")
