"""Stable Diffusion 2.1 unCLIP: 2.x that is told what CLIP sees in a picture, with some noise on it.

The embedding is normalised by the mean and deviation of all pictures, mixed with noise, and brought back; the level of
the noise, as a row of sines and cosines, is told beside it (Ramesh et al. 2022, arXiv:2204.06125, section 2; the
released models are Stability AI's). Several pictures are added up, and some noise is put on their sum, as in ComfyUI.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from diffusion.component import Component
from diffusion.families.ldm_shapes import UNET
from diffusion.families.sd2 import WIDTH, StableDiffusion2
from diffusion.families.stable_diffusion import is_named
from diffusion.sampling.conditions import Frame
from diffusion.sampling.errors import SamplingError
from diffusion.weights import Header

SEEN = "unclip_conditioning"  # the setting of a prompt that lists pictures: dicts of a CLIP vision output and strengths
LEVELS = 1000
MERGED_NOISE = 0.05  # on the sum of several pictures
SEED_OFFSET = -10  # from the seed of a run to that of this noise, so that the two differ
MEAN, DEVIATION = "noise_augmentor.data_mean", "noise_augmentor.data_std"
STATISTICS = {"mean": MEAN, "std": DEVIATION}
"""Where checkpoints keep what diffusers' folders have in `image_normalizer`."""


class Statistics(NamedTuple):
    """Mean and standard deviation ``[1, n]`` of the embeddings of all pictures."""

    mean: Tensor
    deviation: Tensor


class StableDiffusion2UnCLIP(StableDiffusion2):
    """Stable Diffusion 2.1 unCLIP, for embeddings of ViT-L or of ViT-H."""

    id = "stable-diffusion-v2-unclip"
    label = "Stable Diffusion 2.1 unCLIP"
    channels = (4,)

    def is_its_own(self, header: Header, width: int) -> bool:
        """A UNet that reads OpenCLIP-H's states and is told embeddings, which nothing else of that width is."""
        return header.has_prefix(f"{UNET}label_emb.") and (
            header.has_prefix(self.places[0].prefix)
            or (not header.has_prefix("conditioner.") and (width == WIDTH or is_named(header, self.id)))
        )

    def denoiser(self, header: Header) -> Component:
        """The UNet, with the statistics of the embeddings beside it."""
        return self.unet(header, self._config(header), beside=(MEAN, DEVIATION))

    def _config(self, header: Header) -> dict[str, Any]:
        config = self.unet_config(header)
        for name in ("addition_embed_type", "addition_time_embed_dim"):
            del config[name]
        return {**config, "class_embed_type": "projection"}

    def inputs(self, config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Any]:
        """The embeddings of the prompt's pictures as `class_labels`; zeros if it has none."""
        size = config["projection_class_embeddings_input_dim"]
        labels = torch.zeros(1, size)
        if seen := settings.get(SEEN):
            known = statistics(frame.model, size // 2)
            labels = told(seen, known, frame.seed, settings.get("unclip_noise_augment_merge", MERGED_NOISE))
        return {"class_labels": labels.to(frame.device)}


def statistics(model: Any, size: int) -> Statistics:
    """Those in the file of a model; of a file without them mean 0 and deviation 1, which change nothing."""
    weights = model.source.weights if model is not None and model.source is not None else {}
    mean, deviation = weights.get(MEAN, torch.zeros(size)), weights.get(DEVIATION, torch.ones(size))
    return Statistics(mean.float().reshape(1, -1), deviation.float().reshape(1, -1))


def told(seen: Sequence[Mapping[str, Any]], known: Statistics, seed: int, merged_noise: float = 0.0) -> Tensor:
    """What a model is told of pictures: ``[1, 2 n]``, the embedding and the level of its noise.

    seen: for each a `clip_vision_output` (whose rows are pictures), `strength` and `noise_augmentation`, 0..1.
    Raises `SamplingError` for embeddings of another vision model.
    """
    generator = torch.Generator()
    pictures = []
    for each in seen:
        embeddings: Tensor = each["clip_vision_output"].image_embeds
        _check(embeddings.shape[-1], known)
        for row in embeddings.float().cpu():
            generator.manual_seed(seed + SEED_OFFSET)
            pictures.append(_noised(row[None], each["noise_augmentation"], known, generator) * each["strength"])
    if len(pictures) == 1:
        return pictures[0]
    together = torch.stack(pictures).sum(0)
    return _noised(together[:, : known.mean.shape[1]], merged_noise, known, generator)


def _noised(embedding: Tensor, noise: float, known: Statistics, generator: torch.Generator) -> Tensor:
    level = round((LEVELS - 1) * noise)
    signal = alphas_cumprod()[level]
    normal = (embedding - known.mean) / known.deviation
    drawn = torch.randn(normal.shape, generator=generator)
    mixed = normal * signal.sqrt().float() + drawn * (1 - signal).sqrt().float()
    return torch.cat((mixed * known.deviation + known.mean, level_embedding(level, embedding.shape[1])), 1)


def alphas_cumprod() -> Tensor:
    """How much of the signal is left at each level, float64 ``[1000]``: a squared cosine (arXiv 2102.09672, 3.2)."""
    times = torch.arange(LEVELS + 1, dtype=torch.float64) / LEVELS
    signal = ((times + 0.008) / 1.008 * math.pi / 2).cos() ** 2
    betas = (1 - signal[1:] / signal[:-1]).clamp(max=0.999)
    return (1 - betas).cumprod(0)


def level_embedding(level: int, size: int) -> Tensor:
    """A level as cosines and sines ``[1, size]`` (arXiv 1706.03762, section 3.5)."""
    half = size // 2
    angles = level * torch.exp(torch.arange(half) * (-math.log(10000) / half))
    return torch.cat((angles.cos(), angles.sin()))[None]


def _check(size: int, known: Statistics) -> None:
    wanted = known.mean.shape[1]
    if size != wanted:
        raise SamplingError(
            f"CLIP saw the picture in {size} numbers, and this model takes {wanted}: use the CLIP vision model of the "
            "checkpoint (unCLIPCheckpointLoader gives it)."
        )


UNCLIP = StableDiffusion2UnCLIP()
