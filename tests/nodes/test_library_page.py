"""What docs/library.md says works: its scripts and its command, with the embedded checkpoint."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "docs" / "zh" / "library.md").read_text(encoding="utf-8")
URL = "http://127.0.0.1:8188"


def blocks_of(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that looks like that of the program, so that nothing is written into the real one."""
    for name in ("models", "workflows"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_scripts_run_one_after_the_other(folder, server, capsys):
    blocks = blocks_of(PAGE, "python")
    assert len(blocks) == 8
    namespace = {"__name__": "scripts"}
    for block in blocks:
        exec(compile(block.replace(URL, server.url), "docs/library.md", "exec"), namespace)
    assert "KSampler 1/50" in capsys.readouterr().out
    for picture in ("studio/output/Safelight_00001_.png", "studio/output/stars/star_00003_.png", "heart.png"):
        assert Image.open(folder / picture).size == (64, 64)
    assert len(list((folder / "fetched").glob("Safelight_*_.png"))) == 1


@pytest.mark.slow
def test_the_command_runs(folder):
    (line,) = blocks_of(PAGE, "")[0].splitlines()
    python, *arguments = shlex.split(line)
    assert python == ".venv/bin/python"
    command = [sys.executable, *arguments, "--base-directory", str(folder), "--cpu"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    (path,) = done.stdout.split()
    assert Path(path) == folder / "pictures" / "Safelight_00001_.png"
    assert Image.open(path).size == (128, 128)


def test_the_chinese_page_has_the_same_examples():
    assert blocks_of(CHINESE, "python") == blocks_of(PAGE, "python")
    assert blocks_of(CHINESE, "")[0] == blocks_of(PAGE, "")[0]
