"""The syntax of values; the oracle is the table of ranges that the WebUI's own code gives for these texts.

Where floating point would give the WebUI a value more than is meant (0-1 (+0.1)), what is meant.
"""

import pytest

from graph.sweeps.errors import SweepError
from graph.sweeps.value_text import numbers, split_values, whole_numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("7", [7]),
        ("-1", [-1]),
        ("1-5", [1, 2, 3, 4, 5]),
        ("1-10 (+2)", [1, 3, 5, 7, 9]),
        ("10-1 (-2)", [10, 8, 6, 4]),
        ("10-2 (-2)", [10, 8, 6, 4]),
        ("10-1", []),
        ("1-10 [5]", [1, 3, 5, 7, 10]),
        ("0-10 [6]", [0, 2, 4, 6, 8, 10]),
        ("-3-3", [-3, -2, -1, 0, 1, 2, 3]),
        ("1，3-5 、7，", [1, 3, 4, 5, 7]),
        ("3 [1]", None),
        ("1-10 (2)", None),
        ("1-10 (+0)", None),
        ("1.5", None),
        ("many", None),
        ("", None),
        ("1-99999999", None),
    ],
)
def test_whole_numbers(text, values):
    if values is None:
        with pytest.raises(SweepError):
            whole_numbers([text])
    else:
        assert whole_numbers([text]) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.25", [0.25]),
        (".5", [0.5]),
        ("1e-3", [0.001]),
        ("1-2 (+0.5)", [1, 1.5, 2]),
        ("0-1 (+0.3)", [0, 0.3, 0.6, 0.9, 1.2]),
        ("2-0 (-0.5)", [2, 1.5, 1, 0.5, 0]),
        ("0-1 [5]", [0, 0.25, 0.5, 0.75, 1]),
        ("0-1 (+0.1)", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ("1-2 (0.5)", None),
        ("0-1 (+0)", None),
        ("high", None),
    ],
)
def test_numbers(text, values):
    if values is None:
        with pytest.raises(SweepError):
            numbers([text])
    else:
        assert numbers([text]) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("  \n ", []),
        ("a, b,c", ["a", "b", "c"]),
        ('"a, b", "say ""no"""', ["a, b", 'say "no"']),
        ("a\nb, c\n\nd", ["a", "b", "c", "d"]),
        ("a,\nb,\n", ["a", "b"]),
        ("a,,b", ["a", "", "b"]),
        ('a, ""', ["a", ""]),
        ('"two\nlines", x', ["two\nlines", "x"]),
        ("猫, 狗", ["猫", "狗"]),
    ],
)
def test_values_are_separated_by_commas_and_lines(text, values):
    assert split_values(text) == values
