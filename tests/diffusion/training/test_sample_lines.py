"""Sample prompts in the notation of kohya's scripts; the oracle is the list of options in their documentation."""

import pytest

from diffusion.training.sample_lines import SampleLine, SampleLineError, read_line


def test_a_line_has_a_prompt_and_options_in_any_order():
    text = "a ghost -- well-known, (red:1.2) --n blurry, bad --w 512 --h 768 --d 1 --s 28 --l 7.5"
    assert read_line(text) == SampleLine("a ghost -- well-known, (red:1.2)", "blurry, bad", 512, 768, 1, 28, 7.5)
    assert read_line("--l 0 --n") == SampleLine("", "", cfg=0.0)
    assert read_line("a ghost--w 5") == SampleLine("a ghost--w 5")


def test_what_is_not_given_is_that_of_the_other_pictures():
    assert SampleLine("", width=520, height=None).size((8, 16), 8) == (65, 16)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a --x 1", "'--x' is no option"),
        ("a --w wide", "'--w wide' has no number"),
        ("a --w", "'--w ' has no number"),
        ("a --h 10", "no number"),
        ("a --s 0", "no number"),
        ("a --l nan", "no number"),
        ("a --d -1", "no number"),
    ],
)
def test_what_cannot_be_read_is_told(text, said):
    with pytest.raises(SampleLineError, match=said):
        read_line(text)
