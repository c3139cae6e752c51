"""From an empty canvas to a picture, and what must never be lost on the way."""

import json
from collections import Counter
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.pages import Editor
from tests.conftest import Server

# The meters in the toolbar change by themselves.
ELEMENTS = """[...document.querySelectorAll('body *')]
    .filter((each) => !each.closest('#toolbar'))
    .map((each) => `${each.tagName} ${each.getAttribute('class') ?? ''}`)"""


def test_a_picture_from_a_graph_built_by_hand(editor: Editor):
    page = editor.page
    editor.command("New")
    expect(page.locator("[data-node]")).to_have_count(0)
    loader = editor.add("checkpoint", 180, 160)
    positive = editor.add("CLIPEncode", 560, 160)
    negative = editor.add("prompt", 560, 420)
    empty = editor.add("empty latent", 180, 420)
    sampler = editor.add("KSampler", 960, 160)
    decode = editor.add("VAE Decode", 960, 640)
    save = editor.add("save image", 1260, 300)
    for source, output, target, label in [
        (loader, "MODEL", sampler, "model"),
        (loader, "CLIP", positive, "clip"),
        (loader, "CLIP", negative, "clip"),
        (loader, "VAE", decode, "vae"),
        (positive, "CONDITIONING", sampler, "positive"),
        (negative, "CONDITIONING", sampler, "negative"),
        (empty, "LATENT", sampler, "latent image"),
        (sampler, "LATENT", decode, "samples"),
        (decode, "IMAGE", save, "images"),
    ]:
        editor.link(source, output, target, label)
    editor.field(positive, "text").get_by_role("textbox").fill("a large red heart on a blue background")
    for name in ("width", "height"):
        size = editor.field(empty, name).get_by_role("spinbutton")
        size.fill("128")
        size.press("Enter")
    document = editor.wait_for_draft(lambda document: len(document["links"]) == 9)
    assert {node["type"] for node in document["nodes"]} >= {"CheckpointLoader", "KSampler", "SaveImage"}

    editor.queue()
    expect(page.locator(f'[data-node="{sampler}"]')).to_have_attribute("data-state", "running", timeout=60_000)
    picture = editor.picture("Save Image")
    expect(page.locator(f'[data-node="{sampler}"]')).to_have_attribute("data-state", "done")
    assert picture.evaluate("(image) => image.naturalWidth") == 128

    editor.button("Show the queue").click()
    expect(page.get_by_role("region", name="Done").get_by_role("listitem").first.locator("img")).to_be_visible()


def test_the_default_workflow_makes_another_picture_each_time_and_shows_its_seed(editor: Editor):
    seed = editor.node("KSampler").get_by_role("spinbutton", name="seed")
    first = seed.input_value()
    editor.queue()
    shown = editor.picture("Save Image").get_attribute("src")
    expect(seed).to_have_value(first)
    editor.queue()
    expect(editor.node("Save Image").locator("img").first).not_to_have_attribute("src", shown or "", timeout=90_000)
    expect(seed).not_to_have_value(first)
    second = editor.picture("Save Image").get_attribute("src")
    editor.page.reload()
    assert editor.picture("Save Image").get_attribute("src") == second


def test_a_deleted_node_comes_back_with_its_links(editor: Editor):
    editor.node("KSampler").locator(".node-title").click()
    editor.page.keyboard.press("Delete")
    expect(editor.node("KSampler")).to_have_count(0)
    assert len(editor.wait_for_draft(lambda document: len(document["nodes"]) == 6)["links"]) == 4
    editor.page.keyboard.press("Control+z")
    expect(editor.node("KSampler")).to_be_visible()
    after = editor.wait_for_draft(lambda document: len(document["nodes"]) == 7)
    assert len(after["links"]) == 9
    editor.button("Redo").click()
    expect(editor.node("KSampler")).to_have_count(0)


def test_copies_keep_the_links_among_them(editor: Editor):
    editor.page.keyboard.press("Control+a")
    editor.page.keyboard.press("Control+c")
    editor.page.mouse.move(300, 700)
    editor.page.keyboard.press("Control+v")
    document = editor.wait_for_draft(lambda document: len(document["nodes"]) == 14)
    assert len(document["links"]) == 18


def test_a_saved_workflow_opens_again(editor: Editor, server: Server):
    page = editor.page
    steps = editor.node("KSampler").get_by_role("spinbutton", name="steps")
    steps.fill("7+4")
    steps.press("Enter")
    editor.command("Save as")
    page.get_by_role("textbox", name="Name", exact=True).fill("心 and heart")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Workflow 心 and heart")).to_be_visible()
    stored = server.base / "user" / "default" / "workflows" / "心 and heart.json"
    sampler = next(node for node in json.loads(stored.read_text())["nodes"] if node["type"] == "KSampler")
    assert 11 in sampler["widgets_values"]

    editor.command("New")
    expect(page.locator("[data-node]")).to_have_count(0)
    page.locator(".file-button").click()
    page.get_by_role("menuitem", name="Saved workflows").click()
    page.get_by_role("menuitem", name="心 and heart").click()
    expect(steps).to_have_value("11")


def test_another_workflow_is_not_overwritten_unasked(editor: Editor, server: Server):
    page = editor.page
    stored = server.base / "user" / "default" / "workflows" / "taken.json"
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text("{}")
    for answer in ("Cancel", "Replace"):
        page.keyboard.press("Control+s")
        page.get_by_role("textbox", name="Name", exact=True).fill("taken")
        page.keyboard.press("Enter")
        page.get_by_role("dialog").get_by_text(answer, exact=True).last.click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        if answer == "Cancel":
            assert stored.read_text() == "{}"
    for _ in range(100):  # the dialog is gone before the file is written
        if stored.read_text() != "{}":
            break
        page.wait_for_timeout(50)
    assert '"nodes"' in stored.read_text()


def test_panels_leave_nothing_behind(editor: Editor):
    page = editor.page

    def elements() -> Counter[str]:
        return Counter(page.evaluate(ELEMENTS))

    def open_and_close() -> None:
        contents = {"p": page.get_by_text("No problems."), "q": page.get_by_role("region", name="Done")}
        for key, content in contents.items():
            page.keyboard.press(key)
            expect(content).to_be_visible()
            page.keyboard.press(key)
            expect(content).to_be_hidden()

    open_and_close()
    before = elements()
    for _ in range(10):
        open_and_close()
    # What the page says for a moment, as in a tooltip, comes and goes; what panels left would be there ten times.
    left = {name: count for name, count in (elements() - before).items() if count >= 10}
    assert not left


def test_a_reload_loses_nothing(editor: Editor):
    page = editor.page
    editor.node("Empty Latent").locator(".node-title").click()
    page.keyboard.press("Delete")
    expect(editor.node("Empty Latent")).to_have_count(0)
    page.reload()
    expect(editor.node("KSampler")).to_be_visible()
    expect(editor.node("Empty Latent")).to_have_count(0)


def test_each_window_keeps_its_own_draft(editor: Editor):
    first = editor.page
    other = Editor(first.context.new_page())
    other.open()
    for window, title in [(editor, "Empty Latent"), (other, "VAE Decode")]:
        window.node(title).locator(".node-title").click()
        window.page.keyboard.press("Delete")
        expect(window.node(title)).to_have_count(0)
    for window, gone, there in [(editor, "Empty Latent", "VAE Decode"), (other, "VAE Decode", "Empty Latent")]:
        window.page.reload()
        expect(window.node(there)).to_be_visible()
        expect(window.node(gone)).to_have_count(0)
    other.page.close()
    again = Editor(first.context.new_page())
    again.page.goto("/")
    expect(again.node("Empty Latent")).to_be_visible()
    expect(again.node("VAE Decode")).to_have_count(0)


def test_a_picture_brings_its_workflow_back(editor: Editor, server: Server):
    seed = editor.node("KSampler").get_by_role("spinbutton", name="seed")
    made = seed.input_value()
    editor.queue()
    source = editor.picture("Save Image").get_attribute("src") or ""
    name = next(part.split("=")[1] for part in source.split("?")[1].split("&") if part.startswith("filename="))
    editor.command("New")
    expect(editor.page.locator("[data-node]")).to_have_count(0)
    editor.drop(server.base / "output" / name, "image/png")
    expect(editor.node("KSampler").get_by_role("spinbutton", name="seed")).to_have_value(made)
    expect(editor.page.get_by_role("tab")).to_have_count(2)


def test_a_picture_without_a_workflow_becomes_a_node(editor: Editor, tmp_path: Path):
    Image.new("RGB", (16, 16), "red").save(tmp_path / "plain red.png")
    editor.drop(tmp_path / "plain red.png", "image/png")
    expect(editor.node("Load Image")).to_be_visible()
    loader = editor.wait_for_draft(lambda document: len(document["nodes"]) == 8)["nodes"][-1]
    assert loader["widgets_values"][0] == "plain red.png"


def test_a_node_that_is_not_installed_is_kept_whole(editor: Editor, tmp_path: Path):
    foreign = {
        "id": 3,
        "type": "PackOf/Somebody",
        "pos": [300, 100],
        "size": [240, 120],
        "flags": {"pinned": True},
        "order": 1,
        "mode": 0,
        "inputs": [{"name": "clip", "type": "CLIP", "link": 1, "localized_name": "夹"}],
        "outputs": [{"name": "out", "type": "WEIRD", "links": None}],
        "properties": {"cnr_id": "somebody", "ver": "1.2.3"},
        "widgets_values": [1, "two", {"three": [4]}],
    }
    loader = {"id": 1, "type": "CheckpointLoader", "pos": [0, 100], "size": [280, 100], "outputs": [], "mode": 0}
    file = {
        "nodes": [loader, foreign],
        "links": [[1, 1, 1, 3, 0, "CLIP"]],
        "groups": [],
        "extra": {"mine": 1},
        "version": 0.4,
    }
    path = tmp_path / "foreign.json"
    path.write_text(json.dumps(file))
    editor.drop(path, "application/json")
    placeholder = editor.node("PackOf/Somebody")
    expect(placeholder).to_contain_text("is not installed")
    placeholder.locator(".node-title").click()
    editor.page.keyboard.press("p")
    expect(editor.page.get_by_role("complementary")).to_contain_text("somebody 1.2.3")
    saved = editor.wait_for_draft(lambda document: len(document["nodes"]) == 2)
    assert next(node for node in saved["nodes"] if node["id"] == 3) == foreign
    assert (saved["links"], saved["extra"]) == (file["links"], file["extra"])


def test_what_is_wrong_is_said_on_the_node(editor: Editor):
    page = editor.page
    editor.add("preview image", 250, 760)
    editor.queue()
    preview = editor.node("Preview Image")
    expect(preview.get_by_role("alert")).to_contain_text("images")
    expect(page.locator("#toasts")).to_contain_text("problem")
    panel = page.get_by_role("complementary", name="Problems")
    expect(panel.get_by_role("listitem")).to_have_count(1)
    expect(panel.get_by_role("listitem")).to_contain_text("Preview Image")
    # The other output is fine, and is made.
    editor.picture("Save Image")


def test_a_file_that_is_no_workflow_is_refused_with_a_sentence(editor: Editor, tmp_path: Path):
    for name, text, sentence in [
        ("cut.json", '{"nodes": [', "not valid JSON"),
        ("other.json", '{"a": 1}', "not a workflow"),
        ("broken.json", '{"nodes": [{"id": 1}]}', "Entry 1"),
    ]:
        (tmp_path / name).write_text(text)
        editor.drop(tmp_path / name, "application/json")
        expect(editor.page.locator("#toasts")).to_contain_text(sentence)
    expect(editor.node("KSampler")).to_be_visible()


def test_the_editor_speaks_chinese(editor: Editor):
    page = editor.page
    editor.button("Language").click()
    page.get_by_role("menuitemcheckbox", name="简体中文").click()
    expect(editor.node("K 采样器")).to_be_visible()
    expect(editor.button("加入队列")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.reload()
    expect(editor.node("K 采样器").get_by_role("spinbutton", name="步数")).to_be_visible()
    page.keyboard.press("Tab")
    page.get_by_role("combobox", name="搜索节点").fill("caiyang")
    expect(page.get_by_role("listbox")).to_contain_text("没有匹配的节点")
    page.get_by_role("combobox", name="搜索节点").fill("采样器")
    expect(page.get_by_role("option").first).to_contain_text("K 采样器")
