"""Uploads and views: what they do, and that neither leaves its folder."""

import io
import json
import os
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from api import pictures
from diffusion.video import reading
from tests.running_server import RunningServer, Session


def picture(
    color: tuple[int, ...] = (200, 30, 40), size: tuple[int, int] = (8, 6), format: str = "PNG", **more
) -> bytes:
    output = io.BytesIO()
    Image.new("RGBA" if len(color) == 4 else "RGB", size, color).save(output, format, **more)
    return output.getvalue()


async def upload(session: Session, name: str, content: bytes, path: str = "/upload/image", **fields: str):
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("image", content, filename=name, content_type="application/octet-stream")
    for key, value in fields.items():
        form.add_field(key, value)
    async with session.http.post(path, data=form) as response:
        return response.status, await response.json()


async def view(session: Session, status: int = 200, **query: str) -> tuple[bytes, aiohttp.ClientResponse]:
    async with session.http.get("/view", params=query) as response:
        body = await response.read()
        assert response.status == status, body
        return body, response


async def test_what_is_uploaded_can_be_viewed(session: Session, server: RunningServer):
    content = picture()
    status, said = await upload(session, "a picture ✓.png", content)
    assert (status, said) == (200, {"name": "a picture ✓.png", "subfolder": "", "type": "input"})
    assert (server.base / "input" / "a picture ✓.png").read_bytes() == content
    body, response = await view(session, filename="a picture ✓.png", type="input")
    assert body == content
    assert response.content_type == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.content_disposition is not None
    assert response.content_disposition.filename == "a picture ✓.png"
    assert (await view(session, filename="a picture ✓.png [input]"))[0] == content


async def test_a_name_is_used_once_per_content(session: Session, server: RunningServer):
    red, blue = picture((255, 0, 0)), picture((0, 0, 255))
    names = [(await upload(session, "n.png", content))[1]["name"] for content in (red, blue, red, blue)]
    assert names == ["n.png", "n (1).png", "n.png", "n (1).png"]
    assert (await upload(session, "n.png", blue, overwrite="true"))[1]["name"] == "n.png"
    assert (server.base / "input" / "n.png").read_bytes() == blue


async def test_an_upload_may_go_to_a_subfolder_and_another_area(session: Session, server: RunningServer):
    _, said = await upload(session, "s.png", picture(), subfolder="deep/er", type="temp")
    assert said == {"name": "s.png", "subfolder": "deep/er", "type": "temp"}
    assert (server.base / "temp" / "deep" / "er" / "s.png").is_file()
    await view(session, filename="s.png", subfolder="deep/er", type="temp")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("text.png", b"I am no picture"),
        ("empty.png", b""),
        ("script.js", b"alert(1)"),
        ("noname", b"\x00\x01"),
    ],
)
async def test_what_is_no_picture_is_refused_with_a_sentence(session: Session, name: str, content: bytes, server):
    status, said = await upload(session, name, content)
    assert status == 400
    assert name in said["error"]["message"]
    assert "is not a picture that can be read" in said["error"]["message"]
    assert not (server.base / "input" / name).exists()


async def test_sounds_and_films_are_kept(session: Session):
    status, said = await upload(session, "song.mp3", b"ID3 not looked at")
    assert (status, said["name"]) == (200, "song.mp3")


OUTSIDE = [
    "../escaped.png",
    "..\\escaped.png",
    "a/../../escaped.png",
    "/etc/escaped.png",
    "C:\\escaped.png",
    "\\\\host\\share\\escaped.png",
    "a\0.png",
    "sub/..",
    ".. /escaped.png",
    "con.png",
    "NUL",
    "x" * 300 + ".png",
]


@pytest.mark.parametrize("area", ["input", "output", "temp"])
@pytest.mark.parametrize("name", OUTSIDE)
async def test_a_view_cannot_leave_its_folder(session: Session, name: str, area: str):
    await view(session, 400, filename=name, type=area)


@pytest.mark.parametrize("subfolder", ["..", "../..", "/etc", "a/../..", "C:/", "\\..\\..", "a\0b"])
async def test_nor_by_its_subfolder(session: Session, subfolder: str):
    await view(session, 400, filename="x.png", subfolder=subfolder)


@pytest.mark.parametrize("area", ["..", "models", "custom_nodes", "user", "", "/"])
async def test_there_are_three_areas(session: Session, area: str):
    _, response = await view(session, 400, filename="x.png", type=area)
    assert response.content_type == "application/json"


@pytest.mark.parametrize("subfolder", ["..", "../..", "/etc", "a/../..", "C:/", "\\..\\..", "a\0b"])
async def test_an_upload_cannot_leave_its_folder(session: Session, subfolder: str, server: RunningServer):
    status, said = await upload(session, "leaves.png", picture(), subfolder=subfolder)
    assert status == 400
    assert said["error"]["message"]
    assert not list(server.base.parent.rglob("leaves*"))
    assert not Path("/etc/leaves.png").exists()


@pytest.mark.parametrize("name", ["../up.png", "..\\up.png", "/tmp/up.png", "a/b/up.png"])
async def test_of_an_uploads_name_only_the_last_part_counts(session: Session, name: str, server: RunningServer):
    status, said = await upload(session, name, picture((1, 2, 3)))
    assert (status, said["name"], said["subfolder"]) == (200, "up.png", "")
    assert not (server.base / "up.png").exists()


async def test_links_do_not_lead_out(session: Session, server: RunningServer, tmp_path: Path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture())
    output = server.base / "output"
    output.mkdir(exist_ok=True)
    (output / "link.png").symlink_to(secret)
    (output / "linked").symlink_to(tmp_path)
    await view(session, 403, filename="link.png")
    await view(session, 403, filename="secret.png", subfolder="linked")
    status, _ = await upload(session, "new.png", picture(), type="output", subfolder="linked")
    assert status == 403
    assert not (tmp_path / "new.png").exists()


@pytest.mark.parametrize(
    "name",
    ["p.html", "p.htm", "p.svg", "p.js", "p.mjs", "p.css", "p.xml", "p.xhtml", "p.unknown", "p", "p.svgz", "p.pdf"],
)
async def test_nothing_is_served_that_a_browser_might_run(session: Session, name: str, server: RunningServer):
    path = server.base / "output" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"<script>alert(document.domain)</script>")
    _, response = await view(session, filename=name)
    assert response.content_type == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_missing_file_and_a_missing_name(session: Session):
    await view(session, 404, filename="nowhere.png")
    await view(session, 400)


async def test_previews_and_channels(session: Session, server: RunningServer):
    (server.base / "output").mkdir(exist_ok=True)
    (server.base / "output" / "rgba.png").write_bytes(picture((200, 30, 40, 128)))
    body, response = await view(session, filename="rgba.png", preview="webp;90")
    assert response.content_type == "image/webp"
    assert Image.open(io.BytesIO(body)).format == "WEBP"
    body, response = await view(session, filename="rgba.png", preview="jpeg;50")
    assert Image.open(io.BytesIO(body)).format == "JPEG"
    body, _ = await view(session, filename="rgba.png", channel="rgb")
    assert Image.open(io.BytesIO(body)).getpixel((0, 0)) == (200, 30, 40)
    body, _ = await view(session, filename="rgba.png", channel="a")
    assert Image.open(io.BytesIO(body)).getpixel((0, 0)) == 128
    await view(session, 400, filename="rgba.png", channel="cmyk")


async def test_a_damaged_picture_is_a_sentence(session: Session, server: RunningServer):
    (server.base / "output").mkdir(exist_ok=True)
    (server.base / "output" / "cut.png").write_bytes(picture(size=(300, 300))[:120])
    body, _ = await view(session, 400, filename="cut.png", preview="webp")
    assert "cut.png" in json.loads(body)["error"]["message"]


async def test_a_mask_becomes_the_alpha_of_the_original(session: Session, server: RunningServer):
    notes = PngInfo()
    notes.add_text("prompt", '{"1": {}}')
    await upload(session, "original.png", picture((10, 20, 30), (8, 6), pnginfo=notes))
    reference = json.dumps({"filename": "original.png", "subfolder": "", "type": "input"})
    mask = picture((0, 0, 0, 77), (4, 3))
    status, said = await upload(session, "masked.png", mask, "/upload/mask", original_ref=reference)
    assert status == 200
    result = Image.open(server.base / "input" / said["name"])
    assert result.size == (8, 6)
    assert result.getpixel((5, 5)) == (10, 20, 30, 77)
    assert result.info["prompt"] == '{"1": {}}'


async def test_paint_is_laid_over_the_original_below_the_mask(session: Session, server: RunningServer):
    await upload(session, "sky.png", picture((10, 20, 30), (8, 6)))
    await upload(session, "half.png", picture((210, 220, 230, 128), (8, 6)), subfolder="painted/.layers")
    original = json.dumps({"filename": "sky.png", "type": "input"})
    paint = json.dumps({"filename": "half.png", "subfolder": "painted/.layers", "type": "input"})
    mask = picture((0, 0, 0, 9), (8, 6))
    fields = {"original_ref": original, "paint_ref": paint, "subfolder": "painted"}
    status, said = await upload(session, "sky.png", mask, "/upload/mask", **fields)
    assert (status, said["subfolder"]) == (200, "painted")
    result = Image.open(server.base / "input" / "painted" / said["name"]).getpixel((3, 3))
    assert result[3] == 9
    assert result[:3] == pytest.approx((110, 120, 130), abs=1)
    missing = json.dumps({"filename": "nowhere.png", "type": "input"})
    status, said = await upload(session, "sky.png", mask, "/upload/mask", original_ref=original, paint_ref=missing)
    assert (status, "nowhere.png" in said["error"]["message"]) == (404, True)


async def test_a_camera_picture_stays_upright(session: Session, server: RunningServer):
    turned = Image.new("RGB", (8, 4), (0, 0, 255))
    turned.paste((255, 0, 0), (0, 0, 4, 4))  # left half red; shown a quarter turn clockwise: the upper half
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    turned.save(file, "PNG", exif=exif)
    await upload(session, "camera.png", file.getvalue())
    for query in ({"preview": "png"}, {"channel": "rgb"}):
        body, _ = await view(session, filename="camera.png", type="input", **query)
        shown = Image.open(io.BytesIO(body))
        assert (shown.size, shown.getpixel((1, 1)), shown.getpixel((1, 6))) == ((4, 8), (255, 0, 0), (0, 0, 255))
    reference = json.dumps({"filename": "camera.png", "type": "input"})
    status, said = await upload(session, "m.png", picture((0, 0, 0, 9), (4, 8)), "/upload/mask", original_ref=reference)
    assert status == 200
    result = Image.open(server.base / "input" / said["name"])
    assert (result.size, result.getpixel((1, 1))) == ((4, 8), (255, 0, 0, 9))
    assert result.getexif().get(0x0112) is None


@pytest.mark.parametrize("reference", ["", "{}", "[]", "null", '{"filename": 3}', '{"filename": "../x.png"}'])
async def test_a_mask_without_a_proper_original_is_refused(session: Session, reference: str):
    status, said = await upload(session, "masked.png", picture((0, 0, 0, 7)), "/upload/mask", original_ref=reference)
    assert status == 400
    assert said["error"]["message"]


async def test_too_large_an_upload_is_refused_with_a_sentence(session: Session):
    status, said = await upload(session, "large.png", os.urandom(3 << 20))
    assert status == 413
    assert said["error"]["message"] == "The request is larger than 2 MB. `--max-upload-size` sets the limit."


async def test_an_upload_without_a_file_is_refused(session: Session):
    async with session.http.post("/upload/image", data={"subfolder": "x"}) as response:
        assert response.status == 400
        assert "'image'" in (await response.json())["error"]["message"]
    async with session.http.post(
        "/upload/image", data=b"--x", headers={"Content-Type": "multipart/form-data"}
    ) as response:
        assert response.status == 400


@pytest.mark.parametrize("path", ["/upload/image", "/upload/file"])
async def test_a_video_that_cannot_be_read_is_refused_as_it_arrives(session: Session, server: RunningServer, path: str):
    form = aiohttp.FormData(quote_fields=False)
    form.add_field(path.rsplit("/", 1)[1], b"\0\0\0\x18ftypisom" + b"nonsense" * 50, filename="broken.mp4")
    async with session.http.post(path, data=form) as response:
        assert response.status == 400
        assert (await response.json())["error"]["message"] == (
            "'broken.mp4' is not a video that can be read. Convert it to MP4."
        )
    assert not (server.base / "input" / "broken.mp4").exists()
    assert pictures.CONTAINERS == reading.CONTAINERS, "what nodes can read is not refused"


async def test_a_file_of_any_kind_can_be_uploaded_for_the_nodes_that_read_it(session: Session, server: RunningServer):
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", b"name,count\nfog,3\n", filename="words.csv")
    form.add_field("subfolder", "lists")
    async with session.http.post("/upload/file", data=form) as response:
        assert await response.json() == {"name": "words.csv", "subfolder": "lists", "type": "input"}
    assert (server.base / "input" / "lists" / "words.csv").read_bytes() == b"name,count\nfog,3\n"
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", b"x", filename="../outside.txt")
    async with session.http.post("/upload/file", data=form) as response:
        assert (await response.json())["name"] == "outside.txt"
    assert not (server.base / "outside.txt").exists()
