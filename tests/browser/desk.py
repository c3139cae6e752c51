"""The editor with its tabs, on a server of its own, for tests of files and drafts."""

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.pages import Editor
from tests.conftest import ROOT
from tests.running_server import RunningServer


def serve(base: Path) -> RunningServer:
    """A server that may die, with folders of its own."""
    server = RunningServer(base, "--nodes", "nodes", "--cpu").start()
    (base / "models" / "checkpoints").mkdir(parents=True, exist_ok=True)
    (base / "models" / "checkpoints" / "pocket.safetensors").symlink_to(ROOT / "models/checkpoints/pocket.safetensors")
    return server


class Desk(Editor):
    """The editor with its tabs."""

    def tabs(self) -> Locator:
        return self.page.get_by_role("tab")

    def tab(self, name: str) -> Locator:
        pattern = re.escape(name).replace("/", r"\/")
        return self.page.get_by_role("tab", name=re.compile(f"^{pattern}(,|$)"))

    def save_as(self, name: str) -> None:
        self.page.keyboard.press("Control+Shift+s")
        self.page.get_by_role("textbox", name="Name", exact=True).fill(name)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text(f"Saved “{name}”.").last).to_be_visible()

    def save(self) -> None:
        self.page.keyboard.press("Control+s")

    def steps(self) -> Locator:
        return self.node("KSampler").get_by_role("spinbutton", name="steps")

    def set_steps(self, number: int) -> None:
        self.steps().fill(str(number))
        self.steps().press("Enter")

    def drop_json(self, path: Path, document: dict[str, Any]) -> None:
        path.write_text(json.dumps(document))
        self.drop(path, "application/json")


def context_of(browser: Browser, server: RunningServer) -> BrowserContext:
    context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(20_000)
    return context


def open_desk(page: Page, faults: list[str] | None = None) -> Desk:
    desk = Desk(page)
    desk.page.on("pageerror", lambda error: (faults if faults is not None else []).append(str(error)))
    desk.open()
    return desk
