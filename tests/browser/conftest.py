"""The editor, open in Chromium: on the server that tests share, and on one of its own that may die."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.desk import Desk, open_desk, serve
from tests.browser.pages import Editor
from tests.browser.profiles import Profiles
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
def desk(profiles: Profiles, own_server: RunningServer) -> Iterator[Desk]:
    """The editor with its tabs on that server; an error in the page fails the test."""
    faults: list[str] = []
    page = profiles.page(own_server.url, viewport={"width": 1440, "height": 900}, locale="en-US")
    yield open_desk(page, faults)
    page.close()
    assert not faults
