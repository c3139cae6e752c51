"""What the example pack adds to the editor: everything that `docs/editor-extensions.md` describes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import Editor
from tests.running_server import RunningServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    base = tmp_path_factory.mktemp("extensions")
    shutil.copytree(ROOT / "custom_nodes" / "example_pack", base / "custom_nodes" / "example_pack")
    running = RunningServer(base, "--nodes", "nodes", "--cpu", "--models", str(ROOT / "models")).start()
    yield running
    running.stop()


@pytest.fixture
def finished(editor: Editor) -> Editor:
    """The editor after a job, so that every node has its time."""
    editor.queue()
    editor.picture("Save Image")
    return editor


def test_a_pack_adds_a_panel_that_follows_what_runs(finished: Editor):
    page = finished.page
    page.get_by_role("button", name="Stopwatch", exact=True).click()
    panel = page.get_by_role("complementary", name="Stopwatch")
    expect(panel.get_by_text("The nodes took")).to_be_visible()
    first = panel.get_by_role("button").filter(has_text="KSampler")
    first.click()
    expect(finished.node("KSampler")).to_have_class("node selected")
    page.keyboard.press("Control+Alt+j")
    expect(panel).to_have_count(0)


def test_a_pack_marks_nodes_by_its_setting_and_changes_the_document_in_one_step(finished: Editor):
    page = finished.page
    page.evaluate("() => localStorage.setItem('safelight.setting.example_pack.slow', '0.001')")
    page.reload()
    expect(finished.node("Save Image")).to_be_visible()
    finished.queue()
    mark = finished.node("Save Image").get_by_text("slow", exact=True)
    expect(mark).to_be_visible(timeout=60_000)
    expect(mark).to_have_attribute("data-tip", "It took longer than the settings call quick.")
    page.keyboard.press("Control+Alt+k")
    expect(page.locator("#toasts")).to_contain_text("nodes are coloured")
    colored = finished.wait_for_draft(lambda document: any("color" in node for node in document["nodes"]))
    assert sum("color" in node for node in colored["nodes"]) >= 1
    page.keyboard.press("Control+z")
    finished.wait_for_draft(lambda document: not any(node.get("color") for node in document["nodes"]))


def test_a_pack_adds_entries_to_the_menu_of_a_node(editor: Editor):
    page = editor.page
    editor.node("KSampler").locator(".node-title").click(button="right")
    page.get_by_role("menuitem", name="Show its values").click()
    expect(page.get_by_role("dialog", name="KSampler")).to_contain_text('"sampler_name"')
