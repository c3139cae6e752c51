"""Rectangles of pictures, and the parts of masks: `[B, H, W]` in 0..1, what is above a half counts."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffusion.images.masks import batched

HALF = 0.5


class Box(NamedTuple):
    """A rectangle in pixels; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    def cut(self, images: Tensor) -> Tensor:
        """What of `[B, H, W, ...]` is in the rectangle."""
        return images[:, self.top : self.bottom, self.left : self.right]


def bounds(mask: Tensor, above: float = 0.0) -> Box | None:
    """The rectangle around all of a mask that is above a value, in any picture of the batch; None if nothing is."""
    marked = (batched(mask) > above).any(0)
    rows, columns = marked.any(1).nonzero(), marked.any(0).nonzero()
    if not len(rows):
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def padded(box: Box, padding: int, width: int, height: int) -> Box:
    """The rectangle with so many pixels around it, as far as a picture of a size has them."""
    return Box(
        max(0, box.left - padding),
        max(0, box.top - padding),
        min(width, box.right + padding),
        min(height, box.bottom + padding),
    )


def with_aspect(box: Box, aspect: float, width: int, height: int) -> Box:
    """Extend a rectangle to proportions (width / height), as the A1111 WebUI does for inpainting the masked part.

    It grows to both sides, is moved into the picture of `width` x `height`, and is cut off only if it is too large.
    """
    left, top, right, bottom = box
    if box.width / box.height > aspect:
        top, bottom = _extended(top, bottom, int(box.width / aspect), height)
    else:
        left, right = _extended(left, right, int(box.height * aspect), width)
    return Box(left, top, right, bottom)


def with_size(box: Box, width: int, height: int, picture_width: int, picture_height: int) -> Box:
    """Extend a rectangle to a size, inside the picture; where the picture is smaller, the picture's side is all."""
    left, right = _extended(box.left, box.right, width, picture_width)
    top, bottom = _extended(box.top, box.bottom, height, picture_height)
    return Box(left, top, right, bottom)


def _extended(start: int, end: int, length: int, limit: int) -> tuple[int, int]:
    missing = max(0, length - (end - start))
    start, end = start - missing // 2, end + missing - missing // 2
    if end > limit:
        start, end = start - (end - limit), limit
    if start < 0:
        start, end = 0, min(end - start, limit)
    return start, end


def parts(mask: Tensor, smallest: int = 1, most: int | None = None) -> list[Tensor]:
    """The separate parts of a mask `[1, H, W]` or `[H, W]`, largest first, each a mask `[1, H, W]` with its own values.

    Pixels that touch at a corner belong together.

    smallest: Parts of fewer pixels are left out.
    most: No more parts than this.
    """
    values = batched(mask)[0]
    labels, areas = _labelled(values > HALF)
    largest = [label for label in np.argsort(-areas[1:], kind="stable") + 1 if areas[label] >= smallest]
    return [(values * (labels == int(label)))[None] for label in largest[:most]]


def fill_holes(mask: Tensor, largest: int = 0) -> Tensor:
    """Make black parts white that white surrounds; they have no way to the edge, not even across corners of white.

    largest: Holes of more pixels stay; 0 fills all.
    """

    def filled(plane: Tensor) -> Tensor:
        labels, areas = _labelled(plane <= HALF, connectivity=4)
        edge = torch.cat([labels[0], labels[-1], labels[:, 0], labels[:, -1]]).unique().tolist()
        inner = (label for label in range(1, len(areas)) if label not in edge)
        holes = [label for label in inner if not largest or areas[label] <= largest]
        return torch.where(torch.isin(labels, torch.tensor(holes, device=labels.device)), 1.0, plane)

    return torch.stack([filled(plane) for plane in batched(mask)])


def remove_small(mask: Tensor, smallest: int) -> Tensor:
    """Make white parts of fewer pixels black. What is fainter than a half and not part of anything stays."""

    def cleaned(plane: Tensor) -> Tensor:
        labels, areas = _labelled(plane > HALF)
        small = [label for label in range(1, len(areas)) if areas[label] < smallest]
        return torch.where(torch.isin(labels, torch.tensor(small, device=labels.device)), 0.0, plane)

    return torch.stack([cleaned(plane) for plane in batched(mask)])


def distance_inside(mask: Tensor) -> Tensor:
    """For each pixel of a mask the distance to the nearest one that is 0, in pixels; the picture's edge counts as none.

    A mask without zeros is infinitely deep.
    """

    def distances(plane: Tensor) -> Tensor:
        marked = (plane > 0).cpu().numpy().astype(np.uint8)
        if marked.all():
            return torch.full_like(plane, torch.inf)
        measured = cv2.distanceTransform(marked, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return torch.from_numpy(measured).to(plane)

    return torch.stack([distances(plane) for plane in batched(mask)])


def _labelled(marked: Tensor, connectivity: int = 8) -> tuple[Tensor, NDArray[np.int64]]:
    """Numbers `[H, W]` of the parts of what is marked, from 1, and how many pixels each has; 0 is the rest."""
    array = marked.cpu().numpy().astype(np.uint8)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(array, connectivity=connectivity)
    return torch.from_numpy(labels).to(marked.device), statistics[:, cv2.CC_STAT_AREA].astype(np.int64)
