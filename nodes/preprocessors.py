"""Nodes that make the maps which control networks read: edges, lines, depth, poses and others."""

from functools import partial
from typing import Annotated

import torch

from diffusion.annotators.annotator import DEFAULT_RESOLUTION, AnnotatorError, Value
from diffusion.annotators.edges import canny_tensor
from diffusion.annotators.registry import ANNOTATORS, OTHER_NAMES, find
from diffusion.annotators.scaling import Fit, fitted_map
from diffusion.control.hints import perfect_resolution
from diffusion.weights import WeightsError
from graph.declare import Choice, Context, Folders, InputError, Range, node
from nodes.sockets import Image

Resolution = Annotated[int, Range(0, 16384, step=64)]
Side = Annotated[int, Range(8, 16384, step=8)]
Switch = Annotated[str, Choice(["enable", "disable"])]

ON = "enable"
NOTHING_WANTED = "Nothing is to be drawn: enable detect_body, detect_hand or detect_face."
FITS: dict[str, Fit] = {"Just Resize": "stretch", "Crop and Resize": "crop", "Resize and Fill": "fill"}
POSES = {
    (True, False, False): "openpose",
    (True, True, False): "openpose_hand",
    (True, False, True): "openpose_face",
    (True, True, True): "openpose_full",
    (False, True, False): "openpose_handonly",
    (False, False, True): "openpose_faceonly",
    (False, True, True): "openpose_hand_face",
}  # by whether body, hands and face are wanted


def annotator_files(folders: Folders, **inputs: object) -> list[tuple[str, int, int]]:
    """The files that preprocessors may read, so that another one of the same name is noticed."""
    states = [(name, folders.model_path("annotators", name).stat()) for name in folders.model_names("annotators")]
    return [(name, state.st_size, state.st_mtime_ns) for name, state in states]


network_node = partial(node, category="image/preprocessors", fingerprint=annotator_files)
"""A node whose maps are drawn by a network in a file."""


def maps(ctx: Context, name: str, images: torch.Tensor, resolution: int, **options: Value) -> torch.Tensor:
    """The maps that the annotator `name` makes, or an InputError that says why it cannot."""
    folders = ctx.folders.model_folders("annotators")
    try:
        return find(name).annotate(images, folders=folders, resolution=resolution, on_progress=ctx.progress, **options)
    except (AnnotatorError, WeightsError) as error:
        raise InputError("image", str(error)) from error


@node("Canny", category="image/preprocessors", title="Canny Edges (by Fractions)", search=["edge detection", "outline"])
def canny(
    image: Image,
    low_threshold: Annotated[float, Range(0.01, 0.99, step=0.01)] = 0.4,
    high_threshold: Annotated[float, Range(0.01, 0.99, step=0.01)] = 0.8,
) -> Image:
    """Draw the edges of a picture as white lines on black.

    low_threshold: Edges this strong count where they go on from stronger ones.
    high_threshold: Edges this strong always count.
    """
    if low_threshold > high_threshold:
        raise InputError("low_threshold", "low_threshold is above high_threshold: exchange the two.")
    return canny_tensor(image, low_threshold, high_threshold)


@node("CannyEdges", category="image/preprocessors", title="Canny Edges", aliases=["CannyEdgePreprocessor"])
def canny_edges(
    ctx: Context,
    image: Image,
    low_threshold: Annotated[int, Range(0, 1000)] = 100,
    high_threshold: Annotated[int, Range(0, 1000)] = 200,
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Draw the edges of a picture as white lines on black, with the thresholds of the A1111 WebUI.

    low_threshold: Edges this strong count where they go on from stronger ones.
    high_threshold: Edges this strong always count.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "canny", image, resolution, low_threshold=low_threshold, high_threshold=high_threshold)


@network_node("HEDEdges", title="Soft Edges (HED)", aliases=["HEDPreprocessor"])
def hed_edges(
    ctx: Context, image: Image, safe: Switch = "enable", resolution: Resolution = DEFAULT_RESOLUTION
) -> Image:
    """Draw soft edges by HED.

    safe: Draw in black, grey and white alone, which hides faint detail.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "hed_safe" if safe == ON else "hed", image, resolution)


@network_node("PiDiNetEdges", title="Soft Edges (PiDiNet)", aliases=["PiDiNetPreprocessor"])
def pidinet_edges(
    ctx: Context, image: Image, safe: Switch = "enable", resolution: Resolution = DEFAULT_RESOLUTION
) -> Image:
    """Draw soft edges by PiDiNet.

    safe: Draw in black, grey and white alone, which hides faint detail.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "pidinet_safe" if safe == ON else "pidinet", image, resolution)


@network_node("TEEDEdges", title="Soft Edges (TEED)", aliases=["TEEDPreprocessor"])
def teed_edges(
    ctx: Context,
    image: Image,
    safe_steps: Annotated[int, Range(0, 10)] = 2,
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Draw soft edges by TEED.

    safe_steps: Into how many steps of brightness edges are sorted; 0 leaves all of them.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "teed", image, resolution, safe_steps=safe_steps)


@node("Scribble", category="image/preprocessors", title="Scribble (Dark Areas)", aliases=["ScribblePreprocessor"])
def scribble(ctx: Context, image: Image, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Take a scribble in dark lines on bright paper as a map: white where the picture is dark.

    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "scribble", image, resolution)


@network_node("HEDScribble", title="Scribble (HED)", aliases=["FakeScribblePreprocessor"])
def hed_scribble(
    ctx: Context, image: Image, safe: Switch = "enable", resolution: Resolution = DEFAULT_RESOLUTION
) -> Image:
    """Draw thick scribbles along the soft edges that HED finds.

    safe: Take faint detail out of the edges first.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "scribble_hed_safe" if safe == ON else "scribble_hed", image, resolution)


@network_node(
    "PiDiNetScribble",
    title="Scribble (PiDiNet)",
    aliases=["Scribble_PiDiNet_Preprocessor"],
)
def pidinet_scribble(
    ctx: Context, image: Image, safe: Switch = "enable", resolution: Resolution = DEFAULT_RESOLUTION
) -> Image:
    """Draw thick scribbles along the soft edges that PiDiNet finds.

    safe: Take faint detail out of the edges first.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "scribble_pidinet_safe" if safe == ON else "scribble_pidinet", image, resolution)


@node("XDoGScribble", category="image/preprocessors", title="Scribble (XDoG)", aliases=["Scribble_XDoG_Preprocessor"])
def xdog_scribble(
    ctx: Context,
    image: Image,
    threshold: Annotated[int, Range(1, 64)] = 32,
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Draw scribbles where a picture is darker than what surrounds it.

    threshold: A lower one draws more.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "scribble_xdog", image, resolution, threshold=threshold)


@network_node("LineArt", title="Line Art", aliases=["LineArtPreprocessor"])
def line_art(
    ctx: Context,
    image: Image,
    coarse: Annotated[str, Choice(["disable", "enable"])] = "disable",
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Draw a photograph in lines.

    coarse: Draw fewer and thicker lines.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "lineart_coarse" if coarse == ON else "lineart", image, resolution)


@network_node("AnimeLineArt", title="Line Art (Anime)", aliases=["AnimeLineArtPreprocessor"])
def anime_line_art(ctx: Context, image: Image, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Draw a drawn picture in lines.

    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "lineart_anime", image, resolution)


@node(
    "StandardLineArt",
    category="image/preprocessors",
    title="Line Art (Dark Lines)",
    aliases={"LineartStandardPreprocessor": {"guassian_sigma": "sigma", "intensity_threshold": "threshold"}},
)
def standard_line_art(
    ctx: Context,
    image: Image,
    sigma: Annotated[float, Range(0.1, 100.0, step=0.1)] = 6.0,
    threshold: Annotated[int, Range(0, 255)] = 8,
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Take the dark lines of a drawing on bright ground as a map.

    sigma: Blur, in pixels, that gives what a line is compared with.
    threshold: How much darker than that a pixel must be to count as a line.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "lineart_standard", image, resolution, sigma=sigma, threshold=threshold)


@network_node(
    "StraightLines",
    title="Straight Lines (M-LSD)",
    aliases={"M-LSDPreprocessor": {"score_threshold": "score", "dist_threshold": "distance"}},
)
def straight_lines(
    ctx: Context,
    image: Image,
    score: Annotated[float, Range(0.01, 2.0, step=0.01)] = 0.1,
    distance: Annotated[float, Range(0.01, 20.0, step=0.01)] = 0.1,
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Draw the straight lines of a picture, for rooms and buildings.

    score: How sure the network must be of a line.
    distance: How long a line must be.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "mlsd", image, resolution, score=score, distance=distance)


@network_node(
    "OpenPose",
    title="Poses (OpenPose)",
    aliases=["OpenposePreprocessor"],
    search=["skeleton"],
)
def open_pose(
    ctx: Context,
    image: Image,
    detect_hand: Switch = "enable",
    detect_body: Switch = "enable",
    detect_face: Switch = "enable",
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Draw the poses of people as skeletons.

    detect_hand: Draw fingers too.
    detect_body: Draw skeletons.
    detect_face: Draw the points of faces too.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    name = POSES.get((detect_body == ON, detect_hand == ON, detect_face == ON))
    if name is None:
        raise InputError("detect_body", NOTHING_WANTED)
    return maps(ctx, name, image, resolution)


@network_node("DWPose", title="Poses (DWPose)", aliases=["DWPreprocessor"], search=["skeleton", "openpose"])
def dw_pose(
    ctx: Context,
    image: Image,
    detect_hand: Switch = "enable",
    detect_body: Switch = "enable",
    detect_face: Switch = "enable",
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Draw the poses of people as skeletons, by a detector of people and a network for the whole body.

    detect_hand: Draw fingers too.
    detect_body: Draw skeletons.
    detect_face: Draw the points of faces too.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    wanted = {"hand": detect_hand == ON, "body": detect_body == ON, "face": detect_face == ON}
    if not any(wanted.values()):
        raise InputError("detect_body", NOTHING_WANTED)
    return maps(ctx, "dwpose", image, resolution, **wanted)


@network_node("Segments", title="Segments (Segment Anything)", aliases=["SAMPreprocessor"])
def segments(ctx: Context, image: Image, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Paint every object of a picture in a colour of its own.

    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "segment_anything", image, resolution)


@network_node(
    "SegmentsByKind",
    title="Segments by Kind (ADE20K)",
    aliases=["UniFormer-SemSegPreprocessor", "OneFormer-ADE20K-SemSegPreprocessor", "SemSegPreprocessor"],
    search=["seg", "semantic", "uniformer", "oneformer"],
)
def segments_by_kind(ctx: Context, image: Image, resolution: Resolution = DEFAULT_RESOLUTION) -> Image:
    """Paint walls, trees, people and other things in the colours of their kinds in ADE20K.

    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, "segmentation_ade20k", image, resolution)


@network_node(
    "AnnotateByName",
    title="Preprocess",
    aliases=["AIO_Preprocessor"],
    search=["annotator", "hint", "preprocessor"],
)
def annotate_by_name(
    ctx: Context,
    image: Image,
    preprocessor: Annotated[str, Choice([*ANNOTATORS, *OTHER_NAMES])] = "canny",
    resolution: Resolution = DEFAULT_RESOLUTION,
) -> Image:
    """Make the map of a picture by any preprocessor, with its usual options.

    preprocessor: What the map shows; at the end of the list are the names that other programs use.
    resolution: Short side at which the map is drawn; 0 is the picture's own.
    """
    return maps(ctx, preprocessor, image, resolution)


@node(
    "PixelPerfectResolution",
    category="image/preprocessors",
    title="Pixel Perfect Resolution",
    output_names=["resolution"],
)
def pixel_perfect_resolution(
    original_image: Image,
    image_gen_width: Side = 512,
    image_gen_height: Side = 512,
    resize_mode: Annotated[str, Choice(list(FITS))] = "Just Resize",
) -> int:
    """Compute the resolution at which a map has a pixel for each pixel that is painted.

    original_image: The picture that a map is made of.
    image_gen_width: Of the picture that is painted.
    image_gen_height: Of the picture that is painted.
    resize_mode: How the map is fitted to that size.
    """
    width, height = original_image.shape[2], original_image.shape[1]
    return perfect_resolution(width, height, image_gen_width, image_gen_height, FITS[resize_mode])


@node(
    "FitControlImage",
    category="image/preprocessors",
    title="Fit Map to Size",
    aliases={"HintImageEnchance": {"hint_image": "image"}},
    search=["resize mode", "hint"],
)
def fit_control_image(
    image: Image,
    image_gen_width: Side = 512,
    image_gen_height: Side = 512,
    resize_mode: Annotated[str, Choice(list(FITS))] = "Just Resize",
) -> Image:
    """Fit a map to a size, so that lines stay lines and the colours of segments stay what they are.

    image: A map of a preprocessor.
    image_gen_width: Of the picture that is painted.
    image_gen_height: Of the picture that is painted.
    resize_mode: Distort, cut off what juts out, or show everything and paint the rest in the colour of the border.
    """
    return fitted_map(image, image_gen_width, image_gen_height, FITS[resize_mode])
