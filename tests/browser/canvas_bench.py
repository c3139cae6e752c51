"""A page with the canvas alone, over a document that only the tests know; moved in document coordinates."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page

HARNESS = (Path(__file__).parent / "canvas_page.js").read_text(encoding="utf-8")
QUIET_MS = 400


class Bench:
    """The page of `canvas_page.js`: its pointer moves in document coordinates."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.mouse = page.mouse

    def run(self, script: str, *values: object) -> object:
        return self.page.evaluate(f"(values) => {{ const {{ editor, view }} = bench; return {script}; }}", values)

    def settle(self) -> None:
        """Until the camera rests and nothing is left to draw."""
        self.page.wait_for_timeout(QUIET_MS)

    def quiet(self) -> None:
        """Until nothing has been drawn for a while. An editor that draws all the time never gets there."""
        self.page.wait_for_function(
            """(quiet) => {
                const { frames } = bench.view.counts();
                const now = performance.now();
                if (globalThis.lastDrawn?.frames !== frames) globalThis.lastDrawn = { frames, since: now };
                return now - globalThis.lastDrawn.since > quiet;
            }""",
            arg=QUIET_MS,
            polling=50,
        )

    def frame(self) -> None:
        """Until the next frame has been drawn."""
        self.page.evaluate(
            "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
        )

    def counts(self) -> dict[str, int]:
        return self.run("view.counts()")

    def client(self, x: float, y: float) -> tuple[float, float]:
        point = self.run("view.toClient({ x: values[0], y: values[1] })", x, y)
        return point["x"], point["y"]

    def socket(self, node: str, side: str, name: str) -> tuple[float, float]:
        point = self.run("view.toClient(view.socket(...values))", node, side, name)
        return point["x"], point["y"]

    def drag(self, start: tuple[float, float], end: tuple[float, float], release: bool = True) -> None:
        self.mouse.move(*start)
        self.mouse.down()
        self.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.mouse.move(*end)
        if release:
            self.mouse.up()

    def links(self) -> list[str]:
        return self.run("[...editor.document.links.values()].map((l) => `${l.from}.${l.output}>${l.to}.${l.input}`)")

    def node(self, node: str) -> dict[str, object]:
        return self.run("editor.document.nodes.get(values[0])", node)

    def value(self, node: str, name: str) -> object:
        return self.node(node)["values"][name]

    def widget(self, node: str, name: str) -> Locator:
        return self.page.locator(f'[data-node="{node}"] [data-widget="{name}"]')


def open_bench(browser_page: Page) -> Bench:
    """Open `canvas_page.js` and wait until it is drawn."""
    start = browser_page.request.get("/").text()
    styles = "".join(re.findall(r'<link rel="(?:stylesheet|icon)"[^>]*>', start))
    body = '<div id="app"><main id="canvas" tabindex="-1"></main></div><div id="toasts"></div>'
    html = f'<!doctype html><title>Canvas</title>{styles}{body}<script type="module">{HARNESS}</script>'
    browser_page.goto("/api/settings")  # any place of the server: a page that is routed would keep no code
    browser_page.set_content(html)
    browser_page.wait_for_function("globalThis.bench !== undefined")
    made = Bench(browser_page)
    made.settle()
    return made
