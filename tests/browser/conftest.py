"""The editor, open in Chromium: on the server that tests share, and on one of its own that may die."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.desk import Desk, context_of, open_desk, serve
from tests.browser.pages import Editor
from tests.running_server import RunningServer


@pytest.fixture
def editor(browser_page: Page) -> Editor:
    """The editor with its default workflow."""
    made = Editor(browser_page)
    made.open()
    return made


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server for the tests of one file."""
    server = serve(tmp_path_factory.mktemp("files"))
    yield server
    server.stop()


@pytest.fixture
def desk_context(browser: Browser, own_server: RunningServer) -> Iterator[BrowserContext]:
    """A fresh profile of the browser for that server."""
    made = context_of(browser, own_server)
    yield made
    made.close()


@pytest.fixture
def desk(desk_context: BrowserContext) -> Iterator[Desk]:
    """The editor with its tabs on that server; an error in the page fails the test."""
    faults: list[str] = []
    yield open_desk(desk_context, faults)
    assert not faults
