"""Prompts and files with a real server: completion, uploads, pictures in lists, seeds of 64 bits."""

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.pages import Editor
from tests.conftest import Server

TAGS = '1girl,0,6000000,"女孩"\nlong_hair,0,4300000,"长发,longhair"\nlong_sleeves,0,1500000,\nfate_(series),3,9000,\n'
DROP_ON = """([selector, files]) => {
    const transfer = new DataTransfer();
    for (const [text, name, type] of files) {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type }));
    }
    const target = document.querySelector(selector);
    target.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
PASTE_IN = """([text, name, type]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name, { type }));
    const paste = new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(paste);
}"""


def picture(color: str) -> str:
    output = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(output, "PNG")
    return base64.b64encode(output.getvalue()).decode()


@pytest.fixture
def tags(server: Server) -> Path:
    path = server.base / "user" / "tags" / "danbooru.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TAGS, encoding="utf-8")
    return path


def test_tags_are_completed_while_one_types(editor: Editor, tags: Path):
    page = editor.page
    prompt = editor.node("Prompt").get_by_role("textbox")
    prompt.fill("")
    prompt.click()
    options = page.get_by_role("listbox", name="Completions").get_by_role("option")
    page.keyboard.type("1girl, lon")
    expect(options).to_have_count(2)
    expect(options.first).to_contain_text("long hair")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(prompt).to_have_value("1girl, long sleeves, ")
    # The alias of another language finds the tag; what an input method has not finished is left alone.
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "chang", "selectionStart": 5, "selectionEnd": 5})
    expect(options).to_have_count(0)
    session.send("Input.insertText", {"text": "长发"})
    expect(options).to_contain_text(["long hair← 长发"])
    page.keyboard.press("Enter")
    expect(prompt).to_have_value("1girl, long sleeves, long hair, ")
    page.keyboard.type("fate")
    expect(options).to_have_count(1)
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    page.keyboard.press("Backspace")
    expect(options).to_have_count(1)
    options.first.click()
    expect(prompt).to_have_value("1girl, long sleeves, long hair, fate \\(series\\), ")
    prompt.press("Control+z")
    expect(prompt).to_have_value("1girl, long sleeves, long hair, fat")


def test_pictures_are_dropped_pasted_and_chosen_by_their_looks(editor: Editor, server: Server):
    page = editor.page
    (server.base / "input" / "faces").mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (200, 100), "teal").save(server.base / "input" / "faces" / "teal.png")
    editor.command("New")
    node = editor.add("load image", 500, 200)
    field = editor.field(node, "image")
    drop = f'[data-node="{node}"] [data-widget="image"] .widget-picture'
    files = [[picture("red"), "red.png", "image/png"], [picture("blue"), "blue.png", "image/png"]]
    expect(page.locator(drop).first).to_be_visible()
    page.evaluate(DROP_ON, [drop, files])
    choice = field.get_by_role("button", name="image: red.png").first
    expect(choice).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("2 files were uploaded")
    expect(field.locator("img")).to_have_js_property("naturalWidth", 40)
    expect(page.locator(drop).first).to_be_visible()
    page.evaluate(DROP_ON, [drop, [["eA==", "notes.txt", "text/plain"]]])
    expect(page.locator("#toasts")).to_contain_text("“notes.txt” is not a picture.")
    choice.focus()
    page.evaluate(PASTE_IN, [picture("lime"), "image.png", "image/png"])
    expect(field.get_by_role("button", name="image: image.png").first).to_be_visible()
    assert (server.base / "input" / "image.png").is_file()

    field.get_by_role("button", name="image: image.png").first.click()
    options = page.get_by_role("listbox", name="image").get_by_role("option")
    teal = options.filter(has_text="teal")
    expect(teal.locator("img")).to_have_js_property("naturalWidth", 96)
    page.get_by_role("button", name="Show as a grid").click()
    teal.click()
    expect(field.get_by_role("button", name="image: faces/teal.png").first).to_be_visible()
    editor.wait_for_draft(lambda document: document["nodes"][0]["widgets_values"][0] == "faces/teal.png")


def test_a_model_that_is_not_there_offers_those_like_it(editor: Editor):
    page = editor.page
    workflow = {
        "nodes": [{"id": 1, "type": "CheckpointLoader", "pos": [300, 200], "widgets_values": ["sub/Pocket-v1.ckpt"]}],
        "links": [],
        "version": 0.4,
    }
    text = base64.b64encode(json.dumps(workflow).encode()).decode()
    expect(page.locator("#canvas").first).to_be_visible()
    page.evaluate(DROP_ON, ["#canvas", [[text, "missing.json", "application/json"]]])
    field = editor.field("1", "ckpt_name")
    expect(field.locator(".missing")).to_be_visible()
    page.keyboard.press("Escape")
    field.get_by_role("button").click()
    expect(page.get_by_role("listbox")).to_contain_text("“sub/Pocket-v1.ckpt” is not there. Similar:")
    page.get_by_role("option", name="pocket.safetensors").first.click()
    expect(field.get_by_role("button", name="pocket.safetensors")).to_be_visible()


def test_a_seed_of_64_bits_survives_opening_and_saving(editor: Editor):
    values = [18446744073709551615, "fixed", 4, 7.0, "euler", "normal", 1.0]
    workflow = {"nodes": [{"id": 1, "type": "KSampler", "pos": [300, 100], "widgets_values": values}], "links": []}
    text = base64.b64encode(json.dumps({**workflow, "version": 0.4}).encode()).decode()
    expect(editor.page.locator("#canvas").first).to_be_visible()
    editor.page.evaluate(DROP_ON, ["#canvas", [[text, "seed.json", "application/json"]]])
    seed = editor.field("1", "seed").get_by_role("spinbutton")
    expect(seed).to_have_value("18446744073709551615")
    editor.field("1", "steps").get_by_role("spinbutton").fill("5")
    editor.page.keyboard.press("Enter")
    document = editor.wait_for_draft(lambda kept: 5 in kept["nodes"][0]["widgets_values"])
    assert int(document["nodes"][0]["widgets_values"][0]) == 2**64 - 1
