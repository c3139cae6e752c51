"""The editor without eyes or without a pointer: the graph as a tree, names of everything, where the focus goes."""

from playwright.sync_api import Page, expect

from tests.browser.pages import Editor

# What is wrong for a screen reader or a keyboard, as sentences.
FAULTS = """() => {
    const seen = (element) =>
        element.checkVisibility({ visibilityProperty: true }) && !element.closest('[inert], [aria-hidden="true"]');
    const text = (element) => (element?.textContent ?? '').trim();
    const named = (element) => {
        const ids = (element.getAttribute('aria-labelledby') ?? '').split(' ');
        const by = ids.map((id) => text(document.getElementById(id))).join('');
        const labels = [...(element.labels ?? [])].map(text).join('');
        const own = element.getAttribute('aria-label') || by || labels || text(element);
        return own || element.getAttribute('title') || '';
    };
    const say = (element) => element.outerHTML.slice(0, 120);
    const faults = [];
    const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
    const controls = 'button, input, select, textarea, a[href]';
    const parts = 'dialog[open], nav, main, aside';
    const roles = ['button', 'switch', 'tab', 'treeitem', 'option', 'menuitem', 'dialog', 'tree', 'listbox', 'menu'];
    for (const each of all([controls, parts, ...roles.map((role) => `[role="${role}"]`)].join()))
        if (!named(each)) faults.push(`no name: ${say(each)}`);
    for (const each of document.querySelectorAll('[tabindex]'))
        if (each.tabIndex > 0) faults.push(`an order of its own: ${say(each)}`);
    for (const each of all('img')) if (!each.hasAttribute('alt')) faults.push(`no alt: ${say(each)}`);
    const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
    for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) faults.push(`twice the id ${id}`);
    for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-activedescendant'])
        for (const each of all(`[${name}]`))
            for (const id of each.getAttribute(name).split(' '))
                if (!document.getElementById(id)) faults.push(`${name} leads nowhere: ${say(each)}`);
    if (!document.documentElement.lang) faults.push('no language');
    // What is focused beyond its edges would move everything, and for good.
    const { scrollHeight, clientHeight, scrollWidth, clientWidth } = document.documentElement;
    if (scrollHeight > clientHeight || scrollWidth > clientWidth) faults.push('the page itself can be scrolled');
    return faults;
}"""


def assert_accessible(page: Page, what: str) -> None:
    faults = page.evaluate(FAULTS)
    assert faults == [], f"{what}: {faults}"


def test_everything_that_is_shown_has_a_name_and_a_place(editor: Editor):
    page = editor.page
    expect(page.locator("#canvas-help")).to_have_count(1)
    assert_accessible(page, "the page")
    for button in page.locator("#rail .rail-button[aria-pressed]").all():
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#side .side-body > *").first).to_be_attached()
        assert_accessible(page, button.get_attribute("aria-label") or "")
    page.locator("#side .side-head").get_by_role("button", name="Close").click()
    page.keyboard.press("Control+,")
    expect(page.locator(".settings-section")).to_be_visible()
    for button in page.locator(".settings-page").all():
        button.click()
        expect(button).to_be_focused()
        assert_accessible(page, f"settings: {button.text_content()}")
    page.keyboard.press("Escape")
    expect(page.locator(".settings-dialog")).to_have_count(0)
    opened = {"Control+Shift+P": ".palette", "Control+f": ".find", "Tab": ".search", "?": ".cheat-sheet"}
    for keys, shown in opened.items():
        page.locator("#canvas").focus()
        page.keyboard.press(keys)
        expect(page.locator(shown)).to_be_visible(timeout=20_000)
        assert_accessible(page, shown)
        page.keyboard.press("Escape")
        expect(page.locator(shown)).to_have_count(0)
    editor.node("KSampler").locator(".node-title").click(button="right")
    expect(page.get_by_role("menu")).to_be_visible()
    assert_accessible(page, "the menu of a node")


def test_a_graph_is_made_by_keyboard_alone(editor: Editor):
    page = editor.page
    press = page.keyboard.press
    page.locator("#canvas").focus()
    press("o")
    tree = page.get_by_role("tree", name="Nodes and links")
    rows = tree.get_by_role("treeitem")
    expect(rows).to_have_count(7)
    press("F6")
    expect(page.locator("#toolbar button").first).to_be_focused()
    press("F6")
    press("F6")
    rows.first.focus()
    expect(rows.first).to_contain_text("Load Checkpoint")
    # Into a node, to its outputs, and unlink one.
    press("ArrowRight")
    expect(rows).to_have_count(11)
    press("ArrowDown")
    press("ArrowDown")
    expect(page.locator(":focus")).to_contain_text("MODEL")
    expect(page.locator(":focus")).to_contain_text("→ KSampler · model")
    press("Delete")
    expect(page.locator(":focus")).to_contain_text("not linked")
    # Link it again: an output, then an input that fits.
    press("Enter")
    expect(page.get_by_role("option")).to_have_text(["KSampler · modelMODEL"])
    press("Enter")
    expect(page.locator(":focus")).to_contain_text("→ KSampler · model")
    expect(page.locator("#announcer")).to_contain_text("Load Checkpoint · MODEL linked to KSampler · model")
    # A value, edited in the widget of the node.
    press("k")
    expect(page.locator(":focus")).to_contain_text("KSampler")
    press("ArrowRight")
    page.locator('[data-row="5<steps"]').focus()
    press("Enter")
    edit = page.get_by_role("dialog", name="KSampler · steps")
    edit.get_by_role("spinbutton").press("ArrowUp")
    press("Escape")
    expect(page.locator(":focus")).to_contain_text("steps")
    expect(page.locator(":focus")).to_contain_text("21")
    # Its node: moved, renamed, deleted, and back again.
    press("ArrowLeft")
    before = editor.node("KSampler").bounding_box()
    press("Alt+ArrowRight")
    press("Alt+ArrowRight")
    page.wait_for_function(
        "([x]) => document.querySelector('[data-type=KSampler]').getBoundingClientRect().x > x + 10", arg=[before["x"]]
    )
    press("F2")
    page.get_by_role("dialog", name="Rename").get_by_role("textbox").fill("Painter")
    # What is still to be drawn of the moves replaces the rows while the dialog is open.
    page.locator(".outline").evaluate("(tree) => tree.parentElement.dispatchEvent(new Event('scroll'))")
    press("Enter")
    expect(page.locator(":focus")).to_contain_text("Painter")
    press("Delete")
    expect(page.locator("#announcer")).to_contain_text("1 nodes deleted")
    expect(editor.node("Painter")).to_have_count(0)
    press("Control+z")
    expect(page.locator("#announcer")).to_contain_text("Undone")
    expect(editor.node("Painter")).to_have_count(1)


def test_the_focus_comes_back_from_what_was_opened(editor: Editor):
    page = editor.page
    button = page.locator("#rail").get_by_role("button", name="Settings")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".settings-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.keyboard.press("Control+Shift+P")
    expect(page.locator(".palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.locator(".file-button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".file-button")).to_be_focused()


def test_large_graphs_have_few_elements_in_the_tree(editor: Editor):
    page = editor.page
    page.locator("#canvas").focus()
    page.keyboard.press("Control+a")
    for _ in range(5):
        page.keyboard.press("Control+d")
        page.keyboard.press("Control+a")
    page.keyboard.press("o")
    rows = page.get_by_role("tree").get_by_role("treeitem")
    expect(rows.first).to_have_attribute("aria-setsize", "224", timeout=30_000)
    assert rows.count() < 80
    rows.first.focus()
    page.keyboard.press("End")
    expect(page.locator(":focus")).to_have_attribute("aria-posinset", "224")
    page.keyboard.press("Home")
    expect(page.locator(":focus")).to_have_attribute("aria-posinset", "1")


def test_help_says_what_a_node_does(editor: Editor):
    page = editor.page
    editor.node("KSampler").locator(".node-title").click()
    page.keyboard.press("F1")
    shown = page.locator(".help")
    expect(shown.get_by_role("heading", name="KSampler")).to_be_visible()
    expect(shown).to_contain_text("Denoise a latent under guidance.")
    steps = shown.locator(".help-port").filter(has_text="steps").first
    expect(steps).to_contain_text("1 to 10000 · default 20")
    expect(shown.get_by_text("Workflows that use it")).to_be_visible()
    related = shown.locator("section").filter(has_text="Of the same kind").get_by_role("button").first
    name = related.text_content() or ""
    related.click()
    expect(shown.get_by_role("heading", name=name, exact=True)).to_be_visible()
    shown.get_by_role("button", name="Back", exact=True).click()
    expect(shown.get_by_role("heading", name="KSampler")).to_be_visible()
    editor.node("VAE Decode").locator(".node-title").click()
    expect(shown.get_by_role("heading", name="VAE Decode")).to_be_visible()
    # From the node itself, with the panel closed.
    page.locator("#side .side-head").get_by_role("button", name="Close").click()
    editor.node("Empty Latent").hover()
    editor.node("Empty Latent").get_by_role("button", name="Help for this node").click()
    expect(page.locator(".help").get_by_role("heading", name="Empty Latent")).to_be_visible()
