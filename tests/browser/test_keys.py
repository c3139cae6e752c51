"""Everything by keyboard: the palette, finding, keys to be seen and changed."""

from playwright.sync_api import Locator, expect

from tests.browser.pages import Editor

RING_AROUND = """(target) => {
    const ring = document.querySelector('.tour-ring').getBoundingClientRect();
    const node = document.querySelector(target).getBoundingClientRect();
    return ring.left < node.left && ring.right > node.right && ring.top < node.top && ring.bottom > node.bottom;
}"""


def palette(editor: Editor, query: str) -> Locator:
    """What the command palette finds."""
    editor.page.keyboard.press("Control+Shift+P")
    field = editor.page.get_by_role("combobox", name="Search commands, settings, nodes, workflows")
    field.fill(query)
    return editor.page.get_by_role("option")


def selected(editor: Editor) -> list[str]:
    return [node.get_attribute("aria-label") or "" for node in editor.page.locator(".node.selected").all()]


def test_everything_is_found_by_its_name_in_either_language(editor: Editor):
    page = editor.page
    found = palette(editor, "light")
    expect(found.first).to_have_text("Theme: LightSetting")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    found = palette(editor, "全选")
    expect(found.first).to_contain_text("Select all")
    expect(found.first.locator("kbd")).to_have_text("Ctrl+A")
    page.keyboard.press("Enter")
    assert len(selected(editor)) == 7
    expect(palette(editor, "K 采样").first).to_contain_text("KSampler#5")
    page.keyboard.press("Enter")
    expect(page.locator(".node.selected")).to_have_attribute("aria-label", "KSampler")
    # What was chosen last comes first the next time.
    expect(palette(editor, "").nth(0)).to_contain_text("Select all")
    page.keyboard.press("Escape")
    expect(page.locator(".palette")).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "canvas"


def test_nodes_are_found_in_the_graph(editor: Editor):
    page = editor.page
    page.keyboard.press("Control+f")
    field = page.get_by_role("textbox", name="Title, type, #id, value")
    field.fill("prompt")
    expect(page.locator(".find-count")).to_have_text("1 of 2")
    expect(page.locator(".find-hit").nth(1)).to_be_visible()
    assert selected(editor) == ["Prompt"]
    field.press("Enter")
    assert selected(editor) == ["Negative prompt"]
    field.press("Shift+Enter")
    assert selected(editor) == ["Prompt"]
    field.fill("red heart")
    expect(page.locator(".find-hit")).to_contain_text("a large red heart")
    field.fill("#6")
    assert selected(editor) == ["VAE Decode"]
    field.fill("nothing like it")
    expect(page.locator(".find-count")).to_have_text("Nothing found")
    field.press("Escape")
    expect(page.locator(".find")).to_have_count(0)


def test_keys_are_seen_and_changed(editor: Editor):
    page = editor.page
    page.locator("#canvas").focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    sheet.get_by_role("searchbox").fill("duplicate")
    expect(sheet.locator(".cheat-row")).to_have_text(["DuplicateCtrl+D"])
    sheet.get_by_role("button", name="Change shortcuts").click()
    row = page.locator('[data-command="edit.duplicate"]')
    row.get_by_role("button", name="New keys for Duplicate").click()
    page.keyboard.press("F9")
    expect(row.locator(".key-chip")).to_have_text(["Ctrl+D", "F9"])
    # Another's keys: they are moved when the user wants it so.
    row.get_by_role("button", name="New keys for Duplicate").press("Enter")
    page.keyboard.press("Control+b")
    expect(row.locator(".key-question")).to_contain_text("Ctrl+B belongs to: Bypass")
    row.get_by_role("button", name="Use it here").click()
    expect(row.locator(".key-chip")).to_have_text(["Ctrl+D", "F9", "Ctrl+B"])
    expect(page.locator('[data-command="edit.bypass"] .key-chip')).to_have_count(0)
    # The browser's own: it is said what will happen.
    row.get_by_role("button", name="New keys for Duplicate").press("Enter")
    page.keyboard.press("F5")
    expect(row.locator(".key-question")).to_contain_text("will no longer do what it does in the browser")
    row.get_by_role("button", name="Cancel").click()
    row.get_by_role("button", name="Take F9 from Duplicate").click()
    page.keyboard.press("Escape")
    editor.node("KSampler").locator(".node-title").click()
    page.keyboard.press("F9")
    page.keyboard.press("Control+b")
    expect(editor.node("KSampler")).to_have_count(2)
    # They hold after a reload, in tooltips as well, until they are set back.
    page.reload()
    expect(editor.node("KSampler")).to_have_count(2)
    expect(palette(editor, "bypass").first.locator("kbd")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("button", name="Change shortcuts").click()
    page.get_by_role("button", name="Set all back").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Set back").click()
    expect(page.locator('[data-command="edit.bypass"] .key-chip')).to_have_text(["Ctrl+B"])


def test_no_two_commands_have_the_same_keys_from_the_start(editor: Editor):
    editor.page.locator("#canvas").focus()
    editor.page.keyboard.press("?")
    editor.page.get_by_role("button", name="Change shortcuts").click()
    expect(editor.page.locator(".key-chip").first).to_be_visible()
    shared = editor.page.locator(".key-chip.shared").all_text_contents()
    assert shared == [], f"several commands have the keys {shared}"


def test_keys_leave_whoever_writes_alone(editor: Editor):
    page = editor.page
    text = editor.node("Prompt").locator("textarea")
    text.fill("")
    text.press_sequentially("q?ph.")
    expect(text).to_have_value("q?ph.")
    expect(page.locator("#side")).to_be_hidden()
    text.press("Control+a")
    assert selected(editor) in ([], ["Prompt"])
    # What an input method is made of is no command, wherever the focus is.
    compose = """(target) => document.querySelector(target).dispatchEvent(
        new KeyboardEvent('keydown', { key: 'q', code: 'KeyQ', bubbles: true, isComposing: true }))"""
    page.evaluate(compose, "#canvas")
    expect(page.locator("#side")).to_be_hidden()
    text.press("Control+Shift+P")
    expect(page.locator(".palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(text).to_be_focused()


def test_the_first_start_offers_a_tour(editor: Editor):
    page = editor.page
    page.add_init_script("localStorage.removeItem('safelight.setting.tour.seen')")
    page.reload()
    offer = page.get_by_role("button", name="Show me")
    offer.click()
    card = page.get_by_role("dialog", name="A workflow is a graph")
    expect(card.get_by_role("button", name="Next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".tour")).to_contain_text("Say what you want")
    page.wait_for_function(RING_AROUND, arg=".node:has(textarea)")
    # It blocks nothing.
    editor.node("KSampler").locator(".node-title").click()
    assert selected(editor) == ["KSampler"]
    page.locator(".tour .primary").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".tour")).to_contain_text("7 of 7")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".tour")).to_contain_text("6 of 7")
    page.keyboard.press("Escape")
    expect(page.locator(".tour")).to_have_count(0)
    expect(palette(editor, "tour").first).to_contain_text("Tour")
    page.keyboard.press("Enter")
    expect(page.locator(".tour")).to_contain_text("1 of 7")
