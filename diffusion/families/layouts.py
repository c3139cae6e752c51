"""Files that hold one network, brought to the names that it has in a checkpoint, so that one set of rules reads all.

A UNet comes under LDM's names (with or without `model.diffusion_model.`) or diffusers', a VAE likewise. Transformers
keep diffusers' names, which their families know, as theirs are not one to one.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor

from diffusion.families.ldm_keys import UNetLayout, new_diffusers_vae_name, unet_file_name, vae_file_name
from diffusion.families.ldm_shapes import UNET, VAE, numbers
from diffusion.weights import Header

# Of UNets, of Stable Diffusion 3 and of Flux; then those of the latter two under diffusers' names.
FIRST_LAYERS = (
    *("input_blocks.0.0.weight", "x_embedder.proj.weight", "img_in.weight"),
    *("pos_embed.proj.weight", "x_embedder.weight"),
)


class Opened(NamedTuple):
    """A file: its header, and its tensors, memory-mapped, under the same names."""

    header: Header
    weights: Mapping[str, Tensor]

    def renamed(self, name: Callable[[str], str | None]) -> "Opened":
        """The same under other names, without the tensors whose new name is None."""
        pairs = ((name(old), old) for old in self.header.tensors)
        names = {new: old for new, old in pairs if new is not None}
        header = replace(self.header, tensors={new: self.header.tensors[old] for new, old in names.items()})
        return Opened(header, {new: self.weights[old] for new, old in names.items() if old in self.weights})


def denoiser_as_in_checkpoint(file: Opened) -> Opened:
    """The file with its denoiser under `model.diffusion_model.`; as it is if it has none in a known layout."""
    header = file.header
    if header.has_prefix(UNET):
        return file
    for prefix in ("", "diffusion_model.", "unet.", "transformer."):
        if any(f"{prefix}{mark}" in header.tensors for mark in FIRST_LAYERS):
            return file.renamed(_moved(prefix, UNET))
        if f"{prefix}conv_in.weight" in header.tensors and header.has_prefix(f"{prefix}up_blocks."):
            return _from_diffusers(file.renamed(_moved(prefix, "")))
    return file


def vae_as_in_checkpoint(file: Opened) -> Opened:
    """The file with its VAE under `first_stage_model.`; as it is if it has none in a known layout."""
    header = file.header
    if "vae.decoder.conv_in.weight" in header.tensors:
        return file.renamed(_moved("vae.", VAE))
    if header.has_prefix(f"{VAE}decoder.") or "decoder.conv_in.weight" not in header.tensors:
        return file
    levels = len(numbers(header, r"encoder\.down_blocks\.(\d+)\.resnets\.0\.conv1\.weight"))
    if not levels:
        return file.renamed(_moved("", VAE))
    return file.renamed(lambda name: VAE + vae_file_name(new_diffusers_vae_name(name), levels))


def _moved(old: str, new: str) -> Callable[[str], str | None]:
    """From one prefix to another; what does not have it is left out."""
    return lambda name: new + name.removeprefix(old) if name.startswith(old) else None


def _from_diffusers(file: Opened) -> Opened:
    layout = _diffusers_layout(file.header)
    return file.renamed(lambda name: UNET + _translated(name, layout))


def _diffusers_layout(header: Header) -> UNetLayout:
    levels = len(numbers(header, r"down_blocks\.(\d+)\.resnets\.0\.conv1\.weight"))
    blocks = len(numbers(header, r"down_blocks\.0\.resnets\.(\d+)\.conv1\.weight"))
    return UNetLayout(blocks, tuple(header.has_prefix(f"down_blocks.{level}.attentions.") for level in range(levels)))


def _translated(name: str, layout: UNetLayout) -> str:
    """The LDM name; what is no tensor of a UNet keeps its own, so that it is named as unexpected."""
    try:
        return unet_file_name(name, layout)
    except KeyError:
        return name
