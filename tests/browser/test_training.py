"""A training on its node: curves that grow, pictures in between, and what it is told by its buttons."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import Editor
from tests.browser.profiles import Profiles
from tests.running_server import RunningServer
from tools.mascot.ghost import write

PROMPT = {
    "1": {"class_type": "CheckpointLoader", "inputs": {"ckpt_name": "pocket.safetensors"}},
    "2": {"class_type": "TrainingPictures", "inputs": {"folder_name": "ghost"}},
    "3": {
        "class_type": "TrainLoRA",
        "inputs": {
            "model": ["1", 0],
            "clip": ["1", 1],
            "vae": ["1", 2],
            "dataset": ["2", 0],
            "monitor": ["4", 0],
            "name": "seen",
            "steps": 5000,
            "resolution": 64,
            "rank": 1,
            "text_learning_rate": 0.0,
        },
    },
    "4": {"class_type": "TrainingMonitor", "inputs": {"prompts": "a ghost", "steps": 1, "sample_every": 0}},
    "5": {"class_type": "LoraLoaderModelOnly", "inputs": {"model": ["1", 0], "lora_name": ["3", 1]}},
    "6": {"class_type": "PlotSchedule", "inputs": {"model": ["5", 0]}},
}


@pytest.fixture
def editor(profiles: Profiles, own_server: RunningServer) -> Editor:
    """The editor of a server that has a folder of models of its own, into which is trained."""
    made = Editor(profiles.page(own_server.url, viewport={"width": 1440, "height": 900}, locale="en-US"))
    made.open()
    return made


def test_a_training_is_watched_and_told_what_to_do(editor: Editor, own_server: RunningServer, tmp_path: Path):
    write(own_server.base / "input" / "ghost", 1, 64, "a ghost")
    file = tmp_path / "training.json"
    file.write_text(json.dumps(PROMPT))
    editor.drop(file, "application/json")
    node = editor.node("Train LoRA")
    expect(node).to_be_visible()
    editor.queue()

    def told(name: str):
        return node.get_by_role("group", name="What it can be told now").get_by_role("button", name=name)

    expect(told("Pause")).to_be_visible(timeout=90_000)
    line = node.locator(".plot-line").first
    before = line.get_attribute("d")
    expect(line).not_to_have_attribute("d", before or "", timeout=60_000)
    told("Pause").press("Enter")
    expect(told("Go on")).to_be_visible(timeout=60_000)
    expect(told("Go on")).to_be_focused()
    editor.page.reload()  # nothing is said while it waits
    expect(told("Go on")).to_be_visible(timeout=60_000)
    expect(node.locator(".node-state")).to_contain_text("paused")
    told("Sample now").click()
    expect(editor.page.locator("#toasts")).to_contain_text("the sample pictures are painted")
    picture = node.locator(".result-strip .result")
    expect(picture).to_be_visible(timeout=60_000)
    assert picture.locator(".result-label").inner_text().isdigit()
    told("Stop and keep").click()
    expect(node.locator(".result-text")).to_contain_text("more steps are left", timeout=60_000)
    expect(told("Pause")).to_have_count(0)
    expect(node.locator(".plot-view")).to_have_count(4)
    expect(picture).to_be_visible()
    assert (own_server.base / "models" / "loras" / "seen.safetensors").is_file()
