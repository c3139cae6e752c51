"""What a model family supplies, and nothing outside a family's own file may know in another way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from diffusion.sampling.network import Prediction
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.weights import Header, WeightsError


class MissingComponent(WeightsError):
    """A checkpoint does not hold the component that was asked for."""


@dataclass(frozen=True)
class LatentFormat:
    """The latent space of a family.

    Samplers work in *model space*, `model = vae * scale`; latents that travel between nodes are in *VAE space*.
    `rgb_factors` (a row a channel) and `rgb_bias` are a linear estimate of the picture from a latent in model space:
    `latent @ rgb_factors + rgb_bias`, with colours in -1..1.
    """

    channels: int
    downscale: int
    scale: float
    rgb_factors: tuple[tuple[float, float, float], ...]
    rgb_bias: tuple[float, float, float]

    def to_model(self, samples: torch.Tensor) -> torch.Tensor:
        """From VAE space to model space."""
        return samples * self.scale

    def from_model(self, latents: torch.Tensor) -> torch.Tensor:
        """From model space to VAE space."""
        return latents / self.scale


@dataclass(frozen=True)
class Component:
    """One network of a checkpoint: how to build it, and where the file keeps its weights.

    `build` makes the network without weights, on the meta device; `file_name` translates the name of one of its
    tensors to the name in the file (None: not in files of this layout). Tensors of the file under `prefix` that
    nothing asks for are an error, unless their names start with one of `ignored`.
    """

    title: str
    prefix: str
    build: Callable[[], Any]
    file_name: Callable[[str], str]
    ignored: tuple[str, ...] = field(default=())

    def file_names(self, network: Any) -> dict[str, str]:
        """Names in the file, by the names of the network's tensors."""
        return {name: self.prefix + self.file_name(name) for name in network.state_dict()}

    def check(self, header: Header) -> int:
        """Compare the header with the network, and return the number of its weights.

        Raises `WeightsError` that names the first tensors which are missing, unexpected or of another shape.
        """
        network = self.build()
        names = self.file_names(network)
        shapes = {names[name]: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        missing = [name for name in shapes if name not in header.tensors]
        skipped = tuple(self.prefix + name for name in self.ignored)
        here = [name for name in header.tensors if name.startswith(self.prefix) and not name.startswith(skipped)]
        unexpected = [name for name in here if name not in shapes]
        wrong = [
            f"{name} {list(header.tensors[name].shape)} instead of {list(shape)}"
            for name, shape in shapes.items()
            if name in header.tensors and not _same_weights(header.tensors[name].shape, shape)
        ]
        for names_found, fault in ((missing, "lacks"), (unexpected, "has unexpected"), (wrong, "has misshapen")):
            if names_found:
                raise WeightsError(
                    f"{header.path.name}: the {self.title} {fault} {_first_few(names_found)}. "
                    "Get the file again, or choose another one."
                )
        return sum(parameter.numel() for parameter in network.parameters())

    def fill(
        self,
        weights: Mapping[str, torch.Tensor],
        dtype: torch.dtype,
        device: torch.device,
        rounded: torch.dtype | None = None,
    ) -> Any:
        """Build the network with the weights of a file that `check` has accepted, for inference.

        rounded: a number format that the weights go through first, so that they have no more than its precision.
        """
        network = self.build()
        names = self.file_names(network)
        state = {
            name: weights[names[name]].reshape(tensor.shape).to(device, rounded or dtype).to(dtype)
            for name, tensor in network.state_dict().items()
        }
        network.load_state_dict(state, assign=True)
        return network.eval().requires_grad_(False).to(device)


class Family(Protocol):
    """Everything particular of a model family."""

    @property
    def id(self) -> str:
        """Short name, as `modelspec.architecture` has it."""

    @property
    def label(self) -> str:
        """Name for people."""

    def matches(self, header: Header) -> bool:
        """Whether a file is a checkpoint of this family."""

    @property
    def latent_format(self) -> LatentFormat:
        """The latent space."""

    def has_own_latents(self, header: Header) -> bool:
        """Whether this checkpoint comes with a VAE whose latents mean other colours than the family's."""

    def prediction(self, header: Header) -> Prediction:
        """What the denoiser of this checkpoint predicts."""

    def schedule(self) -> NoiseSchedule:
        """The noise levels that the family was trained on."""

    def denoiser(self, header: Header) -> Component:
        """The UNet."""

    def autoencoder(self, header: Header) -> Component:
        """The VAE."""

    def text_encoder(self, header: Header) -> Component:
        """The text encoder."""


def _same_weights(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    """Equal, or a linear layer that the file keeps as a 1x1 convolution (or the reverse)."""
    longer, shorter = sorted((shape, expected), key=len, reverse=True)
    return longer[: len(shorter)] == shorter and all(size == 1 for size in longer[len(shorter) :])


def _first_few(names: list[str], count: int = 3) -> str:
    rest = len(names) - count
    return ", ".join(names[:count]) + (f" and {rest} more tensors" if rest > 0 else "")
