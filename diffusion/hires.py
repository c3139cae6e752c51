"""The sizes of hires fix: a picture is sampled small, enlarged, and sampled again."""

from typing import NamedTuple

CELL = 8


class HiresSize(NamedTuple):
    """Where a picture has to go, in pixels.

    It is enlarged to `upscale_width` x `upscale_height`; what is kept of that is `width` x `height` at `x`, `y`, all of
    which are multiples of eight, so that latents can be cut by them.
    """

    upscale_width: int
    upscale_height: int
    width: int
    height: int
    x: int
    y: int


def hires_size(width: int, height: int, scale: float, resize_x: int = 0, resize_y: int = 0) -> HiresSize:
    """The size of the second pass for a first pass of `width` x `height`, as Stable Diffusion WebUI computes it.

    Without `resize_x` and `resize_y` the size is multiplied by `scale`; one of them alone keeps the proportions. With
    both, the picture is enlarged until it covers them, and what is too much is cut off on both sides.
    """
    if not resize_x and not resize_y:
        across, down = int(width * scale), int(height * scale)
    elif not resize_y or (resize_x and width * resize_y < resize_x * height):
        across, down = resize_x, resize_x * height // width
    else:
        across, down = resize_y * width // height, resize_y
    cells_x, cells_y = _surplus(across, resize_x, resize_y), _surplus(down, resize_y, resize_x)
    return HiresSize(
        across,
        down,
        (across // CELL - cells_x) * CELL,
        (down // CELL - cells_y) * CELL,
        cells_x // 2 * CELL,
        cells_y // 2 * CELL,
    )


def _surplus(side: int, wanted: int, other: int) -> int:
    """How many cells of a side are cut off; nothing is unless both sides were asked for."""
    return (side - wanted) // CELL if wanted and other else 0
