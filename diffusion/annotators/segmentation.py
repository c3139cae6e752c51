"""Parts of pictures as areas of one colour: objects by Segment Anything (Kirillov et al. 2023), or kinds of things."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from diffusion.annotators.networks import NetworkFile, module, normalised, tensors
from diffusion.annotators.scaling import Levels
from diffusion.weights import WeightsError

ADE20K_KINDS = 150
ADE20K_FOLDERS = (
    *(f"upernet-convnext-{size}" for size in ("large", "base", "small", "tiny")),
    *(f"upernet-swin-{size}" for size in ("large", "base", "small", "tiny")),
    *("segformer-b5-finetuned-ade-640-640", "segformer-b0-finetuned-ade-512-512"),
)
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


def by_kind(levels: Levels, network: Any) -> Levels:
    """Every kind of thing in the colour that ADE20K has for it (Zhou et al. 2017)."""
    from controlnet_aux.util import ade_palette

    device = next(network.parameters()).device
    logits = network(pixel_values=normalised(levels, device)).logits.float()
    logits = F.interpolate(logits, size=levels.shape[:2], mode="bilinear", align_corners=False)
    kinds = logits[0].argmax(0).cpu().numpy()
    painted: Levels = np.array(ade_palette(), np.uint8)[kinds]
    return painted


def _ade20k(folder: Path) -> Any:
    from transformers import AutoModelForSemanticSegmentation

    network = AutoModelForSemanticSegmentation.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    if network.config.num_labels != ADE20K_KINDS:
        raise WeightsError(
            f"{folder.name} tells {network.config.num_labels} kinds of things apart, and ADE20K has {ADE20K_KINDS}: "
            "choose a network that was trained on ADE20K."
        )
    return network.eval().requires_grad_(False)


def _sam(path: Path) -> Any:
    from controlnet_aux.segment_anything import sam_model_registry

    return module(sam_model_registry[KINDS.get(path.name, "vit_t")](), tensors(path))


SAM = NetworkFile(tuple(KINDS), _sam)
ADE20K = NetworkFile(("ade20k", *ADE20K_FOLDERS), _ade20k)
MOBILE_SAM = NetworkFile(("mobile_sam.pt",), _sam)
