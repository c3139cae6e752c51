"""Files that are no workflows, or come from other installations; refused jobs; and a server that dies."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.foreign_workflow import foreign_workflow
from tests.browser.pages import Editor
from tests.conftest import ROOT, Server
from tests.running_server import RunningServer


def drop(editor: Editor, path: Path, content: str | dict[str, Any]) -> None:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    editor.drop(path, "application/json")


def test_a_workflow_with_missing_nodes_is_saved_again_without_loss(editor: Editor, server: Server, tmp_path: Path):
    page, workflow = editor.page, foreign_workflow()
    drop(editor, tmp_path / "foreign.json", workflow)
    expect(page.get_by_text("node types of this workflow are not installed")).to_be_visible()
    expect(editor.node("My loader")).to_be_visible()
    expect(editor.node("My loader")).to_contain_text("not installed")
    assert editor.page.locator("[data-node]").count() == len(workflow["nodes"])
    editor.command("Save as")
    page.get_by_role("textbox", name="Name", exact=True).fill("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Workflow kept")).to_be_visible()
    saved = json.loads((server.base / "user" / "default" / "workflows" / "kept.json").read_text())
    assert list(losses(workflow, saved, "")) == []


def losses(before: Any, after: Any, place: str) -> Iterator[str]:
    """Where the second JSON value lacks something of the first; more entries in an object are no loss."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            here = f"{place}.{key}"
            # The order follows from the links, a reroute's type from what it is linked to, and no value is no loss.
            if key == "order" or here == ".nodes[1].outputs[0].type" or (value == [] and key == "widgets_values"):
                continue
            if key in after:
                yield from losses(value, after[key], here)
            else:
                yield f"{here} is gone"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from losses(old, new, f"{place}[{index}]")
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield f"{place}: {before!r} became {after!r}"


REFUSED = {
    "broken.json": ('{"nodes": [', "“broken.json” is not readable"),
    "other.json": ('{"name": "package", "version": "1.0"}', "This is not a workflow"),
    "null_nodes.json": ('{"nodes": [null], "links": [], "version": 0.4}', "Entry 1 of the workflow's nodes"),
    "twice.json": (
        '{"nodes": [{"id": 1, "type": "Note"}, {"id": 1, "type": "Note"}], "links": []}', "have the same id 1",
    ),
    "deep.json": ("[" * 100_000 + "]" * 100_000, "is not"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_workflow_is_refused_and_what_is_open_stays(editor: Editor, tmp_path: Path, name: str):
    content, sentence = REFUSED[name]
    before = editor.ids()
    drop(editor, tmp_path / name, content)
    expect(editor.page.get_by_text(sentence)).to_be_visible()
    assert editor.ids() == before


def test_a_picture_without_a_workflow_becomes_a_node_that_loads_it(editor: Editor, tmp_path: Path):
    path = tmp_path / "plain.png"
    Image.new("RGB", (40, 30), "teal").save(path)
    editor.drop(path, "image/png")
    expect(editor.node("Load Image")).to_be_visible()
    expect(editor.node("KSampler")).to_be_visible()


def test_a_prompt_in_the_api_format_is_laid_out(editor: Editor, tmp_path: Path):
    prompt = {
        "3": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 48, "color": 255}},
        "9": {"class_type": "NobodysNode", "inputs": {"image": ["3", 0], "strength": 0.7}},
        "12": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}, "_meta": {"title": "Shown"}},
    }
    drop(editor, tmp_path / "api.json", prompt)
    expect(editor.node("Shown")).to_be_visible()
    expect(editor.page.get_by_text("NobodysNode is not installed. Its nodes are kept as they are.")).to_be_visible()
    document = editor.wait_for_draft(lambda document: len(document["nodes"]) == 3)
    assert len(document["links"]) == 2


@pytest.fixture
def stubborn(browser: Browser, tmp_path: Path) -> Iterator[tuple[Editor, RunningServer]]:
    """The editor on a server that may refuse and die; the browser's console may have errors of its network."""
    server = RunningServer(tmp_path, "--nodes", "nodes", "--cpu", "--models", str(ROOT / "models")).start()
    context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(20_000)
    made = Editor(context.new_page())
    faults: list[str] = []
    made.page.on("pageerror", lambda error: faults.append(str(error)))
    made.open()
    yield made, server
    context.close()
    server.stop()
    assert not faults


def test_refusals_failures_and_the_end_of_the_server(stubborn: tuple[Editor, RunningServer]):
    editor, server = stubborn
    page = editor.page
    document = json.loads((ROOT / "workflows" / "default.json").read_text())
    by_type = {node["type"]: node for node in document["nodes"]}
    by_type["CheckpointLoader"]["widgets_values"] = ["pockets.safetensors"]
    drop(editor, server.base / "missing.json", document)
    expect(page.locator(".file-name")).to_have_text("missing")
    editor.queue()
    loader = editor.node("Load Checkpoint")
    expect(loader).to_contain_text("There is no 'pockets.safetensors' in models/checkpoints")
    expect(loader).to_contain_text("Similar: pocket.safetensors")

    by_type["CheckpointLoader"]["widgets_values"] = ["pocket.safetensors"]
    by_type["SaveImage"]["widgets_values"] = ["../outside"]
    by_type["KSampler"]["widgets_values"][2] = 2
    drop(editor, server.base / "outside.json", document)
    expect(page.locator(".file-name")).to_have_text("outside")
    editor.queue()
    saver = editor.node("Save Image")
    expect(saver).to_contain_text("'../outside' leads out of its folder. Use a name inside it.", timeout=60_000)
    expect(saver).not_to_contain_text("node 7")  # where it is shown, nobody has to be told

    server.kill()
    expect(page.get_by_text("Connection lost").first).to_be_visible()
    seed = editor.node("KSampler").get_by_role("spinbutton", name="seed")
    used = seed.input_value()
    editor.queue()
    expect(page.get_by_text("The server cannot be reached. Is it still running?")).to_be_visible()
    expect(seed).to_have_value(used)  # of the job that was queued, although the next one would have another
    by_type["SaveImage"]["widgets_values"] = ["inside"]
    drop(editor, server.base / "inside.json", document)
    server.options = (*server.options, "--port", server.url.rsplit(":", 1)[1])
    server.start()
    expect(page.get_by_text("Connection lost")).to_have_count(0, timeout=30_000)
    editor.queue()
    editor.picture("Save Image")


def test_what_is_wrong_is_said_in_the_form(stubborn: tuple[Editor, RunningServer]):
    editor, _ = stubborn
    page = editor.page
    editor.node("KSampler").locator(".node-title").click()
    page.keyboard.press("Delete")
    page.keyboard.press("Alt+f")
    form = page.get_by_role("main", name="Form")
    form.get_by_role("button", name="Run").click()
    expect(form.get_by_role("alert")).to_contain_text("VAE Decode")
