"""Masks and sketches painted on pictures, by mouse, pen, fingers and keys."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import Editor
from tests.conftest import Server

SIDE = 256


@pytest.fixture
def photo(server: Server) -> Path:
    """A picture in the input folder, whose pixels all differ."""
    folder = server.base / "input"
    folder.mkdir(exist_ok=True)
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    pixels = np.stack([across, down, (across + down) % 256], axis=-1).astype(np.uint8)
    path = folder / "meadow.png"
    Image.fromarray(pixels).save(path)
    return path


def box(id: int, type: str, x: int, values: list[Any], inputs: dict[str, tuple[str, int]], outputs: list[str]):
    """A node of a workflow file; inputs are `{name: (type, link)}`."""
    return {
        "id": id,
        "type": type,
        "pos": [x, 100 + (id % 2) * 420],
        "size": [260, 120],
        "widgets_values": values,
        "inputs": [{"name": name, "type": kind, "link": link} for name, (kind, link) in inputs.items()],
        "outputs": [{"name": kind, "type": kind, "links": []} for kind in outputs],
    }


def inpainting() -> dict[str, Any]:
    """A picture whose masked part is made anew; its mask is saved beside."""
    nodes = [
        box(1, "LoadImage", 40, ["meadow.png", "image"], {}, ["IMAGE", "MASK"]),
        box(2, "CheckpointLoader", 40, ["pocket.safetensors"], {}, ["MODEL", "CLIP", "VAE"]),
        box(3, "VAEEncode", 340, [], {"pixels": ("IMAGE", 1), "vae": ("VAE", 2)}, ["LATENT"]),
        box(4, "SetLatentNoiseMask", 340, [], {"samples": ("LATENT", 3), "mask": ("MASK", 4)}, ["LATENT"]),
        box(5, "CLIPTextEncode", 640, ["a star"], {"clip": ("CLIP", 5)}, ["CONDITIONING"]),
        box(
            6,
            "KSampler",
            640,
            [7, "fixed", 2, 1.0, "euler", "simple", 1.0],
            {
                "model": ("MODEL", 6),
                "positive": ("CONDITIONING", 7),
                "negative": ("CONDITIONING", 8),
                "latent_image": ("LATENT", 9),
            },
            ["LATENT"],
        ),
        box(7, "VAEDecode", 940, [], {"samples": ("LATENT", 10), "vae": ("VAE", 11)}, ["IMAGE"]),
        box(8, "SaveImage", 940, ["inpainted"], {"images": ("IMAGE", 12)}, []),
        box(9, "MaskToImage", 1240, [], {"mask": ("MASK", 13)}, ["IMAGE"]),
        box(10, "SaveImage", 1240, ["masks"], {"images": ("IMAGE", 14)}, []),
    ]
    links = [
        [1, 1, 0, 3, 0, "IMAGE"],
        [2, 2, 2, 3, 1, "VAE"],
        [3, 3, 0, 4, 0, "LATENT"],
        [4, 1, 1, 4, 1, "MASK"],
        [5, 2, 1, 5, 0, "CLIP"],
        [6, 2, 0, 6, 0, "MODEL"],
        [7, 5, 0, 6, 1, "CONDITIONING"],
        [8, 5, 0, 6, 2, "CONDITIONING"],
        [9, 4, 0, 6, 3, "LATENT"],
        [10, 6, 0, 7, 0, "LATENT"],
        [11, 2, 2, 7, 1, "VAE"],
        [12, 7, 0, 8, 0, "IMAGE"],
        [13, 1, 1, 9, 0, "MASK"],
        [14, 9, 0, 10, 0, "IMAGE"],
    ]
    return {"nodes": nodes, "links": links, "groups": [], "version": 0.4}


class Painter:
    """The open painter; its pointer moves in pixels of the picture."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.element = page.locator(".painter")
        expect(page.locator(".paint-stage")).to_be_visible()
        sheet = page.locator(".paint-sheet").bounding_box()
        assert sheet is not None
        self.left, self.top, self.scale = sheet["x"], sheet["y"], sheet["width"] / SIDE

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.scale, self.top + y * self.scale

    def stroke(self, *points: tuple[float, float], button: str = "left") -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*points[0]))
        mouse.down(button=button)
        for point in points[1:]:
            mouse.move(*self.at(*point), steps=8)
        mouse.up(button=button)

    def slide(self, name: str, value: str) -> None:
        self.element.get_by_role("slider", name=name).fill(value)

    def press(self, name: str) -> None:
        self.element.get_by_role("button", name=name, exact=True).click()

    def mask(self) -> np.ndarray:
        """What is shown of the mask, 0 to 255."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        script = """() => {
            const canvas = document.querySelector('.paint-mask');
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: data.length / 4 }, (_, at) => data[at * 4 + 3]);
        }"""
        return np.array(self.page.evaluate(script)).reshape(SIDE, SIDE)

    def save(self) -> None:
        self.page.keyboard.press("Control+Enter")
        expect(self.element).to_have_count(0)


def open_painter(editor: Editor, keys: str = "Alt+m") -> Painter:
    editor.node("Load Image").locator(".node-name").click()
    editor.page.keyboard.press(keys)
    return Painter(editor.page)


def load(editor: Editor, folder: Path, workflow: dict[str, Any]) -> Locator:
    file = folder / "inpaint.json"
    file.write_text(json.dumps(workflow))
    editor.drop(file, "application/json")
    node = editor.node("Load Image")
    expect(node).to_be_visible()
    return node


def loaded(editor: Editor, wanted: str) -> str:
    """The picture that the first node loads, once its name begins as wanted."""
    document = editor.wait_for_draft(lambda document: document["nodes"][0]["widgets_values"][0].startswith(wanted))
    return document["nodes"][0]["widgets_values"][0]


def test_a_painted_mask_is_what_inpainting_works_on(editor: Editor, server: Server, photo: Path, tmp_path: Path):
    before = photo.read_bytes()
    load(editor, tmp_path, inpainting())
    painter = open_painter(editor)
    painter.slide("Hardness", "100")
    painter.stroke((60, 60), (200, 60))
    painter.stroke((60, 200), (200, 200))
    painter.page.keyboard.press("Control+z")
    assert painter.mask()[200, 128] == 0
    painter.page.keyboard.press("Control+Shift+z")
    assert painter.mask()[200, 128] == 255
    painter.page.keyboard.press("Control+z")
    painter.save()

    made = Image.open(server.base / "input" / "painted" / "meadow.png")
    pixels = np.asarray(made)
    original = np.asarray(Image.open(photo))
    np.testing.assert_array_equal(pixels[..., :3], original)
    assert photo.read_bytes() == before
    assert (pixels[60, 60:200, 3] == 0).all()
    assert (pixels[120:, :, 3] == 255).all()

    editor.queue()
    saved = server.base / "output" / "masks_00001_.png"
    expect(editor.page.locator('[data-node="10"] img')).to_be_visible(timeout=90_000)
    mask = 255 - pixels[..., 3]
    np.testing.assert_allclose(np.asarray(Image.open(saved).convert("L")), mask, atol=1)
    expect(editor.page.locator('[data-node="8"] img')).to_be_visible(timeout=90_000)

    # Opened again, what was painted is there to go on with; inverted it is the rest of the picture.
    painter = open_painter(editor)
    np.testing.assert_array_equal(painter.mask(), mask)
    painter.press("Invert")
    np.testing.assert_array_equal(painter.mask(), 255 - mask)
    painter.page.keyboard.press("Escape")
    painter.page.get_by_role("dialog", name="Discard what was painted?").get_by_text("Go on painting").click()
    painter.save()
    second = np.asarray(Image.open(server.base / "input" / "painted" / "meadow (1).png"))
    np.testing.assert_array_equal(second[..., 3], 255 - pixels[..., 3])
    np.testing.assert_array_equal(second[..., :3], original)

    # Each painting is one step of the editor's own undo.
    loaded(editor, "painted/meadow (1).png")
    editor.page.keyboard.press("Control+z")
    editor.wait_for_draft(lambda document: document["nodes"][0]["widgets_values"][0] == "painted/meadow.png")
    editor.node("Load Image").locator(".node-name").click(button="right")
    editor.page.get_by_role("menuitem", name="Back to the unpainted picture").click()
    document = editor.wait_for_draft(lambda document: document["nodes"][0]["widgets_values"][0] == "meadow.png")
    assert "safelight.painted" not in document["nodes"][0]["properties"]


def test_a_sketch_becomes_part_of_the_picture_and_stays_a_layer(
    editor: Editor, server: Server, photo: Path, tmp_path: Path
):
    load(editor, tmp_path, inpainting())
    painter = open_painter(editor, "Alt+p")
    page = painter.page
    painter.slide("Hardness", "100")
    page.keyboard.press("r")
    painter.stroke((20, 20), (60, 90))
    page.keyboard.press("Alt+1")  # actual size: the view alone
    page.keyboard.press(".")
    page.keyboard.press("i")
    painter.stroke((200, 150))
    page.keyboard.press("l")
    painter.stroke((100, 100), (140, 100), (140, 140), (100, 140))
    painter.press("Mask what is painted")
    painter.press("Save")
    expect(painter.element).to_have_count(0)
    name = loaded(editor, "painted/")
    pixels = np.asarray(Image.open(server.base / "input" / name))
    original = np.asarray(Image.open(photo))
    assert pixels[50, 40].tolist() == [0xD6, 0x45, 0x41, 0]
    assert pixels[120, 120].tolist() == [*original[150, 200].tolist(), 0]
    assert pixels[200, 200].tolist() == [*original[200, 200].tolist(), 255]
    assert name not in [file.name for file in (server.base / "input" / "painted" / ".layers").iterdir()]

    painter = open_painter(editor, "Alt+p")
    painter.press("Clear")
    painter.page.keyboard.press("m")
    painter.press("Clear")
    painter.save()
    loaded(editor, "meadow.png")  # nothing is left of what was painted

    # A result is painted on as well, and becomes the picture of a node of its own.
    editor.queue()
    expect(editor.page.locator('[data-node="8"] img')).to_be_visible(timeout=90_000)
    editor.page.locator('[data-node="8"] .node-name').click(button="right")
    editor.page.get_by_role("menuitem", name="Paint on the result…").click()
    painter = Painter(editor.page)
    painter.stroke((50, 50), (200, 200))
    painter.save()
    document = editor.wait_for_draft(lambda document: len(document["nodes"]) == 11)
    added = document["nodes"][-1]
    assert added["type"] == "LoadImage"
    assert added["widgets_values"][0].startswith("painted/inpainted_0000")
    on_result = np.asarray(Image.open(server.base / "input" / added["widgets_values"][0]))
    assert on_result[128, 128, :3].tolist() == original[150, 200].tolist()


def pen(painter: Painter, kind: str, x: float, y: float, force: float) -> None:
    session = painter.page.context.new_cdp_session(painter.page)
    across, down = painter.at(x, y)
    session.send(
        "Input.dispatchMouseEvent",
        {
            "type": kind,
            "x": across,
            "y": down,
            "button": "left",
            "buttons": 0 if kind == "mouseReleased" else 1,
            "clickCount": 1,
            "force": force,
            "pointerType": "pen",
        },
    )
    session.detach()


def test_a_pen_presses_a_touch_pinches_and_keys_paint(editor: Editor, photo: Path, tmp_path: Path):
    load(editor, tmp_path, inpainting())
    painter = open_painter(editor)
    page = painter.page
    painter.slide("Hardness", "100")
    pen(painter, "mousePressed", 30, 40, 0.15)
    for step in range(1, 11):
        pen(painter, "mouseMoved", 30 + step * 19, 40, 0.15 + step * 0.085)
    pen(painter, "mouseReleased", 220, 40, 0)
    mask = painter.mask()
    widths = [(mask[:, x] > 127).sum() for x in (40, 120, 200)]
    assert widths[0] < widths[1] < widths[2]
    assert widths[2] > 2 * widths[0]
    # Alt and the right button drag the brush's size; [ and ] change it in steps; a number is its opacity.
    size = page.locator(".paint-slider").filter(has_text="Size").locator(".paint-value")
    expect(size).to_have_text("40 px")
    page.keyboard.press("]")
    expect(size).to_have_text("44 px")
    page.keyboard.down("Alt")
    painter.stroke((100, 100), (128, 100), button="right")
    page.keyboard.up("Alt")
    expect(size).to_have_text("100 px")
    page.keyboard.press("5")
    # Keys alone: the brush goes to a place, is put down, moves, and is lifted.
    page.keyboard.press("Delete")
    assert painter.mask().max() == 0
    page.mouse.move(*painter.at(128, 128))
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    mask = painter.mask()
    assert mask[128, 128] == pytest.approx(128, abs=1)
    assert mask[200, 128] == pytest.approx(128, abs=1)
    assert mask[40, 128] == 0
    # The right button erases; a line goes on from the last stroke with Shift.
    page.keyboard.press("0")
    painter.stroke((128, 128), (128, 220), button="right")
    assert painter.mask()[200, 128] == 0
    page.keyboard.press("Delete")
    painter.slide("Size", "40")
    painter.stroke((30, 30))
    page.keyboard.down("Shift")
    painter.stroke((220, 220))
    page.keyboard.up("Shift")
    assert painter.mask()[125, 125] == 255
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Discard what was painted?").get_by_role(
        "button", name="Discard", exact=True
    ).click()
    expect(painter.element).to_have_count(0)
    loaded(editor, "meadow.png")


def test_the_bucket_fills_and_masks_grow_and_are_blurred(editor: Editor, photo: Path, tmp_path: Path):
    load(editor, tmp_path, inpainting())
    painter = open_painter(editor)
    page = painter.page
    painter.slide("Hardness", "100")
    painter.slide("Size", "40")
    painter.stroke((60, 60), (180, 60), (180, 180), (60, 180), (60, 60))
    page.keyboard.press("g")
    painter.stroke((120, 120))
    mask = painter.mask()
    assert mask[120, 120] == 255
    assert mask[20, 20] == 0
    assert (mask[66:174, 66:174] > 200).all(), "no seam between the line and its filling"
    painter.slide("Grow or shrink", "20")
    assert painter.mask()[120, 195] == 255
    painter.press("Reset")
    assert painter.mask()[120, 195] == 0
    painter.slide("Blur", "6")
    painter.press("Apply")
    assert 0 < painter.mask()[120, 188] < 255
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(painter.mask(), mask)
    page.keyboard.press("h")
    expect(painter.element.get_by_role("button", name="Mirror the view")).to_have_attribute("aria-pressed", "true")


def test_two_fingers_move_the_view_and_paint_nothing(editor: Editor, photo: Path, tmp_path: Path):
    load(editor, tmp_path, inpainting())
    painter = open_painter(editor)
    page = painter.page
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        placed = [painter.at(*point) for point in points]
        fingers = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(placed)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    zoom = page.locator(".paint-zoom")
    before = zoom.inner_text()
    touch("touchStart", (100, 100))
    touch("touchMove", (104, 100))
    touch("touchStart", (104, 100), (150, 100))
    touch("touchMove", (84, 100), (190, 100))
    touch("touchEnd")
    assert zoom.inner_text() != before
    assert painter.mask().max() == 0
    page.keyboard.press(".")
    touch("touchStart", (60, 60))
    touch("touchMove", (160, 60))
    touch("touchEnd")
    assert painter.mask()[60, 110] == 255


def test_opening_and_closing_leaves_nothing_behind(editor: Editor, photo: Path, tmp_path: Path):
    load(editor, tmp_path, inpainting())
    page = editor.page
    session = page.context.new_cdp_session(page)

    def counts() -> dict[str, int]:
        session.send("HeapProfiler.collectGarbage")
        return session.send("Memory.getDOMCounters")

    def once() -> None:
        painter = open_painter(editor)
        painter.stroke((60, 60), (100, 100))
        page.keyboard.press("Control+z")
        page.keyboard.press("Escape")
        expect(painter.element).to_have_count(0)

    once()
    once()
    before = counts()
    for _ in range(20):
        once()
    after = counts()
    assert after["jsEventListeners"] - before["jsEventListeners"] < 20
    assert after["nodes"] - before["nodes"] < 200
