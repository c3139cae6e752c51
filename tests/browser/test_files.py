"""Open workflows, their files, versions and templates, and what becomes of files that are dropped."""

import json
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import Desk
from tests.conftest import ROOT
from tests.running_server import RunningServer

DEFAULT = json.loads((ROOT / "workflows" / "default.json").read_text("utf-8"))


def test_workflows_are_open_side_by_side_each_with_its_own_state(desk: Desk):
    page = desk.page
    desk.set_steps(4)
    desk.node("KSampler").locator(".node-title").click()
    page.keyboard.press("Control+c")
    desk.queue()
    page.keyboard.press("Alt+n")
    expect(page.locator("[data-node]")).to_have_count(0)
    page.mouse.move(700, 500)
    page.keyboard.press("Control+v")
    expect(page.locator("[data-node]")).to_have_count(1)
    expect(desk.button("Undo")).to_be_enabled()

    # The job of the other workflow goes on, and its picture is there.
    expect(desk.tab("Text to image")).to_have_attribute("aria-label", re.compile("Done"), timeout=90_000)
    expect(page.locator("[data-node] img")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator("[data-node]")).to_have_count(0)
    desk.tab("Text to image").click()
    desk.picture("Save Image")
    expect(desk.steps()).to_have_value("4")
    expect(desk.node("KSampler")).to_have_class(re.compile("selected"))
    page.keyboard.press("Control+z")
    expect(desk.steps()).to_have_value("20")

    # By keys, by the middle button, and back again.
    page.keyboard.press("Alt+PageDown")
    expect(page.locator("[data-node]")).to_have_count(0)
    page.keyboard.press("Control+y")
    expect(page.locator("[data-node]")).to_have_count(1)
    desk.tab("Untitled").click(button="middle")
    expect(desk.tabs()).to_have_count(1)
    page.keyboard.press("Alt+Shift+W")
    expect(desk.tabs()).to_have_count(2)
    expect(page.locator("[data-node]")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(page.locator("[data-node]")).to_have_count(0)


def test_tabs_are_dragged_and_named_apart_and_stay_over_a_reload(desk: Desk):
    page = desk.page
    desk.save_as("pets/cat")
    desk.command("Duplicate")
    desk.save_as("wild/cat")
    page.keyboard.press("Alt+n")
    names = ["pets/cat", "wild/cat", "Untitled"]
    expect(desk.tabs()).to_have_text(names)
    first, last = (desk.tabs().nth(at).bounding_box() for at in (0, 2))
    assert first
    assert last
    desk.drag((first["x"] + 30, first["y"] + 15), (last["x"] + last["width"] - 20, last["y"] + 15))
    expect(desk.tabs()).to_have_text(["wild/cat", "Untitled", "pets/cat"])
    desk.tab("pets/cat").click()
    desk.set_steps(9)
    expect(desk.tab("pets/cat")).to_have_attribute("aria-label", re.compile("not saved"))
    page.reload()
    expect(desk.steps()).to_have_value("9")
    expect(desk.tabs()).to_have_text(["wild/cat", "Untitled", "pets/cat"])
    desk.tab("wild/cat").click()
    expect(desk.steps()).to_have_value("20")
    desk.tab("pets/cat").locator(".tab-close").click()
    expect(desk.tabs()).to_have_text(["cat", "Untitled"])


def test_each_save_is_a_version_that_can_be_compared_and_returned_to(desk: Desk):
    page = desk.page
    desk.save_as("versioned")
    desk.node("Prompt").get_by_role("textbox").first.fill("a small red heart on a green background, 3d style")
    desk.set_steps(8)
    desk.save()
    page.keyboard.press("Alt+v")
    expect(page.locator(".version")).to_have_count(2)
    desk.node("Empty Latent").locator(".node-title").click()
    page.keyboard.press("Delete")
    page.locator(".version-text").last.click()
    changes = page.locator(".difference")
    expect(changes.filter(has_text="Empty Latent").first).to_have_class(re.compile("removed"))
    prompt = changes.filter(has_text="Prompt").filter(has=page.locator("ins")).first
    expect(prompt.locator("del")).to_have_text(["large", "blue"])
    expect(prompt.locator("ins")).to_have_text(["small", "green"])
    expect(changes.filter(has_text="steps")).to_contain_text("20→8")
    # It follows what is done, and leads to the nodes.
    desk.set_steps(20)
    expect(changes.filter(has_text="steps")).to_have_count(0)
    changes.get_by_role("button", name="Prompt").first.click()
    expect(desk.node("Prompt")).to_have_class(re.compile("selected"))
    page.get_by_role("button", name="End the comparison").click()

    desk.button("Keep a version with a name…").click()
    page.get_by_role("textbox", name="Name of the version").fill("without a latent")
    page.keyboard.press("Enter")
    expect(page.locator(".version.named")).to_contain_text("without a latent")
    page.locator(".version").last.get_by_role("button", name=re.compile("^Return")).click()
    expect(desk.node("Empty Latent")).to_be_visible()
    expect(desk.node("Prompt").get_by_role("textbox").first).to_have_value(re.compile("large red heart"))
    page.keyboard.press("Control+z")
    expect(desk.node("Empty Latent")).to_have_count(0)

    # Any two of them.
    page.locator(".version.named").get_by_role("button", name=re.compile("^More")).click()
    page.get_by_role("menuitem", name="Compare with another version").click()
    page.get_by_role("menuitem").last.click()
    expect(desk.tabs()).to_have_count(2)
    expect(page.locator(".comparison-bar .removed")).to_have_text("−1")


def test_stored_workflows_are_found_renamed_deleted_and_brought_back(
    desk: Desk, own_server: RunningServer, tmp_path: Path
):
    page, folder = desk.page, own_server.base / "user" / "default" / "workflows"
    desk.save_as("box/one")
    page.keyboard.press("w")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("button", name="box", exact=True)).to_be_visible()
    (tmp_path / "two.json").write_text(json.dumps(DEFAULT))
    drop_on(page, panel.get_by_role("button", name="box", exact=True), tmp_path / "two.json")
    expect(panel.get_by_role("button", name=re.compile("^two"))).to_be_visible()
    assert (folder / "box" / "two.json").is_file()

    panel.get_by_role("searchbox").fill("tw")
    expect(panel.locator(".file")).to_have_count(1)
    panel.locator(".file").click(button="right")
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("box/three")
    page.keyboard.press("Enter")
    panel.get_by_role("searchbox").fill("")
    all_files = panel.locator(".side-section").filter(has=page.get_by_role("heading", name="All", exact=True))
    row = all_files.locator(".file")
    row.filter(has_text="three").click(button="right")
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_text("“box/three” was deleted.")).to_be_visible()
    assert not (folder / "box" / "three.json").exists()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(row.filter(has_text="three")).to_be_visible()
    row.filter(has_text="three").click(button="right")
    page.get_by_role("menuitem", name="Duplicate").click()
    expect(row.filter(has_text="three (2)")).to_be_visible()
    row.filter(has_text="three (2)").get_by_role("button").first.click()
    expect(desk.tab("three (2)")).to_have_attribute("aria-selected", "true")
    # What is open already is shown, not opened twice.
    row.filter(has_text="one").first.get_by_role("button").first.click()
    expect(desk.tab("one")).to_have_attribute("aria-selected", "true")
    expect(desk.tabs()).to_have_count(2)


def test_stored_workflows_are_saved_by_themselves_for_those_who_want_it(desk: Desk, own_server: RunningServer):
    path = own_server.base / "user" / "default" / "workflows" / "by itself.json"
    desk.save_as("by itself")
    before = path.read_text("utf-8")
    desk.page.keyboard.press("Control+,")
    desk.page.get_by_role("dialog").get_by_text("Files", exact=True).first.click()
    desk.page.get_by_role("checkbox", name="Save stored workflows by themselves").or_(
        desk.page.get_by_role("switch", name="Save stored workflows by themselves")
    ).click()
    desk.page.keyboard.press("Escape")
    desk.set_steps(11)
    expect(desk.tab("by itself")).to_have_attribute("aria-label", re.compile("not saved"))
    expect(desk.tab("by itself")).not_to_have_attribute("aria-label", re.compile("not saved"), timeout=30_000)
    assert path.read_text("utf-8") != before


def drop_on(page: Page, target: Locator, path: Path) -> None:
    transfer = page.evaluate_handle(
        """([text, name]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name, { type: 'application/json' }));
            return transfer;
        }""",
        [path.read_text("utf-8"), path.name],
    )
    for kind in ("dragover", "drop"):
        target.dispatch_event(kind, {"dataTransfer": transfer})


def test_what_is_missing_is_said_and_replaced(desk: Desk, tmp_path: Path):
    page = desk.page
    document = json.loads(json.dumps(DEFAULT))
    by_type = {node["type"]: node for node in document["nodes"]}
    by_type["CheckpointLoader"]["widgets_values"] = ["old/pocket-v1.ckpt"]
    by_type["KSampler"]["type"] = "KSamplerOfAPack"
    by_type["KSampler"]["properties"] = {"cnr_id": "somebodys-pack", "ver": "1.4.0"}
    desk.drop_json(tmp_path / "foreign.json", document)
    missing = page.get_by_role("region", name="Missing on this server")
    expect(missing).to_contain_text("KSamplerOfAPack")
    expect(missing).to_contain_text("from the pack somebodys-pack 1.4.0")
    missing.get_by_role("button", name="Use KSampler", exact=True).click()
    expect(desk.node("KSampler")).to_be_visible()
    assert len(desk.wait_for_draft(lambda document: document["nodes"][4]["type"] == "KSampler")["links"]) == 9
    missing.get_by_role("button", name="Use pocket.safetensors").click()
    expect(missing).to_be_hidden()
    expect(desk.field("1", "ckpt_name")).to_contain_text("pocket.safetensors")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    kept = desk.wait_for_draft(lambda document: document["nodes"][4]["type"] == "KSamplerOfAPack")
    assert kept["nodes"][4]["properties"]["cnr_id"] == "somebodys-pack"
    assert kept["nodes"][0]["widgets_values"][0] == "old/pocket-v1.ckpt"


def weights(names: list[str], **metadata: str) -> bytes:
    entries: dict[str, object] = {
        name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * at, 4 * at + 4]} for at, name in enumerate(names)
    }
    header = json.dumps({"__metadata__": metadata, **entries}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4 * len(names))


def test_files_of_every_kind_become_what_they_are(desk: Desk, own_server: RunningServer, tmp_path: Path):
    page = desk.page
    (tmp_path / "noise.latent").write_bytes(weights(["latent_tensor", "latent_format_version_0"]))
    desk.drop(tmp_path / "noise.latent", "")
    expect(desk.node("Load Latent")).to_contain_text("noise.latent")

    (tmp_path / "cat-toy.safetensors").write_bytes(weights(["emb_params"]))
    desk.drop(tmp_path / "cat-toy.safetensors", "")
    dialog = page.get_by_role("dialog", name="Add a model")
    expect(dialog).to_contain_text("looks like a textual inversion")
    dialog.get_by_role("button", name="Send to the server").click()
    expect(dialog).to_be_hidden()
    assert (own_server.base / "models" / "embeddings" / "cat-toy.safetensors").is_file()
    desk.wait_for_draft(
        lambda document: any("embedding:cat-toy" in node.get("widgets_values", ()) for node in document["nodes"])
    )

    (tmp_path / "ink.safetensors").write_bytes(weights(["encoder.conv_in.weight", "decoder.conv_in.weight"]))
    desk.drop(tmp_path / "ink.safetensors", "")
    expect(dialog).to_contain_text("looks like a VAE")
    dialog.get_by_role("button", name="Send to the server").click()
    expect(desk.node("Load VAE")).to_contain_text("ink.safetensors")

    (tmp_path / "notes.txt").write_text("nothing")
    desk.drop(tmp_path / "notes.txt", "text/plain")
    expect(page.get_by_text("notes.txt").last).to_be_visible()


def test_weights_open_the_workflow_that_made_them_and_say_what_they_are(
    desk: Desk, own_server: RunningServer, tmp_path: Path
):
    page, path = desk.page, tmp_path / "ghost.safetensors"
    said = {"ss_base_model_version": "sd_v1", "ss_steps": "1200", "modelspec.trigger_phrase": "ghst"}
    made = json.loads(json.dumps(DEFAULT))
    made["nodes"][0]["title"] = "What was trained"
    path.write_bytes(weights(["lora_unet_x.lora_up.weight"], workflow=json.dumps(made), **said))
    desk.drop(path, "")
    expect(desk.node("What was trained")).to_be_visible()
    expect(desk.tab("ghost")).to_have_attribute("aria-selected", "true")
    about = "SD 1.x · 1,200 steps · trigger words: ghst"
    toast = page.locator(".toast", has_text=f"This workflow made ghost.safetensors (LoRA · {about}).")
    toast.get_by_role("button", name="Add it to the models").click()
    dialog = page.get_by_role("dialog", name="Add a model")
    expect(dialog).to_contain_text(about)
    dialog.get_by_role("button", name="Send to the server").click()
    expect(desk.node("Load LoRA")).to_contain_text("ghost.safetensors")
    assert (own_server.base / "models" / "loras" / "ghost.safetensors").read_bytes() == path.read_bytes()

    page.keyboard.press("m")
    library = page.get_by_role("complementary", name="Models")
    library.get_by_role("combobox", name="Kind").select_option("loras")
    library.get_by_role("button", name="ghost, SD 1.x").click()
    library.get_by_role("button", name="Open the workflow that made it").click()
    expect(desk.tabs()).to_have_count(2)
    expect(desk.node("Load LoRA")).to_have_count(0)

    path.write_bytes(weights(["lora_unet_x.lora_up.weight"], workflow="{", **said))
    desk.drop(path, "")
    expect(dialog).to_contain_text("The workflow in it is damaged and cannot be opened.")
    dialog.get_by_role("button", name="Cancel").click()
    path.write_bytes(weights(["lora_unet_x.lora_up.weight"], **said))
    desk.drop(path, "")
    expect(dialog).to_contain_text(about)
    expect(dialog).to_contain_text("It carries no workflow.")


def test_a_picture_of_the_graph_holds_the_workflow(desk: Desk, tmp_path: Path):
    page = desk.page
    desk.set_steps(17)
    with page.expect_download() as download:
        desk.command("Download a picture of the graph (PNG)")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with Image.open(path) as picture:
        assert picture.width > 600
        assert json.loads(picture.info["workflow"])["nodes"]
    page.keyboard.press("Alt+t")
    page.get_by_role("dialog", name="Templates").locator(".template-open", has_text="Text to image").click()
    expect(desk.tabs()).to_have_count(2)
    expect(desk.steps()).to_have_value("20")
    desk.drop(path, "image/png")
    expect(desk.steps()).to_have_value("17")
    expect(desk.tabs()).to_have_count(3)
