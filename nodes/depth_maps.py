"""Nodes that make maps of depth and of surface normals."""

from math import pi
from typing import Annotated

from diffusion.annotators.annotator import DEFAULT_RESOLUTION
from graph.declare import Context, Range
from nodes.preprocessors import Resolution, maps, network_node
from nodes.sockets import Image

Percent = Annotated[float, Range(0.0, 100.0, step=0.1)]
Steepness = Annotated[float, Range(0.0, 32.0, step=0.01)]
Fraction = Annotated[float, Range(0.0, 1.0, step=0.01)]


@network_node("MiDaSDepth", title="Depth (MiDaS)", aliases=["MiDaS-DepthMapPreprocessor"])
def midas_depth(ctx: Context, image: Image, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Estimate depth by MiDaS; what is near is bright.

    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "depth_midas", image, resolution)


@network_node(
    "MiDaSNormals",
    title="Normals (MiDaS)",
    aliases={"MiDaS-NormalMapPreprocessor": {"a": "steepness", "bg_threshold": "background"}},
)
def midas_normals(
    ctx: Context,
    image: Image,
    steepness: Steepness = 2 * pi,
    background: Fraction = 0.1,
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Estimate which way surfaces face, from the depth of MiDaS.

    steepness: The lower it is, the more the normals lean.
    background: What has less nearness than this counts as flat.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "normal_midas", image, resolution, steepness=steepness, background=background)


@network_node("ZoeDepth", title="Depth (ZoeDepth)", aliases=["Zoe-DepthMapPreprocessor"])
def zoe_depth(ctx: Context, image: Image, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Estimate depth by ZoeDepth; what is near is bright.

    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "depth_zoe", image, resolution)


@network_node(
    "LeReSDepth",
    title="Depth (LeReS)",
    aliases={"LeReS-DepthMapPreprocessor": {"rm_nearest": "remove_near", "rm_background": "remove_background"}},
)
def leres_depth(
    ctx: Context,
    image: Image,
    remove_near: Percent = 0.0,
    remove_background: Percent = 0.0,
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Estimate depth by LeReS; what is near is bright.

    remove_near: Percent of the depth, from the front, that becomes white.
    remove_background: Percent of the depth, from the back, that becomes black.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "depth_leres", image, resolution, remove_near=remove_near, remove_background=remove_background)


@network_node("BAENormals", title="Normals (BAE)", aliases=["BAE-NormalMapPreprocessor"])
def bae_normals(ctx: Context, image: Image, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Estimate which way surfaces face.

    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "normal_bae", image, resolution)
