"""Parts of pictures as areas of one colour each, by Segment Anything (Kirillov et al. 2023)."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from diffusion.annotators.networks import NetworkFile, module, tensors
from diffusion.annotators.scaling import Levels

KINDS = {"sam_vit_h_4b8939.pth": "vit_h", "sam_vit_l_0b3195.pth": "vit_l", "sam_vit_b_01ec64.pth": "vit_b"}


def segment_anything(levels: Levels, network: Any) -> Levels:
    """Every object in a colour of its own; small ones are painted over large ones."""
    from controlnet_aux.segment_anything import SamAutomaticMaskGenerator

    found = SamAutomaticMaskGenerator(network).generate(levels)
    return painted([item["segmentation"] for item in found], *levels.shape[:2])


def painted(masks: list[npt.NDArray[np.bool_]], height: int, width: int) -> Levels:
    """Masks `[H, W]` on black, the largest first, in colours that are the same each time."""
    canvas = np.zeros((height, width, 3), np.uint8)
    random = np.random.default_rng(0)
    for mask in sorted(masks, key=lambda mask: int(mask.sum()), reverse=True):
        canvas[mask] = random.integers(0, 256, 3, dtype=np.uint8)
    return canvas


def _sam(path: Path) -> Any:
    from controlnet_aux.segment_anything import sam_model_registry

    return module(sam_model_registry[KINDS.get(path.name, "vit_t")](), tensors(path))


SAM = NetworkFile(tuple(KINDS), _sam)
MOBILE_SAM = NetworkFile(("mobile_sam.pt",), _sam)
