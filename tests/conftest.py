"""What all tests share: a quiet torch, no network, a real server, and a browser."""

import os
import re
import shutil
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
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from launcher.browser import HEADLESS_ARGUMENTS, MISSING, find_browser
from tests.browser.profiles import Profiles

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
    """A running server with folders of its own; the models are links to those of the project."""

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
    shutil.copytree(ROOT / "models", base / "models", copy_function=os.symlink)  # trainings write beside them
    command = [sys.executable, "server.py", "--port", "0", "--base-directory", str(base), "--cpu"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
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


@pytest.fixture(scope="session")
def profiles(browser: Browser) -> Profiles:
    """Profiles of the browser."""
    return Profiles(browser)


@pytest.fixture
def any_page(profiles: Profiles, server: Server) -> Page:
    """An empty page in a profile as fresh; relative addresses go to the server, whose settings are those of the start.

    What tests set in the editor goes with the user to every browser, but not to that of the next test.
    """
    page = profiles.page(server.url, viewport={"width": 1440, "height": 900}, locale="en-US", color_scheme="dark")
    page.add_init_script(TOUR_SEEN)
    forget_settings(server)
    return page


@pytest.fixture
def browser_page(any_page: Page) -> Iterator[Page]:
    """Such a page, in whose console an error fails the test."""
    errors: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        if message.type == "error" and not url.endswith("/favicon.ico"):  # which files that are no pages do not name
            errors.append(f"{message.text} ({url})")

    any_page.on("console", keep)
    any_page.on("pageerror", lambda error: errors.append(str(error)))
    yield any_page
    any_page.close()
    assert not errors, "the browser's console has errors"


def forget_settings(server: Server) -> None:
    """Set back what tests have set in the editor, on the server."""
    (server.base / "user" / "default" / "comfy.settings.json").unlink(missing_ok=True)


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
