"""What travels between nodes as MODEL and VAE: immutable handles of networks that are brought in when used."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from diffusion import autoencoder, devices
from diffusion.attention import AttentionChange, changed_attention
from diffusion.component import Patches, Source, WeightPatch
from diffusion.families.family import Family, LatentFormat
from diffusion.residency import Part, residency
from diffusion.sampling.conditions import Frame
from diffusion.sampling.guidance import GuidanceChange
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import NoiseLevels
from diffusion.sampling.parameterization import Parameterization
from diffusion.text.clip import Clip, TextEncoder
from diffusion.tiles import OnTile

__all__ = ["Attachment", "Clip", "LoadedModel", "Model", "TextEncoder", "Vae"]


class MemoryNeed(NamedTuple):
    """Bytes that sampling takes on a device: weights that are not there yet, what is computed, and what is free.

    freeable: what other networks hold that can be dropped.
    """

    weights: int
    activations: int
    free: int
    freeable: int

    @property
    def missing(self) -> int:
        """How much more is needed than can be had; 0 if it fits."""
        return max(0, self.weights + self.activations - self.free - self.freeable)

    @property
    def fits(self) -> bool:
        """Whether it can be had."""
        return not self.missing


class Attachment(Protocol):
    """Something that acts within a denoiser while it runs, such as hooks on its modules."""

    def attached(self, running: "LoadedModel") -> AbstractContextManager[None]:
        """Attach it for the length of a run; afterwards the network is as it was."""


@dataclass(frozen=True)
class Model:
    """A denoiser with what samplers need to know of it, and the changes that are made to it when it runs.

    patches: of its weights. attention: of its attention layers. attachments: hooks within the network.
    guidance: of how the estimates under the prompts become one. Each acts in the order of its tuple.
    """

    family: Family
    latent_format: LatentFormat
    parameterization: Parameterization
    part: Part
    source: Source | None = None
    patches: Patches = ()
    attention: tuple[AttentionChange, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    guidance: tuple[GuidanceChange, ...] = ()

    @property
    def device(self) -> torch.device:
        """Where the denoiser runs."""
        return self.part.device

    @property
    def schedule(self) -> NoiseLevels:
        """The noise levels of its training."""
        return self.parameterization.schedule

    @property
    def config(self) -> Mapping[str, Any]:
        """What the denoiser is built from."""
        return self.source.component.config if self.source else {}

    def inputs(self, settings: Mapping[str, Any], frame: Frame, side: int) -> Mapping[str, Tensor]:
        """What the denoiser takes beside the encoded prompt, from a prompt's settings."""
        return self.family.inputs(self.config, settings, frame, side)

    def activation_bytes(self, rows: int, cells: int) -> int:
        """How much memory a call takes that has so many rows of latents of so many cells (height times width)."""
        itemsize = self.source.dtype.itemsize if self.source else 4
        return rows * cells * self.family.activations(self.config) * itemsize

    def has_room(self, rows: int, cells: int) -> bool:
        """Whether there is memory for such a call now."""
        return self.activation_bytes(rows, cells) <= devices.free_bytes(self.device)

    def memory(self, rows: int, cells: int) -> MemoryNeed:
        """What sampling such a latent takes, and what there is."""
        weights = 0 if self.part.resident else self.part.size
        others = residency.freeable(self.device, self.part)
        return MemoryNeed(weights, self.activation_bytes(rows, cells), devices.free_bytes(self.device), others)

    def patched(self, *patches: WeightPatch) -> "Model":
        """The same with further changes of its weights."""
        return replace(self, patches=(*self.patches, *patches))

    def with_attention(self, *changes: AttentionChange) -> "Model":
        """The same with further changes of its attention."""
        return replace(self, attention=(*self.attention, *changes))

    def with_attachments(self, *attachments: Attachment) -> "Model":
        """The same with further hooks."""
        return replace(self, attachments=(*self.attachments, *attachments))

    def with_guidance(self, *changes: GuidanceChange) -> "Model":
        """The same with further changes of guidance."""
        return replace(self, guidance=(*self.guidance, *changes))

    @contextmanager
    def loaded(self) -> Iterator["LoadedModel"]:
        """A context in which the weights are on the device and all changes are in place."""
        with self.part.loaded(self.patches) as network, ExitStack() as stack:
            running = LoadedModel(network, self.family, self.parameterization)
            if self.attention or self.guidance:  # a change of guidance may ask for other attention in its own calls
                stack.enter_context(changed_attention(network, self.attention, lambda: running.call))
            for attachment in self.attachments:
                stack.enter_context(attachment.attached(running))
            yield running


class LoadedModel:
    """A denoiser on its device. `network` is its module, `call` what it is asked; see `Model.parameterization`."""

    def __init__(self, network: Any, family: Family, parameterization: Parameterization | None = None) -> None:
        self.network = network
        self.parameterization = parameterization
        self._family = family
        self._call: Call | None = None

    @property
    def call(self) -> Call:
        """The call that the network is answering."""
        assert self._call is not None, "the network is not being asked anything"
        return self._call

    @contextmanager
    def answering(self, call: Call) -> Iterator[None]:
        """A context in which the network is asked `call`; a backward pass that computes it again belongs in it too."""
        outer, self._call = self._call, call
        try:
            yield
        finally:
            self._call = outer

    def __call__(self, call: Call) -> Tensor:
        """The network's raw prediction, float32. What acts within the network may ask it something else meanwhile."""
        with self.answering(call):
            return self._family.evaluate(self.network, call)


class VaeAttachment(Protocol):
    """Something that acts within an autoencoder while it runs."""

    def on(self, network: Any) -> AbstractContextManager[None]:
        """Attach it for the length of a context; afterwards the network is as it was."""


@dataclass(frozen=True)
class Vae:
    """An autoencoder: pictures `[B, H, W, 3]` in 0..1 against latents `[B, C, h, w]` in VAE space, both on the CPU."""

    part: Part
    channels: int
    downscale: int
    source: Source | None = None
    patches: Patches = ()
    attachments: tuple[VaeAttachment, ...] = ()

    def patched(self, *patches: WeightPatch) -> "Vae":
        """The same with further changes of its weights."""
        return replace(self, patches=(*self.patches, *patches))

    def with_attachments(self, *attachments: VaeAttachment) -> "Vae":
        """The same with further changes of its network while it runs."""
        return replace(self, attachments=(*self.attachments, *attachments))

    @contextmanager
    def loaded(self) -> Iterator[Any]:
        """A context in which the weights are on the device and all changes are in place; its value is the network."""
        with self.part.loaded(self.patches) as network, ExitStack() as stack:
            for attachment in self.attachments:
                stack.enter_context(attachment.on(network))
            yield network

    def decode(self, samples: Tensor) -> Tensor:
        """Pictures of latents. Raises ValueError if the latents have another number of channels."""
        self._check(samples)
        with self.loaded() as network:
            return autoencoder.decode(network, samples)

    def encode(self, images: Tensor) -> Tensor:
        """Latents of pictures, whose sides are cropped to whole latent pixels."""
        with self.loaded() as network:
            return autoencoder.encode(network, images)

    def decode_tiled(
        self,
        samples: Tensor,
        tile: int = autoencoder.TILE,
        overlap: int = autoencoder.OVERLAP,
        on_tile: OnTile | None = None,
    ) -> Tensor:
        """Pictures of latents by tiles of about `tile` pixels, `overlap` of them shared by neighbours."""
        self._check(samples)
        with self.loaded() as network:
            return autoencoder.decode_tiled(network, samples, tile, overlap, on_tile)

    def encode_tiled(
        self,
        images: Tensor,
        tile: int = autoencoder.TILE,
        overlap: int = autoencoder.OVERLAP,
        on_tile: OnTile | None = None,
    ) -> Tensor:
        """Latents of pictures by tiles of about `tile` pixels."""
        with self.loaded() as network:
            return autoencoder.encode_tiled(network, images, tile, overlap, on_tile)

    def _check(self, samples: Tensor) -> None:
        if samples.shape[1] != self.channels:
            raise ValueError(
                f"The latents have {samples.shape[1]} channels, but this VAE takes {self.channels}: "
                "use the VAE of the model that made them."
            )
