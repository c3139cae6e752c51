"""All annotators by name. Names are those of the A1111 WebUI's ControlNet extension, where it has the annotator."""

from difflib import get_close_matches
from types import MappingProxyType

from diffusion.annotators import colours, depth, dwpose, edges, lines, pose, segmentation
from diffusion.annotators.annotator import Annotator, AnnotatorError, Option
from diffusion.annotators.scaling import Levels

GAMMA = Option("gamma", 1.0, 0.1, 4.0)


def _safe_edges(levels: Levels, detector: object) -> Levels:
    return edges.soft_edges(levels, detector, safe=True)


def _scribble_of_network(levels: Levels, detector: object) -> Levels:
    return lines.scribble_of_edges(edges.soft_edges(levels, detector))


def _safe_scribble_of_network(levels: Levels, detector: object) -> Levels:
    return lines.scribble_of_edges(edges.soft_edges(levels, detector, safe=True))


_EDGES = (
    Annotator(
        "canny",
        "Canny edges",
        "edges",
        edges.canny,
        (Option("low_threshold", 100, 0, 1000), Option("high_threshold", 200, 0, 1000)),
    ),
    Annotator("sobel", "Sobel gradient", "edges", edges.sobel),
    Annotator("hed", "Soft edges (HED)", "edges", edges.soft_edges, networks=(edges.HED,)),
    Annotator("hed_safe", "Soft edges (HED, safe)", "edges", _safe_edges, networks=(edges.HED,)),
    Annotator("pidinet", "Soft edges (PiDiNet)", "edges", edges.soft_edges, networks=(edges.PIDINET,)),
    Annotator("pidinet_safe", "Soft edges (PiDiNet, safe)", "edges", _safe_edges, networks=(edges.PIDINET,)),
    Annotator(
        "teed", "Soft edges (TEED)", "edges", edges.teed, (Option("safe_steps", 2, 0, 10),), networks=(edges.TEED,)
    ),
    Annotator("anyline", "Edges and lines (Anyline)", "edges", edges.anyline, networks=(edges.ANYLINE,)),
)
_LINES = (
    Annotator("lineart", "Line art", "lines", lines.lineart, networks=(lines.LINEART,)),
    Annotator("lineart_coarse", "Line art, coarse", "lines", lines.lineart, networks=(lines.LINEART_COARSE,)),
    Annotator("lineart_anime", "Line art of drawings", "lines", lines.lineart_anime, networks=(lines.LINEART_ANIME,)),
    Annotator(
        "lineart_standard",
        "Dark lines on bright ground",
        "lines",
        lines.lineart_standard,
        (Option("sigma", 6.0, 0.1, 100.0), Option("threshold", 8, 0, 255)),
    ),
    Annotator(
        "mlsd",
        "Straight lines (M-LSD)",
        "lines",
        lines.straight_lines,
        (Option("score", 0.1, 0.01, 2.0), Option("distance", 0.1, 0.01, 20.0)),
        networks=(lines.MLSD,),
    ),
    Annotator("scribble", "Scribble: what is dark", "scribble", lines.scribble),
    Annotator("scribble_hed", "Scribble (HED)", "scribble", _scribble_of_network, networks=(edges.HED,)),
    Annotator(
        "scribble_hed_safe", "Scribble (HED, safe)", "scribble", _safe_scribble_of_network, networks=(edges.HED,)
    ),
    Annotator("scribble_pidinet", "Scribble (PiDiNet)", "scribble", _scribble_of_network, networks=(edges.PIDINET,)),
    Annotator(
        "scribble_pidinet_safe",
        "Scribble (PiDiNet, safe)",
        "scribble",
        _safe_scribble_of_network,
        networks=(edges.PIDINET,),
    ),
    Annotator("scribble_xdog", "Scribble (XDoG)", "scribble", lines.scribble_xdog, (Option("threshold", 32, 1, 64),)),
)
_DEPTHS = (
    Annotator("depth_midas", "Depth (MiDaS)", "depth", depth.depth_midas, networks=(depth.MIDAS,)),
    Annotator("depth_zoe", "Depth (ZoeDepth)", "depth", depth.depth_zoe, networks=(depth.ZOE,)),
    Annotator(
        "depth_leres",
        "Depth (LeReS)",
        "depth",
        depth.depth_leres,
        (Option("remove_near", 0.0, 0.0, 100.0), Option("remove_background", 0.0, 0.0, 100.0)),
        networks=(depth.LERES,),
    ),
    Annotator(
        "depth_anything", "Depth (Depth Anything)", "depth", depth.depth_anything, networks=(depth.DEPTH_ANYTHING,)
    ),
    Annotator(
        "depth_anything_v2",
        "Depth (Depth Anything 2)",
        "depth",
        depth.depth_anything,
        networks=(depth.DEPTH_ANYTHING_V2,),
    ),
    Annotator("normal_bae", "Normals (Bae)", "normals", depth.normal_bae, networks=(depth.BAE,)),
    Annotator(
        "normal_midas",
        "Normals (MiDaS)",
        "normals",
        depth.normal_midas,
        (Option("background", 0.4, 0.0, 1.0), Option("steepness", depth.NORMAL_STEEPNESS, 0.0, 32.0)),
        networks=(depth.MIDAS,),
    ),
)
_CONTENTS = (
    Annotator("openpose", "Pose", "pose", pose.body, networks=(pose.BODY,)),
    Annotator("openpose_hand", "Pose and hands", "pose", pose.body_and_hands, networks=(pose.BODY, pose.HAND)),
    Annotator("openpose_face", "Pose and face", "pose", pose.body_and_face, networks=(pose.BODY, pose.FACE)),
    Annotator("openpose_faceonly", "Face", "pose", pose.face_only, networks=(pose.BODY, pose.FACE)),
    Annotator("openpose_handonly", "Hands", "pose", pose.hands_only, networks=(pose.BODY, pose.HAND)),
    Annotator(
        "openpose_hand_face", "Hands and face", "pose", pose.hands_and_face, networks=(pose.BODY, pose.HAND, pose.FACE)
    ),
    Annotator(
        "openpose_full", "Pose, hands and face", "pose", pose.everything, networks=(pose.BODY, pose.HAND, pose.FACE)
    ),
    Annotator(
        "dwpose",
        "Pose, hands and face (DWPose)",
        "pose",
        dwpose.dwpose,
        (Option("body", True, 0, 1), Option("hand", True, 0, 1), Option("face", True, 0, 1)),
        networks=(dwpose.DETECTOR, dwpose.ESTIMATOR),
    ),
    Annotator(
        "segmentation_ade20k",
        "Segments by kind (ADE20K)",
        "segments",
        segmentation.by_kind,
        networks=(segmentation.ADE20K,),
    ),
    Annotator(
        "segment_anything",
        "Segments (Segment Anything)",
        "segments",
        segmentation.segment_anything,
        networks=(segmentation.SAM,),
    ),
    Annotator(
        "mobile_sam",
        "Segments (Mobile SAM)",
        "segments",
        segmentation.segment_anything,
        networks=(segmentation.MOBILE_SAM,),
    ),
)
_COLOURS = (
    Annotator("none", "The picture itself", "colours", colours.unchanged, scaled=False),
    Annotator("invert", "Negative", "colours", colours.inverted, scaled=False),
    Annotator("threshold", "Bright areas", "colours", colours.threshold, (Option("threshold", 127, 0, 255),)),
    Annotator("binary", "Dark areas", "colours", colours.binary, (Option("threshold", 0, 0, 255),)),
    Annotator("shuffle", "Shuffled content", "colours", colours.shuffled, (Option("seed", 0, 0, 2**64 - 1),)),
    Annotator(
        "tile_resample",
        "Less detail",
        "colours",
        colours.tile_resample,
        (Option("down_rate", 1.0, 1.0, 8.0),),
        scaled=False,
    ),
    Annotator(
        "tile_pyramid", "Less detail (pyramid)", "colours", colours.tile_pyramid, (Option("halvings", 3, 1, 10),)
    ),
    Annotator(
        "blur_gaussian", "Gaussian blur", "colours", colours.blurred, (Option("sigma", 9.0, 0.01, 64.0),), scaled=False
    ),
    Annotator("recolor_luminance", "Luminance", "colours", colours.luminance, (GAMMA,), scaled=False),
    Annotator("recolor_intensity", "Intensity", "colours", colours.intensity, (GAMMA,), scaled=False),
    Annotator("color_grid", "Squares of colour", "colours", colours.colour_grid),
)
ANNOTATORS = MappingProxyType({item.name: item for item in (*_EDGES, *_LINES, *_DEPTHS, *_CONTENTS, *_COLOURS)})

OTHER_NAMES = MappingProxyType(
    {
        "depth": "depth_midas",
        "softedge_hed": "hed",
        "softedge_hedsafe": "hed_safe",
        "softedge_pidinet": "pidinet",
        "softedge_pidisafe": "pidinet_safe",
        "softedge_teed": "teed",
        "softedge_anyline": "anyline",
        "fake_scribble": "scribble_hed",
        "pidinet_scribble": "scribble_pidinet",
        "lineart_realistic": "lineart",
        "normal_map": "normal_midas",
        "dw_openpose_full": "dwpose",
        "color": "color_grid",
        "t2ia_color_grid": "color_grid",
        "segmentation_sam": "segment_anything",
        "seg_ufade20k": "segmentation_ade20k",
        "seg_ofade20k": "segmentation_ade20k",
        "invert (from white bg & black line)": "invert",
        "lineart_standard (from white bg & black line)": "lineart_standard",
        "CannyEdgePreprocessor": "canny",
        "HEDPreprocessor": "hed",
        "PiDiNetPreprocessor": "pidinet",
        "TEEDPreprocessor": "teed",
        "LineArtPreprocessor": "lineart",
        "AnimeLineArtPreprocessor": "lineart_anime",
        "LineartStandardPreprocessor": "lineart_standard",
        "M-LSDPreprocessor": "mlsd",
        "ScribblePreprocessor": "scribble",
        "FakeScribblePreprocessor": "scribble_hed",
        "Scribble_PiDiNet_Preprocessor": "scribble_pidinet",
        "Scribble_XDoG_Preprocessor": "scribble_xdog",
        "MiDaS-DepthMapPreprocessor": "depth_midas",
        "MiDaS-NormalMapPreprocessor": "normal_midas",
        "Zoe-DepthMapPreprocessor": "depth_zoe",
        "LeReS-DepthMapPreprocessor": "depth_leres",
        "DepthAnythingPreprocessor": "depth_anything",
        "DepthAnythingV2Preprocessor": "depth_anything_v2",
        "BAE-NormalMapPreprocessor": "normal_bae",
        "OpenposePreprocessor": "openpose_full",
        "DWPreprocessor": "dwpose",
        "SAMPreprocessor": "segment_anything",
        "UniFormer-SemSegPreprocessor": "segmentation_ade20k",
        "OneFormer-ADE20K-SemSegPreprocessor": "segmentation_ade20k",
        "ShufflePreprocessor": "shuffle",
        "TilePreprocessor": "tile_pyramid",
        "ColorPreprocessor": "color_grid",
        "ImageLuminanceDetector": "recolor_luminance",
        "ImageIntensityDetector": "recolor_intensity",
        "BinaryPreprocessor": "binary",
    }
)
"""What other programs, and older versions of them, call an annotator."""


def find(name: str) -> Annotator:
    """The annotator of a name, or of one that another program uses for it.

    Raises `AnnotatorError` for any other name, with names that are similar.
    """
    annotator = ANNOTATORS.get(OTHER_NAMES.get(name, name))
    if annotator is None:
        similar = ", ".join(get_close_matches(name, [*ANNOTATORS, *OTHER_NAMES], 3)) or "canny, hed, depth_midas"
        raise AnnotatorError(f"There is no preprocessor '{name}': choose another one, for example {similar}.")
    return annotator
