"""The widgets by hand: numbers, text, choices, seeds."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.canvas_bench import Bench, open_bench


@pytest.fixture
def bench(browser_page: Page) -> Bench:
    return open_bench(browser_page)


@pytest.fixture
def fields(bench: Bench) -> Bench:
    """The bench with one node of the widgets that its other nodes have not."""
    bench.run("bench.open({ nodes: [bench.node('Fields', '1', 40, 40, { width: 340, height: 320 })], links: [] })")
    bench.settle()
    return bench


def test_a_number_is_dragged_in_one_step(bench: Bench):
    box = bench.widget("3", "steps").bounding_box()
    bench.drag((box["x"] + 60, box["y"] + 12), (box["x"] + 110, box["y"] + 12))
    assert bench.value("3", "steps") == 30
    bench.run("editor.undo()")
    assert bench.value("3", "steps") == 20


@pytest.mark.parametrize(
    ("typed", "value"),
    [("6*(2+3)", 30), ("7.6", 8), ("4000", 100), ("-3", 1), ("twelve", 20), ("+=5", 25), ("max(x, 33)", 33)],
)
def test_a_number_is_typed(bench: Bench, typed: str, value: int):
    bench.widget("3", "steps").click()
    bench.page.keyboard.type(typed)
    bench.page.keyboard.press("Enter")
    assert bench.value("3", "steps") == value


def test_a_drag_is_fine_with_shift_coarse_with_ctrl_and_taken_back_by_escape(fields: Bench):
    box = fields.widget("1", "scale").bounding_box()
    x, y = box["x"] + 60, box["y"] + 12
    drags = [("Shift", 1.005), ("Control", 1.505), (None, 1.555)]
    for key, value in drags:
        if key:
            fields.page.keyboard.down(key)
        fields.drag((x, y), (x + 5, y))
        if key:
            fields.page.keyboard.up(key)
        assert fields.value("1", "scale") == pytest.approx(value)
    fields.drag((x, y), (x + 100, y), release=False)
    fields.page.keyboard.press("Escape")
    fields.mouse.up()
    assert fields.value("1", "scale") == pytest.approx(1.555)


def test_a_drag_goes_on_at_the_edge_of_the_window(fields: Bench):
    box = fields.widget("1", "scale").bounding_box()
    fields.drag((box["x"] + 60, box["y"] + 12), (2, box["y"] + 12), release=False)
    fields.page.wait_for_function("document.pointerLockElement !== null")
    fields.mouse.up()
    fields.page.wait_for_function("document.pointerLockElement === null")
    assert fields.value("1", "scale") == -0.05


def test_what_a_range_does_to_a_number_is_told(bench: Bench):
    bench.widget("3", "steps").click()
    bench.page.keyboard.type("4000")
    bench.page.keyboard.press("Enter")
    expect(bench.page.get_by_role("status").filter(has_text="At most 100.")).to_be_visible()


def test_the_wheel_steps_only_the_number_that_is_being_edited(bench: Bench):
    steps = bench.widget("3", "steps")
    box = steps.bounding_box()
    bench.mouse.move(box["x"] + 80, box["y"] + 12)
    bench.mouse.wheel(0, -100)
    bench.settle()
    assert bench.value("3", "steps") == 20
    steps.get_by_role("spinbutton").focus()
    scale = bench.run("view.counts().scale ?? view.toClient({ x: 100, y: 0 }).x - view.toClient({ x: 0, y: 0 }).x")
    for _ in range(3):
        bench.mouse.wheel(0, -100)
    assert bench.value("3", "steps") == 23
    assert scale == bench.run(
        "view.counts().scale ?? view.toClient({ x: 100, y: 0 }).x - view.toClient({ x: 0, y: 0 }).x"
    )
    bench.mouse.click(1300, 850)
    bench.run("editor.undo()")
    assert bench.value("3", "steps") == 20


def test_whole_numbers_of_64_bits_are_exact(fields: Bench):
    seed = fields.widget("1", "seed").get_by_role("spinbutton")
    seed.fill("18446744073709551615")
    seed.press("Enter")
    assert fields.value("1", "seed") == "18446744073709551615"
    seed.press("ArrowDown")
    assert fields.value("1", "seed") == "18446744073709551614"
    seed.fill("99999999999999999999")
    seed.press("Enter")
    expect(seed).to_have_value("18446744073709551615")


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


def test_the_seed_of_an_earlier_job_comes_back(bench: Bench):
    for seed in (11, 12, 13):
        bench.run("editor.widgets.rememberSeeds(new Map([['3/seed', values[0]]]))", seed)
    field = bench.widget("3", "seed")
    field.get_by_role("button", name="Next time").click()
    bench.page.get_by_role("menuitem", name="Use the last one (13)").click()
    assert bench.value("3", "seed") == 13
    field.click(button="right", position={"x": 40, "y": 12})
    bench.page.get_by_role("menuitem", name="Earlier seeds").click()
    bench.page.get_by_role("menuitemcheckbox", name="11").click()
    assert bench.value("3", "seed") == 11
    expect(field.get_by_role("spinbutton")).to_have_value("11")


def test_a_choice_may_change_after_each_job_as_well(fields: Bench):
    fields.widget("1", "style").get_by_role("button", name="Next time").click()
    fields.page.get_by_role("menuitemcheckbox", name="count up").click()
    assert fields.value("1", "style/control") == "increment"


def test_a_widget_is_reset_by_its_menu(bench: Bench):
    bench.run("editor.perform(bench.edits.setValue('3', 'steps', 77))")
    bench.widget("3", "steps").click(button="right", position={"x": 40, "y": 12})
    bench.page.get_by_role("menuitem", name="Reset to default").click()
    assert bench.value("3", "steps") == 20
    # Text that is being edited keeps the browser's own menu.
    box = bench.widget("2", "text").get_by_role("textbox")
    box.click()
    box.click(button="right")
    bench.settle()
    expect(bench.page.get_by_role("menu")).to_have_count(0)


def test_tab_goes_through_the_widgets_of_a_node(bench: Bench):
    bench.widget("3", "seed").get_by_role("spinbutton").focus()
    reached = []
    for _ in range(6):
        bench.page.keyboard.press("Tab")
        script = "document.activeElement.closest('[data-widget]')?.dataset.widget"
        reached.append(bench.page.evaluate(script))
    assert reached == ["seed", "seed", "steps", "denoise", "tiled", "name"]


def test_a_linked_widget_shows_where_its_value_comes_from(bench: Bench):
    bench.run("bench.open(bench.few())")
    link = "{ id: 1, from: '2', output: 0, to: '3', input: 'name', type: 'STRING' }"
    bench.run(f"editor.perform(bench.edits.link({link}))")
    field = bench.widget("3", "name")
    expect(field).to_have_attribute("data-source", "← Words")
    bench.run("editor.perform(bench.edits.setTitle('2', 'Night words'))")
    expect(field).to_have_attribute("data-source", "← Night words")


def test_a_colour_is_typed_and_picked(fields: Bench):
    ink = fields.widget("1", "ink")
    ink.get_by_role("textbox").fill("rgb(16, 32, 64)")
    ink.get_by_role("textbox").press("Enter")
    assert fields.value("1", "ink") == "#102040ff"
    ink.get_by_role("button").click()
    picker = fields.page.get_by_role("dialog", name="ink")
    picker.get_by_role("slider", name="Opacity").fill("50")
    assert fields.value("1", "ink") == "#10204080"
    square = picker.get_by_role("slider", name="Saturation and brightness").bounding_box()
    fields.drag((square["x"] + 5, square["y"] + 5), (square["x"] - 9, square["y"] - 9))
    assert fields.value("1", "ink") == "#ffffff80"
    picker.press("Escape")
    expect(picker).to_have_count(0)
    fields.run("editor.undo()")
    assert fields.value("1", "ink") == "#10204080"


def test_a_toggle_toggles(bench: Bench):
    bench.widget("3", "tiled").click()
    assert bench.value("3", "tiled") is True
    assert bench.page.get_by_role("switch").get_attribute("aria-checked") == "true"


def test_a_long_list_is_searched(bench: Bench):
    bench.widget("1", "file").click()
    bench.page.keyboard.type("37")
    expect(bench.page.get_by_role("option")).to_have_text(["model-37.safetensors"])
    bench.page.keyboard.press("Enter")
    assert bench.value("1", "file") == "model-37.safetensors"


PAINTED = """() => {
    const box = document.querySelector('[data-widget="prompt"] textarea');
    const paint = box.parentElement.querySelector('.prompt-painted');
    const looks = [...paint.querySelectorAll('span[class]')].map((span) => [span.textContent, span.className]);
    const moved = new DOMMatrix(getComputedStyle(paint).transform).m42;
    return { text: paint.textContent, value: box.value, looks, moved, scrolled: box.scrollTop,
        widths: [paint.clientWidth, box.clientWidth - 20], high: [paint.offsetHeight, box.scrollHeight] };
}"""


def test_a_prompt_is_coloured_in_step_with_its_text(fields: Bench):
    box = fields.widget("1", "prompt").get_by_role("textbox")
    box.click()
    fields.page.keyboard.type("a (red:1.3) {cat|dog} (lost")
    painted = fields.page.evaluate(PAINTED)
    assert painted["text"] == painted["value"] + "\n"
    looks = dict(painted["looks"])
    assert "more-2" in looks["red"]
    assert "in-weight" in looks[":1.3"]
    assert [looks["{"], looks["|"], looks["}"]] == ["in-brace"] * 3
    expect(fields.page.get_by_role("status").filter(has_text="has no partner")).to_be_visible()
    fields.run("editor.preferences.of('prompt.highlighting').set(false)")
    assert fields.page.evaluate(PAINTED)["looks"] == []
    fields.run("editor.preferences.of('prompt.highlighting').set(true)")
    box.fill("\n".join(f"line {line} of a (long:1.2) prompt that has to be wrapped" for line in range(60)))
    box.press("Control+End")
    fields.settle()
    painted = fields.page.evaluate(PAINTED)
    assert painted["text"] == painted["value"] + "\n"
    assert painted["scrolled"] > 500
    assert painted["moved"] == -painted["scrolled"]
    # Both break their lines at the same places.
    assert painted["widths"][0] == painted["widths"][1]
    assert abs(painted["high"][0] - (painted["high"][1] - 12)) <= 20


def test_ctrl_and_an_arrow_weigh_a_word_and_the_browser_undoes_it(fields: Bench):
    box = fields.widget("1", "prompt").get_by_role("textbox")
    box.click()
    # What helps with typing is loaded at the first focus.
    expect(box).to_have_attribute("aria-autocomplete", "list")
    fields.page.keyboard.type("a red cat")
    for _ in range(2):
        box.press("Control+ArrowUp")
    assert fields.value("1", "prompt") == "a red (cat:1.2)"
    box.press("Control+ArrowDown")
    assert fields.value("1", "prompt") == "a red (cat:1.1)"
    box.press("Control+ArrowDown")
    assert fields.value("1", "prompt") == "a red cat"
    box.press("Control+z")
    expect(box).to_have_value("a red (cat:1.1)")
    assert fields.value("1", "prompt") == "a red (cat:1.1)"


def test_a_text_is_edited_in_a_large_window(bench: Bench):
    field = bench.widget("2", "text")
    field.get_by_role("textbox").fill("a lamp")
    field.get_by_role("button", name="Edit in a large window").click()
    dialog = bench.page.get_by_role("dialog", name="Words: text")
    expect(dialog.get_by_role("textbox")).to_be_focused()
    bench.page.keyboard.type(" in the night")
    assert bench.value("2", "text") == "a lamp in the night"
    expect(dialog).to_contain_text("19 characters, 5 words")
    bench.page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(field.get_by_role("textbox")).to_have_value("a lamp in the night")
    bench.run("editor.undo()")
    assert bench.value("2", "text") == "a lamp"


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
