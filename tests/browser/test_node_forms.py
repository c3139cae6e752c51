"""Nodes in every form that a declaration can have, of a pack that comes, breaks and is mended while a page is open."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.pages import Editor
from tests.conftest import Server

PACK = """
from typing import Annotated, Any

from graph.declare import Blocked, Context, Lazy, Subgraph, node
from graph.types import ANY, Socket
from nodes.sockets import Image, Mask

Anything = Annotated[Any, Socket(ANY)]


@node("FormCount", category="forms")
def count(upto: int = 1) -> list[int]:
    return list(range(upto))


@node("FormNames", category="forms", output_node=True)
def names(ctx: Context, **values: Anything) -> None:
    ctx.show("text", [",".join(values)])


@node("FormPicture", category="forms")
def picture(picture: Image | Mask) -> int:
    return 1


@node("FormTotal", category="forms")
def total(numbers: list[int]) -> int:
    return sum(numbers)


@node("FormShow", category="forms", output_node=True)
def show(ctx: Context, value: Anything) -> None:
    ctx.show("text", [str(value)])


@node("FormGate", category="forms")
def gate(open: bool, value: Lazy[Anything]) -> Anything:
    return value if open else Blocked("The gate is closed.")


@node("FormLoop", category="forms")
def loop(value: Anything, times: int = 2) -> Anything | Subgraph:
    graph = Subgraph()
    for turn in range(times):
        graph.add("FormShow", value=f"turn {turn}")
    return graph.returns(value)
"""


def reload_packs(server: Server) -> None:
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{server.url}/api/packs/reload", b"{}", headers), timeout=60) as answer:
        assert json.load(answer)["done"]


@pytest.fixture
def pack(server: Server) -> Iterator[Path]:
    """The pack's file."""
    path = server.base / "custom_nodes" / "forms" / "__init__.py"
    path.parent.mkdir(parents=True)
    path.write_text(PACK)
    yield path
    shutil.rmtree(path.parent)
    reload_packs(server)


@pytest.fixture
def forms(editor: Editor, server: Server, pack: Path) -> Editor:
    """An empty document; the pack has come after the page was opened."""
    editor.command("New")
    expect(editor.page.locator("[data-node]")).to_have_count(0)
    with editor.page.expect_response("**/api/object_info"):
        reload_packs(server)
    return editor


def labels(editor: Editor, node: str) -> list[str]:
    return editor.page.locator(f'[data-node="{node}"] .socket.input .socket-label').all_inner_texts()


def test_options_that_few_need_are_shown_when_asked_for(editor: Editor):
    page = editor.page
    node = editor.node("Prompt")
    option, button = node.locator('[data-widget="dialect"]'), node.get_by_role("button", name="Advanced options")
    expect(option).to_have_count(0)
    height = (node.bounding_box() or {})["height"]
    node.hover()
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    option.locator(".choice").click()
    page.get_by_role("option", name="WebUI").click()
    node.hover()
    button.click()
    expect(option).to_have_count(0)
    assert abs((node.bounding_box() or {})["height"] - height) < 1
    expect(button).to_have_class("node-button node-settings changed")
    page.keyboard.press("Control+z")
    expect(option).to_be_visible()
    page.reload()
    expect(option).to_contain_text("WebUI")


def test_inputs_come_and_go_with_their_links(forms: Editor):
    page = forms.page
    source, target = forms.add("FormCount", 200, 200), forms.add("FormNames", 700, 200)
    free = page.locator(f'[data-node="{target}"] .socket.input')
    for number in (1, 2):
        expect(free).to_have_count(number)
        forms.link(source, "INT", target, f"input {number}")
    expect(free).to_have_count(3)
    page.reload()
    expect(free).to_have_count(3)
    assert labels(forms, target) == ["input 1", "input 2", "input 3"]
    forms.drag(forms.socket(target, "input", "input 1"), (700, 700))
    expect(free).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(free).to_have_count(3)
    forms.drag(forms.socket(target, "input", "input 1"), (700, 700))
    forms.queue()
    expect(page.locator(f'[data-node="{target}"] .result-text').first).to_have_text("input_2", timeout=30_000)


def test_lists_and_unions_show_what_they_are(forms: Editor):
    page = forms.page
    source, total = forms.add("FormCount", 200, 200), forms.add("FormTotal", 700, 200)
    either = forms.add("FormPicture", 700, 500)
    for node, socket, tip in [
        (source, "output.list", "Gives a list of INT; each value is worked on by itself"),
        (total, "input.list", "Takes all values of a list of INT at once"),
        (either, "input.union", "IMAGE, MASK"),
    ]:
        expect(page.locator(f'[data-node="{node}"] .socket.{socket}')).to_have_attribute("data-tip", tip)


def test_what_nodes_make_is_seen_on_them_and_a_skipped_one_says_why(forms: Editor):
    page = forms.page
    source, gate = forms.add("FormCount", 150, 200), forms.add("FormGate", 500, 200)
    shown, loop = forms.add("FormShow", 900, 200), forms.add("FormLoop", 500, 500)
    after = forms.add("FormShow", 900, 550)
    for start, end, label in [(source, gate, "value"), (gate, shown, "value"), (source, loop, "value")]:
        forms.link(start, "INT" if start == source else "*", end, label)
    forms.link(loop, "*", after, "value")
    forms.queue()
    node = {id: page.locator(f'[data-node="{id}"]') for id in (shown, loop, after)}
    expect(node[after].locator(".result-text").first).to_have_text("0", timeout=30_000)
    expect(node[loop].locator(".result-text")).to_have_text(["turn 0", "turn 1"])
    expect(node[loop]).to_have_attribute("data-state", "done")
    expect(node[shown]).to_contain_text("Skipped: The gate is closed.")
    expect(page.locator("#toasts .toast")).to_have_count(0)
    forms.queue()
    expect(node[loop]).to_have_attribute("data-state", "cached")
    expect(node[loop].locator(".result-text")).to_have_text(["turn 0", "turn 1"])


def test_a_pack_that_breaks_leaves_the_document_as_it_is(forms: Editor, server: Server, pack: Path):
    page = forms.page
    source, target = forms.add("FormCount", 200, 200), forms.add("FormNames", 700, 200)
    forms.link(source, "INT", target, "input 1")
    upto = forms.field(source, "upto").get_by_role("spinbutton")
    upto.fill("3")
    upto.press("Enter")
    before = forms.wait_for_draft(
        lambda document: any(3 in node.get("widgets_values", []) for node in document["nodes"])
    )
    pack.write_text("1/0")
    reload_packs(server)
    expect(forms.node("FormNames")).to_contain_text("is not installed")
    page.reload()
    expect(forms.node("FormNames")).to_contain_text("is not installed")
    assert labels(forms, target)[0] == "input 1"
    pack.write_text(PACK)
    reload_packs(server)
    expect(upto).to_have_value("3")
    forms.drag(forms.socket(source, "output", "INT"), forms.socket(target, "input", "input 2"))
    after = forms.wait_for_draft(lambda document: len(document["links"]) == 2)
    assert before["links"][0] in after["links"]


def test_kept_results_are_told_and_forgotten(editor: Editor):
    page = editor.page
    editor.queue()
    editor.picture("Save Image")
    page.keyboard.press("Control+,")
    settings = page.get_by_role("dialog")
    settings.get_by_role("button", name="Kept results").click()
    expect(settings.get_by_role("button", name="Clear: On disk")).to_be_enabled()
    settings.get_by_role("button", name="Clear: In memory").click()
    expect(settings.get_by_role("button", name="Clear: In memory")).to_be_disabled()
    settings.get_by_role("button", name="Free memory and clear caches").click()
    expect(page.locator("#toasts")).to_contain_text("All results are forgotten")
    expect(settings.get_by_role("button", name="Clear: On disk")).to_be_disabled()


def test_a_paused_queue_begins_nothing(editor: Editor):
    page = editor.page
    page.keyboard.press("q")
    side = page.get_by_role("complementary", name="Queue")
    side.get_by_role("button", name="Pause").click()
    expect(side).to_contain_text("Paused")
    editor.queue()
    expect(side.get_by_role("region", name="Now and next").get_by_role("listitem")).to_have_count(1)
    side.get_by_role("button", name="Resume").click()
    editor.picture("Save Image")
    expect(side.get_by_text("Paused")).to_be_hidden()
