"""Grids and their legends, text on pictures: what is where, by its pixels; the geometry is that of the WebUI."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from diffusion.images import font, grid, writing
from diffusion.images.grid import Entry


def flat(value: float, height: int = 40, width: int = 60) -> torch.Tensor:
    return torch.full((height, width, 3), value)


def inked(area: torch.Tensor, background: float = 1.0) -> torch.Tensor:
    """Where something is drawn."""
    return (area - background).abs().amax(-1) > 0.1


def test_columns_as_the_webui_chooses_them():
    assert [grid.columns_for(count) for count in (1, 2, 3, 5, 7, 12)] == [1, 2, 2, 3, 3, 4]


def test_a_grid_holds_its_pictures_unchanged():
    pictures = torch.rand(5, 6, 4, 3, generator=torch.Generator().manual_seed(1))
    whole = grid.picture_grid(pictures, 3, margin=2, background=(255, 0, 0))
    assert whole.shape == (6 + 2 + 6, 4 + 2 + 4 + 2 + 4, 3)
    assert torch.equal(whole[8:, 6:10], pictures[4])
    assert torch.equal(whole[:6, 12:], pictures[2])
    assert whole[0, 4].tolist() == whole[9, 13].tolist() == [1, 0, 0]
    mixed = grid.picture_grid([flat(0.5, 4, 4), torch.full((2, 2, 1), 0.25)], 2)
    assert mixed[:, 4:, 0].tolist() == [[0, 0, 0, 0], [0, 0.25, 0.25, 0], [0, 0.25, 0.25, 0], [0, 0, 0, 0]]
    with pytest.raises(ValueError, match="no picture for the grid"):
        grid.picture_grid([])


def test_the_legend_has_the_room_that_the_webui_gives_it():
    cells = [[flat(0.5, 400, 600), flat(0.4, 400, 600)], [flat(0.3, 400, 600), None]]
    size = (400 + 600) // 25
    one_line = font.line_height(font.font(size))
    whole = grid.labelled_grid(cells, ["Steps: 10", "Steps: 20"], ["Seed: 1", "种子：2"], margin=10)
    top, left = one_line + 2 * (size // 2), 450
    assert whole.shape == (top + 810, left + 1210, 3)
    assert torch.equal(whole[top : top + 400, left : left + 600], cells[0][0])
    assert torch.equal(whole[top + 410 :, left : left + 600], cells[1][0])
    assert (whole[top + 410 :, left + 610 :] == 1).all()
    assert (whole[:top, :left] == 1).all()
    for area in (whole[:top, left : left + 600], whole[top : top + 400, :left], whole[top + 410 :, :left]):
        rows, columns = inked(area).nonzero(as_tuple=True)
        middle = (int(rows.min() + rows.max()) / 2, int(columns.min() + columns.max()) / 2)
        np.testing.assert_allclose(middle, (area.shape[0] / 2, area.shape[1] / 2), atol=size / 3)
    assert grid.labelled_grid(cells, row_labels=["", ""]).shape == (800, 1200, 3)
    assert grid.labelled_grid(cells, column_labels=["a"]).shape == (top + 800, 1200, 3)


def test_chinese_letters_are_drawn_and_differ():
    """A font that lacks a letter draws the same box for each."""
    drawn = []
    for letter in "种子步数":
        sheet = Image.new("L", (40, 50))
        ImageDraw.Draw(sheet).text((2, 2), letter, 255, font.font(32))
        drawn.append(np.asarray(sheet).tobytes())
    assert len(set(drawn)) == 4


def test_what_is_not_active_is_grey_and_struck_through():
    label = [Entry("hill"), Entry("hill", active=False)]
    whole = grid.labelled_grid([[flat(0, 500, 500)]], [label])
    upper, lower = whole[:-500].tensor_split(2)
    assert upper.min() == 0
    assert float(lower.min()) == pytest.approx(0x99 / 255)
    # The longest run of ink along a row is the line of the strike, as wide as the word, in four rows.
    struck = inked(lower, 1.0)
    width = font.text_width("hill", font.font(40))
    full_rows = (struck.sum(1) >= width - 1).sum()
    assert 3 <= full_rows <= 5
    assert (inked(upper).sum(1) >= width - 1).sum() == 0


def test_long_labels_are_broken_and_long_words_are_made_smaller():
    typeface = font.font(20)
    text = "a fairly long label that needs several lines"
    lines = font.wrapped(text, typeface, 120)
    assert " ".join(lines) == text
    assert len(lines) > 2
    assert all(font.text_width(line, typeface) <= 120 for line in lines)
    chinese = font.wrapped("一只猫坐在窗边，看着外面的雨。", typeface, 100)
    assert "".join(chinese) == "一只猫坐在窗边，看着外面的雨。"
    assert not any(line.startswith(("，", "。")) for line in chinese)
    assert font.wrapped("one\n\ntwo", typeface, 500) == ["one", "", "two"]
    word = "w" * 60
    cut = font.wrapped(word, typeface, 100)
    assert "".join(cut) == word
    assert len(cut) > 1
    assert font.fits("short words", typeface, 120)
    assert not font.fits(word, typeface, 100)
    assert font.wrapped("i", typeface, 1) == ["i"]
    tall = grid.labelled_grid([[flat(0.5, 100, 100)]], ["Checkpoint: averylongname"])
    assert not inked(tall[:-100]).T[[0, -1]].any()


def test_row_labels_are_no_higher_than_their_cells():
    long = (
        "Prompt S/R: a picture of a hill with a tree and a house under an evening sky, in dots of colour, as if painted"
    )
    whole = grid.labelled_grid([[flat(0.5, 80, 300)], [flat(0.5, 80, 300)]], row_labels=[long, ""])
    rows = inked(whole[:, :-300]).any(1).nonzero()
    assert int(rows.min()) > 0
    assert int(rows.max()) < 80
    size = (80 + 300) // 25
    assert font.line_height(font.font(size)) * len(font.wrapped(long, font.font(size), 225)) > 80


@pytest.mark.parametrize("place", writing.PLACES)
def test_text_is_where_it_is_wanted(place):
    image = torch.zeros(2, 90, 300, 3)
    style = writing.Style(size=16, colour="#ff0000")
    written = writing.write(image, "Hi", style, place, 5)
    assert torch.equal(written[0], written[1])
    assert torch.equal(written[..., 1:], image[..., 1:])
    rows, columns = (written[0, ..., 0] > 0.5).nonzero(as_tuple=True)
    thirds = (int(rows.float().mean()) // 30, int(columns.float().mean()) // 100)
    assert thirds == divmod(writing.PLACES.index(place), 3)
    assert int(columns.min()) >= 5
    assert int(columns.max()) < 295


def test_outline_box_and_alpha():
    image = torch.full((1, 60, 200, 4), 0.5)
    plain = writing.write(image, "O", writing.Style(40), "middle")
    outlined = writing.write(image, "O", writing.Style(40, outline=3, outline_colour="#0000ff"), "middle")
    white = (plain[0, ..., :3] == 1).all(-1)
    assert (outlined[0][white][..., :3] == 1).all()
    around = (outlined[0, ..., 2] > 0.9) & (outlined[0, ..., 0] < 0.1)
    assert around.sum() > 100
    assert (outlined[0][around][..., 3] > 0.89).all()
    boxed = writing.write(image, "O", writing.Style(40, box_colour="#00000080"), "middle")
    assert float(boxed[0, 30, 81, 0]) == pytest.approx(0.5 * (1 - 128 / 255), abs=1e-3)
    assert torch.equal(boxed[:, :, :40], image[:, :, :40])


def test_a_contact_sheet():
    pictures = [flat(0.2, 40, 60), flat(0.4, 30, 60), flat(0.6, 40, 120)]
    sheet = writing.contact_sheet(pictures, ["first", "第二张"], 2, 60, 8, writing.Style(12, "#000000"), "#ffffff")
    assert sheet.shape[1] == 8 + 60 + 8 + 60 + 8
    strip = font.line_height(font.font(12)) + 6
    cell = 40 + strip
    assert torch.equal(sheet[8:48, 8:68], pictures[0])
    assert inked(sheet[48 : 8 + cell, 8:68]).any()
    assert (sheet[:8] == 1).all()
    second = sheet[8 : 8 + cell, 76:136]
    np.testing.assert_allclose(second[5 : 5 + 30], flat(0.4, 30, 60), atol=1e-5)  # in the middle of its cell
    third = sheet[16 + cell :, 8:68]
    assert (third > 0.59).all()
    bare = writing.contact_sheet(pictures, [], 3, 30, 0, writing.Style(), "#ffffff")
    assert bare.shape == (20, 90, 3)
