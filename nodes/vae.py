"""Nodes between pictures and latents."""

from typing import Annotated

from diffusion import inpainting
from graph.declare import Context, Range, node
from nodes.sockets import Image, Latent, Mask, Vae

TileSize = Annotated[int, Range(64, 4096, step=32)]
Overlap = Annotated[int, Range(0, 4096, step=32)]


@node("VAEDecode", category="latent", title="VAE Decode")
def vae_decode(samples: Latent, vae: Vae) -> Image:
    """Turn latents into pictures."""
    return vae.decode(samples["samples"])


@node("VAEEncode", category="latent", title="VAE Encode")
def vae_encode(pixels: Image, vae: Vae) -> Latent:
    """Turn pictures into latents; sides are cropped to multiples of eight pixels."""
    return {"samples": vae.encode(pixels)}


@node("VAEDecodeTiled", category="latent", title="VAE Decode (Tiled)")
def vae_decode_tiled(
    ctx: Context,
    samples: Latent,
    vae: Vae,
    tile_size: TileSize = 512,
    overlap: Overlap = 64,
) -> Image:
    """Turn latents into pictures in tiles, for pictures that are too large for the memory.

    tile_size: Side of a tile in pixels.
    overlap: Pixels that neighbouring tiles share; at most a quarter of a tile.
    """
    return vae.decode_tiled(samples["samples"], tile_size, overlap, ctx.progress)


@node("VAEEncodeTiled", category="latent", title="VAE Encode (Tiled)")
def vae_encode_tiled(
    ctx: Context,
    pixels: Image,
    vae: Vae,
    tile_size: TileSize = 512,
    overlap: Overlap = 64,
) -> Latent:
    """Turn pictures into latents in tiles, for pictures that are too large for the memory.

    tile_size: Side of a tile in pixels.
    overlap: Pixels that neighbouring tiles share; at most a quarter of a tile.
    """
    return {"samples": vae.encode_tiled(pixels, tile_size, overlap, ctx.progress)}


@node("VAEEncodeForInpaint", category="latent", title="VAE Encode (for Inpainting)")
def vae_encode_for_inpaint(
    pixels: Image, vae: Vae, mask: Mask, grow_mask_by: Annotated[int, Range(0, 64, step=1)] = 6
) -> Latent:
    """Turn pictures into latents with the masked part greyed out and marked to be painted anew.

    grow_mask_by: Pixels by which the marked part is larger than the mask, so that no seam stays.
    """
    fitted = inpainting.fit_mask(mask, pixels.shape[1], pixels.shape[2])
    fitted = inpainting.crop_to_multiple(fitted, vae.downscale, rows=2, columns=3)
    pixels = inpainting.crop_to_multiple(pixels, vae.downscale, rows=1, columns=2)
    latent = vae.encode(inpainting.grey_out(pixels, fitted))
    return {"samples": latent, "noise_mask": inpainting.grow(fitted, grow_mask_by)}
