"""Nodes that make maps of colours and tones, and need no weights."""

from typing import Annotated

from diffusion.annotators.annotator import DEFAULT_RESOLUTION
from graph.declare import Context, Range, Seed, node
from nodes.preprocessors import Resolution, maps
from nodes.sockets import Image

Gamma = Annotated[float, Range(0.1, 4.0, step=0.01)]
Level = Annotated[int, Range(0, 255)]


@node("ThresholdMap", category="image/preprocessors", title="Bright Areas", search=["threshold"])
def threshold_map(
    ctx: Context, image: Image, threshold: Level = 127, resolution: Resolution = DEFAULT_RESOLUTION
) -> Image:
    """Draw in white where all channels of a picture are above a threshold.

    threshold: Of 255.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "threshold", image, resolution, threshold=threshold)


@node(
    "BinaryMap",
    category="image/preprocessors",
    title="Dark Areas",
    aliases={"BinaryPreprocessor": {"bin_threshold": "threshold"}},
    search=["binary", "otsu"],
)
def binary_map(
    ctx: Context, image: Image, threshold: Level = 100, resolution: Resolution = DEFAULT_RESOLUTION
) -> Image:
    """Draw in white where a picture is dark.

    threshold: Of 255; 0 finds the one that parts the tones best.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "binary", image, resolution, threshold=threshold)


@node("ShuffleContent", category="image/preprocessors", title="Shuffle Content", aliases=["ShufflePreprocessor"])
def shuffle_content(ctx: Context, image: Image, seed: Seed = 0, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Move a picture's content to random places, so that its colours remain and its composition does not.

    seed: Decides on the places.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "shuffle", image, resolution, seed=seed)


@node("TileResample", category="image/preprocessors", title="Tile Resample", search=["tile", "less detail"])
def tile_resample(ctx: Context, image: Image, down_rate: Annotated[float, Range(1.0, 8.0, step=0.01)] = 1.0) -> Image:
    """Take detail out of a picture, for ControlNets that paint new detail into tiles.

    down_rate: Over how many pixels, a side, the picture is averaged; below 1.1 it stays as it is.
    """
    return maps(ctx, "tile_resample", image, 0, down_rate=down_rate)


@node(
    "TilePyramid",
    category="image/preprocessors",
    title="Tile Pyramid",
    aliases={"TilePreprocessor": {"pyrUp_iters": "halvings"}},
    search=["tile", "less detail"],
)
def tile_pyramid(
    ctx: Context,
    image: Image,
    halvings: Annotated[int, Range(1, 10)] = 3,
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Take detail out of a picture by halving its sides several times and doubling them again.

    halvings: How often.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "tile_pyramid", image, resolution, halvings=halvings)


@node("BlurMap", category="image/preprocessors", title="Blurred Map", search=["blur_gaussian"])
def blur_map(ctx: Context, image: Image, sigma: Annotated[float, Range(0.01, 64.0, step=0.01)] = 9.0) -> Image:
    """Blur a picture, for ControlNets that were trained on blurred pictures.

    sigma: Of the Gaussian blur, in pixels.
    """
    return maps(ctx, "blur_gaussian", image, 0, sigma=sigma)


@node("ColorGrid", category="image/preprocessors", title="Squares of Colour", aliases=["ColorPreprocessor"])
def color_grid(ctx: Context, image: Image, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Show a picture as squares of 64 pixels, each of one colour.

    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "color_grid", image, resolution)


@node(
    "LuminanceMap",
    category="image/preprocessors",
    title="Luminance",
    aliases={"ImageLuminanceDetector": {"gamma_correction": "gamma"}},
    search=["recolor"],
)
def luminance_map(ctx: Context, image: Image, gamma: Gamma = 1.0) -> Image:
    """Show how bright a picture is to the eye, for ControlNets that colour pictures.

    gamma: Above 1 makes the map darker.
    """
    return maps(ctx, "recolor_luminance", image, 0, gamma=gamma)


@node(
    "IntensityMap",
    category="image/preprocessors",
    title="Intensity",
    aliases={"ImageIntensityDetector": {"gamma_correction": "gamma"}},
    search=["recolor"],
)
def intensity_map(ctx: Context, image: Image, gamma: Gamma = 1.0) -> Image:
    """Show the brightest channel of each pixel, for ControlNets that colour pictures.

    gamma: Above 1 makes the map darker.
    """
    return maps(ctx, "recolor_intensity", image, 0, gamma=gamma)
