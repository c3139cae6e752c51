"""What was done outlasts the page, the browser and the server, and nobody's work is written over."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, expect

from launcher.browser import HEADLESS_ARGUMENTS, find_browser
from tests.browser.desk import Desk, context_of, open_desk
from tests.running_server import RunningServer


def test_a_crash_of_the_server_and_of_the_page_loses_nothing(browser: Browser, own_server: RunningServer):
    context = context_of(browser, own_server)
    desk = open_desk(context.new_page())
    page = desk.page
    desk.set_steps(6)
    port = own_server.url.rsplit(":", 1)[1]
    own_server.kill()
    desk.set_steps(7)
    expect(page.get_by_text("Not kept on the server")).to_be_visible(timeout=30_000)
    desk.node("VAE Decode").locator(".node-title").click()
    page.keyboard.press("Control+c")
    page.keyboard.press("Alt+n")
    page.mouse.move(700, 500)
    page.keyboard.press("Control+v")
    desk.wait_for_draft(lambda document: len(document["nodes"]) == 1)
    own_server.options = (*own_server.options, "--port", port)
    own_server.start()
    expect(page.get_by_text("Not kept on the server")).to_be_hidden(timeout=60_000)
    drafts = own_server.base / "user" / "default" / "drafts"
    kept = [json.loads(path.read_text("utf-8")) for path in drafts.glob("*.json")]
    assert {len(draft["document"]["nodes"]) for draft in kept if draft["dirty"]} >= {1, 7}

    # The page crashes; a new one of the same browser has both workflows again.
    with pytest.raises(Error, match="crash"):
        page.goto("chrome://crash")
    again = Desk(context.new_page())
    again.page.goto("/")
    expect(again.tabs()).to_have_count(2)
    expect(again.page.locator("[data-node]")).to_have_count(1, timeout=60_000)
    again.tab("Text to image").click()
    expect(again.steps()).to_have_value("7")

    # Another browser finds them on the server once this one is gone.
    context.close()
    elsewhere = context_of(browser, own_server)
    other = open_desk(elsewhere.new_page())
    other.page.get_by_role("button", name="unsaved drafts").click()
    dialog = other.page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem").filter(has_text="Text to image")).to_have_count(1)
    dialog.get_by_role("button", name="Open all").click()
    expect(other.tabs()).to_have_count(2)
    other.tab("Text to image").click()
    expect(other.steps()).to_have_value("7")
    expect(other.page.get_by_role("button", name="unsaved draft")).to_be_hidden()
    elsewhere.close()


def test_the_browser_is_killed_and_everything_is_there_again(
    own_server: RunningServer, tmp_path: Path, browser: Browser
):
    profile = str(tmp_path / "profile")
    executable = find_browser()
    assert executable
    options: dict[str, Any] = {
        "executable_path": executable, "headless": True, "args": HEADLESS_ARGUMENTS, "base_url": own_server.url,
        "viewport": {"width": 1440, "height": 900}, "locale": "en-US",
    }  # fmt: skip
    chromium = browser.browser_type
    first = chromium.launch_persistent_context(profile, **options)
    desk = Desk(first.pages[0])
    desk.open()
    desk.set_steps(13)
    desk.wait_for_draft(
        lambda document: 13 in next(n for n in document["nodes"] if n["type"] == "KSampler")["widgets_values"]
    )
    for pid in processes_of(profile):
        os.kill(pid, signal.SIGKILL)
    second = chromium.launch_persistent_context(profile, **options)
    again = Desk(second.pages[0])
    again.page.goto("/")
    expect(again.steps()).to_have_value("13", timeout=60_000)
    second.close()


def processes_of(profile: str) -> list[int]:
    """The processes of a browser with this profile."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if profile in path.read_text(errors="replace"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_a_file_that_was_changed_elsewhere_is_not_written_over_unasked(desk: Desk, own_server: RunningServer):
    page, path = desk.page, own_server.base / "user" / "default" / "workflows" / "shared.json"
    desk.save_as("shared")
    other = open_desk(desk.page.context.new_page())
    other.page.keyboard.press("w")
    other.page.get_by_role("button", name=re.compile("^shared")).first.click()
    expect(other.tab("shared")).to_be_visible()
    other.set_steps(3)
    other.save()
    expect(other.page.get_by_text("Saved “shared”.")).to_be_visible()
    theirs = path.read_text("utf-8")
    desk.set_steps(5)
    desk.save()
    dialog = page.get_by_role("dialog", name="Changed elsewhere")
    expect(dialog).to_be_visible()
    assert path.read_text("utf-8") == theirs
    dialog.get_by_role("button", name="Compare").click()
    expect(page.locator(".difference").filter(has_text="KSampler")).to_contain_text("3→5")
    page.get_by_role("button", name="End the comparison").click()
    desk.save()
    dialog.get_by_role("button", name="Overwrite").click()
    expect(page.get_by_text("Saved “shared”.").last).to_be_visible()
    expect(desk.tab("shared")).not_to_have_attribute("aria-label", re.compile("not saved"))
    assert path.read_text("utf-8") != theirs
