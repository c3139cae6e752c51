"""The nodes that make maps of pictures: names that shared workflows use, their options, sizes."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from diffusion.annotators.networks import quiet
from diffusion.annotators.registry import ANNOTATORS, find
from graph.declare import InputError, spec_of
from graph.folders import Folders
from graph.registry import load
from graph.testing import Recorder
from nodes import colour_maps, depth_maps, preprocessors

PICTURE = cv2.resize(np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8), (96, 64))
PICTURE[20:23, 8:90] = 0
PICTURE[30:50, 60:63] = 255
IMAGE = torch.from_numpy(PICTURE).float()[None] / 255

# What the nodes of other programs are called, with those of their inputs that ours take.
OTHERS = {
    "CannyEdgePreprocessor": "image low_threshold high_threshold resolution",
    "HEDPreprocessor": "image safe resolution",
    "PiDiNetPreprocessor": "image safe resolution",
    "TEEDPreprocessor": "image safe_steps resolution",
    "LineArtPreprocessor": "image coarse resolution",
    "AnimeLineArtPreprocessor": "image resolution",
    "LineartStandardPreprocessor": "image guassian_sigma intensity_threshold resolution",
    "M-LSDPreprocessor": "image score_threshold dist_threshold resolution",
    "ScribblePreprocessor": "image resolution",
    "FakeScribblePreprocessor": "image safe resolution",
    "Scribble_PiDiNet_Preprocessor": "image safe resolution",
    "Scribble_XDoG_Preprocessor": "image threshold resolution",
    "MiDaS-DepthMapPreprocessor": "image resolution",
    "MiDaS-NormalMapPreprocessor": "image a bg_threshold resolution",
    "Zoe-DepthMapPreprocessor": "image resolution",
    "LeReS-DepthMapPreprocessor": "image rm_nearest rm_background resolution",
    "BAE-NormalMapPreprocessor": "image resolution",
    "OpenposePreprocessor": "image detect_hand detect_body detect_face resolution",
    "DWPreprocessor": "image detect_hand detect_body detect_face resolution",
    "SAMPreprocessor": "image resolution",
    "UniFormer-SemSegPreprocessor": "image resolution",
    "OneFormer-ADE20K-SemSegPreprocessor": "image resolution",
    "SemSegPreprocessor": "image resolution",
    "ShufflePreprocessor": "image seed resolution",
    "TilePreprocessor": "image pyrUp_iters resolution",
    "ColorPreprocessor": "image resolution",
    "ImageLuminanceDetector": "image gamma_correction",
    "ImageIntensityDetector": "image gamma_correction",
    "BinaryPreprocessor": "image bin_threshold resolution",
    "InpaintPreprocessor": "image mask",
    "AIO_Preprocessor": "image preprocessor resolution",
    "HintImageEnchance": "hint_image image_gen_width image_gen_height resize_mode",
    "PixelPerfectResolution": "original_image image_gen_width image_gen_height resize_mode",
    "Canny": "image low_threshold high_threshold",
}


@pytest.fixture(scope="module")
def schemas():
    return load(["nodes"], None).schemas()


@pytest.fixture
def context(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    (folders.models / "annotators").mkdir(parents=True)
    return Recorder(folders)


@pytest.mark.parametrize("name", OTHERS)
def test_ids_and_inputs_are_those_that_shared_workflows_use(schemas, name):
    inputs = schemas[name]["input"]
    assert [*inputs["required"], *inputs.get("optional", {})] == OTHERS[name].split()


def test_canny_edges_are_opencvs_at_the_resolution(context):
    result = preprocessors.canny_edges(context, IMAGE, 50, 100, 0)
    expected = cv2.Canny(np.pad(PICTURE, ((0, 0), (0, 32), (0, 0)), mode="edge"), 50, 100)[:, :96]
    assert expected.any()
    assert (result[0, ..., 0] * 255 == torch.from_numpy(expected)).all()
    assert context.steps == [(1, 1)]


def test_comfyuis_canny_has_fractions_for_thresholds():
    assert [item.options["default"] for item in spec_of(preprocessors.canny).inputs[1:]] == [0.4, 0.8]
    result = preprocessors.canny(IMAGE, 0.05, 0.1)
    assert set(result.unique().tolist()) == {0.0, 1.0}
    assert not preprocessors.canny(torch.full_like(IMAGE, 0.5)).any()
    with pytest.raises(InputError, match="low_threshold is above high_threshold: exchange the two"):
        preprocessors.canny(IMAGE, 0.5, 0.2)


def test_any_preprocessor_by_its_own_name_or_another(context, schemas):
    offered = schemas["AnnotateByName"]["input"]["required"]["preprocessor"][0]
    assert set(offered) >= {*ANNOTATORS, "CannyEdgePreprocessor", "fake_scribble"}
    assert all(find(name) for name in offered)
    mine = preprocessors.annotate_by_name(context, IMAGE, "canny", 64)
    assert torch.equal(preprocessors.annotate_by_name(context, IMAGE, "CannyEdgePreprocessor", 64), mine)
    assert mine.any()


NEEDED = {
    preprocessors.hed_edges: "ControlNetHED.pth",
    preprocessors.pidinet_edges: "table5_pidinet.pth",
    preprocessors.teed_edges: "7_model.pth",
    preprocessors.hed_scribble: "ControlNetHED.pth",
    preprocessors.pidinet_scribble: "table5_pidinet.pth",
    preprocessors.line_art: "sk_model.pth",
    preprocessors.anime_line_art: "netG.pth",
    preprocessors.straight_lines: "mlsd_large_512_fp32.pth",
    preprocessors.open_pose: "body_pose_model.pth and hand_pose_model.pth and facenet.pth",
    preprocessors.dw_pose: "yolox_l.onnx and dw-ll_ucoco_384.onnx",
    preprocessors.segments: "sam_vit_h_4b8939.pth or",
    preprocessors.segments_by_kind: "ade20k or",
    depth_maps.midas_depth: "dpt_hybrid-midas-501f0c75.pt",
    depth_maps.midas_normals: "dpt_hybrid-midas-501f0c75.pt",
    depth_maps.zoe_depth: "ZoeD_M12_N.pt",
    depth_maps.leres_depth: "res101.pth",
    depth_maps.bae_normals: "scannet.pt",
}


@pytest.mark.parametrize("function", NEEDED, ids=lambda function: function.__name__)
def test_a_node_without_its_weights_names_the_files(context, function):
    with pytest.raises(InputError, match=re.escape(f"Missing from models/annotators: {NEEDED[function]}")):
        function(context, IMAGE)


@pytest.mark.parametrize(
    ("switches", "files"),
    [
        (("disable", "enable", "disable"), "body_pose_model.pth."),
        (("enable", "enable", "disable"), "body_pose_model.pth and hand_pose_model.pth."),
        (("enable", "disable", "disable"), "body_pose_model.pth and hand_pose_model.pth."),
        (("disable", "enable", "enable"), "body_pose_model.pth and facenet.pth."),
        (("disable", "disable", "enable"), "body_pose_model.pth and facenet.pth."),
    ],
)
def test_a_pose_needs_the_networks_of_what_is_drawn(context, switches, files):
    with pytest.raises(InputError, match=re.escape(f"annotators: {files} Put")):
        preprocessors.open_pose(context, IMAGE, *switches)


def test_a_pose_of_nothing(context):
    with pytest.raises(InputError, match="Nothing is to be drawn"):
        preprocessors.open_pose(context, IMAGE, "disable", "disable", "disable")


def test_weights_are_taken_from_the_folder_of_annotators(context):
    with quiet():
        from controlnet_aux.pidi.model import pidinet

    folder: Path = context.folders.models / "annotators"
    torch.save({"state_dict": pidinet().state_dict()}, folder / "table5_pidinet.pth")
    result = preprocessors.pidinet_edges(context, IMAGE, "disable", 64)
    assert result.shape == IMAGE.shape
    assert result.std() > 0 or 0 < float(result.mean()) < 1


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (preprocessors.scribble, {}),
        (preprocessors.xdog_scribble, {"threshold": 10}),
        (preprocessors.standard_line_art, {"sigma": 3.0}),
        (colour_maps.threshold_map, {"threshold": 100}),
        (colour_maps.binary_map, {"threshold": 0}),
        (colour_maps.shuffle_content, {"seed": 2**64 - 1}),
        (colour_maps.tile_resample, {"down_rate": 4.0}),
        (colour_maps.tile_pyramid, {"halvings": 2}),
        (colour_maps.blur_map, {"sigma": 3.0}),
        (colour_maps.color_grid, {}),
        (colour_maps.luminance_map, {"gamma": 0.5}),
        (colour_maps.intensity_map, {"gamma": 0.5}),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_maps_without_weights_have_the_size_of_the_picture_and_heed_their_options(context, function, options):
    result = function(context, IMAGE, **options)
    assert result.shape == IMAGE.shape
    assert result.std() > 0
    assert not options or not torch.equal(result, function(context, IMAGE))


def test_pixel_perfect_resolution():
    """The numbers of the WebUI's rule for a picture of 1024 x 512 and a target of 512 x 768."""
    picture = torch.zeros(1, 512, 1024, 3)
    modes = {"Crop and Resize": 768, "Just Resize": 768, "Resize and Fill": 256}
    for mode, resolution in modes.items():
        assert preprocessors.pixel_perfect_resolution(picture, 512, 768, mode) == resolution


def test_a_map_is_fitted_to_a_size():
    for mode in preprocessors.FITS:
        assert preprocessors.fit_control_image(IMAGE, 128, 200, mode).shape == (1, 200, 128, 3)
    line = torch.zeros(1, 64, 64, 3)
    line[:, 30] = 1
    fitted = preprocessors.fit_control_image(line, 128, 128, "Just Resize")
    assert set(fitted.unique().tolist()) == {0.0, 1.0}
    assert (fitted[0, :, 64, 0].sum()) == 1


def test_everything_is_said_in_chinese():
    texts = json.loads((Path(preprocessors.__file__).parents[1] / "web/locales/nodes.zh-CN.json").read_text("utf-8"))
    specs = {spec.id: spec for spec in load(["nodes"], None).specs.values() if spec.category == "image/preprocessors"}
    assert len(specs) >= 30
    for spec in specs.values():
        assert {f"node.{spec.id}.title", f"node.{spec.id}.description"} <= texts.keys()
        for item in spec.inputs:
            assert f"input.{item.name}" in texts
            assert (
                not item.options.get("tooltip")
                or f"node.{spec.id}.tip.{item.name}" in texts
                or f"tip.{item.name}" in texts
            )


def test_another_file_of_the_same_name_is_noticed(tmp_path):
    folders = Folders.under(tmp_path)
    file = folders.models / "annotators" / "table5_pidinet.pth"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"one")
    spec = spec_of(preprocessors.pidinet_edges)
    assert spec.category == "image/preprocessors"
    before = spec.fingerprint(folders, resolution=512)
    assert before == spec.fingerprint(folders, resolution=512)
    file.write_bytes(b"another")
    assert spec.fingerprint(folders, resolution=512) != before
    assert spec_of(preprocessors.canny_edges).fingerprint is None
