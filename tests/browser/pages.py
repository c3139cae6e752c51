"""The editor as a person uses it: by pointer, keys, and the names of what is on the page."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

DROP = """([text, name, type]) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    const options = { dataTransfer: transfer, clientX: 600, clientY: 400, bubbles: true, cancelable: true };
    document.querySelector('#canvas').dispatchEvent(new DragEvent('drop', options));
}"""


DRAFT = """async () => {
    const answer = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await answer(indexedDB.open('safelight'));
    try {
        const store = (name) => database.transaction(name).objectStore(name);
        const window = await answer(store('windows').get(sessionStorage['safelight.window']));
        return window ? ((await answer(store('drafts').get(window.active))) ?? null) : null;
    } finally {
        database.close();
    }
}"""


@dataclass(frozen=True)
class Editor:
    """The editor on an open page."""

    page: Page

    def open(self) -> None:
        """Load the page; the default workflow is there when this returns."""
        self.page.goto("/")
        # The server's first start has to load the nodes before it can name them.
        expect(self.node("Save Image")).to_be_visible(timeout=60_000)

    def node(self, title: str) -> Locator:
        return self.page.get_by_role("group", name=title, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def command(self, name: str) -> None:
        """Choose an entry of the workflow's menu."""
        self.page.locator(".file-button").click()
        self.page.get_by_role("menuitem", name=name).click()

    def add(self, query: str, x: float, y: float) -> str:
        """Search a node on an empty place of the canvas, and take the first that is found; its id."""
        before = self.ids()
        self.page.mouse.dblclick(x, y)
        search = self.page.get_by_role("combobox", name="Search nodes")
        search.fill(query)
        search.press("Enter")
        expect(self.page.locator("[data-node]")).to_have_count(len(before) + 1)
        [added] = self.ids() - before
        return added

    def ids(self) -> set[str]:
        return {element.get_attribute("data-node") or "" for element in self.page.locator("[data-node]").all()}

    def socket(self, node: str, side: str, label: str) -> tuple[float, float]:
        row = self.page.locator(f'[data-node="{node}"] .socket.{side}').filter(has_text=label)
        box = row.locator(".socket-dot").bounding_box()
        assert box is not None, f"{label} of node {node} is not shown"
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        mouse.move(*end)
        mouse.up()

    def link(self, source: str, output: str, target: str, label: str) -> None:
        self.drag(self.socket(source, "output", output), self.socket(target, "input", label))

    def field(self, node: str, name: str) -> Locator:
        return self.page.locator(f'[data-node="{node}"] [data-widget="{name}"]')

    def draft(self) -> dict[str, Any] | None:
        """What the page keeps of the document that is shown, for the next visit."""
        return self.page.evaluate(DRAFT)

    def wait_for_draft(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The kept document, once it is as wanted."""
        for _ in range(100):
            draft = self.draft()
            if draft and fits(draft["document"]):
                return draft["document"]
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the kept document is not as wanted: {self.draft()}")

    def drop(self, path: Path, media_type: str) -> None:
        text = base64.b64encode(path.read_bytes()).decode()
        self.page.evaluate(DROP, [text, path.name, media_type])

    def queue(self) -> None:
        self.button("Queue").click()

    def picture(self, title: str) -> Locator:
        """The result on a node, once it is loaded."""
        picture = self.node(title).locator("img").first
        expect(picture).to_be_visible(timeout=90_000)
        expect(picture).to_have_js_property("complete", True)
        return picture
