"""Subgraphs, as a person makes, enters, shares and unpacks them."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from playwright.sync_api import Page, expect

from graph.documents.compiler import DocumentError, compile_document
from tests.browser.pages import Editor
from tests.graph.random_documents import Json, documents
from tests.graph.test_subgraphs import SCHEMAS

STAR = "a large yellow star on a blue background, flat style"


def select(editor: Editor, *titles: str) -> None:
    editor.page.keyboard.press("Escape")
    for index, title in enumerate(titles):
        modifiers: Any = ["Shift"] if index else []
        editor.node(title).locator(".node-name").first.click(modifiers=modifiers)


def make(editor: Editor, name: str, *titles: str) -> None:
    """Make a subgraph of nodes."""
    select(editor, *titles)
    editor.page.keyboard.press("Control+Shift+G")
    editor.page.get_by_role("textbox", name="Name", exact=True).fill(name)
    editor.page.keyboard.press("Enter")
    expect(editor.node(name)).to_be_visible()


def enter(editor: Editor, title: str) -> None:
    editor.node(title).locator(".node-name").first.dblclick()
    expect(editor.node("Inputs")).to_be_visible()


def way(editor: Editor) -> list[str]:
    return editor.page.locator(".breadcrumb b, .breadcrumb button:not(.breadcrumb-menu)").all_inner_texts()


def of_menu(editor: Editor, title: str, *entries: str) -> None:
    """Choose an entry of a node's context menu, through submenus."""
    editor.node(title).locator(".node-name").first.click(button="right")
    *submenus, last = entries
    for submenu in submenus:
        editor.page.get_by_role("menuitem", name=submenu, exact=True).hover()
    item = editor.page.get_by_role("menuitem", name=last).or_(editor.page.get_by_role("menuitemcheckbox", name=last))
    item.last.click()


def text_of(editor: Editor) -> str:
    """The whole document as the page would save it."""
    with editor.page.expect_download() as download:
        editor.page.locator(".file-button").click()
        editor.page.get_by_role("menuitem", name="Download", exact=True).click()
    return download.value.path().read_text(encoding="utf-8")


def subgraphs(document: dict[str, Any]) -> list[str]:
    return [each["name"] for each in document.get("definitions", {}).get("subgraphs", [])]


def test_a_subgraph_is_made_entered_and_run_with_values_of_its_own(editor: Editor) -> None:
    page = editor.page
    make(editor, "Denoise", "Prompt", "Negative prompt", "KSampler")
    expect(page.locator("[data-node]")).to_have_count(5)

    enter(editor, "Denoise")
    assert way(editor)[-1] == "Denoise"
    of_menu(editor, "Prompt", "Show on the subgraph", "text")
    seed = editor.node("KSampler").locator('.socket.of-widget[data-input="seed"] .socket-dot').bounding_box()
    free = editor.node("Inputs").locator(".socket").last.locator(".socket-dot").bounding_box()
    assert seed is not None
    assert free is not None
    editor.drag((seed["x"] + 4, seed["y"] + 4), (free["x"] + 5, free["y"] + 5))
    expect(editor.node("Inputs").locator(".socket")).to_have_count(5)

    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    denoise = editor.node("Denoise")
    expect(denoise.locator('[data-widget="seed"]')).to_be_visible()
    expect(denoise.locator("textarea")).to_have_value("a large red heart on a blue background, 3d style")
    denoise.locator("textarea").fill(STAR)
    editor.queue()
    editor.picture("Save Image")
    expect(denoise).to_have_attribute("data-state", "done")

    enter(editor, "Denoise")
    expect(editor.node("KSampler")).to_have_attribute("data-state", "done")
    expect(editor.node("Prompt").locator("textarea")).to_have_value("a large red heart on a blue background, 3d style")
    document = editor.wait_for_draft(lambda each: "Denoise" in subgraphs(each))
    [instance] = [node for node in document["nodes"] if node["type"] == document["definitions"]["subgraphs"][0]["id"]]
    assert instance["properties"]["proxyWidgets"][0][1] == "text"
    assert STAR in instance["widgets_values"]
    assert [slot["name"] for slot in instance["inputs"]] == ["clip", "model", "latent_image", "seed"]


def test_undo_is_one_list_for_all_levels_and_leads_back_to_where_a_step_was_made(editor: Editor) -> None:
    page = editor.page
    before = text_of(editor)
    make(editor, "Inner", "Prompt", "Negative prompt")
    make(editor, "Outer", "Inner", "KSampler")
    enter(editor, "Outer")
    enter(editor, "Inner")
    assert way(editor)[1:] == ["Outer", "Inner"]
    editor.node("Prompt").locator("textarea").fill("changed inside")
    page.keyboard.press("Control+A")
    editor.node("Negative prompt").locator(".node-name").first.click()
    page.keyboard.press("Control+M")
    page.locator(".breadcrumb button").first.click()
    expect(editor.node("Outer")).to_be_visible()
    after = text_of(editor)

    for _ in range(2):
        page.keyboard.press("Control+Z")
        expect(editor.node("Negative prompt")).to_be_visible()
        assert way(editor)[1:] == ["Outer", "Inner"]
    for _ in range(2):
        page.keyboard.press("Control+Z")
    expect(editor.node("KSampler")).to_be_visible()
    assert text_of(editor) == before
    for _ in range(4):
        page.keyboard.press("Control+Shift+Z")
    assert text_of(editor) == after


def test_a_subgraph_that_is_unpacked_gives_back_what_was_in_it(editor: Editor) -> None:
    page = editor.page
    places = {node["type"]: node["pos"] for node in json.loads(text_of(editor))["nodes"]}
    make(editor, "Denoise", "Prompt", "Negative prompt", "KSampler")
    page.keyboard.press("Control+Alt+G")
    expect(editor.node("KSampler")).to_be_visible()
    document = json.loads(text_of(editor))
    assert {node["type"]: node["pos"] for node in document["nodes"]} == places
    assert len(document["links"]) == 9
    assert subgraphs(document) == ["Denoise"], "unused subgraphs stay until they are dropped"
    page.keyboard.press("Control+Z")
    expect(editor.node("Denoise")).to_be_visible()


def test_a_shown_widget_stays_shown_when_its_node_goes_deeper_and_comes_back(editor: Editor) -> None:
    page = editor.page
    make(editor, "Outer", "Prompt", "Negative prompt", "KSampler")
    enter(editor, "Outer")
    of_menu(editor, "Prompt", "Show on the subgraph", "text")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    editor.node("Outer").locator("textarea").fill(STAR)

    enter(editor, "Outer")
    editor.node("Prompt").locator(".node-name").first.click()
    page.keyboard.press("Control+Shift+G")
    page.get_by_role("textbox", name="Name", exact=True).fill("Deeper")
    page.keyboard.press("Enter")
    expect(editor.node("Deeper").locator("textarea")).to_be_visible()
    page.locator(".breadcrumb button").first.click()
    expect(editor.node("Outer").locator("textarea")).to_have_value(STAR)

    enter(editor, "Outer")
    editor.node("Deeper").locator(".node-name").first.click()
    page.keyboard.press("Control+Alt+G")
    expect(editor.node("Prompt")).to_be_visible()
    page.locator(".breadcrumb button").first.click()
    expect(editor.node("Outer").locator("textarea")).to_have_value(STAR)
    document = json.loads(text_of(editor))
    [instance] = [node for node in document["nodes"] if node.get("widgets_values") == [STAR]]
    assert instance["properties"]["proxyWidgets"][0][1:] == ["text"]


def test_inputs_are_renamed_moved_and_removed_for_all_instances(editor: Editor) -> None:
    page = editor.page
    make(editor, "Denoise", "Prompt", "Negative prompt", "KSampler")
    page.keyboard.press("Control+D")
    instances = editor.node("Denoise")
    expect(instances).to_have_count(2)
    of_menu(editor, "VAE Decode", "Help for this node")
    page.keyboard.press("Escape")
    instances.first.locator(".node-name").first.click()
    instances.first.locator(".node-name").first.click(button="right")
    page.get_by_role("menuitem", name="Subgraph", exact=True).hover()
    page.get_by_role("menuitem", name="Inputs and outputs of the subgraph").click()
    dialog = page.get_by_role("dialog", name="Inputs and outputs of “Denoise”")
    inputs = dialog.get_by_role("region", name="Inputs")
    inputs.get_by_role("textbox", name="Name").nth(1).fill("the model")
    page.keyboard.press("Enter")
    expect(instances.first.locator(".socket.input").nth(1)).to_have_text("the model")
    dialog.get_by_role("button", name="Move the model up").click()
    expect(instances.last.locator(".socket.input").first).to_have_text("the model")
    dialog.get_by_role("button", name="Remove clip").click()
    expect(instances.last.locator(".socket.input")).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Z")
    expect(instances.last.locator(".socket.input")).to_have_count(3)


def test_a_subgraph_goes_to_other_workflows_by_the_clipboard_and_by_the_server(editor: Editor) -> None:
    page = editor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    make(editor, "Denoise", "Prompt", "Negative prompt", "KSampler")
    page.keyboard.press("Control+C")
    of_menu(editor, "Denoise", "Subgraph", "Save the subgraph for other workflows")
    page.get_by_role("textbox", name="Name", exact=True).fill("Kept drawing")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is saved on the server")).to_be_visible()

    editor.command("New")
    expect(page.locator("[data-node]")).to_have_count(0)
    page.keyboard.press("Control+V")
    expect(editor.node("Denoise")).to_be_visible()
    editor.add("Kept drawing", 900, 700)
    document = editor.wait_for_draft(lambda each: len(each["nodes"]) == 2)
    assert subgraphs(document) == ["Denoise"], "equal subgraphs are one"
    enter_second = page.locator(".node-enter").last
    enter_second.click()
    expect(editor.node("KSampler")).to_be_visible()


@pytest.fixture
def refused(any_page: Page) -> Editor:
    """The editor where jobs may be refused, of which the browser's console tells as an error."""
    made = Editor(any_page)
    made.open()
    return made


def test_problems_lead_to_the_node_inside(refused: Editor) -> None:
    editor, page = refused, refused.page
    select(editor, "Load Checkpoint")
    page.keyboard.press("Delete")
    make(editor, "Denoise", "Prompt", "Negative prompt", "KSampler")
    enter(editor, "Denoise")
    editor.node("Negative prompt").locator(".node-name").first.click()
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    editor.queue()
    expect(editor.node("Denoise")).to_have_class(re.compile(r"\bwrong\b"))
    row = page.locator(".problem-head", has_text="Denoise › KSampler").first
    row.click()
    expect(editor.node("Inputs")).to_be_visible()
    expect(editor.node("KSampler")).to_have_class(re.compile(r"\bwrong\b"))


SAVED_AGAIN = """async ([documents, schemas]) => {
    const main = document.querySelector('script[type="module"]').src;
    const from = (path) => import(new URL(`../core/${path}`, main));
    const [{ GraphDocument }, { readWorkflow, writeWorkflow }, { readSpecs }, { VIRTUAL_SPECS }] = await Promise.all(
        ['document.js', 'format.js', 'spec.js', 'virtual.js'].map(from));
    const specs = new Map([...readSpecs(schemas), ...VIRTUAL_SPECS]);
    return documents.map((file) => {
        const contents = readWorkflow(file, specs);
        // As if all had been changed: what nobody changes is saved as it was read.
        const written = ([id, { source, ...level }]) => [id, level];
        const opened = new GraphDocument();
        opened.replace({ ...contents, definitions: new Map([...contents.definitions].map(written)) });
        return writeWorkflow(opened, specs);
    });
}"""


def test_what_the_editor_saves_means_what_it_has_opened(browser_page: Page) -> None:
    found: list[Json] = []

    @settings(max_examples=80, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(documents())
    def collect(document: Json) -> None:
        found.append(document)

    collect()
    browser_page.goto("/")
    for document, saved in zip(found, browser_page.evaluate(SAVED_AGAIN, [found, dict(SCHEMAS)]), strict=True):
        assert compiled(saved) == compiled(document)


def compiled(document: Json) -> Any:
    try:
        return compile_document(document, SCHEMAS, max)
    except DocumentError as error:
        return str(error)
