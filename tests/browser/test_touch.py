"""Editing by touch and by pen, with the events that the browser itself makes of them."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.canvas_bench import Bench, open_bench
from tests.browser.test_editing import middle, selected, wire


@pytest.fixture
def bench(browser_page: Page) -> Bench:
    return open_bench(browser_page)


class Fingers:
    """Real touches on a page, by the browser's own protocol."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})

    def touch(self, kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def tap(self, place: tuple[float, float]) -> None:
        self.touch("touchStart", place)
        self.touch("touchEnd")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.touch("touchStart", start)
        for part in (0.3, 0.7, 1):
            self.touch("touchMove", (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part))
        self.touch("touchEnd")

    def rest(self, place: tuple[float, float]) -> None:
        self.touch("touchStart", place)
        self.page.get_by_role("menu").wait_for()
        self.touch("touchEnd")


def test_fingers_select_move_link_pan_pinch_and_open_the_menu(bench: Bench):
    fingers = Fingers(bench.page)
    fingers.tap(bench.client(860, 66))
    assert selected(bench) == ["4"]
    fingers.drag(bench.client(860, 66), bench.client(900, 526))
    assert (bench.node("4")["x"], bench.node("4")["y"]) == (820, 540)
    # A finger need not meet a socket exactly.
    x, y = bench.socket("1", "output", "0")
    end = bench.socket("3", "input", "model")
    fingers.drag((x + 16, y - 6), (end[0] - 14, end[1] + 5))
    assert bench.links() == ["1.0>3.model"]
    before = bench.run("view.camera()")
    fingers.drag((1200, 700), (1150, 660))
    after = bench.run("view.camera()")
    assert (after["x"] - before["x"], after["y"] - before["y"]) == (50, 40)
    fingers.touch("touchStart", (700, 700))
    fingers.touch("touchStart", (700, 700), (800, 700))
    fingers.touch("touchMove", (650, 700), (850, 700))
    fingers.touch("touchEnd")
    assert bench.run("view.camera().scale") == pytest.approx(2, rel=0.02)
    bench.run("view.setCamera({ x: 0, y: 0, scale: 1 })")
    bench.settle()
    fingers.rest(bench.client(500, 66))
    expect(bench.page.get_by_role("menu", name="Node")).to_be_visible()
    bench.page.get_by_role("menuitemcheckbox", name="Mute").click()
    assert bench.node("3")["mode"] == 2
    fingers.tap((1150, 650))
    fingers.tap((1152, 652))
    bench.page.get_by_role("combobox", name="Search nodes").wait_for()


PEN = """([type, x, y, button, buttons]) => document.querySelector('#canvas').dispatchEvent(new PointerEvent(type, {
    pointerId: 9, pointerType: 'pen', isPrimary: true, bubbles: true, cancelable: true,
    clientX: x, clientY: y, button, buttons,
}))"""


def test_a_pen_pans_with_its_button_and_cuts_with_its_eraser(bench: Bench):
    wire(bench)
    # The browser lets no test capture a pen that is not there.
    bench.run("(document.querySelector('#canvas').setPointerCapture = () => {})")

    def stroke(button: int, buttons: int, *places: tuple[float, float]) -> None:
        bench.page.evaluate(PEN, ["pointerdown", *places[0], button, buttons])
        for place in places[1:]:
            bench.page.evaluate(PEN, ["pointermove", *place, -1, buttons])
        bench.page.evaluate(PEN, ["pointerup", *places[-1], button, 0])

    stroke(2, 2, (1200, 700), (1180, 700), (1150, 660))
    assert (bench.run("view.camera().x"), bench.run("view.camera().y")) == (50, 40)
    bench.run("view.setCamera({ x: 0, y: 0, scale: 1 })")
    x, y = middle(bench, ("3", "0"), ("4", "samples"))
    stroke(5, 32, (x, y - 50), (x, y - 20), (x, y + 50))
    assert bench.links() == ["1.0>3.model", "4.0>5.images"]
    stroke(2, 2, bench.client(860, 66), bench.client(860, 66))
    expect(bench.page.get_by_role("menu", name="Node")).to_be_visible()
