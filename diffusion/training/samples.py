"""Pictures as what a step of training takes, and the order in which they come."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.control.hints import SCALE
from diffusion.families.family import LatentFormat
from diffusion.images.files import PictureError, load_picture
from diffusion.model import Vae
from diffusion.training.buckets import Buckets, Placement
from diffusion.training.encodings import Encodings, latent_key, latent_space
from diffusion.training.pictures import Dataset, TrainingPicture


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture in the latent space of a model.

    latent, flipped: ``[C, h, w]``, model space; `flipped` is that of the mirrored picture, if it is to be shown too.
    settings: the sizes that SDXL is told, as conditioning has them. repeats: how often it comes in an epoch.
    mask: ``[1, h, w]``, 0 to 1: which places are learned from; None is all. hint: what a control network reads beside
    it, ``[3, 8 h, 8 w]`` of bytes. preserved: whether the right answer is that of the model before the training, and
    not the picture.
    """

    name: str
    latent: Tensor
    caption: str
    concept: str
    weight: float = 1.0
    repeats: int = 1
    flipped: Tensor | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    mask: Tensor | None = None
    hint: Tensor | None = None
    preserved: bool = False

    @property
    def mirrored(self) -> Sample:
        """The mirrored picture, with its mask and its hint."""
        assert self.flipped is not None
        mask, hint = (None if each is None else each.flip(-1) for each in (self.mask, self.hint))
        return replace(self, latent=self.flipped, mask=mask, hint=hint)

    def corner(self, side: int) -> Sample:
        """A corner of the latent, of at most so many cells a side."""
        mask = None if self.mask is None else self.mask[..., :side, :side]
        hint = None if self.hint is None else self.hint[..., : SCALE * side, : SCALE * side]
        return replace(self, latent=self.latent[..., :side, :side], flipped=None, mask=mask, hint=hint)


def encoded(
    dataset: Dataset,
    buckets: Buckets,
    vae: Vae,
    latents: LatentFormat,
    *,
    flip: bool = False,
    kept: Encodings | None = None,
    on_picture: Callable[[int], None] = lambda count: None,
) -> list[Sample]:
    """The samples of a dataset; `on_picture` is told how many are done. kept: where latents are kept on disk.

    Raises `PictureError`, also for a latent that is no number.
    """
    space = latent_space(vae) if kept else None

    def latent(picture: TrainingPicture, placement: Placement, mirrored: bool) -> Tensor:
        def made() -> dict[str, Tensor]:
            return {"latent": _latent(picture, placement, vae, mirrored)}

        if kept is None or space is None:
            return latents.to_model(made()["latent"])[0]
        found = kept.tensors(latent_key(space, picture, placement, mirrored), made)
        return latents.to_model(found["latent"])[0]

    samples = []
    for count, picture in enumerate(dataset.pictures, start=1):
        placement = buckets.place(*picture.size)
        flipped = latent(picture, placement, True) if flip else None
        samples.append(_sample(picture, placement, latent(picture, placement, False), flipped))
        on_picture(count)
    return samples


def _latent(picture: TrainingPicture, placement: Placement, vae: Vae, mirrored: bool) -> Tensor:
    """A picture as the VAE encodes it, ``[1, C, h, w]``. Raises `PictureError`."""
    pixels = fitted(load_picture(picture.path).images[:1], placement)
    latent = vae.encode(pixels.flip(2) if mirrored else pixels)
    if not latent.isfinite().all():
        raise PictureError(f"The VAE makes no numbers of {picture.name}: load the VAE in float32, or take another one.")
    return latent


def fitted(pixels: Tensor, placement: Placement) -> Tensor:
    """Pictures ``[B, H, W, 3]`` resized, with the details that are too fine blurred away, and cut."""
    width, height = placement.resized
    resized = F.interpolate(pixels.movedim(-1, 1), (height, width), mode="bicubic", antialias=True).clamp(0, 1)
    left, top = placement.left, placement.top
    cut = resized[..., top : top + placement.bucket[1], left : left + placement.bucket[0]]
    return cut.movedim(1, -1)


def _sample(picture: TrainingPicture, placement: Placement, latent: Tensor, flipped: Tensor | None) -> Sample:
    width, height = picture.size
    settings = {
        "width": width,
        "height": height,
        "crop_w": placement.left,
        "crop_h": placement.top,
        "target_width": placement.bucket[0],
        "target_height": placement.bucket[1],
    }
    mask = picture.mask.fitted(placement, *latent.shape[-2:]) if picture.mask else None
    return Sample(
        picture.name,
        latent,
        picture.caption,
        picture.concept,
        picture.weight,
        picture.repeats,
        flipped,
        settings,
        mask,
        preserved=picture.preserved,
    )


@dataclass(frozen=True, eq=False)
class Order:
    """Which samples come in which step: a pure function of the seed, so that a run may be stopped anywhere.

    A batch has latents of one size. In each epoch every sample comes as often as it is repeated, in a new order.
    """

    samples: Sequence[Sample]
    batch: int
    seed: int
    _shuffled: dict[int, list[list[int]]] = field(default_factory=dict, init=False, repr=False)  # the latest epoch

    @cached_property
    def sizes(self) -> list[list[int]]:
        """The numbers of the samples of each size, repeated."""
        found: dict[torch.Size, list[int]] = {}
        for number, sample in enumerate(self.samples):
            found.setdefault(sample.latent.shape, []).extend([number] * sample.repeats)
        return list(found.values())

    @cached_property
    def per_epoch(self) -> int:
        """How many batches an epoch has."""
        return sum(-(-len(numbers) // self.batch) for numbers in self.sizes)

    def __getitem__(self, count: int) -> list[int]:
        """The numbers of the samples of a batch; the first batch of the run is 0."""
        epoch, place = divmod(count, self.per_epoch)
        if epoch not in self._shuffled:
            self._shuffled.clear()
            self._shuffled[epoch] = self._epoch(epoch)
        return self._shuffled[epoch][place]

    def _epoch(self, epoch: int) -> list[list[int]]:
        chance = random.Random(f"{self.seed} epoch {epoch}")
        batches = []
        for numbers in self.sizes:
            shuffled = chance.sample(numbers, len(numbers))
            batches += [shuffled[at : at + self.batch] for at in range(0, len(shuffled), self.batch)]
        chance.shuffle(batches)
        return batches
