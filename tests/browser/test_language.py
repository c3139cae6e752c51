"""The editor in Chinese: every panel, dialog and menu, and every built-in node."""

import io
import json
import re
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import Editor
from tests.conftest import ROOT, TOUR_SEEN, Server, forget_settings, started_server
from tests.running_server import node

# Names that are the same in every language: of formats, keys, models' parts, and units.
TECHNICAL = """
    Safelight ComfyUI English API JSON PNG WebP CSV HTML EXIF CPU GPU RAM VRAM MB GB KB px ID URL OK FPS
    Ctrl Shift Alt Esc Del Tab Enter Backspace Space Home End PgUp PgDn F\\d+
    CLIP VAE LoRA ControlNet CFG DDIM Karras Latent Lanczos sRGB RGB RGBA alpha Markdown Python
    checkpoint embedding seed denoise cfg tags user models Sigma sigma
    Beta Canny FreeU HyperTile InstructPix2Pix LLLite Adapter LeReS MiDaS TAESD ZoeDepth Zero
    DreamBooth EasyCache IP FaceID Alimama FreSca LoCon LoHa
"""
# What a person or a program has named: it is shown as it is.
GIVEN = "code, kbd, pre, textarea, input, option, .search-id, .help-type, .log"
TEXTS = """(given) => {
    const shown = (element) => element?.checkVisibility({ visibilityProperty: true });
    const seen = (element) => shown(element) && !element.closest(given);
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
        if (seen(walker.currentNode.parentElement)) found.push(walker.currentNode.textContent.trim());
    for (const name of ['aria-label', 'placeholder', 'title', 'data-tip', 'alt'])
        for (const each of document.querySelectorAll(`[${name}]`))
            if (seen(each) || (shown(each) && each.matches('input, textarea'))) found.push(each.getAttribute(name));
    return [...new Set(found.filter(Boolean))];
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: what other tests have named is in no language."""
    with started_server(tmp_path_factory.mktemp("language")) as server:
        yield server


def words_left(text: str, given: Iterable[str]) -> bool:
    """Whether a text has words that are neither Chinese, nor the same in both languages, nor given by somebody."""
    for name in sorted((name for name in given if name in text), key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", "", text)
    # Types of links, ids with dots or underscores, paths, filters of a search, and places to be filled in.
    names = re.compile(r"\b[A-Z][A-Z0-9_]+\b|%\w+%|\b[\w-]+[._/][\w./-]+\b|\b[a-z]+:\w*")
    allowed = re.compile(rf"\b({'|'.join(TECHNICAL.split())})\b")
    return re.search(r"[A-Za-z]{2,}", allowed.sub("", names.sub("", text))) is not None


def assert_chinese(page: Page, what: str, *given: str) -> None:
    english = {text for text in page.evaluate(TEXTS, GIVEN) if words_left(text, given)}
    assert not english, f"{what}: {sorted(english)}"


def named_by_somebody(page: Page, server: Server) -> set[str]:
    """What the workflow's author has named, and the choices of all nodes: it is never translated."""
    info = json.load(urllib.request.urlopen(f"{server.url}/api/object_info"))
    inputs = [raw for each in info.values() for part in each["input"].values() for raw in part.values()]
    choices = {str(choice) for raw in inputs if isinstance(raw, list) and isinstance(raw[0], list) for choice in raw[0]}
    texts = page.locator("textarea").evaluate_all("(all) => all.map((each) => each.value)")
    workflow = {"Text to image", "Negative prompt", *texts}
    models = {Path(name).stem for name in choices}
    return {name for name in choices | models | workflow if len(name) > 1}


def speak_chinese(editor: Editor) -> None:
    editor.page.get_by_role("button", name="Language").click()
    editor.page.get_by_role("menuitemcheckbox", name="简体中文").click()
    expect(editor.page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(editor.node("K 采样器")).to_be_visible()


def test_no_english_is_left_in_any_panel_dialog_or_menu(editor: Editor, server: Server):
    page = editor.page
    speak_chinese(editor)
    mine = named_by_somebody(page, server)
    assert_chinese(page, "the page", *mine)
    for button in page.locator("#rail .rail-button[aria-pressed]").all():
        button.click()
        expect(page.locator("#side .side-body > *").first).to_be_attached()
        page.wait_for_load_state("networkidle")
        assert_chinese(page, f"the panel {button.get_attribute('aria-label')}", *mine)
    editor.node("K 采样器").locator(".node-title").click()
    page.keyboard.press("F1")
    expect(page.locator(".help")).to_contain_text("输入")
    assert_chinese(page, "the help of a node", *mine)
    page.locator("#side .side-head").get_by_role("button", name="关闭").click()
    page.keyboard.press("Control+,")
    expect(page.locator(".settings-section")).to_be_visible()
    for button in page.locator(".settings-page").all():
        button.click()
        assert_chinese(page, f"settings: {button.text_content()}", *mine)
    page.keyboard.press("Escape")
    shown = {"Control+Shift+P": ".palette", "Control+f": ".find", "Tab": ".search", "?": ".cheat-sheet"}
    for keys, place in shown.items():
        page.locator("#canvas").focus()
        page.keyboard.press(keys)
        expect(page.locator(place)).to_be_visible(timeout=20_000)
        assert_chinese(page, place, *mine)
        page.keyboard.press("Escape")
        expect(page.locator(place)).to_have_count(0)
    for target in (editor.node("K 采样器").locator(".node-title"), editor.node("保存图像").locator(".node-title")):
        target.click(button="right")
        walk_menu(page, *mine)
    page.mouse.click(700, 860, button="right")
    walk_menu(page, *mine)
    page.locator(".file-button").click()
    walk_menu(page, *mine)


def walk_menu(page: Page, *mine: str) -> None:
    """Look at an open menu and everything that hangs from it."""
    menu = page.get_by_role("menu").first
    expect(menu).to_be_visible()
    assert_chinese(page, f"the menu {menu.get_attribute('aria-label')}", *mine)
    for item in menu.locator(".menu-item[aria-haspopup]:not([aria-disabled])").all():
        item.hover()
        expect(item).to_have_attribute("aria-expanded", "true")
        assert_chinese(page, f"the menu {item.text_content()}", *mine)
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)


PNG = io.BytesIO()
Image.effect_noise((64, 64), 80).save(PNG, "PNG")
REFUSED = {
    "cut.png": (PNG.getvalue()[:2000], "image/png", "已损坏或不完整。"),
    "page.jpg": (b"<html>Please log in</html>", "image/jpeg", "不是可以读取的图片。"),
    "broken.mp4": (b"\0\0\0\x18ftypisom" + b"nonsense" * 50, "video/mp4", "不是可以读取的视频。"),
    "broken.mkv": (b"nonsense", "", "不是可以读取的视频。"),
    "all.zip": (b"PK\3\4", "application/zip", "是压缩包。"),
    "notes.txt": (b"Buy milk.", "text/plain", "中没有工作流。"),
}


def test_what_is_wrong_is_said_in_chinese(browser: Browser, server: Server, tmp_path: Path):
    # A refusal is an error in the browser's console.
    context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}, locale="zh-CN")
    context.add_init_script(TOUR_SEEN)
    forget_settings(server)
    page = context.new_page()
    page.goto("/")
    editor = Editor(page)
    editor.node("VAE 解码").locator(".node-title").click(timeout=60_000)
    page.keyboard.press("Delete")
    editor.button("加入队列").click()
    expect(page.locator(".node-problem").first).to_contain_text("缺少“图像”")
    page.locator("#canvas").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.locator(".node")).to_have_count(0)
    editor.button("加入队列").click()
    expect(page.locator("#toasts")).to_contain_text("工作流没有输出节点")
    file = tmp_path / "table.json"
    file.write_text(json.dumps({"1": node("ShowTable", text="a,b\n1,2,3")}))
    editor.drop(file, "application/json")
    expect(page.locator(".node")).to_have_count(1)
    editor.button("加入队列").click()
    said = "有一行有 3 个单元格，而第一行只列出了 2 列。"
    expect(page.locator(".node-problem").first).to_contain_text(said, timeout=60_000)
    expect(page.locator("#toasts")).to_contain_text(said)
    page.keyboard.press("q")
    expect(page.locator(".job-error").first).to_contain_text(said)
    for name, (content, media_type, sentence) in REFUSED.items():
        (tmp_path / name).write_bytes(content)
        editor.drop(tmp_path / name, media_type)
        expect(page.locator("#toasts")).to_contain_text(f"“{name}”{sentence}")
    expect(page.locator(".node")).to_have_count(1)
    context.close()


def test_what_nodes_show_is_said_in_the_language_of_the_moment(editor: Editor, server: Server, tmp_path: Path):
    page = editor.page
    folder = server.base / "input" / "picture"
    folder.mkdir(parents=True)
    for name in ("one", "two"):
        Image.new("RGB", (64, 64)).save(folder / f"{name}.png")
    table = "picture,loss\nmask,{} x {}: {} in {} batches"
    prompt = {
        "1": node("TrainingPictures", folder_name="picture", caption="loss"),
        "2": node("CheckTrainingPictures", dataset=["1", 0], resolution=64, steps=5),
        "3": node("ShowTable", text=table),
    }
    file = tmp_path / "shown.json"
    file.write_text(json.dumps(prompt))
    editor.drop(file, "application/json")
    expect(page.locator(".node")).to_have_count(3)
    speak = page.locator("#toolbar").get_by_role("button", name=re.compile("Language|语言"))
    speak.click()
    page.get_by_role("menuitemcheckbox", name="简体中文").click()
    page.keyboard.press("Control+Enter")
    checked, given = (page.locator(f"[data-node='{id}']") for id in "23")
    expect(checked.locator(".figure-title")).to_have_text(
        "2 张图片，计重复共 2 张，每批 1 张。每轮 2 步。5 步合 2.5 轮。", timeout=60_000
    )
    expect(checked.locator(".result-text")).to_contain_text("picture：2 张图片，计重复共 2 张，占一轮的 100%，权重 1")
    expect(checked.locator("th")).to_have_text(["", "图片", "概念", "重复次数", "训练尺寸", "描述", "遮罩"])
    # What a person has written or named stays, though nodes have the same words.
    expect(checked.locator("tbody tr").first.locator("td")).to_have_text(
        ["", "one.png", "picture", "1", "64 x 64", "loss", ""]
    )
    expect(given.locator("th, td")).to_have_text(["picture", "loss", *table.split("\n")[1].split(",")])
    speak.click()
    page.get_by_role("menuitemcheckbox", name="English").click()
    expect(checked.locator("th").nth(1)).to_have_text("picture")
    expect(checked.locator(".figure-title")).to_contain_text("2 pictures, 2 with repeats, in batches of 1.")


def texts_of(type: str, info: dict[str, Any]) -> list[list[str]]:
    """For everything that is said of a node type, the keys of which one must have a text."""
    key = f"node.{type}"
    wanted = [[f"{key}.title"], *([f"category.{part}"] for part in info["category"].split("/"))]
    if info["description"]:
        wanted.append([f"{key}.description"])
    for section in ("required", "optional"):
        for name, raw in info["input"].get(section, {}).items():
            stem = re.sub(r"_\d+$", "", name)
            wanted.append([f"{key}.input.{name}", f"input.{name}", f"input.{stem}"])
            if len(raw) > 1 and raw[1].get("tooltip"):
                wanted.append([f"{key}.tip.{name}", f"tip.{name}"])
    return wanted + [[f"{key}.output.{index}", f"output.{name}"] for index, name in enumerate(info["output_name"])]


def test_every_built_in_node_is_said_in_chinese(server: Server):
    with urllib.request.urlopen(f"{server.url}/api/object_info") as answer:
        types = {type: info for type, info in json.load(answer).items() if not info.get("alias_of")}
    assert len(types) > 50
    texts = json.loads((Path(ROOT) / "web/locales/nodes.zh-CN.json").read_text("utf-8"))
    for type in ("Reroute", "Note", "MarkdownNote", "PrimitiveNode"):
        assert f"node.{type}.title" in texts
    wanted = [keys for type, info in types.items() for keys in texts_of(type, info)]
    assert [keys for keys in wanted if texts.keys().isdisjoint(keys)] == []


def test_nodes_are_found_in_both_languages(editor: Editor):
    page = editor.page
    speak_chinese(editor)
    for query in ("KSampler", "采样器"):
        page.locator("#canvas").focus()
        page.keyboard.press("Tab")
        page.get_by_role("combobox", name="搜索节点").fill(query)
        expect(page.get_by_role("option").first).to_contain_text("K 采样器")
        page.keyboard.press("Escape")
