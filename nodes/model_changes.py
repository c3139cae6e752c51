"""Nodes that change how a model computes: its blocks, its attention, what guides it."""

from typing import Annotated

from diffusion.changes.attention_guidance import AttentionMaps, PerturbedAttentionGuidance, SelfAttentionGuidance
from diffusion.changes.attention_scale import ScaledAttention, ScaledTextAttention
from diffusion.changes.deep_shrink import METHODS, DeepShrink
from diffusion.changes.differential import DifferentialDiffusion
from diffusion.changes.freeu import FreeU
from diffusion.changes.hypertile import HyperTile
from diffusion.changes.output_caching import OutputCaching
from diffusion.changes.step_caching import StepCaching
from diffusion.changes.tiling import Tiling
from diffusion.changes.token_merging import TokenMerging
from diffusion.changes.unet import check_unet
from diffusion.sampling.errors import SamplingError
from graph.declare import Choice, InputError, Range, node
from nodes.sockets import Clip, Model, Vae

Factor = Annotated[float, Range(0, 10, step=0.01)]
Part = Annotated[float, Range(0, 1, step=0.001)]
Method = Annotated[str, Choice(list(METHODS))]
Edges = Annotated[str, Choice(["both", "left and right", "top and bottom"])]


@node("FreeU", category="model/changes", title="FreeU", search=["quality", "backbone", "skip"])
def free_u(model: Model, b1: Factor = 1.1, b2: Factor = 1.2, s1: Factor = 0.9, s2: Factor = 0.2) -> Model:
    """Let the depths of a UNet count more than its skip connections: clearer pictures at no cost (first version).

    model: A model with a UNet.
    b1: Factor of the deepest hidden states.
    b2: Factor of the hidden states one level above.
    s1: Factor of the low frequencies of the skip connections to the deepest.
    s2: Factor of those one level above.
    """
    return _unet(model, "FreeU").with_attachments(FreeU(b1, b2, s1, s2))


@node("FreeU_V2", category="model/changes", title="FreeU V2", search=["quality", "backbone", "skip"])
def free_u_v2(model: Model, b1: Factor = 1.3, b2: Factor = 1.4, s1: Factor = 0.9, s2: Factor = 0.2) -> Model:
    """Let the depths of a UNet count more where they are active: clearer pictures at no cost.

    model: A model with a UNet.
    b1: Factor of the deepest hidden states.
    b2: Factor of the hidden states one level above.
    s1: Factor of the low frequencies of the skip connections to the deepest.
    s2: Factor of those one level above.
    """
    return _unet(model, "FreeU").with_attachments(FreeU(b1, b2, s1, s2, adaptive=True))


@node("HyperTile", category="model/changes", title="HyperTile", search=["faster", "large", "tiles", "attention"])
def hyper_tile(
    model: Model,
    tile_size: Annotated[int, Range(1, 2048)] = 256,
    swap_size: Annotated[int, Range(1, 128)] = 2,
    max_depth: Annotated[int, Range(0, 10)] = 0,
    scale_depth: bool = False,
) -> Model:
    """Sample large pictures faster: self-attention within tiles, which change from step to step.

    model: A model with a UNet.
    tile_size: The smallest side of a tile, in pixels.
    swap_size: How many sizes of tiles take turns.
    max_depth: At how many halvings of the resolution there are tiles too.
    scale_depth: Larger tiles in the depths.
    """
    return _unet(model, "HyperTile").with_attention(HyperTile(tile_size, swap_size, max_depth, scale_depth))


@node("TomePatchModel", category="model/changes", title="Token Merging", search=["faster", "ToMe", "tomesd"])
def tome_patch_model(model: Model, ratio: Annotated[float, Range(0, 1, step=0.01)] = 0.3) -> Model:
    """Sample faster by letting parts of the picture that are alike share their attention; details suffer.

    model: A model with a UNet.
    ratio: Which part of the cells is merged away; at most three of four are.
    """
    return _unet(model, "Token merging").with_attention(TokenMerging(ratio))


@node(
    "PerturbedAttentionGuidance", category="model/guidance", title="Perturbed-Attention Guidance", search=["PAG", "cfg"]
)
def perturbed_attention_guidance(model: Model, scale: Annotated[float, Range(0, 100, step=0.01)] = 3.0) -> Model:
    """Guide away from what the model makes without attention in its middle; each step takes one more evaluation.

    model: A model with a UNet.
    scale: How strongly.
    """
    return _unet(model, "PAG").with_guidance(PerturbedAttentionGuidance(scale))


@node("SelfAttentionGuidance", category="model/guidance", title="Self-Attention Guidance", search=["SAG", "cfg"])
def self_attention_guidance(
    model: Model,
    scale: Annotated[float, Range(-2, 5, step=0.01)] = 0.5,
    blur_sigma: Annotated[float, Range(0.1, 10, step=0.1)] = 2.0,
) -> Model:
    """Guide away from a picture that is blurred where the model looks; each step takes one more evaluation.

    model: A model with a UNet.
    scale: How strongly.
    blur_sigma: How far the blur reaches, in cells of the latent.
    """
    maps = AttentionMaps()
    guided = SelfAttentionGuidance(maps, scale, blur_sigma)
    return _unet(model, "SAG").with_attention(maps).with_guidance(guided)


@node("UNetSelfAttentionMultiply", category="model/changes", title="Scale Self-Attention", experimental=True)
def unet_self_attention_multiply(
    model: Model, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Model:
    """Scale what a UNet's attention to the picture computes with.

    model: A model with a UNet.
    q: Factor of the queries.
    k: Factor of the keys.
    v: Factor of the values.
    out: Factor of the result.
    """
    return _unet(model, "The node").with_attention(ScaledAttention("self", q, k, v, out))


@node("UNetCrossAttentionMultiply", category="model/changes", title="Scale Cross-Attention", experimental=True)
def unet_cross_attention_multiply(
    model: Model, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Model:
    """Scale what a UNet's attention to the prompt computes with.

    model: A model with a UNet.
    q: Factor of the queries.
    k: Factor of the keys.
    v: Factor of the values.
    out: Factor of the result.
    """
    return _unet(model, "The node").with_attention(ScaledAttention("cross", q, k, v, out))


@node("CLIPAttentionMultiply", category="model/changes", title="Scale CLIP's Attention", experimental=True)
def clip_attention_multiply(clip: Clip, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0) -> Clip:
    """Scale what the attention of text encoders computes with.

    clip: The text encoders.
    q: Factor of the queries.
    k: Factor of the keys.
    v: Factor of the values.
    out: Factor of the result.
    """
    sources = {each.name: each.source for each in clip.encoders if each.source is not None}
    return clip.patched({name: (ScaledTextAttention(source, q, k, v, out),) for name, source in sources.items()})


@node(
    "PatchModelAddDownscale",
    category="model/changes",
    title="Deep Shrink",
    search=["Kohya", "hires fix", "large", "double heads"],
)
def patch_model_add_downscale(
    model: Model,
    block_number: Annotated[int, Range(1, 32)] = 3,
    downscale_factor: Annotated[float, Range(0.1, 9, step=0.001)] = 2.0,
    start_percent: Part = 0.0,
    end_percent: Part = 0.35,
    downscale_after_skip: bool = True,
    downscale_method: Method = "bicubic",
    upscale_method: Method = "bicubic",
) -> Model:
    """Make large pictures without doubled bodies: the depths of the UNet see a smaller picture in the first steps.

    model: A model with a UNet.
    block_number: The input block after which the picture is made smaller.
    downscale_factor: How much smaller.
    start_percent: From which part of the run on.
    end_percent: Up to which part of the run.
    downscale_after_skip: Whether the block's own skip connection keeps its size.
    downscale_method: How it is made smaller.
    upscale_method: How it is made larger again.
    """
    start, end = (model.schedule.percent_to_sigma(percent) for percent in (start_percent, end_percent))
    shrink = DeepShrink(
        block_number, downscale_factor, start, end, downscale_after_skip, downscale_method, upscale_method
    )
    return _unet(model, "Deep Shrink").with_attachments(shrink)


@node("StepCaching", category="model/changes", search=["DeepCache", "faster", "cache", "speed"])
def step_caching(
    model: Model,
    interval: Annotated[int, Range(1, 100)] = 3,
    levels: Annotated[int, Range(1, 4)] = 1,
    start_percent: Part = 0.1,
    end_percent: Part = 1.0,
) -> Model:
    """Sample faster, but no longer exactly: the depths of the UNet are computed in every few steps only.

    model: A model with a UNet.
    interval: How many steps share what was computed in the first of them.
    levels: How many levels of the UNet are computed in every step; more are slower and more exact.
    start_percent: From which part of the run on.
    end_percent: Up to which part of the run.
    """
    start, end = (model.schedule.percent_to_sigma(percent) for percent in (start_percent, end_percent))
    return _unet(model, "Step caching").with_attachments(StepCaching(interval, start, end, levels))


@node("EasyCache", category="model/changes", search=["faster", "cache", "speed", "TeaCache"], experimental=True)
def easy_cache(
    model: Model,
    reuse_threshold: Annotated[float, Range(0, 3, step=0.01)] = 0.2,
    start_percent: Part = 0.15,
    end_percent: Part = 0.95,
) -> Model:
    """Sample faster, but no longer exactly: leave the model out of steps in which it would give about the same again.

    model: Any model; those with a transformer gain most.
    reuse_threshold: How much of the prediction may have changed; more is faster and less exact, 0 is exact.
    start_percent: From which part of the run on.
    end_percent: Up to which part of the run.
    """
    start, end = (model.schedule.percent_to_sigma(percent) for percent in (start_percent, end_percent))
    return model.with_attachments(OutputCaching(reuse_threshold, start, end))


@node("Tiling", category="model/changes", search=["seamless", "texture", "circular", "pattern"])
def tiling(model: Model, edges: Edges = "both") -> Model:
    """Make pictures that can be put side by side without a seam; use VAE Tiling for the VAE too.

    model: A model with a UNet.
    edges: Which edges go on at the opposite one.
    """
    return _unet(model, "Tiling").with_attachments(_tiling(edges))


@node("VAETiling", category="model/changes", title="VAE Tiling", search=["seamless", "texture", "circular"])
def vae_tiling(vae: Vae, edges: Edges = "both") -> Vae:
    """Decode pictures that can be put side by side without a seam.

    vae: The VAE.
    edges: Which edges go on at the opposite one.
    """
    return vae.with_attachments(_tiling(edges))


@node("DifferentialDiffusion", category="model/changes", search=["inpaint", "soft mask", "gradient"])
def differential_diffusion(model: Model, strength: Annotated[float, Range(0, 1, step=0.01)] = 1.0) -> Model:
    """Inpaint with shades of grey: the lighter the mask, the more of the run a part takes part in.

    model: The model that denoises a masked latent.
    strength: Less than 1 mixes in the mask as it is.
    """
    return model.with_guidance(DifferentialDiffusion(strength))


def _tiling(edges: str) -> Tiling:
    return Tiling(across=edges != "top and bottom", down=edges != "left and right")


def _unet(model: Model, title: str) -> Model:
    try:
        return check_unet(model, title)
    except SamplingError as error:
        raise InputError("model", str(error)) from error
