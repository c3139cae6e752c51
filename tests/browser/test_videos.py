"""Videos in the editor: they open the workflow that they carry, and play."""

import io
import json
from pathlib import Path

import av
import torch
from PIL import Image
from playwright.sync_api import Locator, expect

from diffusion.video.writing import FORMATS, Format, write_video
from tests.browser.pages import Editor

MEDIA_TYPES = {"png": "image/apng", "gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4", "webm": "video/webm"}
FRAMES = [torch.full((48, 64, 3), index / 12) for index in range(12)]
PLAYS = "video => new Promise((done) => video.addEventListener('timeupdate', () => video.currentTime > 0.2 && done()))"
PART = """async (url) => {
    const answer = await fetch(url, { headers: { Range: 'bytes=4-11' } });
    return [answer.status, answer.headers.get('Content-Type'), (await answer.arrayBuffer()).byteLength];
}"""


def graph(format: Format) -> dict[str, object]:
    saved = {"fps": 4, "filename_prefix": "seen", "images": ["1", 0]}
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 48, "batch_size": 12, "color": 0xFF0000}},
        "2": {
            "class_type": "SaveAnimation",
            "inputs": {**saved, "format": "mp4"},
            "_meta": {"title": f"Found in {format}"},
        },
        "3": {"class_type": "SaveAnimation", "inputs": {**saved, "format": "webm"}, "_meta": {"title": "As WebM"}},
    }


def test_a_dropped_video_opens_its_workflow_whose_videos_play(editor: Editor, tmp_path: Path):
    for format in FORMATS:
        path = tmp_path / f"made.{format}"
        write_video(path, FRAMES, 4, format, texts={"prompt": json.dumps(graph(format))})
        editor.drop(path, MEDIA_TYPES[format])
        expect(editor.node(f"Found in {format}")).to_be_visible()
    editor.queue()
    for title, media_type in ((f"Found in {FORMATS[-1]}", "video/mp4"), ("As WebM", "video/webm")):
        video = editor.node(title).locator("video")
        expect(video).to_be_visible(timeout=60_000)
        video.evaluate(PLAYS)
        # Without parts nobody could go to a place in it.
        assert editor.page.evaluate(PART, video.get_attribute("src")) == [206, media_type, 8]
    opened = in_lightbox(editor, "As WebM")
    expect(opened).to_have_js_property("controls", True)
    assert opened.evaluate("video => [video.videoWidth, video.videoHeight]") == [64, 48]
    opened.evaluate("video => video.pause()")
    opened.evaluate("video => { video.currentTime = 0; return video.play(); }")
    opened.evaluate(PLAYS)
    editor.page.keyboard.press("Escape")


def test_a_video_that_the_browser_cannot_play_is_one_that_nodes_can_read(editor: Editor, tmp_path: Path):
    path = tmp_path / "old.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=4)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frame in FRAMES:
            picture = av.VideoFrame.from_ndarray((frame * 255).to(torch.uint8).numpy(), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    editor.drop(path, "")
    expect(editor.node("Load Video")).to_contain_text("old.avi")
    expect(editor.page.locator("#toasts")).to_contain_text("“old.avi” is in the input folder now")
    shown = editor.page.request.get("/api/view?filename=old.avi&type=input&preview=webp")
    assert Image.open(io.BytesIO(shown.body())).size == (64, 48)


def in_lightbox(editor: Editor, title: str) -> Locator:
    editor.node(title).locator(".result").click()
    video = editor.page.get_by_role("dialog").locator("video")
    expect(video).to_be_visible()
    return video


def test_a_video_without_a_workflow_becomes_a_node(editor: Editor, tmp_path: Path):
    path = tmp_path / "holiday.mp4"
    write_video(path, FRAMES[:2], 4, "mp4")
    editor.drop(path, "video/mp4")
    expect(editor.node("Load Video")).to_contain_text("holiday.mp4")
