"""Queueing and what comes of it: the queue, the gallery, the log, and a server that goes away and comes back."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.pages import Editor
from tests.browser.profiles import Profiles
from tests.running_server import RunningServer, node

NOTICES = """
    window.notices = [];
    window.Notification = class {
        static permission = 'default';
        static async requestPermission() { return (Notification.permission = 'granted'); }
        constructor(title, options) { notices.push([title, options.body]); }
        close() {}
    };
"""
HIDDEN = """(hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with quick nodes beside the real ones, which can be killed and started again at the same address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    running = RunningServer(tmp_path_factory.mktemp("running"), "--nodes", "nodes", "--cpu", "--port", port).start()
    yield running
    running.stop()


@pytest.fixture
def editor(profiles: Profiles, runner: RunningServer) -> Editor:
    """The editor of that server, with an empty queue and history."""
    page = profiles.page(runner.url, viewport={"width": 1440, "height": 900}, locale="en-US")
    context = page.context
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    for path, body in {"queue": {"clear": True, "paused": False}, "interrupt": {}, "history": {"clear": True}}.items():
        assert context.request.post(f"/api/{path}", data=body).ok
    page.add_init_script(NOTICES)
    made = Editor(page)
    made.open()
    return made


def open_prompt(editor: Editor, tmp_path: Path, prompt: dict[str, Any], title: str) -> None:
    path = tmp_path / "quick.json"
    path.write_text(json.dumps(prompt))
    editor.drop(path, "application/json")
    expect(editor.node(title).first).to_be_visible()


def show_panel(editor: Editor, name: str) -> None:
    """Press a button of the rail, whatever number stands beside it."""
    editor.page.locator("#rail").get_by_role("button", name=name).click()


def jobs(page: Page, region: str):
    return page.get_by_role("region", name=region).get_by_role("listitem")


def names(page: Page, region: str) -> list[str]:
    return page.get_by_role("region", name=region).locator(".job-name").all_inner_texts()


def queue_named(page: Page, name: str, prompt: dict[str, Any], **more: Any) -> str:
    answer = page.request.post("/api/prompt", data={"prompt": prompt, "name": name, **more})
    return answer.json()["prompt_id"]


def test_the_queue_can_be_ordered_by_keys_and_by_drag_and_survives_a_reload(editor: Editor):
    page = editor.page
    show_panel(editor, "Show the queue")
    editor.button("Pause").click()
    expect(page.get_by_text("Paused.")).to_be_visible()
    for name in "abcd":
        queue_named(page, name, {"1": node("Paint", color="red")})
    expect(page.get_by_role("region", name="Now and next").locator(".job-name")).to_have_text(["a", "b", "c", "d"])
    row = page.get_by_role("listitem", name="c, number 3 in line")
    row.focus()
    page.keyboard.press("Alt+ArrowUp")
    order = page.get_by_role("region", name="Now and next").locator(".job-name")
    expect(order).to_have_text(["a", "c", "b", "d"])
    expect(page.get_by_role("listitem", name="c, number 2 in line")).to_be_focused()
    page.keyboard.press("Alt+End")
    expect(order).to_have_text(["a", "b", "d", "c"])

    grip = jobs(page, "Now and next").nth(2).locator(".job-grip")
    first = jobs(page, "Now and next").nth(0).bounding_box()
    box = grip.bounding_box()
    assert first
    assert box
    editor.drag((box["x"] + 5, box["y"] + box["height"] / 2), (box["x"] + 5, first["y"] + 4))
    expect(order).to_have_text(["d", "a", "b", "c"])

    page.reload()
    show_panel(editor, "Show the queue")
    expect(order).to_have_text(["d", "a", "b", "c"])
    page.get_by_role("listitem", name="a, number 2 in line").hover()
    page.get_by_role("listitem", name="a, number 2 in line").get_by_role("button", name="Cancel").click()
    expect(order).to_have_text(["d", "b", "c"])
    editor.button("Resume").click()
    expect(jobs(page, "Done")).to_have_count(3)
    assert names(page, "Done") == ["c", "b", "d"]
    expect(jobs(page, "Done").first.locator("img")).to_be_visible()

    jobs(page, "Done").first.click(button="right")
    page.get_by_role("menuitem", name="Name and tags").click()
    page.get_by_role("textbox", name="Tags").fill("keep, best")
    page.keyboard.press("Enter")
    expect(jobs(page, "Done").first.locator(".job-tag")).to_have_text(["keep", "best"])
    jobs(page, "Done").first.click(button="right")
    page.get_by_role("menuitem", name="Queue again, same seeds").click()
    expect(jobs(page, "Done")).to_have_count(4)


def test_thousands_of_jobs_are_only_there_where_they_are_seen(editor: Editor):
    page = editor.page
    page.request.post("/api/queue", data={"paused": True})
    for _ in range(3):
        queue_named(page, "many", {"1": node("Paint", color="red")}, batch_count=1000)
    show_panel(editor, "Show the queue")
    expect(page.get_by_text("3000 waiting")).to_be_visible()
    assert jobs(page, "Now and next").count() < 60
    page.locator(".side-body").evaluate("(body) => body.scrollTo(0, 54 * 2900)")
    expect(page.get_by_role("listitem", name="many, number 2905 in line")).to_be_visible()
    assert jobs(page, "Now and next").count() < 60
    editor.button("Cancel all").click()
    expect(page.get_by_text("Nothing is waiting.")).to_be_visible()


def test_changes_queue_themselves_and_a_job_is_repeated_until_it_is_stopped(editor: Editor, tmp_path: Path):
    page = editor.page
    open_prompt(editor, tmp_path, {"1": node("Paint", color="red", count=1, seed=1)}, "Paint")
    show_panel(editor, "Show the queue")
    editor.button("How to run").click()
    page.get_by_role("menuitemcheckbox", name="Queue after each change").click()
    expect(editor.button("Auto")).to_be_visible()
    color = editor.node("Paint").get_by_role("textbox", name="color")
    color.fill("blue")
    color.press("Enter")
    expect(jobs(page, "Done")).to_have_count(1)
    # Where a node is does not matter for what it makes.
    title = editor.node("Paint").locator(".node-title").bounding_box()
    assert title
    editor.drag((title["x"] + 60, title["y"] + 9), (title["x"] + 160, title["y"] + 90))
    color.fill("green")
    color.press("Enter")
    expect(jobs(page, "Done")).to_have_count(2)

    editor.button("How to run").click()
    page.get_by_role("menuitemcheckbox", name="Repeat until stopped").click()
    editor.button("Repeat").click()
    expect(jobs(page, "Done").nth(4)).to_be_visible()
    editor.button("Stop repeating").click()
    expect(editor.button("Repeat")).to_be_visible()


def test_a_node_says_how_fast_it_is_what_failed_and_the_log_has_the_rest(editor: Editor, tmp_path: Path):
    page = editor.page
    prompt = {
        "1": node("Count", steps=3),
        "2": node("Fail", text=["1", 0]),
        "3": node("Show", text=["2", 0]),
    }
    open_prompt(editor, tmp_path, prompt, "Fail")
    editor.queue()
    problem = editor.node("Fail").get_by_role("alert")
    expect(problem).to_contain_text("cannot work with 'aaa'", timeout=60_000)
    expect(editor.node("Count")).to_have_attribute("data-state", "done")
    expect(editor.node("Show")).to_have_attribute("data-state", "idle")
    problem.get_by_text("Details").click()
    expect(problem.locator("pre")).to_contain_text("Traceback")
    problem.get_by_role("button", name="Copy").click()
    expect(problem.get_by_role("button", name="Copied")).to_be_visible()

    show_panel(editor, "Problems")
    panel = page.get_by_role("complementary", name="Problems")
    panel.get_by_role("button", name="Copy report").click()
    expect(page.locator("#toasts")).to_contain_text("Copied")
    report = page.evaluate("() => navigator.clipboard.readText()")
    assert "Fail: " in report
    assert "Traceback" in report
    assert "Safelight" in report

    show_panel(editor, "Log")
    log = page.get_by_role("log", name="Log")
    expect(log).to_contain_text("cannot work with 'aaa'")
    page.get_by_role("combobox", name="Level").select_option("error")
    expect(log.locator(".log-line.info")).to_have_count(0)
    page.get_by_role("searchbox", name="Search the log").fill("nothing of this kind")
    expect(log.locator(".log-line")).to_have_count(0)
    page.get_by_role("searchbox", name="Search the log").fill("")
    expect(log.locator(".log-line").last).to_be_visible()
    editor.queue()
    expect(log.get_by_text("cannot work with 'aaa'")).to_have_count(2)


def test_the_gallery_finds_shows_and_uses_what_was_made(editor: Editor, tmp_path: Path):
    page = editor.page
    document = {"nodes": [{"id": 1, "type": "Paint", "pos": [0, 0], "widgets_values": ["red", 2, 5, "fixed", "warm"]}]}
    page.request.post("/api/prompt", data={"document": {**document, "links": [], "version": 0.4}, "name": "Warm"})
    queue_named(page, "Cold", {"1": node("Paint", color="navy", filename_prefix="cold")})
    show_panel(editor, "Gallery")
    tiles = page.get_by_role("listbox", name="Gallery").get_by_role("option")
    expect(tiles).to_have_count(3)
    page.get_by_role("searchbox", name="Search prompts, names, tags").fill("navy")
    expect(tiles).to_have_count(1)
    expect(tiles.first).to_have_accessible_name("cold_00001_.png, Cold")
    page.get_by_role("searchbox", name="Search prompts, names, tags").fill("")
    expect(tiles).to_have_count(3)
    editor.button("More filters").click()
    page.get_by_role("combobox", name="Workflow").select_option("Warm")
    expect(tiles).to_have_count(2)

    tiles.first.click()
    box = page.get_by_role("dialog", name="Pictures")
    expect(box).to_contain_text("64 × 48 · 1 / 2")
    expect(box.get_by_role("complementary")).to_contain_text("Warm")
    size = box.locator(".lightbox-zoom")
    before = size.inner_text()
    box.locator(".stage").dblclick()
    expect(size).not_to_have_text(before)
    page.keyboard.press("0")
    expect(size).to_have_text(before)
    page.keyboard.press("ArrowRight")
    expect(box).to_contain_text("2 / 2")
    box.get_by_role("button", name="Copy picture").click()
    expect(page.locator("#toasts")).to_contain_text("in the clipboard")
    box.get_by_role("button", name="Use as input").click()
    expect(editor.node("Load Image")).to_be_visible()
    kept = editor.wait_for_draft(lambda document: any(each["type"] == "LoadImage" for each in document["nodes"]))
    loader = next(each for each in kept["nodes"] if each["type"] == "LoadImage")
    assert loader["widgets_values"][0].startswith("warm_")

    # From the gallery onto a picture's field, and onto the canvas.
    page.get_by_role("combobox", name="Workflow").select_option("Cold")
    expect(tiles).to_have_count(1)
    tiles.first.drag_to(editor.node("Load Image").locator(".picture-frame"))
    kept = editor.wait_for_draft(lambda document: '"cold_' in json.dumps(document))
    assert len(kept["nodes"]) == 8
    page.get_by_role("combobox", name="Workflow").select_option("")
    expect(tiles).to_have_count(3)
    tiles.last.drag_to(page.locator("#canvas"), target_position={"x": 500, "y": 700})
    page.get_by_role("menuitem", name="Open its workflow").click()
    expect(editor.node("Paint")).to_be_visible()
    expect(editor.node("Paint").get_by_role("textbox", name="color")).to_have_value("red")


def test_pictures_are_compared_and_removed_with_their_files(editor: Editor, runner: RunningServer):
    page = editor.page
    queue_named(page, "Gone", {"1": node("Paint", color="orange", count=3, seed=9, filename_prefix="gone")})
    show_panel(editor, "Gallery")
    tiles = page.get_by_role("listbox", name="Gallery").get_by_role("option")
    expect(tiles).to_have_count(3)
    tiles.nth(0).click(modifiers=["Control"])
    tiles.nth(1).click(modifiers=["Control"])
    expect(page.get_by_text("2 chosen")).to_be_visible()
    editor.button("Compare").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    editor.button("Remove…").click()
    page.get_by_role("checkbox", name="Delete the files as well").check()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(tiles).to_have_count(1)
    left = [path.name for path in (runner.base / "output").glob("gone_*.png")]
    assert len(left) == 1
    tiles.first.focus()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(tiles).to_have_count(0)
    assert (runner.base / "output" / left[0]).exists()


def test_the_machine_is_measured_and_the_end_of_a_job_is_told_to_who_looks_away(editor: Editor, tmp_path: Path):
    page = editor.page
    meters = page.get_by_role("button", name="Memory and load")
    expect(meters).to_contain_text("RAM")
    meters.click()
    expect(page.get_by_role("dialog", name="Memory and load")).to_contain_text("Worker")
    page.keyboard.press("Escape")

    open_prompt(editor, tmp_path, {"1": node("Paint", color="red", seed=3)}, "Paint")
    editor.button("How to run").click()
    page.get_by_role("menuitemcheckbox", name="Notify me when a job ends").click()
    page.wait_for_function("() => Notification.permission === 'granted'")
    editor.queue()
    show_panel(editor, "Show the queue")
    expect(jobs(page, "Done")).to_have_count(1)
    assert page.evaluate("() => notices") == []
    page.evaluate(HIDDEN, True)
    editor.queue()
    page.wait_for_function("() => notices.length === 1")
    assert "done" in page.evaluate("() => notices[0][0]")
    expect(page).to_have_title("✓ quick – Safelight")
    page.evaluate(HIDDEN, False)
    expect(page).to_have_title("quick – Safelight")


def test_a_server_that_dies_and_comes_back_is_caught_up_with(editor: Editor, tmp_path: Path, runner: RunningServer):
    page = editor.page
    prompt = {
        "1": node("Text", text="before"),
        "2": node("Show", text=["1", 0]),
        "3": node("Sleep", seconds=4, text="after"),
        "4": node("Show", text=["3", 0]),
    }
    open_prompt(editor, tmp_path, prompt, "Sleep")
    editor.queue()
    expect(editor.node("Sleep")).to_have_attribute("data-state", "running")
    # A page that is loaded anew goes on where the job is.
    page.reload()
    expect(editor.node("Sleep")).to_have_attribute("data-state", "running")
    expect(editor.page.get_by_text("before", exact=True).last).to_be_visible()

    runner.kill()
    expect(page.get_by_text("Connection lost.")).to_be_visible()
    editor.button("Queue").click()
    expect(page.locator("#toasts")).to_contain_text("reach")
    runner.start()
    with suppress(Error):  # it may have come back by itself
        page.get_by_role("button", name="Try now").click(timeout=2000)
    expect(page.get_by_text("Connection lost.")).to_be_hidden(timeout=30_000)
    # The job that the crash cut off is run again.
    expect(editor.node("Sleep")).to_have_attribute("data-state", "done", timeout=60_000)
    expect(page.locator(".result-text", has_text="after")).to_be_visible()
