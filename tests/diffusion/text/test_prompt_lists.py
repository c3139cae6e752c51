"""Lists of prompts: the oracles are what Stable Diffusion WebUI makes of the same texts."""

import pytest

from diffusion.images.grid import Entry
from diffusion.text.webui.matrix import read_matrix
from diffusion.text.webui.prompt_lines import joined, read_line, read_lines


def test_a_matrix_goes_through_the_combinations_in_the_order_of_their_bits():
    assert read_matrix("girl with skirt|gun|blue hair").prompts() == [
        "girl with skirt", "girl with skirt, gun", "girl with skirt, blue hair", "girl with skirt, gun, blue hair",
    ]  # fmt: skip
    four = read_matrix("a |, b ,| c|d,,").prompts(" ")
    assert len(four) == 8
    assert four[5] == "a   b  d", "parts 1 and 3, of which spaces were taken off before commas"
    assert read_matrix("a|b|c").prompts(at_start=True) == ["a", "b, a", "c, a", "b, c, a"]
    assert read_matrix("a").prompts() == ["a"]


@pytest.mark.parametrize(("parts", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 4), (5, 4, 4)])
def test_its_grid_has_two_to_the_half_of_the_parts_rows(parts, rows, columns):
    matrix = read_matrix("|".join("abcde"[:parts]))
    assert (matrix.rows, matrix.columns) == (rows, columns)
    assert rows == 2 ** ((parts - 1) // 2)


def test_its_legend_strikes_out_what_is_not_there():
    matrix = read_matrix("a|b|c|d")
    off, on = False, True
    assert matrix.column_labels() == [
        [Entry("b", b), Entry("c", c)] for b, c in ((off, off), (on, off), (off, on), (on, on))
    ]
    assert matrix.row_labels() == [[Entry("d", off)], [Entry("d", on)]]


def test_too_many_parts_are_refused():
    with pytest.raises(ValueError, match="512 pictures"):
        read_matrix("|".join("abcdefghij"))


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("a cat, sitting", {"prompt": "a cat, sitting"}),
        ("--prompt a b --steps 5", {"prompt": "a b", "steps": 5}),
        ('--prompt "a  cat" on a mat --negative_prompt bad --cfg_scale 4.5',
         {"prompt": "a  cat on a mat", "negative_prompt": "bad", "cfg_scale": 4.5}),
        ("--tiling true --restore_faces True --seed -1", {"tiling": True, "restore_faces": False, "seed": -1}),
        ("--steps 5", {"steps": 5}),
        ("--speed 5 --prompt a", {"prompt": "--speed 5 --prompt a"}),
        ("--prompt a --steps", {"prompt": "--prompt a --steps"}),
        ("--prompt a --steps many", {"prompt": "--prompt a --steps many"}),
        ("--prompt 'a", {"prompt": "--prompt 'a"}),
        ("well-known -- really", {"prompt": "well-known -- really"}),
    ],
)  # fmt: skip
def test_a_line_has_settings_of_its_own_and_what_is_no_setting_is_a_prompt(line, read):
    assert read_line(line) == read


def test_lines_are_trimmed_and_empty_ones_are_none():
    assert [line["prompt"] for line in read_lines("  a \n\n\t\nb\r\n")] == ["a", "b"]


@pytest.mark.parametrize(("how", "prompt"), [("replace", "boy"), ("start", "boy girl"), ("end", "girl boy")])
def test_a_lines_prompt_replaces_the_common_one_or_stands_beside_it(how, prompt):
    assert joined({"prompt": "boy"}, "prompt", "girl", how) == prompt
    assert joined({"prompt": "boy"}, "prompt", "", how) == "boy"
    assert joined({}, "prompt", "girl", how) == "girl"
