"""What all tests share: a quiet torch, no network, a real server, and a browser."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["GOMP_SPINCOUNT"] = "0"
os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Route, expect, sync_playwright

from launcher.browser import HEADLESS_ARGUMENTS, MISSING, find_browser

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60

# Whoever opens the editor for the first time is offered a tour; most tests are not about that.
TOUR_SEEN = "localStorage['safelight.setting.tour.seen'] ??= '{\"start\": 1}'"

# In CI the same examples every time; elsewhere new ones, so that somebody meets what nobody thought of.
settings.register_profile("safelight", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("safelight")

# On a busy machine the page may take its time.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/browser, and run it last: asyncio tests cannot run beside Playwright's event loop."""
    for item in items:
        if ROOT / "tests" / "browser" in item.path.parents:
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@dataclass(frozen=True)
class Server:
    """A running server with folders of its own; the models are those of the project."""

    url: str
    base: Path
    log: Path


@pytest.fixture
def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server with the real nodes, started once for all tests."""
    with started_server(tmp_path_factory.mktemp("safelight")) as server:
        yield server


@contextmanager
def started_server(base: Path) -> Iterator[Server]:
    """A server with the real nodes and with its folders in `base`."""
    log = base / "server.log"
    command = [sys.executable, "server.py", "--port", "0", "--base-directory", str(base), "--cpu"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--models", str(ROOT / "models")], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield Server(_announced_url(process, log), base, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    path = find_browser()
    if path is None:
        pytest.fail(MISSING)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=HEADLESS_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_page(browser: Browser, server: Server) -> Iterator[Page]:
    """An empty page in a fresh profile; relative addresses go to the server, an error in the console fails the test."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": 1440, "height": 900}, locale="en-US", color_scheme="dark"
    )
    context.add_init_script(TOUR_SEEN)
    context.route("**/api/settings", keep_settings_apart)
    context.set_default_timeout(20_000)
    page = context.new_page()
    errors: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url')})")

    page.on("console", keep)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, "the browser's console has errors"


def keep_settings_apart(route: Route) -> None:
    """What a test sets in the editor goes with the user to every browser, but not to that of another test."""
    if route.request.method == "GET":
        try:
            answer = route.fetch()
            kept = {key: value for key, value in answer.json().items() if not key.startswith("editor.")}
            route.fulfill(response=answer, json=kept)
        except Error:
            return  # the page was closed meanwhile
    elif all(key.startswith("editor.") for key in route.request.post_data_json):
        route.fulfill(status=200)
    else:
        route.continue_()


def _announced_url(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """The address that the server prints when it listens."""
    limit = time.monotonic() + START_SECONDS
    while True:
        text = log.read_text(encoding="utf-8", errors="replace")
        if announced := re.search(r"listens at (http://\S+)", text):
            return announced[1]
        if process.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"the server did not start:\n{text}")
        time.sleep(0.05)
