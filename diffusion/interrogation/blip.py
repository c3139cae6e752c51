"""Captions by BLIP (Li et al. 2022, arXiv:2201.12086), from a folder of transformers' layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from diffusion import devices, torchvision_ops
from diffusion.image_prompts.vision import DEVIATION, MEAN
from diffusion.images.resize import resize
from diffusion.interrogation.captioner import Description
from diffusion.interrogation.fitting import opaque
from diffusion.residency import Part
from diffusion.weights import WeightsError, read_header

NEEDED = ("config.json", "vocab.txt")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
# Captions go on from these words, which are not told, as BLIP was trained to.
OPENING = "a picture of"


class Loaded(NamedTuple):
    """A network and the tokenizer that it was trained with."""

    network: Any
    tokenizer: Any


@dataclass(frozen=True)
class Blip:
    """A captioning network of a folder."""

    part: Part

    def caption(self, image: Tensor, beams: int, shortest: int, longest: int) -> str:
        """What a picture `[H, W, C]` shows, in so many tokens with the opening; `beams` of 1 is greedy search."""
        with self.part.loaded() as (network, tokenizer), torch.no_grad():
            pixels = pixel_values(image, network.config.vision_config.image_size)
            opening = tokenizer(OPENING, return_tensors="pt").input_ids
            found = network.generate(
                pixels.to(self.part.device, network.dtype),
                input_ids=opening.to(self.part.device),
                num_beams=beams,
                min_length=shortest,
                max_length=longest,
                do_sample=False,
            )
            text: str = tokenizer.decode(found[0, opening.shape[1] - 1 :], skip_special_tokens=True)
        return text.strip()


@dataclass(frozen=True)
class BlipCaptioner:
    """BLIP with settings: beams of the search, and bounds for the number of tokens."""

    blip: Blip
    beams: int = 1
    shortest: int = 24
    longest: int = 48

    def describe(self, image: Tensor) -> Description:
        """A caption."""
        return Description(self.blip.caption(image, self.beams, self.shortest, self.longest))


def pixel_values(image: Tensor, side: int) -> Tensor:
    """A picture `[H, W, C]` as BLIP sees it, `[1, 3, side, side]`: squeezed into a square, normalised as for CLIP."""
    resized = resize(opaque(image), side, side, "bicubic-antialiased")
    levels = (resized * 255).clamp(0, 255).round() / 255
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
    return (levels - mean) / deviation


def load_blip(path: Path, device: torch.device) -> Blip:
    """Open the folder that the file of the weights lies in. Raises `WeightsError` that names what is missing."""
    folder = path.parent
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if path.name not in WEIGHTS:
        missing.insert(0, " or ".join(WEIGHTS))
    if missing:
        raise WeightsError(
            f"BLIP's folder {folder.name} lacks {', '.join(missing)}: get the whole of blip-image-captioning-base or "
            "-large, as transformers has it."
        )
    read_header(path)
    dtype = devices.precision(device).denoiser
    return Blip(Part(f"{folder.name}: captions", device, path.stat().st_size, lambda: _made(folder, device, dtype)))


def _made(folder: Path, device: torch.device, dtype: torch.dtype) -> Loaded:
    torchvision_ops.ensure()
    from transformers import BertTokenizerFast, BlipForConditionalGeneration

    try:
        network, found = BlipForConditionalGeneration.from_pretrained(
            folder, local_files_only=True, dtype=dtype, output_loading_info=True
        )
        tokenizer = BertTokenizerFast.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError) as error:
        if devices.is_out_of_memory(error):
            raise
        raise WeightsError(f"The folder {folder.name} holds no BLIP that can be read: get it again.") from error
    if missing := found["missing_keys"]:  # transformers would go on with random numbers
        raise WeightsError(f"BLIP's weights in {folder.name} lack {len(missing)} of its tensors: get the file again.")
    return Loaded(network.eval().requires_grad_(False).to(device), tokenizer)
