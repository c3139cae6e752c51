"""Loading single-file checkpoints and VAEs as handles; weights are read when a part is first used."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

import torch
from torch import nn

from diffusion import devices
from diffusion.autoencoder import downscale
from diffusion.families import detect
from diffusion.families.family import Component, MissingComponent
from diffusion.families.recognition import looks_like
from diffusion.families.sd1 import SD1
from diffusion.latent_colours import with_fitted_colours
from diffusion.model import Clip, Model, Vae
from diffusion.residency import Part
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
    unet = _part(family.denoiser(header), header, weights, device, precision.denoiser)
    model = Model(family, family.latent_format, family.prediction(header), family.schedule(), unet)
    try:
        text = family.text_encoder(header)
    except MissingComponent as error:
        clip = Clip(_absent("text encoder", error, device), width=0, layers=0)
    else:
        part = _part(text, header, weights, device, precision.text, rounded=precision.text_storage)
        config = text.build().config
        clip = Clip(part, config.hidden_size, config.num_hidden_layers, tuple(embedding_folders))
    try:
        vae = _vae(family.autoencoder(header), header, weights, device)
    except MissingComponent as error:
        vae = Vae(_absent("VAE", error, device), model.latent_format.channels, model.latent_format.downscale)
    else:
        if family.has_own_latents(header):
            model = replace(model, latent_format=with_fitted_colours(model.latent_format, vae))
    return Checkpoint(model, clip, vae)


def load_vae(path: Path, *, device: torch.device | None = None) -> Vae:
    """Open a VAE from a file of its own, or the one of a checkpoint. Raises `WeightsError`."""
    header = read_header(path)
    try:
        component = SD1.autoencoder(header)
    except MissingComponent:
        raise WeightsError(
            f"{path.name} cannot be loaded as a VAE: it is {looks_like(header)}. Choose a VAE of {SD1.label}."
        ) from None
    return _vae(component, header, load_weights(path), device or devices.current())


def _vae(component: Component, header: Header, weights: Mapping[str, torch.Tensor], device: torch.device) -> Vae:
    part = _part(component, header, weights, device, devices.precision(device).autoencoder)
    network = component.build()
    return Vae(part, network.config.latent_channels, downscale(network))


def _part(
    component: Component,
    header: Header,
    weights: Mapping[str, torch.Tensor],
    device: torch.device,
    dtype: torch.dtype,
    rounded: torch.dtype | None = None,
) -> Part:
    def make() -> nn.Module:
        return component.fill(weights, dtype, device, rounded)

    size = component.check(header) * dtype.itemsize
    return Part(f"{header.path.name}: {component.title}", device, size, make)


def _absent(title: str, error: MissingComponent, device: torch.device) -> Part:
    def make() -> NoReturn:
        raise error

    return Part(title, device, 0, make)
