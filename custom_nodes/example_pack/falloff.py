"""The shape of a vignette, apart from the node so that it can be used and tested alone."""

import torch


def falloff(height: int, width: int, start: float) -> torch.Tensor:
    """How far each pixel lies in the dark, `[height, width]`: 0 up to `start` of the way to a corner, 1 at the corner.

    In between it is the smooth step 3t² - 2t³.
    """
    y = torch.linspace(-1, 1, height)[:, None] if height > 1 else torch.zeros(1, 1)
    x = torch.linspace(-1, 1, width)[None, :] if width > 1 else torch.zeros(1, 1)
    distance = ((x**2 + y**2) / 2).sqrt()
    t = ((distance - start) / (1 - start)).clamp(0, 1)
    return 3 * t**2 - 2 * t**3
