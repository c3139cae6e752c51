"""The widgets by hand: numbers, text, choices, seeds."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.canvas_bench import Bench, open_bench


@pytest.fixture
def bench(browser_page: Page) -> Bench:
    return open_bench(browser_page)


def test_a_number_is_dragged_in_one_step(bench: Bench):
    box = bench.widget("3", "steps").bounding_box()
    bench.drag((box["x"] + 60, box["y"] + 12), (box["x"] + 110, box["y"] + 12))
    assert bench.value("3", "steps") == 30
    bench.run("editor.undo()")
    assert bench.value("3", "steps") == 20


@pytest.mark.parametrize(("typed", "value"), [("6*(2+3)", 30), ("7.6", 8), ("4000", 100), ("-3", 1), ("twelve", 20)])
def test_a_number_is_typed(bench: Bench, typed: str, value: int):
    bench.widget("3", "steps").click()
    bench.page.keyboard.type(typed)
    bench.page.keyboard.press("Enter")
    assert bench.value("3", "steps") == value


def test_arrow_keys_step_a_number(bench: Bench):
    bench.widget("3", "denoise").click(position={"x": 100, "y": 12})
    field = bench.widget("3", "denoise").get_by_role("spinbutton")
    field.focus()
    start = bench.value("3", "denoise")
    bench.page.keyboard.press("ArrowUp")
    assert bench.value("3", "denoise") == pytest.approx(start + 0.01)


def test_a_slider_follows_the_pointer(bench: Bench):
    box = bench.widget("3", "denoise").bounding_box()
    y = box["y"] + 12
    bench.drag((box["x"] + 20, y), (box["x"] + box["width"] * 0.75, y))
    assert bench.value("3", "denoise") == pytest.approx(0.75, abs=0.011)


def test_a_seed_is_thrown_and_kept(bench: Bench):
    seed = bench.widget("3", "seed")
    seed.get_by_role("button").first.click()
    assert bench.value("3", "seed") != 5
    seed.get_by_role("button").last.click()
    bench.page.get_by_role("menuitemcheckbox").first.click()
    assert bench.value("3", "seed/control") == "fixed"


def test_a_toggle_toggles(bench: Bench):
    bench.widget("3", "tiled").click()
    assert bench.value("3", "tiled") is True
    assert bench.page.get_by_role("switch").get_attribute("aria-checked") == "true"


def test_a_long_list_is_searched(bench: Bench):
    bench.widget("1", "file").click()
    bench.page.keyboard.type("37")
    assert bench.page.get_by_role("option").all_inner_texts() == ["model-37.safetensors"]
    bench.page.keyboard.press("Enter")
    assert bench.value("1", "file") == "model-37.safetensors"


def test_typing_is_one_undo_step_and_passes_through_an_input_method(bench: Bench):
    bench.widget("2", "text").get_by_role("textbox").click()
    bench.page.keyboard.type("a lamp, ")
    session = bench.page.context.new_cdp_session(bench.page)
    session.send("Input.imeSetComposition", {"text": "hong", "selectionStart": 4, "selectionEnd": 4})
    session.send("Input.insertText", {"text": "红灯"})
    assert bench.value("2", "text") == "a lamp, 红灯"
    bench.mouse.click(1200, 700)
    bench.run("editor.undo()")
    assert bench.value("2", "text") == ""
    expect(bench.widget("2", "text").get_by_role("textbox")).to_have_value("")


def test_new_types_from_the_server_leave_the_field_that_is_being_typed_in(bench: Bench):
    box = bench.widget("2", "text").get_by_role("textbox")
    box.click()
    bench.page.keyboard.type("a la")
    bench.run("editor.reloadSpecs()")
    bench.settle()
    bench.page.keyboard.type("mp")
    assert bench.value("2", "text") == "a lamp"
