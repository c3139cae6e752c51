"""The WebUI's prompt syntax: what its published behaviour gives for each construct, and properties of the parsers."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffusion.text.webui.composition import Part, composed
from diffusion.text.webui.emphasis import Segment, parse_emphasis
from diffusion.text.webui.extra_networks import extract, without_comments
from diffusion.text.webui.schedule import Pass, Stage, schedule, texts
from diffusion.text.webui.styles import StylesError, apply_styles, load_styles

prompts = st.text(alphabet="ab ,:|()[]\\.1-BREAK", max_size=40)


def weights(text: str) -> list[tuple[str, float]]:
    return [(segment.text, round(segment.weight, 4)) for segment in parse_emphasis(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("((a))", [("a", 1.21)]),
        ("[a]", [("a", 0.9091)]),
        ("(a (b:1.3):1.1)", [("a ", 1.1), ("b", 1.43)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        ("a)", [("a)", 1.0)]),
        ("[a:1.5]", [("a:1.5", 0.9091)]),
        ("(a:1.5, b)", [("a:1.5, b", 1.1)]),
        ("(a: 1.5 )", [("a", 1.5)]),
        ("(a:.5)", [("a", 0.5)]),
        ("(a:-0.5)", [("a", -0.5)]),
        ("(a:1.5)(b:1.5)", [("ab", 1.5)]),
        (r"\(a\)", [("(a)", 1.0)]),
        ("", [("", 1.0)]),
        ("(a:1.2.3)", [("a:1.2.3)", 1.1)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky)))",
            [
                *(("a ", 1.0), ("house", 1.573), (" ", 1.1), ("on", 1.0), (" a ", 1.1)),
                *(("hill", 0.55), (", sun, ", 1.1), ("sky", 1.4641)),
            ],
        ),
    ],
)
def test_emphasis(text, expected):
    assert weights(text) == expected


def test_break_ends_a_chunk_outside_of_brackets_only():
    assert parse_emphasis("a BREAK b") == [Segment("a", 1.0), Segment("", 1.0, ends_chunk=True), Segment("b", 1.0)]
    assert weights("aBREAKb") == [("aBREAKb", 1.0)]
    inside = parse_emphasis("(a BREAK b:1.2)")
    assert not any(segment.ends_chunk for segment in inside)
    assert [(segment.text, segment.weight) for segment in inside] == [("a", 1.2), ("BREAK", -1.2), ("b", 1.2)]


def test_a_break_that_is_multiplied_by_one_stays_a_break():
    inside = parse_emphasis("(a BREAK b:1.0)")
    assert [(segment.text, segment.ends_chunk) for segment in inside] == [("a", False), ("", True), ("b", False)]


@given(prompts)
def test_any_text_has_emphasis(text):
    segments = parse_emphasis(text)
    assert segments
    for one, other in pairwise(segments):
        assert one.weight != other.weight or one.ends_chunk or other.ends_chunk


@given(st.text(alphabet="ab ,.-", min_size=1, max_size=20), st.integers(1, 5))
def test_brackets_multiply(text, depth):
    (segment,) = parse_emphasis("(" * depth + text + ")" * depth)
    assert segment.text == text
    assert segment.weight == pytest.approx(1.1**depth)


HIRES = Pass(10, first_pass=10)


@pytest.mark.parametrize(
    ("text", "run", "expected"),
    [
        ("a [cat:dog:0.5] b", Pass(10), [(5, "a cat b"), (10, "a dog b")]),
        ("a [cat:dog:1.0] b", Pass(20), [(20, "a cat b")]),
        ("a [cat:dog:1.0] b", Pass(20, timeline="before 1.6"), [(1, "a cat b"), (20, "a dog b")]),
        ("[a:b:0]", Pass(10), [(10, "b")]),
        ("[a:b:-1]", Pass(10), [(10, "b")]),
        ("[a:b:99]", Pass(10), [(10, "a")]),
        ("[a:b:5.]", Pass(10), [(10, "a")]),
        ("[a:b: 5 ]", Pass(10), [(5, "a"), (10, "b")]),
        ("[cat:dog:0.25]", HIRES, [(10, "dog")]),
        ("[cat:dog:1.25]", HIRES, [(2, "cat"), (10, "dog")]),
        ("[cat:dog:15]", HIRES, [(5, "cat"), (10, "dog")]),
        ("[[red|blue] cat:dog:0.5]", Pass(4), [(1, "red cat"), (2, "blue cat"), (3, "dog"), (4, "dog")]),
        ("[a|b:1.2]", Pass(2), [(2, "[a|b:1.2]")]),
        ("[to:3]", Pass(5), [(3, ""), (5, "to")]),
        ("[from::3]", Pass(5), [(3, "from"), (5, "")]),
        ("([a:b:2]:1.3) (c)", Pass(4), [(2, "(a:1.3) (c)"), (4, "(b:1.3) (c)")]),
        ("x: y) [a:b:2]", Pass(4), [(2, "x: y) a"), (4, "x: y) b")]),
        ("a|b [c:d:2]", Pass(4), [(4, "a|b [c:d:2]")]),
        ("[a|]", Pass(2), [(1, "a"), (2, "")]),
        ("[a:b:1e999]", Pass(2), [(2, "a")]),
        ("[a:b:-1e999]", Pass(2), [(2, "b")]),
        ("[" * 40 + "a" + "]" * 40, Pass(1), [(1, "[" * 40 + "a" + "]" * 40)]),
        ("[" * 40 + "a", Pass(1), [(1, "[" * 40 + "a")]),
        ("(" * 4000 + "[a:b:1]", Pass(2), [(2, "(" * 4000 + "[a:b:1]")]),
    ],
)
def test_changes_with_the_steps(text, run, expected):
    stages = schedule(text, run)
    assert stages == [Stage(*each) for each in expected] or _same_texts(stages, expected, run)


def _same_texts(stages: list[Stage], expected: list[tuple[int, str]], run: Pass) -> bool:
    """Whether each step has the text that it should, where stages of the same text are told apart."""

    def at(step, pairs):
        return next(text for last, text in pairs if step <= last)

    return all(at(step, stages) == at(step, expected) for step in range(1, run.steps + 1))


@given(prompts, st.integers(1, 12))
def test_any_text_has_a_schedule_of_known_texts(text, steps):
    stages = schedule(text, Pass(steps))
    assert stages[-1].last_step == steps
    assert [stage.last_step for stage in stages] == sorted({stage.last_step for stage in stages})
    assert {stage.text for stage in stages} <= set(texts(text))


def test_a_moment_may_be_in_runs_of_any_length():
    assert texts("[a:b:200]") == ["a", "b"]
    assert texts("[a:b:0.002] [c::600]") == ["a c", "b c", "b "]  # the first of 500 steps is an a
    assert texts("[a:b:200] [c:d:1.3]", first_pass=170) == ["a c", "b c", "b d", "a d"]


MOMENTS = st.integers(0, 400).map(str) | st.integers(0, 99).map(lambda part: f"0.{part:02}")
CHANGING = st.recursive(
    st.sampled_from("abcdef"),
    lambda inner: (
        st.builds("[{}:{}:{}]".format, inner, inner, MOMENTS)
        | st.lists(inner, min_size=2, max_size=3).map(lambda options: f"[{'|'.join(options)}]")
    ),
    max_leaves=6,
)


@given(st.lists(CHANGING, min_size=1, max_size=3).map(" ".join), st.integers(1, 900), st.sampled_from([None, 20, 200]))
@settings(max_examples=25)
def test_all_texts_of_a_long_run_are_known(text, steps, first_pass):
    stages = schedule(text, Pass(steps, first_pass))
    assert {stage.text for stage in stages} <= set(texts(text, first_pass=first_pass))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a :1.2 AND b :0.5", [("a", 1.2), (" b", 0.5)]),
        ("a AND b :-1", [("a", 1.0), (" b", -1.0)]),
        ("aANDb", [("aANDb", 1.0)]),
        ("cat:1.5", [("cat", 1.5)]),
        ("[a AND b:c:2]", [("[a", 1.0), (" b:c:2]", 1.0)]),
    ],
)
def test_composition(text, expected):
    assert [Part(part.text.rstrip(), part.weight) for part in composed(text)] == [Part(*each) for each in expected]


@given(prompts)
def test_any_text_is_composed_of_something(text):
    assert composed(text)


def test_tags_are_taken_out_with_their_arguments():
    text, tags = extract("a <lora:style:0.5> b <lyco:x:1:0.2> <hypernet:h> <lora:y:te=0:unet=0.7:dyn=4>")
    assert text == "a  b   "
    assert [(tag.kind, tag.name, tag.strengths()) for tag in tags] == [
        ("lora", "style", (0.5, 0.5)),
        ("lyco", "x", (1.0, 0.2)),
        ("hypernet", "h", (1.0, 1.0)),
        ("lora", "y", (0.0, 0.7)),
    ]
    assert [tag.rank() for tag in tags] == [None, None, None, 4]
    assert extract("<lora:style:1:0.5:8>")[1][0].rank() == 8
    assert tags[3].named == {"te": "0", "unet": "0.7", "dyn": "4"}
    with pytest.raises(ValueError, match="could not convert"):
        extract("<lora:z:strong>")[1][0].strengths()
    for rank in ("none", "0"):
        with pytest.raises(ValueError, match=rf"{rank}"):
            extract(f"<lora:z:dyn={rank}>")[1][0].rank()


def test_comments_go_to_the_end_of_the_line():
    assert without_comments("a # b\nc#d\n# e") == "a\nc\n"


def test_styles_are_put_in_place_or_behind(tmp_path):
    path = tmp_path / "styles.csv"
    path.write_text(
        '\ufeffname,prompt,negative_prompt\nold photo,"{prompt}, grain, sepia",colour\nsoft,soft light,\n', "utf-8"
    )
    styles = load_styles(path)
    assert list(styles) == ["old photo", "soft"]
    pieces = [style.prompt for style in styles.values()]
    assert apply_styles("a cat", pieces) == "a cat, grain, sepia, soft light"
    assert apply_styles("", [styles["soft"].prompt]) == "soft light"
    assert apply_styles("blurry", [style.negative_prompt for style in styles.values()]) == "blurry, colour"
    (tmp_path / "old.csv").write_text("name,text\nx,y\n", "utf-8")
    assert load_styles(tmp_path / "old.csv")["x"].prompt == "y"
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(StylesError, match=r"bad\.csv have no column 'name'"):
        load_styles(tmp_path / "bad.csv")
