"""What travels between nodes as MODEL, CLIP and VAE: immutable handles of networks that are brought in when used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion import autoencoder
from diffusion.families.family import Family, LatentFormat
from diffusion.residency import Part
from diffusion.sampling.network import Network, Prediction
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.text.embeddings import find_embedding
from diffusion.text.encode import Conditioning, encode
from diffusion.text.tokens import Tokens, tokenize
from diffusion.tiles import OnTile


@dataclass(frozen=True)
class Model:
    """A denoiser with what samplers need to know of it."""

    family: Family
    latent_format: LatentFormat
    prediction: Prediction
    schedule: NoiseSchedule
    part: Part

    @property
    def device(self) -> torch.device:
        """Where the denoiser runs."""
        return self.part.device

    @contextmanager
    def loaded(self) -> Iterator[Network]:
        """A context in which the weights are on the device; its value is the network."""
        with self.part.loaded() as network:
            yield _Denoiser(network)


class _Denoiser:
    """Adapts the number format of a diffusers UNet."""

    def __init__(self, unet: Any) -> None:
        self._unet = unet
        self._dtype = next(unet.parameters()).dtype

    @torch.no_grad()
    def __call__(self, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        states = context.to(x.device, self._dtype)
        output = self._unet(x.to(self._dtype), timestep, encoder_hidden_states=states, return_dict=False)
        return output[0].float()


@dataclass(frozen=True)
class Clip:
    """A text encoder, where it finds embeddings, and the layer whose states it gives."""

    part: Part
    width: int
    layers: int
    embedding_folders: tuple[Path, ...] = ()
    last_layer: int | None = None

    def with_last_layer(self, layer: int) -> "Clip":
        """The same encoder, stopped at a layer counted from the end: -1 is the last, -2 the one before."""
        return replace(self, last_layer=layer)

    def tokenize(self, text: str) -> Tokens:
        """A prompt in chunks of tokens; its `warnings` say what could not be used."""
        tokens = tokenize(text, lambda name: find_embedding(name, self.embedding_folders, self.width))
        if self._skips_too_much():
            warning = f"The text encoder has {self.layers} layers: stopping at layer {self.last_layer} was ignored."
            tokens = replace(tokens, warnings=(*tokens.warnings, warning))
        return tokens

    @torch.no_grad()
    def encode_tokens(self, tokens: Tokens) -> Conditioning:
        """The states of tokens; see `diffusion.text.encode.encode`."""
        with self.part.loaded() as encoder:
            return encode(encoder, tokens, None if self._skips_too_much() else self.last_layer)

    def encode(self, text: str) -> Conditioning:
        """The conditioning `[[states [1, 77 n, width], {"pooled_output": [1, width]}]]` of a prompt."""
        return self.encode_tokens(self.tokenize(text))

    def _skips_too_much(self) -> bool:
        return self.last_layer is not None and not -self.layers <= self.last_layer < 0


@dataclass(frozen=True)
class Vae:
    """An autoencoder: pictures `[B, H, W, 3]` in 0..1 against latents `[B, C, h, w]` in VAE space, both on the CPU."""

    part: Part
    channels: int
    downscale: int

    def decode(self, samples: Tensor) -> Tensor:
        """Pictures of latents. Raises ValueError if the latents have another number of channels."""
        self._check(samples)
        with self.part.loaded() as network:
            return autoencoder.decode(network, samples)

    def encode(self, images: Tensor) -> Tensor:
        """Latents of pictures, whose sides are cropped to whole latent pixels."""
        with self.part.loaded() as network:
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
        with self.part.loaded() as network:
            return autoencoder.decode_tiled(network, samples, tile, overlap, on_tile)

    def encode_tiled(
        self,
        images: Tensor,
        tile: int = autoencoder.TILE,
        overlap: int = autoencoder.OVERLAP,
        on_tile: OnTile | None = None,
    ) -> Tensor:
        """Latents of pictures by tiles of about `tile` pixels."""
        with self.part.loaded() as network:
            return autoencoder.encode_tiled(network, images, tile, overlap, on_tile)

    def _check(self, samples: Tensor) -> None:
        if samples.shape[1] != self.channels:
            raise ValueError(
                f"The latents have {samples.shape[1]} channels, but this VAE takes {self.channels}: "
                "use the VAE of the model that made them."
            )
