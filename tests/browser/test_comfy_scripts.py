"""Scripts of packs that were written for ComfyUI's editor."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import Editor
from tests.running_server import RunningServer

ROOT = Path(__file__).resolve().parents[2]
NODES = """
class ShowWords:
    CATEGORY, FUNCTION, RETURN_TYPES, OUTPUT_NODE = "their pack", "show", ("STRING",), True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"default": "some words"}), "times": ("INT", {"default": 2})}}

    def show(self, text, times):
        return {"ui": {"text": [text] * times}, "result": (text,)}


NODE_CLASS_MAPPINGS = {"ShowWords": ShowWords}
NODE_DISPLAY_NAME_MAPPINGS = {"ShowWords": "Show Words"}
WEB_DIRECTORY = "./web"
"""
SCRIPT = """
import { app } from '../../scripts/app.js';
import { api } from '../../scripts/api.js';
import { $el } from '../../scripts/ui.js';

const heard = [];
api.addEventListener('execution_success', () => heard.push('success'));

app.registerExtension({
  name: 'their.words',
  settings: [{ id: 'their.loud', name: 'Loud words', type: 'boolean', defaultValue: false }],
  commands: [{ id: 'their.twice', label: 'Words twice', function: () => {
    for (const node of app.graph.findNodesByType('ShowWords')) {
      const times = node.widgets.find((widget) => widget.name === 'times');
      times.value = times.value * 2;
    }
  } }],
  keybindings: [{ combo: { key: 'u', ctrl: true, alt: true }, commandId: 'their.twice' }],
  setup() {
    app.extensionManager.registerSidebarTab({
      id: 'words', title: 'Their words', type: 'custom',
      render: (element) => {
        element.append($el('p.count', `${app.graph._nodes.length} nodes, heard: ${heard.join()}`));
      },
    });
  },
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name !== 'ShowWords') return;
    const created = nodeType.prototype.onNodeCreated;
    nodeType.prototype.onNodeCreated = function () {
      created?.apply(this, arguments);
      this.addWidget('button', 'Reset words', null, () => { this.widgets[0].value = 'reset'; });
      this.shown = this.addDOMWidget('shown', 'div', $el('div.their-words', 'nothing yet'), { getMinHeight: () => 40 });
    };
    nodeType.prototype.onExecuted = function (message) {
      this.shown.element.textContent = message.text.join(' + ');
    };
    nodeType.prototype.getExtraMenuOptions = function (_, options) {
      const [text] = this.widgets;
      options.push({ content: 'Shout', callback: () => { text.value = text.value.toUpperCase(); } });
    };
  },
  nodeCreated(node) {
    if (node.comfyClass === 'ShowWords') node.title = 'Words of theirs';
  },
});
"""
BROKEN = """
import { app } from '../../scripts/app.js';
import { drawGrid } from '../../scripts/nowhere.js';
"""


def put_pack(base: Path, name: str, nodes: str, script: str) -> None:
    pack = base / "custom_nodes" / name
    (pack / "web").mkdir(parents=True)
    (pack / "__init__.py").write_text(nodes)
    (pack / "web" / "script.js").write_text(script)


def start(base: Path) -> RunningServer:
    return RunningServer(base, "--nodes", "nodes", "--cpu", "--models", str(ROOT / "models")).start()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    base = tmp_path_factory.mktemp("comfy")
    put_pack(base, "theirs", NODES, SCRIPT)
    running = start(base)
    yield running
    running.stop()


@pytest.fixture
def words(editor: Editor) -> str:
    """A node of theirs in an otherwise empty workflow; its id."""
    editor.command("New")
    expect(editor.page.locator("[data-node]")).to_have_count(0)
    return editor.add("Show Words", 700, 300)


def test_their_functions_on_node_types_run(editor: Editor, words: str):
    page = editor.page
    node = editor.node("Words of theirs")
    expect(node.locator(".their-words")).to_have_text("nothing yet")
    editor.queue()
    expect(node.locator(".their-words")).to_have_text("some words + some words", timeout=60_000)
    node.get_by_role("button", name="Reset words").click()
    expect(editor.field(words, "text").get_by_role("textbox")).to_have_value("reset")
    page.keyboard.press("Control+z")
    expect(editor.field(words, "text").get_by_role("textbox")).to_have_value("some words")
    node.locator(".node-title").click(button="right")
    page.get_by_role("menuitem", name="Shout").click()
    expect(editor.field(words, "text").get_by_role("textbox")).to_have_value("SOME WORDS")


def test_their_commands_keys_and_tabs_are_there(editor: Editor, words: str):
    page = editor.page
    page.keyboard.press("Control+Alt+u")
    expect(editor.field(words, "times").get_by_role("spinbutton")).to_have_value("4")
    page.get_by_role("button", name="Their words").click()
    expect(page.locator("#side .count")).to_have_text("1 nodes, heard: ")


def test_a_script_that_needs_what_is_not_there_is_a_problem(browser: Browser, tmp_path: Path):
    put_pack(tmp_path, "broken", 'NODE_CLASS_MAPPINGS = {}\nWEB_DIRECTORY = "./web"\n', BROKEN)
    server = start(tmp_path)
    try:
        page = browser.new_page(base_url=server.url)
        Editor(page).open()
        page.keyboard.press("p")
        problem = page.locator("#side .problem").filter(has_text="broken")
        expect(problem).to_have_count(1)
        expect(problem).to_contain_text("script.js")
        page.close()
    finally:
        server.stop()
