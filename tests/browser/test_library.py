"""The model library as a person uses it: looking, searching, noting, putting a model on the canvas."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.api.test_model_library import KOHYA, LORA, put_model
from tests.browser.pages import Editor
from tests.running_server import RunningServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    base = tmp_path_factory.mktemp("library")
    (base / "models" / "checkpoints").mkdir(parents=True)
    for name in ("pocket", "second"):
        (base / "models" / "checkpoints" / f"{name}.safetensors").symlink_to(
            ROOT / "models" / "checkpoints" / "pocket.safetensors"
        )
    Image.new("RGB", (300, 300), "teal").save(base / "models" / "checkpoints" / "second.png")
    put_model(base / "models" / "loras" / "hats.safetensors", LORA, KOHYA)
    running = RunningServer(base, "--nodes", "nodes", "--cpu").start()
    yield running
    running.stop()


def test_a_model_is_found_noted_and_dragged_onto_the_canvas(editor: Editor):
    page = editor.page
    page.keyboard.press("m")
    library = page.get_by_role("complementary", name="Models")
    second = library.get_by_role("button", name="second, SD 1.x")
    expect(second.locator("img")).to_have_js_property("complete", True)
    library.get_by_role("searchbox", name="Search models").fill("second")
    expect(library.get_by_role("listitem")).to_have_count(1)
    library.get_by_role("searchbox", name="Search models").fill("")
    before = len(editor.ids())
    second.drag_to(page.locator("#canvas"), target_position={"x": 700, "y": 640})
    expect(page.locator("[data-node]")).to_have_count(before + 1)
    added = editor.wait_for_draft(lambda document: len(document["nodes"]) == before + 1)["nodes"][-1]
    assert (added["type"], added["widgets_values"]) == ("CheckpointLoader", ["second.safetensors", "default"])
    second.drag_to(editor.node("Load Checkpoint").first)
    expect(page.locator("[data-node]")).to_have_count(before + 1)
    editor.wait_for_draft(
        lambda document: all(
            node["widgets_values"][0] == "second.safetensors"
            for node in document["nodes"]
            if node["type"] == "CheckpointLoader"
        )
    )


def test_what_is_known_and_noted_of_a_model_is_shown(editor: Editor):
    page = editor.page
    page.keyboard.press("m")
    library = page.get_by_role("complementary", name="Models")
    library.get_by_role("combobox", name="Kind").select_option("loras")
    library.get_by_role("button", name="hats, SD 1.x").click()
    expect(library.get_by_role("button", name="person", exact=True)).to_be_visible()
    expect(library.get_by_text("rank", exact=True)).to_be_visible()
    note = library.get_by_role("textbox", name="Notes")
    note.fill("Good at 0.8.")
    note.blur()
    library.get_by_role("button", name="Compute the hash").click()
    expect(library.get_by_text("SHA-256")).to_be_visible()
    library.get_by_role("button", name="Favourite").click()
    library.get_by_role("button", name="All models").click()
    library.get_by_role("searchbox", name="Search models").fill("0.8")
    expect(library.get_by_role("button", name="hats, SD 1.x").locator(".icon-star")).to_be_visible()
    page.reload()
    expect(editor.node("KSampler")).to_be_visible()
    page.keyboard.press("m")
    library.get_by_role("combobox", name="Kind").select_option("loras")
    library.get_by_role("button", name="hats, SD 1.x").click()
    expect(library.get_by_role("textbox", name="Notes")).to_have_value("Good at 0.8.")
