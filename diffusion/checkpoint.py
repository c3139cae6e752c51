"""Loading models as handles, whole or in parts; weights are read when a part is first used."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, NoReturn

import torch

from diffusion import devices
from diffusion.autoencoder import downscale
from diffusion.component import Component, Source
from diffusion.families import FAMILIES, detect
from diffusion.families.clip_text import encoder_name
from diffusion.families.family import EncoderPart, Family, MissingComponent
from diffusion.families.layouts import Opened, denoiser_as_in_checkpoint, vae_as_in_checkpoint
from diffusion.families.recognition import looks_like
from diffusion.families.stable_diffusion import autoencoder
from diffusion.families.t5_text import NAME as T5
from diffusion.families.t5_text import holds_t5
from diffusion.latent_colours import with_fitted_colours
from diffusion.model import Clip, Model, TextEncoder, Vae
from diffusion.residency import Part
from diffusion.taesd import is_tiny, load_tiny_vae
from diffusion.text.t5 import T5Style
from diffusion.weights import Header, WeightsError, load_weights, read_header


class Checkpoint(NamedTuple):
    """The three parts of a checkpoint. Using one that the file does not hold raises `WeightsError`."""

    model: Model
    clip: Clip
    vae: Vae


@dataclass(frozen=True)
class Format:
    """The number format of a diffusion model, where it is not the device's: what it computes in, and is kept in.

    stored: float8 halves the memory once more; each layer widens its weights while it runs.
    """

    computed: torch.dtype | None = None
    stored: torch.dtype | None = None


def load_checkpoint(
    path: Path,
    *,
    embedding_folders: Sequence[Path] = (),
    tokenizer_folders: Sequence[Path] = (),
    device: torch.device | None = None,
    number_format: Format | None = None,
) -> Checkpoint:
    """Open a checkpoint: detect its family, compare all names and shapes, and make handles.

    tokenizer_folders: where T5's tokenizer may be (`diffusion.text.sentence_pieces`). number_format: of the denoiser.

    Raises `WeightsError` for a file that is corrupt, incomplete, or no checkpoint of a supported family.
    """
    return handles(_opened(path), embedding_folders, tokenizer_folders, device, number_format)


def handles(
    file: Opened,
    embedding_folders: Sequence[Path] = (),
    tokenizer_folders: Sequence[Path] = (),
    device: torch.device | None = None,
    number_format: Format | None = None,
) -> Checkpoint:
    """The parts of a model whose tensors have the names of a checkpoint. Raises `WeightsError`."""
    device = device or devices.current()
    family = detect(file.header)
    model = _model(family, file, device, number_format)
    try:
        parts = family.text_encoders(file.header)
    except MissingComponent as error:
        absent = TextEncoder("l", _absent("text encoder", error, device), width=0, layers=0)
        clip = Clip((absent,), family.join)
    else:
        encoders = tuple(_text_encoder(part, file, tokenizer_folders, device) for part in parts)
        clip = Clip(encoders, family.join, tuple(embedding_folders))
    try:
        vae = _vae(family.autoencoder(file.header), file, device)
    except MissingComponent as error:
        vae = Vae(_absent("VAE", error, device), model.latent_format.channels, model.latent_format.downscale)
    else:
        if family.has_own_latents(file.header):
            model = replace(model, latent_format=with_fitted_colours(model.latent_format, vae))
    in_order = [*(encoder.part for encoder in clip.encoders), model.part, vae.part]
    for part, following in pairwise(in_order):
        part.next = following
    return Checkpoint(model, clip, vae)


def load_diffusion_model(
    path: Path, *, number_format: Format | None = None, device: torch.device | None = None
) -> Model:
    """Open a diffusion model from a file of its own, in LDM's or diffusers' layout, or the one of a checkpoint.

    Raises `WeightsError`.
    """
    file = denoiser_as_in_checkpoint(_opened(path))
    return _model(detect(file.header), file, device or devices.current(), number_format or Format())


def load_text_encoders(
    paths: Sequence[Path],
    *,
    families: Sequence[Family] = FAMILIES,
    embedding_folders: Sequence[Path] = (),
    tokenizer_folders: Sequence[Path] = (),
    device: torch.device | None = None,
) -> Clip:
    """Open the text encoders of a model from files of their own, one for each, in any order.

    CLIP-L alone is for Stable Diffusion 1.x, OpenCLIP-H for 2.x, OpenCLIP-bigG for the SDXL refiner, CLIP-L and bigG
    for SDXL, these and T5 for Stable Diffusion 3, CLIP-L and T5 for Flux. families: that they may be for; the first
    that has just these is taken. Raises `WeightsError`.
    """
    device = device or devices.current()
    files = [_opened(path) for path in paths]
    by_name = {T5 if holds_t5(file.header) else encoder_name(file.header): file for file in files}
    family = next((each for each in families if reads(each, set(by_name))), None)
    if family is None or len(by_name) < len(files):
        names = " and ".join(path.name for path in paths)
        raise WeightsError(
            f"No supported model has the text encoders {names}: choose one of CLIP-L, OpenCLIP-H or OpenCLIP-bigG, "
            "CLIP-L and bigG together for SDXL, these and T5 for Stable Diffusion 3, or CLIP-L and T5 for Flux."
        )
    encoders = []
    for place in family.places:
        if file := by_name.get(place.name):
            encoders.append(_text_encoder(place.part(file.header, ""), file, tokenizer_folders, device))
    return Clip(tuple(encoders), family.join, tuple(embedding_folders))


def reads(family: Family, encoders: set[str]) -> bool:
    """Whether a family's models read just these text encoders, given by their names."""
    needed = {place.name for place in family.places if not place.optional}
    return needed <= encoders <= {place.name for place in family.places}


def load_vae(path: Path, *, device: torch.device | None = None) -> Vae:
    """Open a VAE of any family from a file of its own, the one of a checkpoint, or a TAESD. Raises `WeightsError`."""
    file = _opened(path)
    if is_tiny(file.header):
        return load_tiny_vae(path, device=device)
    file = vae_as_in_checkpoint(file)
    try:
        component = autoencoder(file.header)
    except MissingComponent:
        raise WeightsError(
            f"{path.name} cannot be loaded as a VAE: it is {looks_like(file.header)}. Choose a VAE."
        ) from None
    return _vae(component, file, device or devices.current())


def _opened(path: Path) -> Opened:
    header = read_header(path)
    return Opened(header, load_weights(path))


def _model(family: Family, file: Opened, device: torch.device, number_format: Format | None = None) -> Model:
    chosen = number_format or Format()
    dtype = chosen.computed or devices.precision(device).denoiser
    # Measured on two cores, convolutions are not faster with their channels last; tensor cores want them so.
    channels_last = device.type == "cuda"
    component = family.denoiser(file.header)
    source = Source(component, file.weights, dtype, device, stored=chosen.stored, channels_last=channels_last)
    parameterization = family.parameterization(file.header, file.weights)
    return Model(family, family.latent_format, parameterization, _part(source, file.header), source)


def _text_encoder(
    part: EncoderPart, file: Opened, tokenizer_folders: Sequence[Path], device: torch.device
) -> TextEncoder:
    precision = devices.precision(device)
    source = Source(part.component, file.weights, precision.text, device, precision.text_storage)
    if part.large:  # T5 overflows in float16 as VAEs do, and is kept in 16 bits where it computes in 32
        wide = precision.autoencoder
        stored = precision.text_storage if wide == torch.float32 else None
        source = replace(source, dtype=wide, rounded=None, stored=stored)
    style = replace(part.style, folders=tuple(tokenizer_folders)) if isinstance(part.style, T5Style) else part.style
    return TextEncoder(part.name, _part(source, file.header), part.width, part.layers, style, source)


def _vae(component: Component, file: Opened, device: torch.device) -> Vae:
    source = Source(component, file.weights, devices.precision(device).autoencoder, device)
    network = component.build()
    return Vae(_part(source, file.header), network.config.latent_channels, downscale(network), source)


def _part(source: Source, header: Header) -> Part:
    component = source.component
    size = component.check(header) * (source.stored or source.dtype).itemsize
    return Part(f"{header.path.name}: {component.title}", source.device, size, source.network, source.switch)


def _absent(title: str, error: MissingComponent, device: torch.device) -> Part:
    def make() -> NoReturn:
        raise error

    return Part(title, device, 0, make)
