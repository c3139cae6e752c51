"""Nodes that make, change, batch and keep latents. Sizes and places are in pixels of the picture."""

from typing import Annotated

import torch

from diffusion.images import latents
from diffusion.images.resize import CROPS, LATENT_METHODS
from graph.declare import Choice, Context, Files, InputError, Range, node
from nodes.metadata import file_metadata
from nodes.sockets import Latent, Mask

Method = Annotated[str, Choice(LATENT_METHODS)]
Side = Annotated[int, Range(16, 16384, step=8)]
SideOrZero = Annotated[int, Range(0, 16384, step=8)]
Place = Annotated[int, Range(0, 16384, step=8)]
BatchSize = Annotated[int, Range(1, 4096)]

ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")
FLIPS = ("x-axis: vertically", "y-axis: horizontally")


@node(
    "EmptyLatent",
    category="latent",
    title="Empty Latent",
    aliases=["EmptyLatentImage", "EmptySD3LatentImage"],  # the number of channels is the model's, when it is sampled
    search=["size", "blank"],
)
def empty_latent(width: Side = 512, height: Side = 512, batch_size: BatchSize = 1) -> Latent:
    """Make empty latents, from which pictures of this size are painted.

    batch_size: How many pictures are made at once.
    """
    return latents.empty(width, height, batch_size)


@node("LatentUpscale", category="latent", title="Upscale Latent", search=["resize", "scale"])
def latent_upscale(
    samples: Latent,
    upscale_method: Method = "nearest-exact",
    width: SideOrZero = 512,
    height: SideOrZero = 512,
    crop: Annotated[str, Choice(CROPS)] = "disabled",
) -> Latent:
    """Resize latents.

    width: 0 keeps the proportions.
    height: 0 keeps the proportions.
    crop: center cuts off what does not fit the new proportions; disabled distorts.
    """
    return latents.upscale(samples, width, height, upscale_method, crop)


@node("LatentUpscaleBy", category="latent", title="Upscale Latent by Factor", search=["resize", "scale"])
def latent_upscale_by(
    samples: Latent,
    upscale_method: Method = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.5,
) -> Latent:
    """Resize latents by a factor."""
    return latents.upscale_by(samples, scale_by, upscale_method)


@node("LatentCrop", category="latent/transform", title="Crop Latent", search=["cut"])
def latent_crop(samples: Latent, width: Side = 512, height: Side = 512, x: Place = 0, y: Place = 0) -> Latent:
    """Cut a rectangle out of latents.

    x: Its left edge.
    y: Its upper edge.
    """
    return latents.crop(samples, width, height, x, y)


@node("LatentFlip", category="latent/transform", title="Flip Latent", search=["mirror"])
def latent_flip(samples: Latent, flip_method: Annotated[str, Choice(FLIPS)] = FLIPS[0]) -> Latent:
    """Mirror latents."""
    return latents.changed(samples, samples["samples"].flip(2 if flip_method.startswith("x") else 3))


@node("LatentRotate", category="latent/transform", title="Rotate Latent", search=["turn"])
def latent_rotate(samples: Latent, rotation: Annotated[str, Choice(ROTATIONS)] = ROTATIONS[0]) -> Latent:
    """Turn latents clockwise."""
    return latents.changed(samples, torch.rot90(samples["samples"], ROTATIONS.index(rotation), dims=(3, 2)))


@node("LatentComposite", category="latent", title="Put Latent on Latent", search=["paste", "overlay"])
def latent_composite(
    samples_to: Latent, samples_from: Latent, x: Place = 0, y: Place = 0, feather: Place = 0
) -> Latent:
    """Put one latent on another.

    x: Where the left edge comes to lie.
    y: Where the upper edge comes to lie.
    feather: Over how many pixels it fades at the edges that lie inside.
    """
    return latents.paste(samples_to, samples_from, x, y, feather)


@node("LatentCompositeMasked", category="latent", title="Put Latent on Latent (Masked)", search=["paste", "overlay"])
def latent_composite_masked(
    destination: Latent,
    source: Latent,
    x: Place = 0,
    y: Place = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Latent:
    """Put one latent on another where a mask is white.

    x: Where the left edge of the source comes to lie.
    y: Where its upper edge comes to lie.
    resize_source: Stretch the source over the whole destination.
    mask: Stretched to the size of the source; without one all of it shows.
    """
    return latents.composite_masked(destination, source, x, y, resize_source, mask)


@node("LatentBlend", category="latent", title="Blend Latents", search=["mix"])
def latent_blend(
    samples1: Latent, samples2: Latent, blend_factor: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5
) -> Latent:
    """Mix two latents.

    samples2: Cut and scaled to the size of the first if it differs.
    blend_factor: How much of the first there is.
    """
    return latents.blend(samples1, samples2, blend_factor)


@node("LatentBatch", category="latent/batch", title="Join Latent Batches", search=["append", "concatenate"])
def latent_batch(samples1: Latent, samples2: Latent) -> Latent:
    """Make one batch of two.

    samples2: Cut and scaled to the size of the first if it differs.
    """
    return latents.join(samples1, samples2)


@node("LatentFromBatch", category="latent/batch", title="Latent from Batch", search=["select", "index"])
def latent_from_batch(
    samples: Latent,
    batch_index: Annotated[int, Range(0, 4095)] = 0,
    length: BatchSize = 1,
) -> Latent:
    """Take some latents out of a batch; sampled alone they get the noise that they have in the batch.

    batch_index: The first one, counted from 0.
    """
    return latents.take(samples, batch_index, length)


@node("RepeatLatentBatch", category="latent/batch", title="Repeat Latent Batch", search=["duplicate"])
def repeat_latent_batch(samples: Latent, amount: BatchSize = 1) -> Latent:
    """Repeat a batch so many times."""
    return latents.repeat(samples, amount)


@node("SetLatentNoiseMask", category="latent/inpaint", title="Set Latent Noise Mask", search=["inpaint"])
def set_latent_noise_mask(samples: Latent, mask: Mask) -> Latent:
    """Let sampling change a latent only where a mask is white."""
    return latents.changed(samples, samples["samples"], noise_mask=mask.reshape(-1, 1, *mask.shape[-2:]))


@node("SaveLatent", category="latent", title="Save Latent", output_node=True, search=["write", "export"])
def save_latent(ctx: Context, samples: Latent, filename_prefix: str = "latents/Safelight") -> None:
    """Keep latents in a file in the output folder, with the workflow that made them.

    filename_prefix: Start of the file name. A / makes subfolders.
    """
    try:
        place = ctx.folders.save_path(filename_prefix, "latent")
    except ValueError as error:
        raise InputError("filename_prefix", str(error)) from error
    with place.writing() as path:
        latents.save(samples, path, file_metadata(ctx))
    ctx.show("latents", [{"filename": place.filename, "subfolder": place.subfolder, "type": place.type}])


@node("LoadLatent", category="latent", title="Load Latent", search=["open"])
def load_latent(ctx: Context, latent: Annotated[str, Files("input", upload="file", extensions=(".latent",))]) -> Latent:
    """Read latents that Save Latent has written.

    latent: A file in the input folder; a name that ends in " [output]" is in the output folder.
    """
    try:
        return latents.load(ctx.folders.input_path(latent))
    except (FileNotFoundError, ValueError) as error:
        raise InputError("latent", str(error)) from error
