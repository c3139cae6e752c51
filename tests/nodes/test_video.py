"""Nodes of videos, on a small random checkpoint. Oracles: the frames that went in, and runs of KSampler's own."""

import av
import pytest
import torch

from diffusion.sampling import sample
from diffusion.text.webui.encode import Dialect, encode_positive
from diffusion.video.remaking import Remaking, remake
from graph.context import Interrupted
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes import video, video_making


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    folders.input.mkdir()
    folders.output.mkdir()
    return Recorder(folders, prompt={"1": {"class_type": "SaveAnimation"}}, extra_pnginfo={"workflow": {"nodes": []}})


def frames(count: int = 4) -> torch.Tensor:
    return torch.ones(count, 32, 48, 3) * torch.arange(count).view(-1, 1, 1, 1) / 10


def saved(ctx: Recorder, index: int = -1):
    return ctx.folders.output / ctx.shown["images"][index]["subfolder"] / ctx.shown["images"][index]["filename"]


def test_a_video_is_saved_opened_and_taken_apart(ctx):
    made = video.create_video(ctx, frames(), 8.0)
    video.save_video(ctx, made, "clips/a")
    assert ctx.steps[-1] == (4, 4)
    assert ctx.shown["animated"] == [True]
    with av.open(saved(ctx)) as container:
        assert container.metadata["workflow"] == '{"nodes": []}'
    name = "clips/a_00001_.mp4 [output]"
    images, audio, fps = video.get_video_components(ctx, video.load_video(ctx, name), first_frame=1, every_nth=2)
    assert (len(images), audio, fps) == (2, None, 4.0)
    assert torch.allclose(images.mean((1, 2, 3)), torch.tensor([0.1, 0.3]), atol=0.03)
    found = video.load_video_frames(ctx, name, width=24)
    assert (found.images.shape, found.fps, found.frame_count) == ((4, 16, 24, 3), 8.0, 4)
    assert [each.shape for each in video.video_frame_list(ctx, made, frame_count=2)] == [(1, 32, 48, 3)] * 2
    assert ctx.warnings == []


def test_all_ways_to_save(ctx):
    video.save_webm(ctx, frames(), crf=20)
    video.save_animated_webp(ctx, frames())
    video.save_animated_png(ctx, frames())
    video.save_animation(ctx, frames(), format="gif")
    assert [saved(ctx, index).suffix for index in range(4)] == [".webm", ".webp", ".png", ".gif"]
    lossless = video.FileVideo(saved(ctx, 2)).load()
    assert torch.equal((lossless * 255).round(), (frames() * 255).to(torch.uint8).float())


def test_what_cannot_be_read_is_told_at_its_input(ctx):
    (ctx.folders.input / "a.mp4").write_bytes(b"no video")
    for call in (video.load_video, video.load_video_frames):
        with pytest.raises(InputError, match="is not a video") as told:
            call(ctx, "a.mp4")
        assert told.value.input_name == "file"
    with pytest.raises(InputError, match="There is no file"):
        video.load_video(ctx, "b.mp4")
    with pytest.raises(ValueError, match=r"outside|climbs|folder"):
        video.load_video(ctx, "../secret.mp4")
    with pytest.raises(InputError, match="another first frame"):
        list(video.video_frame_list(ctx, video.create_video(ctx, frames()), first_frame=9))
    with pytest.raises(InputError, match="cannot hold vp9"):
        video.save_video(ctx, video.create_video(ctx, frames()), codec="vp9")


def test_saving_is_interrupted_and_leaves_nothing(ctx):
    ctx.interrupt_after = 1
    with pytest.raises(Interrupted):
        video.save_animation(ctx, frames(8))
    assert not [path for path in ctx.folders.output.rglob("*") if path.is_file() and path.stat().st_size]


def test_frames_are_made_one_after_the_other(tiny):
    prompt, _ = encode_positive(tiny.clip, "a cat", Dialect())
    pictures = torch.rand(3, 32, 32, 3, generator=torch.Generator().manual_seed(0))
    settings = {"steps": 2, "cfg": 2.0, "sampler": "euler", "scheduler": "normal", "denoise": 0.5}

    def by_hand(picture: torch.Tensor, seed: int) -> torch.Tensor:
        latent = {"samples": tiny.vae.encode(picture[None])}
        return tiny.vae.decode(sample(tiny.model, latent, prompt, prompt, seed=seed, **settings)["samples"])[0].cpu()

    def made(**options) -> list[torch.Tensor]:
        remaking = Remaking(*settings.values(), seed=7, **options)
        return list(remake(remaking, tiny.model, tiny.vae, prompt, prompt, pictures))

    for result, picture in zip(made(), pictures, strict=True):
        torch.testing.assert_close(result, by_hand(picture, 7))
    for index, result in enumerate(made(policy="increment")):
        torch.testing.assert_close(result, by_hand(pictures[index], 7 + index))
    first, second, _ = made(last_result=0.25)
    torch.testing.assert_close(second, by_hand(torch.lerp(pictures[1], first, 0.25), 7))


def test_flicker_is_shown(ctx):
    found = video_making.measure_flicker(ctx, frames(), method="in place")
    assert found.flicker == pytest.approx(0.1)
    assert ctx.shown["plots"][0]["series"][0]["y"] == pytest.approx([0.1] * 3)
    with pytest.raises(InputError, match="take as many"):
        video_making.measure_flicker(ctx, frames(), frames(2))
    assert video_making.frame_seeds(3, "increment", 3) == [3, 4, 5]
