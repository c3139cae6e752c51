"""What becomes of captions, by example and by what must hold for any."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.training.captions import CaptionRules

TAGS = st.lists(st.text("abcdef ", min_size=1).filter(str.strip), min_size=1, max_size=8, unique_by=str.strip)


@pytest.mark.parametrize(
    ("rules", "caption", "text"),
    [
        (CaptionRules(), "a  cat, on grass", "a  cat, on grass"),
        (CaptionRules(prefix="photo of ", suffix=", 4k"), "a cat", "photo of a cat, 4k"),
        (CaptionRules(prefix="photo of", suffix="at night"), "a cat", "photo of a cat at night"),
        (CaptionRules(prefix="ghst,", suffix="."), "{a} cat", "ghst, a cat."),
        (CaptionRules(prefix="ghst", suffix="flat"), "", "ghst flat"),
        (CaptionRules(dropout=1.0), "a cat", ""),
        (CaptionRules(keep_tokens=1, tag_dropout=1.0), "ghst, cat, sun", "ghst"),
        (CaptionRules(keep_separator="|||", tag_dropout=1.0), "ghst, cat ||| sun, sky ||| flat", "ghst, cat, flat"),
        (CaptionRules(keep_separator="|||"), "ghst ||| sun", "ghst, sun"),
        (CaptionRules(group_separator=";;;"), "a cat;;; red, sun", "a cat, red, sun"),
        (CaptionRules(warmup_tags=1, warmup_steps=10, keep_tokens=1), "ghst, a, b, c, d, e", "ghst, a"),
        (CaptionRules(keep_tokens=1, tag_dropout=1.0), "ghst，cat， sun", "ghst"),  # commas of Chinese keyboards
        (CaptionRules(), "ghst，cat", "ghst，cat"),
        (CaptionRules(), "{a} {{b}}", "a {b}"),
        (CaptionRules(), "miku_(singer), (hat:1.3)", "miku_(singer), (hat:1.3)"),
        (CaptionRules(weights=False), r"miku_(singer) \(x\), (hat:1.3)", r"miku_\(singer\) \(x\), \(hat:1.3\)"),
    ],
)
def test_rules_by_example(rules, caption, text):
    assert rules.text(caption, random.Random(0)) == text


def test_tags_come_in_over_the_steps_of_the_warm_up():
    rules = CaptionRules(warmup_tags=1, warmup_steps=4)
    counts = [len(rules.text("a, b, c, d, e", random.Random(0), step).split(", ")) for step in range(6)]
    assert counts == [1, 2, 3, 4, 5, 5]


@given(TAGS, st.integers(0, 9), st.integers(0, 2**32))
def test_shuffled_tags_are_the_same_ones_and_the_kept_ones_come_first(tags, kept, seed):
    rules = CaptionRules(shuffle=True, keep_tokens=kept)
    given_tags = [tag.strip() for tag in tags]
    found = rules.text(",".join(tags), random.Random(seed)).split(", ")
    assert found[:kept] == given_tags[:kept]
    assert sorted(found) == sorted(given_tags)


@pytest.mark.parametrize(("rules", "of"), [(CaptionRules(dropout=0.3), 1), (CaptionRules(tag_dropout=0.3), 4)])
def test_dropouts_have_their_rates(rules, of):
    chance, trials = random.Random(1), 3000
    texts = [rules.text("a, b, c, d", chance) for _ in range(trials)]
    dropped = sum(4 - len([tag for tag in text.split(", ") if tag]) for text in texts) / (4 / of)
    rate, spread = dropped / (trials * of), (0.3 * 0.7 / (trials * of)) ** 0.5
    assert abs(rate - 0.3) < 3 * spread


def test_each_choice_comes():
    chance = random.Random(2)
    assert {CaptionRules().text("a {red|blue} cat", chance) for _ in range(40)} == {"a red cat", "a blue cat"}
