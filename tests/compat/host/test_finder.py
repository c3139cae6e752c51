"""Which module answers to a foreign name, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
START = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
import compat
from graph.folders import Folders
from graph.workers.host import Host
from graph.workers.worker import WorkerSettings

folders = Folders.under(Path({base!r}))
areas = ("base", "models", "input", "output", "temp", "user", "custom_nodes")
settings = WorkerSettings(packages=[], device="cpu", **{{area: str(getattr(folders, area)) for area in areas}})
compat.install(Host(folders, settings, lambda kind, data, client: None))
sys.path.insert(0, {base!r})
import probe
"""


def imported(base, source):
    """Import a module with this source in a process that has the foreign names; what it printed."""
    (base / "probe.py").write_text(source)
    program = START.format(root=str(ROOT), base=str(base))
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, cwd=base
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()


def test_what_is_below_comfy_needs_no_import_of_its_own(tmp_path):
    source = """
import comfy, comfy_extras
from comfy import utils, samplers
import comfy.utils as direct
from comfy.ldm.modules import attention
import comfy.ldm.modules.attention as again
import comfyui_version
print(comfy.model_management.get_torch_device(), comfy.utils is utils is direct, attention.X is again.X)
print(comfy_extras.nodes_latent.LatentBatch.FUNCTION, comfyui_version.__version__)
print(comfy.utils.__name__, comfy.utils.__spec__.name)
"""
    assert imported(tmp_path, source) == [
        "cpu True True",
        "batch 0.3.64",
        "compat.host.toolbox compat.host.toolbox",
    ]


def test_our_modules_keep_their_names_beside_those_of_comfyui(tmp_path):
    source = """
import nodes, server
from nodes import images, MAX_RESOLUTION
from server import PromptServer
print(images.__name__, nodes.__name__, MAX_RESOLUTION, server.__name__, PromptServer.instance.supports)
print(nodes.SaveImage is nodes.NODE_CLASS_MAPPINGS["SaveImage"], nodes.folder_paths.__name__)
"""
    assert imported(tmp_path, source) == [
        "nodes.images nodes 16384 compat.host.prompt_server ['custom_nodes_from_web']",
        "True compat.host.folder_paths",
    ]


@pytest.mark.parametrize("own", [False, True])
def test_modules_of_a_pack_come_before_the_names_that_it_may_have_itself(tmp_path, own):
    if own:
        (tmp_path / "utils").mkdir()
        (tmp_path / "utils" / "__init__.py").write_text("mine = 1")
        (tmp_path / "app").mkdir()
        (tmp_path / "app" / "__init__.py").write_text("mine = 2")
    source = """
try:
    from utils import mine
except ImportError:
    mine = None
try:
    import utils.nothing
except ImportError as error:
    missing = type(error).__name__
import app
try:
    import app.logger
    logger = app.logger.__name__
except ImportError:
    logger = None
print(mine, missing, logger, app.mine)
try:
    import utils.json_util
    print(utils.json_util.merge_json_recursive)
except ImportError:
    print("none")
"""
    expected = {
        True: ["1 ModuleNotFoundError None 2", "none"],
        False: [
            "None ModuleNotFoundError compat.host.recent_log <app.mine, which Safelight does not have>",
            "<utils.json_util.merge_json_recursive, which Safelight does not have>",
        ],
    }
    assert imported(tmp_path, source) == expected[own]


def test_names_that_nobody_has_are_missing_as_ever(tmp_path):
    source = """
for name in ("comfy_kitchen", "nonsense", "main"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error)
"""
    names = ("comfy_kitchen", "nonsense", "main")
    assert imported(tmp_path, source) == [f"No module named '{name}'" for name in names]
