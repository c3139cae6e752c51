"""Editing the graph by hand: points of links, groups, strokes, copies, and what a link does where it does not fit."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.canvas_bench import Bench, open_bench


@pytest.fixture
def bench(browser_page: Page) -> Bench:
    return open_bench(browser_page)


def selected(bench: Bench) -> list[str]:
    return sorted(bench.run("[...editor.selection.ids.peek()]"))


def wire(bench: Bench) -> None:
    """Link Source to Sampler to Decode to Show."""
    bench.drag(bench.socket("1", "output", "0"), bench.socket("3", "input", "model"))
    bench.drag(bench.socket("3", "output", "0"), bench.socket("4", "input", "samples"))
    bench.drag(bench.socket("4", "output", "0"), bench.socket("5", "input", "images"))


def middle(bench: Bench, start: tuple[str, str], end: tuple[str, str]) -> tuple[float, float]:
    """Half way along a link between an output and an input."""
    (x1, y1), (x2, y2) = bench.socket(start[0], "output", start[1]), bench.socket(end[0], "input", end[1])
    return (x1 + x2) / 2, (y1 + y2) / 2


def before(bench: Bench, node: str, name: str) -> tuple[float, float]:
    """On a link just before it enters a node."""
    x, y = bench.socket(node, "input", name)
    return x - 22, y


def points(bench: Bench) -> list[dict[str, object]]:
    return bench.run("editor.toFile().extra.reroutes ?? []")


def undo_all(bench: Bench) -> None:
    bench.run("(() => { while (editor.history.undoLabel.peek() !== null) editor.undo(); })()")


def test_links_are_bent_by_points_that_move_and_go(bench: Bench):
    wire(bench)
    saved = bench.run("JSON.stringify(editor.toFile())")
    x, y = middle(bench, ("1", "0"), ("3", "model"))
    bench.page.keyboard.down("Alt")
    bench.mouse.click(x, y)
    bench.page.keyboard.up("Alt")
    assert len(points(bench)) == 1
    bench.drag((x, y), (x + 15, y + 150))
    [point] = points(bench)
    assert point["linkIds"] == [1]
    assert bench.run("[...editor.selection.points.peek()].length") == 1
    # A second one by a double click on the stretch behind the first.
    end = bench.socket("3", "input", "model")
    bent = bench.client(*point["pos"])
    bench.mouse.dblclick((bent[0] + end[0]) / 2, (bent[1] + end[1]) / 2)
    assert [each.get("parentId") for each in points(bench)] == [None, point["id"]]
    bench.mouse.dblclick(*bent)
    assert len(points(bench)) == 1
    assert bench.links()[0] == "1.0>3.model"
    bench.page.keyboard.press("Control+a")
    for _ in range(4):
        bench.run("editor.undo()")
    assert bench.run("JSON.stringify(editor.toFile())") == saved


def test_a_node_dropped_on_a_link_is_put_into_it_and_taken_out_again(bench: Bench):
    bench.drag(bench.socket("1", "output", "1"), bench.socket("5", "input", "images"))
    bench.run("editor.perform(bench.edits.addNodes([bench.node('Filter', '9', 420, 700)]))")
    bench.settle()
    bench.drag(bench.client(500, 685), before(bench, "5", "images"))
    assert sorted(bench.links()) == ["1.1>9.image", "9.0>5.images"]
    bench.run("editor.undo()")
    assert bench.links() == ["1.1>5.images"]
    assert bench.node("9")["y"] == 700
    bench.run("editor.redo()")
    bench.run("editor.selection.set(['9'])")
    bench.page.keyboard.press("Alt+x")
    assert bench.links() == ["1.1>5.images"]
    bench.run("editor.undo()")
    bench.run("editor.selection.set(['9'])")
    bench.page.keyboard.press("Control+Delete")
    assert bench.links() == ["1.1>5.images"]
    assert bench.run("editor.document.nodes.has('9')") is False


def test_a_stroke_cuts_the_links_that_it_crosses(bench: Bench):
    wire(bench)
    x, y = middle(bench, ("3", "0"), ("4", "samples"))
    bench.page.keyboard.press("y")
    bench.drag((x, y - 60), (x + 4, y + 60))
    assert bench.links() == ["1.0>3.model", "4.0>5.images"]
    bench.run("editor.undo()")
    x, y = middle(bench, ("1", "0"), ("3", "model"))
    bench.page.keyboard.down("Control")
    bench.mouse.move(x, y - 60)
    bench.mouse.down(button="right")
    bench.mouse.move(x, y)
    bench.mouse.move(x, y + 60)
    bench.mouse.up(button="right")
    bench.page.keyboard.up("Control")
    assert bench.links() == ["3.0>4.samples", "4.0>5.images"]
    expect(bench.page.get_by_role("menu")).to_have_count(0)


def test_boxes_and_lassos_add_and_take_away(bench: Bench):
    bench.page.keyboard.press("b")
    bench.drag(bench.client(760, 20), bench.client(1100, 200))
    assert selected(bench) == ["4"]
    bench.page.keyboard.down("Shift")
    bench.drag(bench.client(760, 220), bench.client(1100, 400))
    assert selected(bench) == ["4", "5"]
    bench.page.keyboard.down("Control")
    bench.drag(bench.client(760, 20), bench.client(1100, 200))
    bench.page.keyboard.up("Control")
    bench.page.keyboard.up("Shift")
    assert selected(bench) == ["5"]
    bench.page.keyboard.down("Control")
    bench.page.keyboard.down("Alt")
    bench.mouse.move(*bench.client(20, 20))
    bench.mouse.down()
    for place in [(360, 20), (360, 450), (20, 450)]:
        bench.mouse.move(*bench.client(*place))
    bench.mouse.up()
    bench.page.keyboard.up("Alt")
    bench.page.keyboard.up("Control")
    assert selected(bench) == ["1", "2"]
    bench.page.keyboard.press("Control+i")
    assert selected(bench) == ["3", "4", "5", "6"]


def test_a_drag_with_alt_places_a_copy_with_its_links(bench: Bench):
    wire(bench)
    bench.page.keyboard.down("Alt")
    bench.drag(bench.client(860, 66), bench.client(860, 506))
    bench.page.keyboard.up("Alt")
    [copy] = selected(bench)
    assert (bench.node(copy)["type"], bench.node(copy)["x"], bench.node(copy)["y"]) == ("Decode", 780, 520)
    assert f"3.0>{copy}.samples" in bench.links()
    assert bench.node("4")["y"] == 80
    bench.run("editor.undo()")
    assert len(bench.links()) == 3


def test_shift_takes_all_links_off_an_output(bench: Bench):
    bench.run(
        "editor.perform(bench.edits.addNodes([bench.node('Show', '9', 780, 420), bench.node('Decode', '8', 420, 700)]))"
    )
    bench.drag(bench.socket("4", "output", "0"), bench.socket("5", "input", "images"))
    bench.drag(bench.socket("4", "output", "0"), bench.socket("9", "input", "images"))
    bench.page.keyboard.down("Shift")
    bench.drag(bench.socket("4", "output", "0"), bench.socket("8", "output", "0"))
    bench.page.keyboard.up("Shift")
    assert sorted(bench.links()) == ["8.0>5.images", "8.0>9.images"]
    bench.run("editor.undo()")
    assert sorted(bench.links()) == ["4.0>5.images", "4.0>9.images"]


def test_a_link_that_does_not_fit_offers_what_converts(bench: Bench):
    bench.drag(bench.socket("3", "output", "0"), bench.socket("5", "input", "images"), release=False)
    expect(bench.page.locator(".tooltip.refusal")).to_contain_text("Drop to put “Decode” between.")
    bench.mouse.up()
    bench.page.get_by_role("menuitem", name="Put “Decode” between").click()
    [made] = selected(bench)
    assert sorted(bench.links()) == [f"3.0>{made}.samples", f"{made}.0>5.images"]
    bench.run("editor.undo()")
    assert bench.links() == []
    # Where nothing converts, the reason stays to be read.
    bench.drag(bench.socket("2", "output", "0"), bench.socket("5", "input", "images"))
    expect(bench.page.locator(".tooltip.refusal")).to_contain_text("STRING does not fit")


def test_groups_are_made_named_collapsed_and_moved_with_what_is_in_them(bench: Bench):
    wire(bench)
    bench.run("editor.selection.set(['4', '5'])")
    bench.page.keyboard.press("Control+g")
    bench.page.get_by_role("textbox", name="Title of the group").fill("Output 输出")
    bench.page.keyboard.press("Enter")
    [group] = bench.run("[...editor.document.groups.values()]")
    assert group["title"] == "Output 输出"
    title = (group["x"] + 80, group["y"] + 14)
    bench.drag(bench.client(*title), bench.client(title[0], title[1] + 100))
    assert (bench.node("4")["y"], bench.node("5")["y"]) == (180, 360)
    bench.run("editor.undo()")

    bench.mouse.click(*bench.client(group["x"] + 13, group["y"] + 14))
    bench.settle()
    assert bench.page.locator('[data-node="4"]').count() == 0
    assert bench.run("view.socket('4', 'input', 'samples')") == {"x": group["x"], "y": group["y"] + 14}
    assert bench.run("editor.toFile().groups[0].flags") == {
        "collapsed": True,
        "content": {"nodes": ["4", "5"], "groups": [], "points": []},
    }
    assert bench.links() == ["1.0>3.model", "3.0>4.samples", "4.0>5.images"]
    # A node that is put where the open group would be stays to be seen.
    bench.run("editor.perform(bench.edits.addNodes([bench.node('Show', '9', 800, 300)]))")
    bench.settle()
    expect(bench.page.locator('[data-node="9"]')).to_be_visible()
    bench.drag(bench.client(*title), bench.client(title[0] + 100, title[1]))
    assert (bench.node("4")["x"], bench.node("9")["x"]) == (880, 800)
    bench.page.keyboard.press("Alt+c")
    bench.settle()
    expect(bench.page.locator('[data-node="4"]')).to_be_visible()
    bench.page.keyboard.press("Delete")
    assert bench.run("[editor.document.groups.size, editor.document.nodes.size]") == [0, 7]
    undo_all(bench)
    assert bench.links() == []


def test_what_is_pinned_stays(bench: Bench):
    bench.run("editor.selection.set(['4', '5'])")
    bench.page.keyboard.press("Shift+P")
    bench.drag(bench.client(860, 66), bench.client(960, 166))
    assert (bench.node("4")["x"], bench.node("4")["rest"]["flags"]) == (780, {"pinned": True})
    bench.page.keyboard.press("ArrowRight")
    assert bench.node("4")["x"] == 780
    bench.page.keyboard.press("Shift+P")
    bench.page.keyboard.press("ArrowRight")
    bench.page.keyboard.press("ArrowRight")
    assert (bench.node("4")["x"], bench.node("5")["x"]) == (800, 800)
    bench.run("editor.undo()")
    assert bench.node("4")["x"] == 780


def test_moved_nodes_snap_to_others_and_to_the_grid(bench: Bench):
    bench.drag(bench.client(860, 66), bench.client(862, 455), release=False)
    assert bench.run("(editor.document.nodes.get('4').x)") == 780
    bench.mouse.up()
    assert bench.node("4")["x"] == 780
    assert bench.node("4")["y"] == 460
    bench.run("editor.undo()")
    bench.run("editor.preferences.of('canvas.snap').set('off')")
    bench.drag(bench.client(860, 66), bench.client(871, 459))
    assert (bench.node("4")["x"], bench.node("4")["y"]) == (791, 473)
    bench.run("editor.preferences.of('canvas.snap').set('grid')")
    bench.run("editor.preferences.of('canvas.grid').set(50)")
    bench.run("editor.undo()")
    bench.drag(bench.client(860, 66), bench.client(871, 459))
    assert (bench.node("4")["x"], bench.node("4")["y"]) == (800, 450)


def test_nodes_are_lined_up_connected_and_walked_along_by_keys(bench: Bench):
    bench.run("editor.selection.set(['1', '2'])")
    bench.page.keyboard.press("Alt+Shift+ArrowRight")
    assert bench.node("1")["x"] + bench.node("1")["width"] == bench.node("2")["x"] + bench.node("2")["width"]
    bench.run("editor.selection.set(['3', '4', '5'])")
    bench.page.keyboard.press("f")
    assert bench.links() == ["3.0>4.samples", "4.0>5.images"]
    bench.run("editor.selection.set(['5'])")
    bench.page.keyboard.press("{")
    assert selected(bench) == ["4"]
    bench.page.keyboard.press("[")
    assert selected(bench) == ["3", "4"]
    bench.page.keyboard.press("Alt+Shift+1")
    before = bench.run("view.camera()")
    bench.page.keyboard.press("Home")
    bench.page.keyboard.press("-")
    assert bench.run("view.camera()") != before
    bench.page.keyboard.press("1")
    after = bench.run("view.camera()")
    assert after["scale"] == pytest.approx(before["scale"], rel=0.01)
    assert after["x"] == pytest.approx(before["x"], abs=2)
    assert bench.run("editor.toFile().extra['safelight.views']['1'].width") == 1440


def test_the_menu_of_a_link_puts_a_searched_node_into_it(bench: Bench):
    bench.drag(bench.socket("1", "output", "1"), bench.socket("5", "input", "images"))
    bench.mouse.click(*before(bench, "5", "images"), button="right")
    bench.page.get_by_role("menuitem", name="Insert a node…").click()
    found = bench.page.get_by_role("dialog", name="Add node").get_by_role("option")
    expect(found.first).to_contain_text("Filter")
    bench.page.keyboard.press("Enter")
    [made] = selected(bench)
    assert sorted(bench.links()) == [f"1.1>{made}.image", f"{made}.0>5.images"]


def test_what_is_copied_in_one_window_is_pasted_in_another(bench: Bench):
    bench.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    wire(bench)
    bench.run("editor.selection.set(['4', '5'])")
    bench.page.keyboard.press("Control+g")
    bench.page.keyboard.press("Enter")
    bench.page.keyboard.press("Control+c")
    other = open_bench(bench.page.context.new_page())
    other.run("bench.open({ nodes: [], links: [] })")
    other.page.bring_to_front()
    other.mouse.click(300, 300)
    other.page.keyboard.press("Control+v")
    other.page.wait_for_function("bench.editor.document.nodes.size === 2")
    assert other.links() == ["1.0>2.images"]
    [group] = other.run("[...editor.document.groups.values()]")
    assert group["title"] == "Group"
    other.run("editor.undo()")
    assert other.run("[editor.document.nodes.size, editor.document.groups.size]") == [0, 0]
    # As text it is a workflow file, with the links from outside for those who want them.
    text = bench.page.evaluate("navigator.clipboard.readText()")
    assert '"safelight.incoming"' in text
    bench.page.keyboard.press("Control+Shift+V")
    bench.page.wait_for_function("bench.editor.document.nodes.size === 8")
    assert "3.0>7.samples" in bench.links()
    other.page.close()


def test_the_search_knows_what_was_used_and_what_fits(bench: Bench):
    bench.mouse.move(1200, 700)
    bench.page.keyboard.press("Tab")
    search = bench.page.get_by_role("combobox", name="Search nodes")
    options = bench.page.get_by_role("listbox", name="Nodes found").get_by_role("option")
    search.fill("out:image in:latent")
    expect(options).to_have_text(["Decodelatent"])
    expect(bench.page.locator(".search-preview")).to_contain_text("samples")
    search.press("Enter")
    [made] = selected(bench)
    assert bench.node(made)["type"] == "Decode"
    bench.page.keyboard.press("Tab")
    expect(options.first).to_contain_text("Decode")
    search.press("ArrowDown")
    assert search.get_attribute("aria-activedescendant") == "search-option-1"
    search.press("Escape")
    # A widget's value can become a node, or come from one.
    bench.drag(bench.socket("3", "input", "steps"), bench.client(380, 640))
    expect(options.first).to_contain_text("Primitive")
    search.press("Enter")
    [primitive] = selected(bench)
    assert bench.node(primitive)["values"]["value"] == 20
    assert f"{primitive}.0>3.steps" in bench.links()
    bench.run("editor.undo()")
    assert bench.links() == []


def test_menus_offer_what_can_be_done_to_one_and_to_several(bench: Bench):
    bench.run("editor.selection.set(['4', '5'])")
    bench.mouse.click(*bench.client(860, 66), button="right")
    menu = bench.page.get_by_role("menu", name="2 nodes")
    expect(menu.get_by_role("menuitem", name="Copy", exact=False).first).to_contain_text("Ctrl+C")
    menu.get_by_role("menuitem", name="Align and arrange").click()
    bench.page.get_by_role("menuitem", name="Distribute vertically").wait_for()
    bench.page.get_by_role("menuitem", name="Align left edges").click()
    bench.mouse.click(*bench.client(860, 66), button="right")
    bench.page.get_by_role("menuitem", name="Colour").click()
    bench.page.get_by_role("menuitemcheckbox", name="Teal").click()
    assert [bench.node(node)["color"] for node in ("4", "5")] == ["#245a5c", "#245a5c"]
    bench.page.keyboard.press("Shift+F10")
    expect(bench.page.get_by_role("menu", name="2 nodes")).to_be_visible()
    bench.page.keyboard.press("Escape")
    bench.page.keyboard.press("F2")
    assert bench.page.get_by_role("textbox", name="Title of the node").count() == 1
