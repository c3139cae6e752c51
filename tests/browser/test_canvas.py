"""The canvas by hand: camera, links, nodes; and how much it draws."""

import io

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect

from tests.browser.canvas_bench import Bench, open_bench


@pytest.fixture
def bench(browser_page: Page) -> Bench:
    return open_bench(browser_page)


def test_the_wheel_zooms_at_the_pointer(bench: Bench):
    bench.mouse.move(700, 300)
    before = bench.run("view.toDocument({ x: 700, y: 300 })")
    bench.mouse.wheel(0, -200)
    bench.settle()
    after = bench.run("view.toDocument({ x: 700, y: 300 })")
    assert bench.run("view.camera().scale") > 1.2
    assert after == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize("button", ["left", "middle"])
def test_a_drag_of_the_ground_pans(bench: Bench, button: str):
    bench.mouse.move(1200, 700)
    bench.mouse.down(button=button)
    bench.mouse.move(1150, 720)
    bench.mouse.move(1100, 640)
    bench.mouse.up(button=button)
    assert bench.run("view.camera()") == {"x": 100, "y": 60, "scale": 1}


def test_fit_shows_every_node(bench: Bench):
    bench.run("(bench.open(bench.grid(100)), view.fit())")
    bench.settle()
    corner = bench.run("view.toClient({ x: 9 * 400, y: 9 * 360 })")
    assert 0 < corner["x"] < 1440
    assert 0 < corner["y"] < 900


def test_a_link_is_dragged_from_output_to_input_and_undone(bench: Bench):
    bench.drag(bench.socket("1", "output", "0"), bench.socket("3", "input", "model"))
    assert bench.links() == ["1.0>3.model"]
    bench.run("editor.undo()")
    assert bench.links() == []


def test_a_link_is_dragged_from_input_to_output(bench: Bench):
    bench.drag(bench.socket("4", "input", "samples"), bench.socket("3", "output", "0"))
    assert bench.links() == ["3.0>4.samples"]


def test_a_link_that_does_not_fit_is_refused_with_a_reason(bench: Bench):
    bench.drag(bench.socket("1", "output", "0"), bench.socket("4", "input", "samples"), release=False)
    tip = bench.page.locator(".tooltip.refusal")
    expect(tip).to_contain_text("MODEL")
    expect(tip).to_contain_text("LATENT")
    assert bench.page.locator('[data-node="4"]').evaluate("(node) => node.classList.contains('dimmed')")
    bench.mouse.up()
    assert bench.links() == []


def test_a_link_dropped_on_a_node_takes_the_input_that_fits(bench: Bench):
    bench.drag(bench.socket("1", "output", "1"), bench.client(560, 66))
    assert bench.links() == ["1.1>3.hint"]


def test_a_link_reaches_a_widget(bench: Bench):
    bench.drag(bench.socket("2", "output", "0"), bench.socket("3", "input", "name"))
    assert bench.links() == ["2.0>3.name"]
    assert bench.widget("3", "name").get_attribute("inert") is not None


def test_a_link_picked_up_from_its_input_moves_or_is_cut(bench: Bench):
    bench.drag(bench.socket("1", "output", "1"), bench.socket("3", "input", "hint"))
    bench.drag(bench.socket("3", "input", "hint"), bench.socket("5", "input", "images"))
    assert bench.links() == ["1.1>5.images"]
    bench.drag(bench.socket("5", "input", "images"), bench.client(700, 700))
    assert bench.links() == []


def test_a_link_dropped_on_the_ground_asks_which_node(bench: Bench):
    bench.drag(bench.socket("3", "output", "0"), bench.client(1150, 600))
    found = bench.page.get_by_role("dialog").get_by_role("option")
    expect(found.first).to_contain_text("Decode")


def test_escape_drops_the_link(bench: Bench):
    bench.drag(bench.socket("1", "output", "0"), bench.socket("3", "input", "model"), release=False)
    bench.page.keyboard.press("Escape")
    bench.mouse.up()
    assert bench.links() == []


def test_a_click_on_a_link_selects_it(bench: Bench):
    bench.drag(bench.socket("3", "output", "0"), bench.socket("4", "input", "samples"))
    start, end = bench.socket("3", "output", "0"), bench.socket("4", "input", "samples")
    bench.mouse.click((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    assert bench.run("editor.selection.link.peek()") == bench.run("[...editor.document.links.keys()][0]")


def test_selected_nodes_move_together_on_the_grid_in_one_step(bench: Bench):
    bench.run("editor.selection.set(['4', '5'])")
    bench.drag(bench.client(860, 66), bench.client(893, 99))
    assert (bench.node("4")["x"], bench.node("4")["y"]) == (820, 120)
    assert (bench.node("5")["x"], bench.node("5")["y"]) == (820, 300)
    bench.run("editor.undo()")
    assert (bench.node("4")["x"], bench.node("5")["y"]) == (780, 260)


def test_shift_moves_off_the_grid(bench: Bench):
    bench.mouse.move(*bench.client(860, 66))
    bench.mouse.down()
    bench.page.keyboard.down("Shift")
    bench.mouse.move(*bench.client(870, 70))
    bench.mouse.move(*bench.client(873, 73))
    bench.mouse.up()
    bench.page.keyboard.up("Shift")
    assert (bench.node("4")["x"], bench.node("4")["y"]) == (793, 87)


def test_a_box_selects_what_it_touches(bench: Bench):
    bench.page.keyboard.down("Control")
    bench.drag(bench.client(700, 20), bench.client(1100, 300))
    bench.page.keyboard.up("Control")
    assert sorted(bench.run("[...editor.selection.ids.peek()]")) == ["4", "5"]


def test_a_corner_resizes_down_to_what_the_node_needs(bench: Bench):
    before = bench.page.locator('[data-node="3"]').bounding_box()
    corner = (before["x"] + before["width"] - 4, before["y"] + before["height"] - 4)
    bench.drag(corner, (corner[0] + 120, corner[1] - 900))
    after = bench.page.locator('[data-node="3"]').bounding_box()
    name = bench.widget("3", "name").bounding_box()
    assert after["width"] == pytest.approx(before["width"] + 120, abs=20)
    assert after["y"] + after["height"] >= name["y"] + name["height"]


def test_a_node_collapses_and_its_links_stay(bench: Bench):
    bench.drag(bench.socket("1", "output", "0"), bench.socket("3", "input", "model"))
    bench.mouse.click(*bench.client(430, 66))
    assert bench.node("3")["collapsed"] is True
    assert bench.links() == ["1.0>3.model"]
    assert bench.page.locator('[data-node="3"]').bounding_box()["height"] == pytest.approx(30, abs=1)


def test_a_title_is_renamed_in_its_place(bench: Bench):
    bench.mouse.dblclick(*bench.client(860, 66))
    bench.page.keyboard.type("第二次 decode")
    bench.page.keyboard.press("Enter")
    assert bench.node("4")["title"] == "第二次 decode"


def test_a_double_click_on_the_ground_searches(bench: Bench):
    bench.mouse.dblclick(1150, 650)
    bench.page.get_by_role("combobox").wait_for()


def test_a_missing_type_is_a_placeholder_with_its_sockets(bench: Bench):
    placeholder = bench.page.locator('[data-node="6"]')
    expect(placeholder).to_contain_text("NotInstalled")
    assert placeholder.locator("[data-input]").get_attribute("data-input") == "face"
    bench.drag(bench.socket("6", "output", "0"), bench.socket("3", "input", "model"))
    assert bench.links() == ["6.0>3.model"]


def test_a_run_shows_on_the_node(bench: Bench):
    run = "editor.run.node('3')"
    bench.run(f"{run}.set({{ ...{run}.peek(), state: 'running', value: 7, total: 20 }})")
    node = bench.page.locator('[data-node="3"]')
    expect(node).to_contain_text("7/20")
    problem = "{ message: 'The file is gone.', advice: 'Choose another.', input: 'name', detail: '' }"
    bench.run(f"{run}.set({{ ...{run}.peek(), state: 'error', problems: [{problem}] }})")
    assert node.get_by_role("alert").locator("p").all_inner_texts() == ["The file is gone.", "Choose another."]


def test_the_view_follows_a_drag_to_its_edge(bench: Bench):
    bench.drag(bench.client(860, 66), bench.client(1436, 400), release=False)
    bench.page.wait_for_function("bench.view.camera().x > 200")
    bench.mouse.up()
    assert bench.node("4")["x"] > 1500


def test_the_minimap_shows_itself_when_it_is_of_use(bench: Bench):
    minimap = bench.page.locator(".minimap")
    bench.run("view.fit()")
    bench.settle()
    assert minimap.is_hidden()
    bench.run("(bench.open(bench.grid(100)), view.setCamera({ x: 0, y: 0, scale: 1 }))")
    bench.settle()
    minimap.click(position={"x": 88, "y": 56})
    middle = bench.run("view.toDocument({ x: 720, y: 450 })")
    assert middle["x"] == pytest.approx(9 * 200 + 140, abs=120)


def test_a_reroute_is_a_point_that_names_what_passes(bench: Bench):
    reroute = "{ ...bench.few().nodes[3], id: '9', type: 'Reroute', x: 640, y: 700, values: {} }"
    bench.run(f"bench.open({{ nodes: [...bench.few().nodes, {reroute}], links: [] }})")
    bench.settle()
    bench.drag(bench.socket("3", "output", "0"), bench.socket("9", "input", ""))
    bench.drag(bench.socket("9", "output", "0"), bench.socket("4", "input", "samples"))
    assert bench.links() == ["3.0>9.", "9.0>4.samples"]
    expect(bench.page.locator('[data-node="9"]')).to_have_text("LATENT")


def test_nothing_is_drawn_while_nothing_happens(bench: Bench):
    bench.quiet()
    before = bench.counts()["frames"]
    bench.run("view.zoomTo(0.9)")
    bench.quiet()
    assert bench.counts()["frames"] > before


def test_progress_of_a_node_in_view_paints_no_background(bench: Bench):
    before = bench.counts()["backgrounds"]
    run = "editor.run.node('3')"
    for step in range(5):
        bench.run(f"{run}.set({{ ...{run}.peek(), state: 'running', value: values[0], total: 20 }})", step)
    bench.settle()
    assert bench.counts()["backgrounds"] == before


def test_elements_are_bounded_with_a_thousand_nodes(bench: Bench):
    bench.run("bench.open(bench.grid(1000))")
    bench.settle()
    most = 0
    for step in range(12):
        bench.run("view.setCamera({ x: values[0], y: values[0], scale: 0.6 })", 600 * step)
        bench.page.wait_for_timeout(60)
        most = max(most, bench.page.locator(".node").count())
    counts = bench.counts()
    assert 20 < most < 120
    assert counts["mounted"] == bench.page.locator(".node").count()
    assert counts["pooled"] <= 120


def test_far_nodes_are_painted_and_their_links_stroked_in_batches(bench: Bench):
    bench.run("(bench.open(bench.grid(1000)), view.fit())")
    bench.settle()
    counts = bench.counts()
    assert counts["farNodes"] == 1000
    assert counts["mounted"] == 0
    assert counts["links"] == 750
    assert counts["strokes"] <= 3 + 750 // 256


def test_a_pan_moves_the_picture_and_touches_nothing_else(bench: Bench):
    bench.run("(bench.open(bench.grid(1000)), view.setCamera({ x: 2000, y: 2000, scale: 1 }))")
    bench.quiet()
    before = bench.counts()
    bench.page.evaluate(
        """() => {
            globalThis.touched = 0;
            const watcher = new MutationObserver((records) => { globalThis.touched += records.length; });
            const options = { subtree: true, childList: true, attributes: true };
            for (const node of document.querySelectorAll('.node')) watcher.observe(node, options);
        }"""
    )
    for step in range(6):
        bench.run("view.setCamera({ ...view.camera(), x: 2000 + values[0], y: 2000 - values[0] })", 10 * step)
        bench.frame()
    bench.quiet()
    after = bench.counts()
    assert (after["backgrounds"], after["patches"]) == (before["backgrounds"], before["patches"])
    assert after["frames"] >= before["frames"] + 6
    assert bench.page.evaluate("globalThis.touched") == 0


def test_a_large_graph_in_motion_is_not_painted_again(bench: Bench):
    bench.run("(bench.open(bench.grid(1000)), view.fit())")
    bench.quiet()
    before = bench.counts()
    for _ in range(8):
        bench.run("view.setCamera({ ...view.camera(), x: view.camera().x + 40 })")
        bench.frame()
    bench.quiet()
    assert bench.counts()["backgrounds"] == before["backgrounds"]
    bench.run("view.zoomTo(view.camera().scale * 1.2)")
    bench.quiet()
    assert bench.counts()["backgrounds"] == before["backgrounds"] + 1, "at rest it is painted sharp, once"


def test_a_node_that_runs_far_away_is_painted_alone(bench: Bench):
    bench.run("(bench.open(bench.grid(1000)), view.fit())")
    bench.quiet()
    before = bench.counts()
    bench.run("editor.run.onFrame({ type: 'execution_start', data: { prompt_id: 'job', timestamp: 0 } })")
    bench.run("editor.run.onFrame({ type: 'executing', data: { prompt_id: 'job', node: '500', display_node: '500' } })")
    bench.quiet()
    after = bench.counts()
    assert after["backgrounds"] == before["backgrounds"]
    assert after["patches"] > before["patches"]
    assert after["patchedNodes"] - before["patchedNodes"] < 40 * (after["patches"] - before["patches"])


def test_what_is_painted_in_parts_is_as_when_painted_at_once(bench: Bench):
    bench.run("(bench.open(bench.grid(100)), view.setCamera({ x: -100, y: -100, scale: 0.4 }))")
    bench.quiet()
    before = bench.counts()["patches"]
    bench.run("editor.perform(bench.edits.setCollapsed(['12'], true))")
    for step in range(5):
        bench.run("view.setCamera({ ...view.camera(), x: -100 + values[0] })", 17 * step)
        bench.frame()
    bench.quiet()
    assert bench.counts()["patches"] > before
    canvas = bench.page.locator("#canvas")
    # The map lies over the canvas, and has a painter of its own.
    bench.page.add_style_tag(content=".minimap { visibility: hidden }")
    in_parts = canvas.screenshot()
    camera = bench.run("view.camera()")
    bench.run("view.setCamera({ x: 1e6, y: 1e6, scale: 0.4 })")
    bench.quiet()
    bench.run("view.setCamera(values[0])", camera)
    bench.quiet()
    at_once = canvas.screenshot()
    pictures = (Image.open(io.BytesIO(png)).convert("RGB") for png in (in_parts, at_once))
    # Text may be smoothed by a shade differently.
    assert max(high for _, high in ImageChops.difference(*pictures).getextrema()) <= 2


def test_nothing_is_left_of_a_canvas_that_was_closed(bench: Bench):
    session = bench.page.context.new_cdp_session(bench.page)
    session.send("Performance.enable")

    def counted() -> tuple[float, float]:
        for _ in range(2):
            session.send("HeapProfiler.collectGarbage")
        found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        return found["JSEventListeners"], found["Nodes"]

    bench.run("bench.mountAndDestroy(3)")
    bench.quiet()
    listeners, nodes = counted()
    bench.run("bench.mountAndDestroy(50)")
    bench.quiet()
    after = counted()
    assert after[0] <= listeners
    assert after[1] <= nodes + 20


SEEN = """() => {
    const host = document.querySelector('#canvas');
    const { left, top, right, bottom } = document.activeElement.getBoundingClientRect();
    const under = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return {
        scrolled: host.scrollTop + host.scrollLeft,
        whole: left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight,
        hit: document.activeElement.contains(under) || under?.contains(document.activeElement) === true,
        node: Number(document.activeElement.closest('.node')?.dataset.node),
    };
}"""


def test_the_camera_goes_where_the_keyboard_goes(bench: Bench):
    keyboard = bench.page.keyboard
    # Each is beyond the edge of the view that shows the one before.
    places = [(100, 100), (1300, 820), (1700, 980), (400, 1120)]
    nodes = [f"bench.node('Source', '{at}', {x}, {y})" for at, (x, y) in enumerate(places)]
    bench.run(f"bench.open({{ nodes: [{', '.join(nodes)}], links: [] }})")
    bench.widget("0", "file").get_by_role("button").focus()
    visited = []
    for key in ["Tab"] * 3 + ["Shift+Tab"] * 2:
        keyboard.press(key)
        bench.settle()
        seen = bench.page.evaluate(SEEN)
        visited.append(seen.pop("node"))
        assert seen == {"scrolled": 0, "whole": True, "hit": True}
    assert visited == [1, 2, 3, 2, 1]
    # What a pointer gives the focus to stays under it, though a part of it is outside.
    bench.run("view.setCamera({ x: 150, y: 10, scale: 1 })")
    bench.settle()
    bench.widget("0", "file").get_by_role("button").first.click(position={"x": 120, "y": 8})
    bench.settle()
    assert bench.run("view.camera()") == {"x": 150, "y": 10, "scale": 1}
