"""Each of the three lines has become its picture: a red house, a blue fish, a green apple."""

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    house, fish, apple = produced.pictures("SaveImage")
    strongest = []
    for picture in (house, fish, apple):
        assert picture.shape == (128, 128, 3)
        painted = picture[picture.min(-1) < 0.5]  # what is not the white background
        strongest.append(int(painted.sum(0).argmax()))
    assert strongest == [0, 2, 1]
