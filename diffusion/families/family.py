"""What a model family supplies, and nothing outside a family's own file may know in another way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from diffusion.component import Component
from diffusion.sampling.conditions import Frame
from diffusion.sampling.network import Call
from diffusion.sampling.parameterization import Parameterization
from diffusion.text.encode import Conditioning, Encoded, Style
from diffusion.weights import Header, WeightsError


class MissingComponent(WeightsError):
    """A checkpoint does not hold the component that was asked for."""


@dataclass(frozen=True)
class LatentFormat:
    """The latent space of a family.

    Samplers work in *model space*, `model = (vae - shift) * scale`; latents that travel between nodes are in *VAE
    space*. `rgb_factors` (a row a channel) and `rgb_bias` are a linear estimate of the picture from a latent in model
    space: `latent @ rgb_factors + rgb_bias`, with colours in -1..1.
    """

    channels: int
    downscale: int
    scale: float
    rgb_factors: tuple[tuple[float, float, float], ...]
    rgb_bias: tuple[float, float, float]
    shift: float = 0.0

    def to_model(self, samples: torch.Tensor) -> torch.Tensor:
        """From VAE space to model space."""
        return (samples - self.shift) * self.scale

    def from_model(self, latents: torch.Tensor) -> torch.Tensor:
        """From model space to VAE space."""
        return latents / self.scale + self.shift


@dataclass(frozen=True)
class EncoderPart:
    """A text encoder of a checkpoint: its name (see `diffusion.text.clip.TextEncoder`), network and how it is read.

    width, layers: of its states, and how many there are. large: whether it is of a size at which memory decides the
    number format.
    """

    name: str
    component: Component
    style: Style
    width: int
    layers: int
    large: bool = False


class Place(Protocol):
    """A text encoder of a family, and where the family's checkpoints keep it."""

    @property
    def name(self) -> str:
        """See `diffusion.text.clip.TextEncoder`."""

    @property
    def prefix(self) -> str:
        """What is before the names of its tensors in a checkpoint."""

    @property
    def config(self) -> str:
        """The entry of a file's metadata that says what its shapes cannot."""

    @property
    def optional(self) -> bool:
        """Whether models of the family do without it."""

    def part(self, header: Header, prefix: str | None = None) -> EncoderPart:
        """The encoder in a file, under a prefix or where checkpoints have it. Raises `MissingComponent`."""

    def written(self, config: Mapping[str, Any]) -> Component:
        """An encoder that is built from `config`, as the family's checkpoints have it."""


class Family(Protocol):
    """Everything particular of a model family."""

    @property
    def id(self) -> str:
        """Short name, as `modelspec.architecture` has it."""

    @property
    def label(self) -> str:
        """Name for people."""

    @property
    def places(self) -> Sequence["Place"]:
        """Its text encoders, the one that prompts are mostly written for first."""

    def matches(self, header: Header) -> bool:
        """Whether a file is a checkpoint of this family."""

    @property
    def latent_format(self) -> LatentFormat:
        """The latent space."""

    @property
    def vae_prefix(self) -> str:
        """What is before the names of the VAE's tensors in a checkpoint."""

    def has_own_latents(self, header: Header) -> bool:
        """Whether this checkpoint comes with a VAE whose latents mean other colours than the family's."""

    def parameterization(self, header: Header, weights: Mapping[str, Tensor]) -> Parameterization:
        """What the denoiser of this checkpoint predicts, and the noise levels that it was trained on.

        weights: memory-mapped; at most a few small tensors of them are read.
        """

    def denoiser(self, header: Header) -> Component:
        """The UNet."""

    def autoencoder(self, header: Header) -> Component:
        """The VAE."""

    def text_encoders(self, header: Header) -> tuple[EncoderPart, ...]:
        """The text encoders. Raises `MissingComponent` if there are none."""

    def join(self, encoded: Mapping[str, Encoded]) -> Conditioning:
        """The conditioning of a prompt, from what the text encoders give."""

    def inputs(self, config: Mapping[str, Any], settings: Mapping[str, Any], frame: Frame, side: int) -> dict[str, Any]:
        """What the denoiser takes beside the encoded prompt, `[B, …]` each; see `SampledModel.inputs`.

        config: of the denoiser, as its component has it.
        """

    def activations(self, config: Mapping[str, Any]) -> int:
        """How many numbers the denoiser has in memory at once, for each cell of a latent."""

    def evaluate(self, network: Any, call: Call) -> torch.Tensor:
        """Ask the denoiser, in the number format of its weights; float32."""
