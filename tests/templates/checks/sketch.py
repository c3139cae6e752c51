"""A house where its blocks were: red in the middle, blue around, and more than three flat colours."""

import numpy as np

from tests.templates.produced import Produced


def check(produced: Produced) -> None:
    (picture,) = produced.pictures("SaveImage")
    (drawing,) = produced.pictures("Before")
    red, green, blue = picture[84:108, 34:54].mean((0, 1))
    assert red > max(green, blue)
    assert picture[:16, :16].mean((0, 1)).argmax() == 2
    assert len(np.unique((picture * 8).astype(int).reshape(-1, 3), axis=0)) > 3 * len(
        np.unique(drawing.reshape(-1, 3), axis=0)
    )
