"""Nodes that show pictures to be compared, plots and tables, and the curve that changes tones."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.interpolate import PchipInterpolator

from diffusion.images.tone import LEVELS, curve_table
from diffusion.sampling import SCHEDULERS
from diffusion.sampling.noise_schedule import NoiseSchedule
from graph.declare import InputError, spec_of
from graph.figures import MOST_POINTS, MOST_ROWS, Plot, Series, Table, Words, marked
from graph.folders import Folders
from graph.testing import Recorder
from nodes import figures
from nodes.tone import tone_curve

STRAIGHT = {"points": [[0.0, 0.0], [1.0, 1.0]]}


@pytest.fixture
def context(tmp_path) -> Recorder:
    return Recorder(Folders.under(tmp_path))


def picture(*levels: float) -> torch.Tensor:
    """One row of grey pixels."""
    return torch.tensor(levels).view(1, 1, -1, 1).expand(1, 1, -1, 3).contiguous()


def test_a_straight_curve_changes_nothing():
    image = torch.rand(2, 9, 7, 3, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(tone_curve(image, STRAIGHT), image, atol=1e-6)


def test_a_curve_through_three_points_is_the_cubic_that_fritsch_and_butland_give():
    xs, ys = [0.0, 0.25, 1.0], [0.1, 0.4, 0.9]
    first, second = (ys[1] - ys[0]) / 0.25, (ys[2] - ys[1]) / 0.75
    # The slope at a middle point is a weighted harmonic mean of those beside it, at an end it is that of the parabola.
    w1, w2 = 2 * 0.75 + 0.25, 0.75 + 2 * 0.25
    slopes = [
        ((2 * 0.25 + 0.75) * first - 0.25 * second) / 1.0,
        (w1 + w2) / (w1 / first + w2 / second),
        ((2 * 0.75 + 0.25) * second - 0.75 * first) / 1.0,
    ]

    def expected(x: float) -> float:
        at = 0 if x < 0.25 else 1
        width = xs[at + 1] - xs[at]
        t = (x - xs[at]) / width
        return (
            (1 + 2 * t) * (1 - t) ** 2 * ys[at]
            + t * (1 - t) ** 2 * width * slopes[at]
            + t * t * (3 - 2 * t) * ys[at + 1]
            + t * t * (t - 1) * width * slopes[at + 1]
        )

    levels = [0.0, 0.03, 0.11, 0.25, 0.4, 0.777, 1.0]
    made = tone_curve(picture(*levels), {"points": [list(each) for each in zip(xs, ys, strict=True)]})
    assert made[0, 0, :, 1].tolist() == pytest.approx([expected(level) for level in levels], abs=1e-5)


def test_a_curve_of_many_points_is_scipys():
    points = [[0.05, 0.2], [0.2, 0.2], [0.5, 0.9], [0.8, 0.3], [1.0, 0.35]]
    table = curve_table(points)
    places = np.linspace(0, 1, LEVELS)
    xs, ys = np.array(points).T
    oracle = PchipInterpolator(xs, ys)(places.clip(0.05, 1))
    assert np.abs(table.numpy() - oracle).max() < 1e-6
    flat = table[int(0.05 * LEVELS) + 1 : int(0.2 * LEVELS)]
    assert flat.max() - flat.min() < 1e-6, "between equal points it is level"


def test_beside_its_points_a_curve_is_level_and_a_linear_one_has_corners():
    curve = {"points": [[0.25, 0.5], [0.5, 1.0], [0.75, 0.0]], "interpolation": "linear"}
    made = tone_curve(picture(0.0, 0.25, 0.375, 0.5, 0.625, 0.9), curve)
    assert made[0, 0, :, 0].tolist() == pytest.approx([0.5, 0.5, 0.75, 1.0, 0.5, 0.0], abs=1e-4)


def test_one_channel_is_changed_alone_and_the_input_not_at_all():
    image = picture(0.0, 0.5, 1.0)
    made = tone_curve(image, {"points": [[0.0, 1.0], [1.0, 0.0]]}, "green")
    assert made[0, 0, :, 1].tolist() == pytest.approx([1.0, 0.5, 0.0], abs=1e-5)
    assert torch.equal(made[..., 0], image[..., 0])
    assert torch.equal(made[..., 2], image[..., 2])
    assert image[0, 0, :, 1].tolist() == [0.0, 0.5, 1.0]


def test_a_curve_is_a_widget_with_a_straight_line_to_begin_with():
    curve = spec_of(tone_curve).input("curve")
    assert (curve.type, curve.required, curve.options["default"]) == ("CURVE", True, STRAIGHT)


def test_two_pictures_are_shown_to_be_compared(context, tmp_path):
    figures.compare_images(context, picture(0.0, 0.0), torch.ones(2, 4, 5, 3))
    first, second = context.shown["a_images"], context.shown["b_images"]
    assert [len(first), len(second)] == [1, 2]
    assert {item["type"] for item in first + second} == {"temp"}
    sizes = [Image.open(tmp_path / "temp" / item["filename"]).size for item in (first[0], second[1])]
    assert sizes == [(2, 1), (5, 4)]


def test_one_picture_alone_is_shown(context):
    figures.compare_images(context, image_b=picture(1.0))
    assert (context.shown["a_images"], len(context.shown["b_images"])) == ([], 1)


class Handle:
    """As much of a model as a schedule needs."""

    schedule = NoiseSchedule.scaled_linear()


def test_a_schedule_is_plotted_as_karras_gives_it(context):
    figures.plot_schedule(context, Handle(), scheduler="karras", steps=20)
    [plot] = context.shown["plots"]
    [line] = plot["series"]
    low, high = 0.0291672 ** (1 / 7), 14.6146 ** (1 / 7)
    expected = [(high + step / 19 * (low - high)) ** 7 for step in range(20)] + [0.0]
    assert line["y"] == pytest.approx(expected, rel=1e-4)
    assert line["x"] == list(range(21))
    assert (line["label"], plot["y_scale"], plot["x_label"]) == ("karras", "log", "step")


def test_all_schedules_are_plotted_together(context):
    figures.plot_schedule(context, Handle(), steps=7, denoise=0.5, scale="linear")
    [plot] = context.shown["plots"]
    assert [line["label"] for line in plot["series"]] == list(SCHEDULERS)
    assert all(len(line["y"]) >= 6 for line in plot["series"])


def test_sigmas_are_plotted_with_others(context):
    figures.plot_sigmas(context, torch.tensor([3.0, 1.0, 0.0]), other=torch.tensor([2.0, 0.5]))
    series = context.shown["plots"][0]["series"]
    assert [(line["label"], line["y"]) for line in series] == [("sigmas", [3.0, 1.0, 0.0]), ("other", [2.0, 0.5])]


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ([1, 2.5, torch.tensor(4.0)], [("loss", [1.0, 2.5, 4.0])]),
        ([torch.tensor([1.0, 2.0])], [("loss", [1.0, 2.0])]),
        ([[1, 2], [3, 4, 5]], [("loss 1", [1.0, 2.0]), ("loss 2", [3.0, 4.0, 5.0])]),
    ],
)
def test_numbers_and_lists_of_them_are_lines(context, values, lines):
    figures.plot_values(context, values, "loss")
    assert [(line["label"], line["y"]) for line in context.shown["plots"][0]["series"]] == lines


@pytest.mark.parametrize("value", ["text", {"a": 1}, torch.zeros(2, 2), [1, "two"]])
def test_what_is_no_number_is_not_plotted(context, value):
    with pytest.raises(InputError, match="number"):
        figures.plot_values(context, [value])


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("name, loss\na, 0.5\n b,2\nc,\n", ["name", "loss"], [["a", 0.5], ["b", 2], ["c", None]]),
        ('x\ty\n1\t"a\tb"\n2', ["x", "y"], [[1, "a\tb"], [2, None]]),
        ("a;b\n1,5;x_1\n", ["a", "b"], [["1,5", "x_1"]]),
        ('[{"a": 1, "b": true}, {"b": null, "c": [1]}]', ["a", "b", "c"], [[1, True, None], [None, None, "[1]"]]),
        ('{"a": [1, 2], "b": ["x"]}', ["a", "b"], [[1, "x"], [2, None]]),
        ("", [], []),
    ],
)
def test_tables_are_read_from_csv_and_json(context, text, columns, rows):
    figures.show_table(context, text, "Runs")
    [table] = context.shown["tables"]
    assert (table["columns"], table["rows"], table["title"]) == (columns, rows, "Runs")


@pytest.mark.parametrize("text", ["[1, 2]", "{", '{"a": 1}', "a,b\n1,2,3"])
def test_what_is_no_table_is_said_of_the_text(context, text):
    with pytest.raises(InputError) as raised:
        figures.show_table(context, text)
    assert raised.value.input_name == "text"


def test_long_lines_are_thinned_and_keep_their_spikes():
    values = [math.sin(index / 5000) for index in range(100_000)]
    values[31_415] = 40.0
    values[77_777] = math.nan
    [line] = Plot([Series(values, "loss", range(5, 100_005))]).shown()["series"]
    assert len(line["y"]) <= MOST_POINTS
    assert line["x"][line["y"].index(40.0)] == 31_420
    assert (line["x"][0], line["x"][-1]) == (5, 100_004)
    assert line["x"] == sorted(line["x"])


def test_it_is_told_which_texts_are_words_of_the_node(context):
    """An editor translates these alone: a person may have written the same."""
    plot = Plot([Series([1.0], Words("loss")), Series([2.0], "ghost")], Words("Losses"), "mine", Words("loss")).shown()
    assert plot["said"] == ["Losses", "loss"]
    assert [each.get("said") for each in plot["series"]] == [["loss"], None]
    table = Table([Words("for"), "loss"], [[Words("all"), "for"], ["x", 2]]).shown()
    assert table == {
        "title": "",
        "columns": ["for", "loss"],
        "rows": [["all", "for"], ["x", 2]],
        "left_out": 0,
        "said": ["for"],
        "said_cells": ["all"],
    }
    assert not {"said", "said_cells"} & Table(["for"], [["all"]]).shown().keys()
    texts = [Words.joined([Words("A cat."), Words("A dog.")]), "a cat"]
    assert marked({"text": texts, "images": [{}]}) == {
        "text": ["A cat. A dog.", "a cat"],
        "images": [{}],
        "said": ["A cat. A dog."],
    }
    assert type(marked({"text": texts})["text"][0]) is str


def test_what_is_not_finite_is_a_gap():
    [line] = Plot([Series([1.0, math.inf, math.nan, 2.0])]).shown()["series"]
    assert line["y"] == [1.0, None, None, 2.0]


def test_a_line_has_as_many_places_as_values():
    with pytest.raises(ValueError, match="'loss' has 1 places and 2 values"):
        Plot([Series([1.0, 2.0], "loss", [0.0])]).shown()


def test_a_table_has_a_cell_for_each_column_and_a_bound():
    with pytest.raises(ValueError, match="Row 2 has 1 cells"):
        Table(["a", "b"], [[1, 2], [3]]).shown()
    shown = Table(["a"], [[number] for number in range(MOST_ROWS + 7)]).shown()
    assert (len(shown["rows"]), shown["left_out"]) == (MOST_ROWS, 7)
