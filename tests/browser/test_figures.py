"""Curves, compared pictures, plots and tables in the editor."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from tests.browser.pages import Editor
from tests.conftest import Server

TWICE_AS_WIDE = """() => {
    const { width, height } = document.querySelector('.compare-frame').getBoundingClientRect();
    return Math.abs(width / height - 2) < 0.05;
}"""
ROWS = "name,loss\nfirst,0.5\nsecond,0.25\nthird,1.5\n"


def box(id: int, type: str, place: tuple[int, int], values: list[Any], inputs: dict[str, tuple[str, int]]):
    return {
        "id": id,
        "type": type,
        "pos": list(place),
        "size": [330, 300],
        "widgets_values": values,
        "inputs": [{"name": name, "type": kind, "link": link} for name, (kind, link) in inputs.items()],
        "outputs": [],
    }


def workflow() -> dict[str, Any]:
    nodes = [
        box(1, "LoadImage", (40, 100), ["grey.png", "image"], {}),
        box(2, "ToneCurve", (420, 100), [{"points": [[0, 0], [1, 1]]}, "all"], {"image": ("IMAGE", 1)}),
        box(3, "CompareImages", (800, 100), [], {"image_a": ("IMAGE", 2), "image_b": ("IMAGE", 3)}),
        box(4, "SaveImage", (1180, 100), ["curve"], {"images": ("IMAGE", 4)}),
        box(5, "CheckpointLoader", (40, 560), ["pocket.safetensors"], {}),
        box(6, "PlotSchedule", (420, 560), ["all", 20, 1.0, "log"], {"model": ("MODEL", 5)}),
        box(7, "ShowTable", (800, 560), [ROWS, "Runs"], {}),
    ]
    links = [
        [1, 1, 0, 2, 0, "IMAGE"],
        [2, 1, 0, 3, 0, "IMAGE"],
        [3, 2, 0, 3, 1, "IMAGE"],
        [4, 2, 0, 4, 0, "IMAGE"],
        [5, 5, 0, 6, 0, "MODEL"],
    ]
    return {"nodes": nodes, "links": links, "groups": [], "version": 0.4}


def open_workflow(editor: Editor, server: Server, folder: Path) -> None:
    (server.base / "input").mkdir(exist_ok=True)
    Image.new("RGB", (200, 100), (64, 64, 64)).save(server.base / "input" / "grey.png")
    file = folder / "figures.json"
    file.write_text(json.dumps(workflow()))
    editor.drop(file, "application/json")
    expect(editor.node("Tone Curve")).to_be_visible()


def curve(editor: Editor, fits: Any) -> list[list[float]]:
    """The points of the curve in the document, once they are as wanted."""

    def points(document: dict[str, Any]) -> list[list[float]]:
        return next(node["widgets_values"][0]["points"] for node in document["nodes"] if node["type"] == "ToneCurve")

    return points(editor.wait_for_draft(lambda document: fits(points(document))))


def test_a_curve_is_bent_by_its_points(editor: Editor, server: Server, tmp_path: Path):
    open_workflow(editor, server, tmp_path)
    page = editor.page
    plane = page.locator(".curve-plane")
    expect(plane).to_be_visible()
    area = plane.bounding_box()
    assert area is not None

    def at(x: float, y: float) -> tuple[float, float]:
        return area["x"] + x * area["width"], area["y"] + (1 - y) * area["height"]

    editor.drag(at(0.25, 0.5), at(0.25, 0.75))
    [_, (x, y), _] = curve(editor, lambda points: len(points) == 3)
    assert abs(x - 0.25) < 0.02
    assert abs(y - 0.75) < 0.02

    point = plane.get_by_role("button", name="Point 2")
    expect(point).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    moved = curve(editor, lambda points: points[1][0] > 0.3)
    assert abs(moved[1][0] - x - 0.1) < 0.001
    page.keyboard.press("Enter")
    curve(editor, lambda points: len(points) == 4)
    page.keyboard.press("Delete")
    assert curve(editor, lambda points: len(points) == 3) == moved

    # One drag is one step of undo.
    page.locator('[data-node="1"] .node-name').click()
    for count in (4, 3):
        page.keyboard.press("Control+z")
        curve(editor, lambda points, count=count: len(points) == count)
    page.keyboard.press("Control+z")
    curve(editor, lambda points: abs(points[1][0] - 0.25) < 0.02)
    page.keyboard.press("Control+z")
    curve(editor, lambda points: len(points) == 2)

    page.locator(".widget-curve").get_by_role("button", name="Presets").click()
    page.get_by_role("menuitem", name="Negative").click()
    assert curve(editor, lambda points: points[0][1] == 1) == [[0, 1], [1, 0]]
    editor.queue()
    picture = page.locator('[data-node="4"] img')
    expect(picture).to_be_visible(timeout=90_000)
    made = np.asarray(Image.open(next((server.base / "output").glob("curve_*.png"))))
    assert set(made.flatten().tolist()) <= {190, 191}
    page.locator(".widget-curve").get_by_role("button", name="Reset the curve").click()
    curve(editor, lambda points: points == [[0, 0], [1, 1]])


def test_nodes_show_compared_pictures_plots_and_tables(editor: Editor, server: Server, tmp_path: Path):
    open_workflow(editor, server, tmp_path)
    page = editor.page
    editor.queue()

    line = page.get_by_role("slider", name="Line between the pictures")
    expect(line).to_be_visible(timeout=90_000)
    page.wait_for_function(TWICE_AS_WIDE)
    frame = page.locator(".compare-frame").bounding_box()
    assert frame is not None
    middle = frame["y"] + frame["height"] / 2
    editor.drag((frame["x"] + frame["width"] / 2, middle), (frame["x"] + frame["width"] * 0.8, middle))
    expect(line).to_have_attribute("aria-valuenow", "80")
    page.keyboard.press("Shift+ArrowLeft")
    expect(line).to_have_attribute("aria-valuenow", "70")
    page.get_by_role("button", name="Compare large").click()
    large = page.get_by_role("dialog", name="Compare pictures")
    expect(large.locator(".compare-caption").first).to_contain_text("200 × 100")
    large.get_by_role("button", name="Difference (3)").click()
    expect(large.get_by_role("slider")).to_have_count(0)
    page.keyboard.press("1")
    expect(large.get_by_role("slider")).to_be_visible()
    page.keyboard.press("+")
    expect(large.locator(".compare-zoom")).to_have_text("125 %")
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)

    # Nine schedulers, their values at the pointer, a part enlarged by a drag over it.
    plot = page.locator(".plot-stage")
    expect(page.locator(".plot-line")).to_have_count(9)
    stage = plot.bounding_box()
    assert stage is not None
    page.mouse.move(stage["x"] + stage["width"] * 0.6, stage["y"] + stage["height"] / 2)
    tip = page.locator(".plot-tip")
    expect(tip).to_contain_text("karras: ")
    half = stage["y"] + stage["height"] / 2
    editor.drag((stage["x"] + stage["width"] * 0.5, half), (stage["x"] + stage["width"] * 0.8, half))
    editor.button("Show all of it").click()
    expect(page.get_by_role("button", name="Show all of it")).to_be_hidden()
    page.get_by_role("button", name="karras", exact=True).click()
    expect(page.locator(".plot-line")).to_have_count(8)
    plot.focus()
    page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text("step 0")
    expect(tip).not_to_contain_text("karras")

    table = page.get_by_role("region", name="Runs")
    first = table.locator("tbody tr").first
    expect(first).to_have_text("first0.5")
    loss = table.get_by_role("button", name="loss")
    loss.click()
    expect(first).to_have_text("second0.25")
    loss.click()
    expect(first).to_have_text("third1.5")
    expect(table.get_by_role("columnheader", name="loss")).to_have_attribute("aria-sort", "descending")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as CSV").click()
    expect(page.get_by_text("The table is in the clipboard.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines() == ["name,loss", "third,1.5", "first,0.5", "second,0.25"]
