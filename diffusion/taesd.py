"""Tiny autoencoders that stand in for a family's VAE: TAESD (Bohan, github.com/madebyollin/taesd).

They are published as files of an encoder and of a decoder, whose tensors are numbered as the layers are, or as one file
with `encoder.` and `decoder.` before the numbers. A tiny decoder takes latents in model space; the handle that is made
here takes them in VAE space, as any other VAE does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from diffusers import AutoencoderTiny
from torch import Tensor

from diffusion import devices
from diffusion.component import Component, Source
from diffusion.families.family import LatentFormat
from diffusion.model import Vae
from diffusion.residency import Part
from diffusion.weights import Header, TensorInfo, WeightsError, load_weights

EXTENSIONS = (".safetensors", ".sft", ".pth", ".pt")
HALVES = ("encoder", "decoder")
DOWNSCALE = 8
_HALF = re.compile(r"(.*)_(encoder|decoder)")

# Scale and shift, which some programs keep beside the layers; they follow from the latent space.
UNUSED = ("vae_scale", "vae_shift")


@dataclass(frozen=True, slots=True)
class TinyFormat:
    """The latent space of a tiny autoencoder: `model = (vae - shift) * scale`."""

    channels: int
    scale: float
    shift: float = 0.0


FORMATS = {
    "taesd": TinyFormat(4, 0.18215),
    "taesdxl": TinyFormat(4, 0.13025),
    "taesd3": TinyFormat(16, 1.5305, 0.0609),
    "taef1": TinyFormat(16, 0.3611, 0.1159),
}
"""By the names under which they are published."""


def is_tiny(header: Header) -> bool:
    """Whether a file is a tiny autoencoder, or a half of one."""
    layers = [_layer(name) for name in header.tensors if name not in UNUSED]
    # whether or not a decoder's clamp is counted: the third layer of either half is a block
    return all(layers) and any(layer[1].startswith("3.conv.0.") for layer in layers if layer)


def load_tiny_vae(path: Path, *, device: torch.device | None = None) -> Vae:
    """Open a tiny autoencoder as a VAE: a file with both halves, or one half beside which the other lies.

    Which latent space it is for is told by its name, as in `taesdxl_decoder.safetensors`. Raises `WeightsError`.
    """
    device = device or devices.current()
    layout = FORMATS[_format_name(path)]
    weights: dict[str, Tensor] = {}
    for half in _files_of_both(path):
        weights.update(_tensors(half))
    source = _source(path, "", layout.channels, weights, devices.precision(device).autoencoder, device)
    size = sum(tensor.numel() for tensor in weights.values()) * source.dtype.itemsize
    part = Part(f"{path.name}: VAE", device, size, lambda: _InVaeSpace(source.network(), layout))
    return Vae(part, layout.channels, DOWNSCALE)


def files_of(path: Path) -> list[Path]:
    """The files that a tiny autoencoder is read from: the file, and that of the other half if it is a half."""
    other = _other_half(path)
    return [path] if other is None else [path, other]


def load_tiny_decoder(path: Path, device: torch.device) -> Any:
    """The decoder on its device: from latents `[B, C, h, w]` in model space to pictures `[B, 3, 8h, 8w]` in -1..1.

    Raises `WeightsError`.
    """
    layout = FORMATS[_format_name(path)]
    weights = {name: tensor for name, tensor in _tensors(path).items() if name.startswith("decoder.")}
    return _source(path, "decoder.", layout.channels, weights, devices.precision(device).denoiser, device).network()


def find_decoder(latent_format: LatentFormat, folders: Sequence[Path]) -> Path | None:
    """The file of the tiny decoder for a latent space, the first in `folders`; None if there is none."""
    for name, layout in FORMATS.items():
        if (layout.channels, layout.scale) == (latent_format.channels, latent_format.scale):
            candidates = (folder / f"{name}_decoder{extension}" for folder in folders for extension in EXTENSIONS)
            return next((path for path in candidates if path.is_file()), None)
    return None


class _InVaeSpace:
    """A tiny autoencoder with the interface of a VAE's network, for latents in VAE space."""

    def __init__(self, network: Any, layout: TinyFormat) -> None:
        self._network = network
        self._layout = layout
        self.config = network.config
        self.parameters = network.parameters

    def decode(self, latents: Tensor, return_dict: bool = False) -> tuple[Tensor]:
        """Pictures `[B, 3, 8h, 8w]` in -1..1 of latents."""
        return (self._network.decoder((latents - self._layout.shift) * self._layout.scale),)

    def encode(self, pictures: Tensor) -> Any:
        """The latents of pictures, as a distribution without width."""
        latents = self._network.encoder(pictures) / self._layout.scale + self._layout.shift
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))


def _source(
    path: Path, prefix: str, channels: int, weights: dict[str, Tensor], dtype: torch.dtype, device: torch.device
) -> Source:
    """The weights of a whole autoencoder, or of its half that `prefix` names. Raises `WeightsError`."""

    def build() -> Any:
        with torch.device("meta"):
            network = AutoencoderTiny(latent_channels=channels)
        return network.decoder if prefix else network

    component = Component("TAESD", prefix, build, lambda name: name)
    shapes = {name: TensorInfo(tuple(tensor.shape), tensor.dtype) for name, tensor in weights.items()}
    component.check(Header(path, shapes))
    return Source(component, weights, dtype, device)


def _tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by the names that `AutoencoderTiny` has for them."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in load_weights(path).items():
        if name in UNUSED:
            continue
        layer = _layer(name)
        if layer is None:
            raise WeightsError(f"{path.name} is no TAESD (it has a tensor '{name}'): choose another file.")
        tensors[f"{layer[0] or _half(path)}.{layer[1]}"] = tensor
    # The published decoders count the clamp before their first layer, which has no weights.
    clamped = "decoder.0.weight" not in tensors
    named = {}
    for name, tensor in tensors.items():
        half, number, rest = name.split(".", 2)
        place = int(number) - 1 if clamped and half == "decoder" else int(number)
        named[f"{half}.layers.{place}.{rest}"] = tensor
    return named


def _layer(name: str) -> tuple[str, str] | None:
    """The half (if it is told) and the number and rest of a tensor's name; None for one of another network."""
    match = re.fullmatch(r"(?:(?:taesd_)?(encoder|decoder)\.)?(?:layers\.)?(\d+\.[a-z0-9.]+)", name)
    return (match[1] or "", match[2]) if match else None


def _half(path: Path) -> str:
    return "encoder" if "encoder" in path.stem.lower() else "decoder"


def _files_of_both(path: Path) -> list[Path]:
    """Those of `files_of`. Raises `WeightsError` if the other half is missing."""
    files = files_of(path)
    if len(files) == 1 and (match := _HALF.fullmatch(path.stem)):
        other = f"{match[1]}_{HALVES[match[2] == 'encoder']}"
        raise WeightsError(f"{path.name} is a half of a VAE: put {other}{path.suffix} into the same folder.")
    return files


def _other_half(path: Path) -> Path | None:
    """The file of the other half beside a half; None if there is none, or if the file is no half."""
    match = _HALF.fullmatch(path.stem)
    if match is None:
        return None
    other = f"{match[1]}_{HALVES[match[2] == 'encoder']}"
    candidates = [path.with_name(other + extension) for extension in EXTENSIONS]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _format_name(path: Path) -> str:
    """The latent space that the name of a file, or of its folder, tells. Raises `WeightsError`."""
    for text in (path.stem.lower(), path.parent.name.lower()):
        for name in sorted(FORMATS, key=len, reverse=True):
            if name in text:
                return name
    raise WeightsError(
        f"{path.name} is a TAESD, but its name does not say of which models: call it {', '.join(FORMATS)}."
    )
