"""Wildcards and choices."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.text.webui.wildcards import WildcardError, combinations, files_in, resolve

WILDCARDS = {"colour": ["red", "blue"], "thing": ["a __colour__ {cup|ball}"], "empty": []}


def lines(name):
    return WILDCARDS.get(name)


def test_a_seed_chooses_and_chooses_again():
    results = [resolve("{a|b|c} __colour__", lines, seed)[0] for seed in range(60)]
    assert results == [resolve("{a|b|c} __colour__", lines, seed)[0] for seed in range(60)]
    assert set(results) == {f"{letter} {colour}" for letter in "abc" for colour in ("red", "blue")}


def test_choices_and_wildcards_nest():
    possible = {f"a {colour} {thing}" for colour in ("red", "blue") for thing in ("cup", "ball")}
    assert {resolve("__thing__", lines, seed)[0] for seed in range(60)} == possible
    assert set(combinations("__thing__", lines, 100)) == possible


def test_weights_say_how_often():
    counts = Counter(resolve("{3::a|1::b}", lines, seed)[0] for seed in range(400))
    assert 0.65 < counts["a"] / 400 < 0.85
    assert {resolve("{0::a|b}", lines, seed)[0] for seed in range(20)} == {"b"}


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("{2$$a|b|c}", {"a, b", "a, c", "b, c"}),
        ("{2$$ and $$a|b}", {"a and b"}),
        ("{1-2$$+$$a|b}", {"a", "b", "a+b"}),
        ("{-1$$a|b}", {"", "a", "b"}),
        ("{2-$$a|b}", {"a, b"}),
        ("{prompt} {x}", {"{prompt} {x}"}),
        ("{a|b", {"{a|b"}),
        ("{{a|b}|c}", {"a", "b", "c"}),
        ("x {a|b} {c|d}", {"x a c", "x a d", "x b c", "x b d"}),
    ],
)
def test_several_are_taken(text, possible):
    assert set(combinations(text, lines, 100)) == possible
    orders = {tuple(sorted(resolve(text, lines, seed)[0])) for seed in range(40)}
    assert orders <= {tuple(sorted(each)) for each in possible}


def test_what_does_not_exist_stays_and_is_named():
    text, warnings = resolve("__nothing__ and __empty__", lines, 0)
    assert text == "__nothing__ and __empty__"
    assert ["'nothing' does not exist" in warnings[0], "'empty' is empty" in warnings[1]] == [True, True]
    assert combinations("__nothing__ {a|b}", lines, 9) == ["__nothing__ a", "__nothing__ b"]


def test_names_of_files_in_tags_keep_their_underscores():
    """There a wildcard is the whole of a name, or of a strength."""
    text = "<lora:my__one__v2:1> __one__ <lora:__one__:__one__>"
    expected = "<lora:my__one__v2:1> 1 <lora:1:1>"
    assert resolve(text, {"one": ["1"]}.get, 0) == (expected, [])
    assert combinations(text, {"one": ["1"]}.get, 9) == [expected]


def test_a_circle_is_named():
    circle = {"a": ["__b__"], "b": ["__a__"]}
    with pytest.raises(WildcardError, match="hold each other in a circle"):
        resolve("__a__", circle.get, 0)
    with pytest.raises(WildcardError, match="hold each other in a circle"):
        combinations("__a__", circle.get, 5)


def test_many_choices_beside_each_other_are_no_circle():
    text = " ".join(["{a|b}"] * 40)
    assert set(resolve(text, lines, 1)[0].split()) == {"a", "b"}
    assert combinations(text, lines, 2) == [" ".join(["a"] * 40), " ".join(["a"] * 39 + ["b"])]
    assert combinations("__colour__ " * 40, lines, 1) == ["red " * 40]
    assert combinations(f"{{{text}|c}}", lines, 2)[1].endswith("b")  # not all 2^40 are made first


def test_files_of_folders(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "Animals.txt").write_text("\ufeffcat # soft\n\n# none\ndog\n", "utf-8")
    found = files_in([tmp_path / "missing", tmp_path])
    assert found("deep/animals") == ["cat", "dog"]
    assert found("animals") is None
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(WildcardError, match=r"bad\.txt cannot be read"):
        found("bad")


@given(st.text(alphabet="ab{}|$:_ 12-", max_size=30), st.integers(0, 2**64 - 1))
def test_any_text_is_resolved(text, seed):
    assert isinstance(resolve(text, lines, seed)[0], str)
    assert len(combinations(text, lines, 50)) <= 50
