"""Settings: the dialog, the themes, and that a setting goes with the user."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests.browser.looks import STORED, assert_looks, difference
from tests.browser.pages import Editor
from tests.conftest import TOUR_SEEN, Server, forget_settings


def dialog(page: Page) -> Locator:
    return page.locator("dialog.settings-dialog")


def open_settings(editor: Editor) -> Locator:
    editor.page.keyboard.press("Control+,")
    expect(dialog(editor.page).locator(".settings-section")).to_be_visible()
    return dialog(editor.page)


def theme(page: Page, name: str) -> None:
    """What `html` says of the theme."""
    expect(page.locator("html")).to_have_attribute("data-theme", name)


def is_change(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/api/settings")


@contextmanager
def another_browser(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(
        base_url=server.url, viewport={"width": 1440, "height": 900}, locale="en-US", color_scheme="dark"
    )
    context.set_default_timeout(20_000)
    context.add_init_script(TOUR_SEEN)
    try:
        yield context.new_page()
    finally:
        context.close()


def test_a_setting_is_found_changed_and_set_back(editor: Editor):
    page = editor.page
    theme(page, "dark")
    shown = open_settings(editor)
    search = shown.get_by_role("searchbox", name="Search settings")
    search.fill("高对比度")
    expect(shown.locator(".setting-row")).to_have_count(1)
    expect(shown.locator(".setting-row")).to_contain_text("Theme")
    shown.get_by_role("radio", name="High contrast").check()
    theme(page, "contrast")
    search.fill("nothing is called that")
    expect(shown.get_by_text("No setting is called that.")).to_be_visible()
    search.fill("theme")
    shown.get_by_role("button", name="Set back: Theme").click()
    theme(page, "dark")
    shown.get_by_role("button", name="Accessibility").click()
    switch = shown.get_by_role("switch", name="Say what happens")
    expect(switch).to_be_checked()
    switch.press("Space")
    expect(switch).not_to_be_checked()
    shown.get_by_role("button", name="Set all back").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Set back").click()
    expect(switch).to_be_checked()
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)


def test_a_setting_goes_with_the_user_and_is_there_before_anything_is_painted(browser: Browser, server: Server):
    forget_settings(server)
    with another_browser(browser, server) as first:
        editor = Editor(first)
        editor.open()
        shown = open_settings(editor)
        with first.expect_response(lambda answer: is_change(answer.request)):
            shown.get_by_role("radio", name="Light").check()
        theme(first, "light")
    with another_browser(browser, server) as other:
        other.goto("/")
        theme(other, "light")
        # From now on it is this browser's own: not even a page whose program is not loaded is dark.
        other.route("**/app/main.js", lambda route: route.abort())
        other.goto("/")
        theme(other, "light")
        surface = "getComputedStyle(document.body).backgroundColor"
        assert other.evaluate(surface) == "rgb(233, 230, 225)"
        forget_settings(server)


def test_the_system_decides_until_the_user_does(editor: Editor):
    page = editor.page
    page.emulate_media(color_scheme="light")
    theme(page, "light")
    page.emulate_media(color_scheme="light", contrast="more")
    theme(page, "contrast")
    page.emulate_media(color_scheme="dark", contrast="no-preference")
    theme(page, "dark")
    page.emulate_media(reduced_motion="reduce")
    duration = "(button) => parseFloat(getComputedStyle(button).transitionDuration)"
    assert page.locator(".queue-button").evaluate(duration) < 0.001


def test_a_larger_interface_keeps_its_places(editor: Editor):
    page = editor.page
    height = page.locator("#toolbar").bounding_box()["height"]
    shown = open_settings(editor)
    field = shown.get_by_role("spinbutton", name="Size of the interface")
    field.fill("150")
    field.press("Enter")
    expect(page.locator("html")).to_have_attribute("style", "--ui-scale: 1.5;")
    box = shown.bounding_box()
    assert 0 <= box["x"] < box["x"] + box["width"] <= 1440
    assert 0 <= box["y"] < box["y"] + box["height"] <= 900
    page.keyboard.press("Escape")
    assert page.locator("#toolbar").bounding_box()["height"] == pytest.approx(height * 1.5, abs=1)
    page.mouse.click(700, 620, button="right")
    menu = page.get_by_role("menu").bounding_box()
    assert menu["x"] == pytest.approx(700, abs=1)
    assert menu["y"] + menu["height"] <= 900
    page.keyboard.press("Escape")


@pytest.mark.parametrize("name", ["Dark", "Light", "High contrast"])
def test_a_theme_looks_as_it_did(editor: Editor, name: str):
    page = editor.page
    shown = open_settings(editor)
    shown.get_by_role("radio", name=name).check()
    page.mouse.move(5, 600)
    shown.locator(".settings-content").focus()
    slug = name.lower().replace(" ", "-")
    assert_looks(shown.locator(".settings-section"), f"settings-{slug}")
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    page.mouse.move(5, 600)
    assert_looks(editor.node("KSampler"), f"node-{slug}")
    # What is painted follows as well: the ground between the nodes has the theme's colour.
    ground = page.locator("#canvas .canvas-back").evaluate(
        "(canvas) => [...canvas.getContext('2d').getImageData(3, 3, 1, 1).data].slice(0, 3)"
    )
    assert ground == {"Dark": [18, 17, 16], "Light": [233, 230, 225], "High contrast": [0, 0, 0]}[name]


def test_the_comparison_of_looks_sees_another_theme():
    dark, light = (Image.open(Path(STORED) / f"node-{name}.png") for name in ("dark", "light"))
    assert difference(dark.convert("RGB"), dark) == ""
    assert "mean difference" in difference(dark.convert("RGB"), light)


def test_colours_of_nodes_leave_their_titles_readable(editor: Editor):
    page = editor.page
    lightness = """(title) => {
        const canvas = document.createElement('canvas').getContext('2d');
        canvas.fillStyle = getComputedStyle(title).backgroundColor;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
        return (red + green + blue) / 3;
    }"""
    title = editor.node("KSampler").locator(".node-title")
    title.click(button="right")
    page.get_by_role("menuitem", name="Colour").hover()
    page.get_by_role("menuitemcheckbox", name="Blue").click()
    dark = title.evaluate(lightness)
    open_settings(editor).get_by_role("radio", name="Light").check()
    assert dark < 110 < 180 < title.evaluate(lightness)
