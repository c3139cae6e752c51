"""Loading single-file checkpoints and VAEs as handles; weights are read when a part is first used."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

import torch

from diffusion import devices
from diffusion.autoencoder import downscale
from diffusion.component import Component, Source
from diffusion.families import detect
from diffusion.families.family import EncoderPart, MissingComponent
from diffusion.families.recognition import looks_like
from diffusion.families.sd1 import SD1
from diffusion.latent_colours import with_fitted_colours
from diffusion.model import Clip, Model, TextEncoder, Vae
from diffusion.residency import Part
from diffusion.taesd import is_tiny, load_tiny_vae
from diffusion.weights import Header, WeightsError, load_weights, read_header


class Checkpoint(NamedTuple):
    """The three parts of a checkpoint. Using one that the file does not hold raises `WeightsError`."""

    model: Model
    clip: Clip
    vae: Vae


def load_checkpoint(
    path: Path, *, embedding_folders: Sequence[Path] = (), device: torch.device | None = None
) -> Checkpoint:
    """Open a checkpoint: detect its family, compare all names and shapes, and make handles.

    Raises `WeightsError` for a file that is corrupt, incomplete, or no checkpoint of a supported family.
    """
    device = device or devices.current()
    header = read_header(path)
    family = detect(header)
    weights = load_weights(path)
    precision = devices.precision(device)
    denoiser = Source(family.denoiser(header), weights, precision.denoiser, device)
    model = Model(family, family.latent_format, family.parameterization(header), _part(denoiser, header), denoiser)
    try:
        parts = family.text_encoders(header)
    except MissingComponent as error:
        absent = TextEncoder("l", _absent("text encoder", error, device), width=0, layers=0)
        clip = Clip((absent,), family.join)
    else:
        encoders = tuple(_text_encoder(part, header, weights, device) for part in parts)
        clip = Clip(encoders, family.join, tuple(embedding_folders))
    try:
        vae = _vae(family.autoencoder(header), header, weights, device)
    except MissingComponent as error:
        vae = Vae(_absent("VAE", error, device), model.latent_format.channels, model.latent_format.downscale)
    else:
        if family.has_own_latents(header):
            model = replace(model, latent_format=with_fitted_colours(model.latent_format, vae))
    return Checkpoint(model, clip, vae)


def load_vae(path: Path, *, device: torch.device | None = None) -> Vae:
    """Open a VAE from a file of its own, the one of a checkpoint, or a TAESD. Raises `WeightsError`."""
    header = read_header(path)
    if is_tiny(header):
        return load_tiny_vae(path, device=device)
    try:
        component = SD1.autoencoder(header)
    except MissingComponent:
        raise WeightsError(
            f"{path.name} cannot be loaded as a VAE: it is {looks_like(header)}. Choose a VAE of {SD1.label}."
        ) from None
    return _vae(component, header, load_weights(path), device or devices.current())


def _text_encoder(
    part: EncoderPart, header: Header, weights: Mapping[str, torch.Tensor], device: torch.device
) -> TextEncoder:
    precision = devices.precision(device)
    source = Source(part.component, weights, precision.text, device, precision.text_storage)
    return TextEncoder(part.name, _part(source, header), part.width, part.layers, part.style, source)


def _vae(component: Component, header: Header, weights: Mapping[str, torch.Tensor], device: torch.device) -> Vae:
    source = Source(component, weights, devices.precision(device).autoencoder, device)
    network = component.build()
    return Vae(_part(source, header), network.config.latent_channels, downscale(network), source)


def _part(source: Source, header: Header) -> Part:
    component = source.component
    size = component.check(header) * source.dtype.itemsize
    return Part(f"{header.path.name}: {component.title}", source.device, size, source.network, source.switch)


def _absent(title: str, error: MissingComponent, device: torch.device) -> Part:
    def make() -> NoReturn:
        raise error

    return Part(title, device, 0, make)
