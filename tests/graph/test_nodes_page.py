"""What docs/nodes.md says works."""

import re
from pathlib import Path

import pytest

from graph.registry import load

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "nodes.md").read_text(encoding="utf-8")


def blocks_of(page):
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


BLOCKS = blocks_of(PAGE)


@pytest.mark.usefixtures("forget_packs")
def test_the_first_example_is_a_pack(tmp_path):
    (tmp_path / "contrast.py").write_text(BLOCKS[0], encoding="utf-8")
    registry = load([], tmp_path)
    assert registry.problems == ()
    info = registry.schemas()["Contrast"]
    assert info["input"]["required"]["amount"][1]["tooltip"].startswith("1 changes nothing")
    assert info["output"] == ["IMAGE"]


def test_all_examples_run_one_after_the_other():
    namespace = {"__name__": "examples"}
    assert len(BLOCKS) == 4
    for block in BLOCKS:
        exec(compile(block, "docs/nodes.md", "exec"), namespace)
    halves = namespace["split_image"](namespace["picture"])
    assert (halves.left.shape, halves.right.shape) == ((1, 8, 4, 3), (1, 8, 4, 3))


def test_the_chinese_page_has_the_same_examples():
    assert blocks_of((DOCS / "zh" / "nodes.md").read_text(encoding="utf-8")) == BLOCKS


@pytest.mark.parametrize("name", re.findall(r"`(?:Annotated\[\w+, )?([A-Z]\w+)\(", PAGE))
def test_every_annotation_of_the_page_exists(name):
    from graph import declare, types

    assert hasattr(declare, name) or hasattr(types, name)
