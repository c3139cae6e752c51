"""docs/packs.md: what it shows makes a pack that works, and both languages show the same."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "docs" / "packs.md", ROOT / "docs" / "zh" / "packs.md")
PROMPT = {"1": {"class_type": "Turn", "inputs": {"angle": 30.0}}}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_pack_of_the_page_works(tmp_path):
    widget, routes, conftest, tests = blocks(PAGES[0], "python")
    about, options = blocks(PAGES[0], "toml")
    (script,) = blocks(PAGES[0], "js")
    names, texts, sentences = blocks(PAGES[0], "json")
    pack = tmp_path / "custom_nodes" / "my_pack"
    for name, text in {
        "__init__.py": widget + routes,
        "pyproject.toml": about + options.replace("../..", ROOT.as_posix()),
        "web/dial.js": script,
        "locales/zh-CN/nodeDefs.json": names,
        "locales/zh-CN/main.json": json.dumps(json.loads(texts) | json.loads(sentences)),
        "workflows/my_pack.json": json.dumps(PROMPT),
        "tests/conftest.py": conftest,
        "tests/test_turn.py": tests,
    }.items():
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_text(text, encoding="utf-8")
    json.loads(names)
    assert tomllib.loads(about)["tool"]["safelight"]["title"] == "My pack"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    answer = subprocess.run(command, cwd=pack, capture_output=True, text=True, check=False)
    assert "3 passed" in answer.stdout, answer.stdout + answer.stderr


@pytest.mark.parametrize("language", ["python", "js", "json"])
def test_both_languages_show_the_same(language):
    english, chinese = (blocks(page, language) for page in PAGES)
    assert english == chinese != []
