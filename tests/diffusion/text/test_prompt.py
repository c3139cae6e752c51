import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.text.prompt import Segment, escape, parse_prompt

PLAIN = st.text(alphabet=st.characters(exclude_characters="()\\:", exclude_categories=("Cs", "Co")), min_size=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a cat", [("a cat", 1.0)]),
        ("a (cat)", [("a ", 1.0), ("cat", 1.1)]),
        ("((cat))", [("cat", 1.1 * 1.1)]),
        ("(cat:1.3) on mat", [("cat", 1.3), (" on mat", 1.0)]),
        ("(a (cat:1.3) b)", [("a ", 1.1), ("cat", 1.3), (" b", 1.1)]),
        ("((cat:0.5):2)", [("cat", 0.5)]),
        ("((cat):2)", [("cat", 2 * 1.1)]),
        ("(a:b:1.5)", [("a:b", 1.5)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("(:1.5)", [(":1.5", 1.1)]),
        ("(cat:-1)", [("cat", -1.0)]),
        ("(cat: 1.2 )", [("cat", 1.2)]),
        ("(cat:nan)", [("cat:nan", 1.1)]),
        ("(cat:inf)", [("cat:inf", 1.1)]),
        ("[cat] {dog} <x>", [("[cat] {dog} <x>", 1.0)]),
        (r"a \(cat\)", [("a (cat)", 1.0)]),
        (r"(\(cat\):1.2)", [("(cat)", 1.2)]),
        ("(cat:1.2", [("(cat:1.2", 1.0)]),
        ("a (b c", [("a ", 1.0), ("(b c", 1.0)]),
        ("cat)", [("cat)", 1.0)]),
        ("()", []),
        ("(a)(b)", [("a", 1.1), ("b", 1.1)]),
    ],
)
def test_syntax(text, expected):
    assert [(item.text, pytest.approx(item.weight)) for item in parse_prompt(text)] == expected


@given(st.text())
def test_every_text_can_be_read(text):
    assert all(math.isfinite(weight) and piece for piece, weight in parse_prompt(text))


@given(st.text(alphabet=st.characters(exclude_characters="\\", exclude_categories=("Cs", "Co"))))
def test_escaped_text_is_read_as_it_is(text):
    assert parse_prompt(escape(text)) == ([Segment(text, 1.0)] if text else [])


weights = st.floats(-4, 4).map(lambda value: round(value, 2))
trees = st.recursive(
    PLAIN, lambda inner: st.tuples(st.one_of(st.none(), weights), st.lists(inner, min_size=1, max_size=3)), max_leaves=8
)


def written(tree: object) -> str:
    if isinstance(tree, str):
        return tree
    weight, parts = tree
    return "(" + "".join(map(written, parts)) + ("" if weight is None else f":{weight}") + ")"


def meant(tree: object, weight: float = 1.0) -> list[tuple[str, float]]:
    """The weight of every character, by the definition of the syntax."""
    if isinstance(tree, str):
        return [(character, weight) for character in tree]
    explicit, parts = tree
    inner = weight * 1.1 if explicit is None else explicit
    return [item for part in parts for item in meant(part, inner)]


@given(st.lists(trees, max_size=4))
def test_nested_weights_are_what_was_meant(forest):
    found = [(c, weight) for text, weight in parse_prompt("".join(map(written, forest))) for c in text]
    expected = [item for tree in forest for item in meant(tree)]
    assert [c for c, _ in found] == [c for c, _ in expected]
    assert [w for _, w in found] == pytest.approx([w for _, w in expected])
