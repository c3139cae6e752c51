"""Squares that taggers see, against arrays written by hand."""

import torch

from diffusion.interrogation.fitting import opaque, padded_square, smeared_square


def test_rims_are_continued_to_both_sides():
    image = torch.zeros(4, 8, 3)
    image[0], image[3] = 1.0, 0.4
    square = smeared_square(image, 8)[0]
    assert square.shape == (3, 8, 8)
    assert (square[:, :3] == 1).all()
    assert torch.allclose(square[:, 5:], torch.tensor(0.4))
    assert (square[:, 3:5] == 0).all()
    upright = smeared_square(image.transpose(0, 1), 8)[0]
    assert torch.equal(upright, square.transpose(1, 2))


def test_white_is_put_around_a_picture():
    image = torch.zeros(2, 4, 3)
    square = padded_square(image, 4)[0]
    assert (square[:, [0, 3]] == 1).all()
    assert (square[:, 1:3] == 0).all()


def test_transparent_pictures_lie_on_white_and_grey_ones_have_three_colours():
    half = torch.tensor([0.0, 0.5, 1.0, 0.25]).expand(1, 1, 4)
    assert torch.allclose(opaque(half).flatten(), torch.tensor([0.75, 0.875, 1.0]))
    assert opaque(torch.full((2, 2, 1), 0.5)).shape == (1, 3, 2, 2)
