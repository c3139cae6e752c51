"""What packs add to the editor: widgets, names, problems, and taking up what has changed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Editor
from tests.running_server import RunningServer

ROOT = Path(__file__).resolve().parents[2]
NODE = """
from typing import Annotated
from graph.declare import Widget, node

@node("{id}", category="test")
def function(value: Annotated[float, Widget("{widget}")] = 1.5) -> float:
    return value
"""
SCRIPTS = {
    "throws.js": """import { definePack } from 'safelight';
        export default definePack(() => { throw new Error('The script broke.'); });""",
    "widget.js": """import { definePack } from 'safelight';
        export default definePack(({ registerWidget }) => {
        registerWidget('odd.mount', () => { throw new Error('The widget broke.'); });
        registerWidget('odd.set', (element, { value }) => {
            element.textContent = `value ${value}`;
            return { set() { throw new Error('Setting broke.'); }, focus() {}, destroy() {} };
        });
        });""",
    "theirs.js": "import { app } from '../../scripts/app.js';",
}


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    base = tmp_path_factory.mktemp("packs")
    folder = base / "custom_nodes"
    shutil.copytree(ROOT / "custom_nodes" / "example_pack", folder / "example_pack")
    put(folder / "odd" / "__init__.py", NODE.format(id="OddSet", widget="odd.set"))
    put(folder / "odd2" / "__init__.py", NODE.format(id="OddMount", widget="odd.mount"))
    put(folder / "odd3" / "__init__.py", NODE.format(id="OddUnknown", widget="odd.unknown"))
    put(folder / "changing" / "__init__.py", NODE.format(id="BeforeIt", widget=""))
    for name, text in SCRIPTS.items():
        put(folder / "odd" / "web" / name, text)
    running = RunningServer(base, "--nodes", "nodes", "--cpu", "--models", str(ROOT / "models")).start()
    yield running
    running.stop()


@pytest.fixture
def editor(editor: Editor) -> Editor:
    """The editor with nothing in it."""
    editor.command("New")
    expect(editor.page.locator("[data-node]")).to_have_count(0)
    return editor


def test_a_widget_of_a_pack_changes_its_value_by_keys_and_pointer(editor: Editor):
    node = editor.add("Gradient", 600, 300)
    dial = editor.field(node, "angle").get_by_role("slider", name="angle")
    expect(editor.field(node, "angle")).to_contain_text("45°")
    dial.press("ArrowUp")
    expect(editor.field(node, "angle")).to_contain_text("46°")
    box = dial.bounding_box()
    assert box is not None
    editor.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 4)
    expect(editor.field(node, "angle")).to_contain_text("90°")
    editor.wait_for_draft(
        lambda document: any(
            each["type"] == "ExampleGradient" and 90 in each["widgets_values"] for each in document["nodes"]
        )
    )
    editor.page.keyboard.press("Control+z")
    expect(editor.field(node, "angle")).to_contain_text("46°")


def test_names_of_a_pack_are_in_the_language_of_the_page(editor: Editor):
    editor.add("Gradient", 600, 300)
    editor.wait_for_draft(lambda document: len(document["nodes"]) == 1)
    editor.page.evaluate("""() => localStorage.setItem('safelight.setting.appearance.language', '"zh-CN"')""")
    editor.page.reload()
    gradient = editor.page.get_by_role("group", name="渐变", exact=True)
    expect(gradient).to_be_visible(timeout=30_000)
    expect(gradient.locator(".socket.output")).to_have_text("渐变")
    expect(gradient.locator('[data-widget="width"]')).to_contain_text("宽度")


def test_what_throws_is_a_problem_and_the_editor_works_on(editor: Editor):
    page = editor.page
    for index, name in enumerate(("Odd Mount", "Odd Set", "Odd Unknown")):
        editor.add(name, 600, 200 + index * 180)
    expect(editor.node("Odd Set").locator('[data-widget="value"]')).to_have_text("value 1.5")
    for name in ("Odd Mount", "Odd Unknown"):
        expect(editor.node(name).locator(".widget-number")).to_be_visible()
    page.keyboard.press("p")
    problems = page.locator("#side .problem")
    expect(problems).to_have_count(3)
    for text in ("The script broke.", "The widget broke.", "Setting broke."):
        expect(problems.filter(has_text=text)).to_have_count(1)
    expect(problems.filter(has_text="The script broke.").locator(".problem-place")).to_have_text("odd")
    expect(problems.filter(has_text="The widget broke.").locator(".problem-place")).to_have_text("odd")


def test_a_changed_pack_is_taken_up_without_a_restart(editor: Editor, server: RunningServer):
    page = editor.page
    put(server.base / "custom_nodes" / "changing" / "__init__.py", NODE.format(id="AfterIt", widget=""))
    page.mouse.click(600, 300, button="right")
    page.get_by_role("menuitem", name="Server").hover()
    page.get_by_role("menuitem", name="Reload packs").click()
    expect(page.locator("#toasts")).to_contain_text("The packs are loaded anew.")
    editor.add("After It", 600, 300)
    expect(editor.node("After It")).to_be_visible()


def test_templates_of_packs_are_offered_with_their_pack(editor: Editor, browser_page: Page):
    browser_page.keyboard.press("Alt+t")
    browser_page.get_by_role("dialog").get_by_role("button", name="Pictures and lists").click()
    expect(editor.node("Gradient")).to_be_visible()
