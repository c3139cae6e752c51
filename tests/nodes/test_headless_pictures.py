"""`python -m graph` with the real nodes and the embedded checkpoint, in real processes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.running_server import node

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "workflows" / "default.json"
SMALL = ["--set", "KSampler.steps=2", "--set", "EmptyLatent.width=64", "--set", "EmptyLatent.height=64"]
HEAVY = "torch", "diffusers", "transformers", "numpy", "nodes", "PIL"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A folder whose caches all tests share, so that few of them compute anything."""
    return tmp_path_factory.mktemp("headless")


@pytest.fixture
def command(base):
    def run(name, *arguments, status=0):
        options = [
            "--base-directory",
            base,
            "--models",
            ROOT / "models",
            "--no-packs",
            *(["--cpu"] if name == "run" else []),
        ]
        line = [sys.executable, "-m", "graph", name, *arguments, *options]
        done = subprocess.run([str(each) for each in line], cwd=ROOT, capture_output=True, text=True, timeout=250)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done

    return run


def loaded_by(*arguments):
    """Which heavy packages a command loads."""
    program = f"""
import sys
from graph.headless.command import main
try:
    status = main(sys.argv[1:])
except SystemExit as error:
    status = error.code
print([name for name in {HEAVY!r} if name in sys.modules], status, file=sys.stderr)
"""
    line = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=250)
    return done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_document_gives_a_picture_and_the_picture_gives_it_again(command, tmp_path):
    text = "Prompt.text=a small blue cat, on the left, pink background, 3d"
    done = command("run", DEFAULT, *SMALL, "--set", text, "--set", "5.seed=11", "--out", tmp_path / "a", "--json")
    told = json.loads(done.stdout)
    (path,) = told["files"]
    assert (Path(path).parent, sorted(told["executed"])) == (tmp_path / "a", list("1234567"))
    with Image.open(path) as picture:
        first, texts = picture.tobytes(), picture.text
        assert picture.size == (64, 64)
    prompt, document = json.loads(texts["prompt"]), json.loads(texts["workflow"])
    assert prompt["5"]["inputs"]["seed"] == 11
    (sampler,) = (each for each in document["nodes"] if each["type"] == "KSampler")
    assert sampler["widgets_values"][:3] == [11, "randomize", 2]
    assert json.loads(command("compile", path).stdout) == prompt

    done = command("run", path, "--out", tmp_path / "b", "--json", "--no-cache")
    (again,) = json.loads(done.stdout)["files"]
    with Image.open(again) as picture:
        assert picture.tobytes() == first
        assert json.loads(picture.text["workflow"]) == document
    done = command("run", path, "--set", "5.seed=12", "--out", tmp_path / "b", "--json")
    told = json.loads(done.stdout)
    assert sorted(told["executed"]) == ["1", "5", "6", "7"]
    with Image.open(told["files"][0]) as picture:
        assert picture.tobytes() != first


@pytest.mark.slow
def test_a_prompt_gives_a_picture(command, tmp_path):
    prompt = {
        "1": node("EmptyImage", width=64, height=32, batch_size=2, color=0xFF0000),
        "2": node("SaveImage", images=["1", 0], filename_prefix="red/%width%x%height%"),
        "3": node("PreviewImage", images=["1", 0]),
    }
    path = tmp_path / "prompt.json"
    path.write_text(json.dumps(prompt))
    done = command("run", path, "--out", tmp_path / "out")
    *saved, first, second = map(Path, done.stdout.splitlines())
    assert saved == [tmp_path / "out" / "red" / f"64x32_0000{number}_.png" for number in (1, 2)]
    assert {first.parent, second.parent} == {tmp_path / "out" / "temp"}
    assert Image.open(saved[0]).getpixel((0, 0)) == (255, 0, 0)
    assert "100% [####################]" in done.stderr


@pytest.mark.slow
def test_a_missing_checkpoint_is_named_before_anything_is_loaded(command):
    done = command("run", DEFAULT, "--set", "1.ckpt_name=pockets.safetensors", status=1)
    assert "no 'pockets.safetensors' in models/checkpoints" in done.stderr
    assert "Similar: pocket.safetensors." in done.stderr


@pytest.mark.slow
def test_once_the_nodes_are_known_only_a_run_loads_them(command, base, tmp_path):
    command("validate", DEFAULT)  # the first command may have to
    options = ["--base-directory", base, "--models", ROOT / "models", "--no-packs"]
    assert loaded_by("validate", DEFAULT, *options) == "[] 0"
    assert loaded_by("validate", DEFAULT, "--set", "KSampler.steps=0", *options) == "[] 1"
    assert loaded_by("compile", DEFAULT, *options) == "[] 0"
    assert loaded_by("nodes", "KSampler", *options) == "[] 0"
    assert loaded_by("flatten", DEFAULT, *options) == "[] 0"
    assert loaded_by("--help") == "[] 0"
    assert loaded_by("run", DEFAULT, "--set", "KSampler.steps=0", *options) == "[] 1"


@pytest.mark.slow
def test_a_server_runs_a_document(server, tmp_path):
    line = [
        sys.executable,
        "-m",
        "graph",
        "run",
        DEFAULT,
        *SMALL,
        "--serve",
        server.url,
        "--out",
        tmp_path,
        "--set",
        "5.seed=3",
    ]
    done = subprocess.run([str(each) for each in line], cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    (path,) = map(Path, done.stdout.splitlines())
    assert path.parent == tmp_path
    with Image.open(path) as picture:
        assert picture.size == (64, 64)
        assert "workflow" in picture.text
