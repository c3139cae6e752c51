"""The nodes that work on pictures: what shared workflows rely on, and what is done with the inputs."""

import numpy as np
import pytest
import torch

from graph.declare import InputError, spec_of
from graph.engine import Engine
from graph.folders import Folders
from graph.testing import Recorder
from nodes import image_blending as blending
from nodes import image_channels as channels
from nodes import image_colour as colour
from nodes import image_details as details
from nodes import image_filters as filters
from nodes import image_geometry as geometry
from nodes import image_layout as layout
from nodes import image_metrics as metrics
from nodes import mask_operations as masks

# Inputs as ComfyUI's nodes of the same names have them.
INPUTS = {
    "ImageBlend": "image1:IMAGE image2:IMAGE blend_factor:FLOAT=0.5 blend_mode:COMBO=normal mask?:MASK",
    "ImageBlur": "image:IMAGE blur_radius:INT=1 sigma:FLOAT=1.0",
    "ImageSharpen": "image:IMAGE sharpen_radius:INT=1 sigma:FLOAT=1.0 alpha:FLOAT=1.0",
    "ImageQuantize": "image:IMAGE colors:INT=256 dither:COMBO=none",
    "ImageAddNoise": "image:IMAGE seed:INT=0 strength:FLOAT=0.5",
    "Morphology": "image:IMAGE operation:COMBO=erode kernel_size:INT=3",
    "PorterDuffImageComposite": "source:IMAGE source_alpha:MASK destination:IMAGE destination_alpha:MASK "
    "mode:COMBO=DST",
    "SplitImageWithAlpha": "image:IMAGE",
    "JoinImageWithAlpha": "image:IMAGE alpha:MASK",
    "ImageRGBToYUV": "image:IMAGE",
    "ImageYUVToRGB": "Y:IMAGE U:IMAGE V:IMAGE",
    "ResizeAndPadImage": "image:IMAGE target_width:INT=512 target_height:INT=512 padding_color:COMBO=white "
    "interpolation:COMBO=area",
    "ImageScaleToMaxDimension": "image:IMAGE upscale_method:COMBO=area largest_size:INT=512",
    "ImageStitch": "image1:IMAGE direction:COMBO=right match_image_size:BOOLEAN=True spacing_width:INT=0 "
    "spacing_color:COMBO=white image2?:IMAGE",
    "GetImageSize": "image:IMAGE",
    "RebatchImages": "images:IMAGE batch_size:INT=1",
    "MaskPreview": "mask:MASK",
}
MODULES = (blending, channels, colour, details, filters, geometry, layout, metrics, masks)


def described(item) -> str:
    default = item.options.get("default")
    return f"{item.name}{'' if item.required else '?'}:{item.type}" + ("" if default is None else f"={default}")


def test_inputs_are_those_that_shared_workflows_use():
    specs = {spec.id: spec for module in MODULES for value in vars(module).values() if (spec := spec_of(value))}
    assert {id: " ".join(map(described, specs[id].inputs)) for id in INPUTS} == INPUTS
    comfy = {"normal", "multiply", "screen", "overlay", "soft_light", "difference"}
    assert comfy <= set(specs["ImageBlend"].input("blend_mode").choices())


def grey(value: float, height: int = 4, width: int = 6) -> torch.Tensor:
    return torch.full((1, height, width, 3), value)


def recorder(tmp_path) -> Recorder:
    return Recorder(Folders.under(tmp_path))


def test_levels_change_the_chosen_channel_alone():
    changed = colour.image_levels(grey(0.2), black=51, white=204, darkest=25, brightest=255, channel="green")
    np.testing.assert_allclose(changed[0, 0, 0], [0.2, 25 / 255, 0.2], atol=1e-6)
    np.testing.assert_allclose(colour.image_levels(grey(0.5), white=128)[0, 0, 0], [0.5 * 255 / 128] * 3, atol=1e-6)
    with pytest.raises(InputError, match="black point"):
        colour.image_levels(grey(0.2), black=9, white=9)


def test_what_should_be_grey_becomes_grey():
    cast = torch.tensor([0.4, 0.5, 0.6]).expand(1, 2, 2, 3)
    pixel = colour.neutral_color(cast, "#668099")[0, 0, 0]
    np.testing.assert_allclose(pixel, pixel.mean(), atol=2e-3)
    with pytest.raises(InputError, match="no colour") as refusal:
        colour.neutral_color(cast, "grey")
    assert refusal.value.input_name == "color"


def test_strength_mixes_with_the_original():
    image, reference = torch.rand(2, 1, 8, 8, 3, generator=torch.Generator().manual_seed(0))
    for function in (colour.match_histogram, colour.transfer_colors):
        whole = function(image, reference, strength=1.0)
        np.testing.assert_allclose(function(image, reference, strength=0.5), (image + whole) / 2, atol=1e-5)
        assert (whole - image).abs().max() > 0.05


def test_filters_of_radius_0_change_nothing():
    image = torch.rand(1, 5, 5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(filters.image_blur(image, 0), image)
    assert torch.equal(filters.image_sharpen(image, 0), image)
    np.testing.assert_allclose(filters.box_blur(image, 0), image, atol=1e-6)
    assert (filters.image_morphology(image, "dilate", 4) >= image).all()


def test_alpha_is_split_off_and_joined():
    image = torch.rand(2, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    colours, mask = channels.split_image_with_alpha(image)
    np.testing.assert_allclose(mask, 1 - image[..., 3], atol=1e-6)
    np.testing.assert_allclose(channels.join_image_with_alpha(colours, mask), image, atol=1e-6)
    assert channels.split_image_with_alpha(colours).MASK.sum() == 0
    yuv = channels.image_rgb_to_yuv(colours)
    assert yuv.Y.shape == colours.shape
    np.testing.assert_allclose(channels.image_yuv_to_rgb(*yuv), colours, atol=1e-3)
    parts = channels.split_channels(image, "HSV")
    np.testing.assert_allclose(channels.merge_channels(*parts, "HSV"), image, atol=1e-4)
    with pytest.raises(InputError, match="differ in size"):
        channels.merge_channels(mask, mask, mask[:, :2])


def test_a_mask_is_opacity_turned_around_for_porter_and_duff():
    transparent_right = torch.zeros(1, 4, 6)
    transparent_right[..., 3:] = 1
    image, mask = blending.porter_duff(grey(0.8), transparent_right, grey(0.1), torch.zeros(1, 4, 6), "SRC_OVER")
    np.testing.assert_allclose(image[0, 0, :, 0], [0.8] * 3 + [0.1] * 3, atol=1e-6)
    assert mask.sum() == 0
    assert torch.equal(
        blending.porter_duff(grey(0.8), transparent_right, grey(0.1), 1 - mask, "SRC")[1], transparent_right
    )


def test_backgrounds():
    mask = torch.zeros(1, 4, 6)
    mask[..., :2] = 1
    with_alpha = torch.cat([grey(0.5), 1 - mask[..., None]], -1)
    for image, given in ((grey(0.5), mask), (with_alpha, None)):
        red = blending.fill_background(image, "#ff0000", given)
        assert red.shape == (1, 4, 6, 3)
        assert red[0, 0, 0].tolist() == [1, 0, 0]
        assert red[0, 0, 2].tolist() == [0.5, 0.5, 0.5]
    behind = blending.fill_background(with_alpha, background=grey(0.9, 8, 8))
    np.testing.assert_allclose(behind[0, 0, :, 0], [0.9] * 2 + [0.5] * 4, atol=1e-5)
    opaque = blending.fill_background(grey(0.5), "#00ff00")
    assert torch.equal(opaque, grey(0.5))


def test_a_grid_takes_its_columns_from_the_labels():
    batch = torch.cat([grey(value, 50, 50) for value in (0.1, 0.2, 0.3)])
    bare = layout.picture_grid([batch[:2], batch[2:]], color="#000000")
    assert bare.shape == (1, 100, 100, 3)
    assert bare[0, 75, 25, 0] == pytest.approx(0.3)
    assert bare[0, 75, 75, 0] == 0
    labelled = layout.picture_grid([batch], column_labels="a\nb\nc")
    assert labelled.shape[2] == 150
    assert labelled.shape[1] > 50
    with pytest.raises(InputError, match="no picture"):
        layout.picture_grid([])


def test_writing_and_sheets_refuse_what_is_no_colour():
    assert torch.equal(layout.write_text(grey(0.5), "  "), grey(0.5))
    written = layout.write_text(grey(0.0, 40, 80), "A", 24, "#ffffffff", "middle")
    assert written.max() == 1
    sheet = layout.contact_sheet([grey(0.5, 30, 60)], "caption", width=60, margin=4, text_size=10)
    assert sheet.shape[2] == 68
    with pytest.raises(InputError, match="no colour"):
        layout.write_text(grey(0.5), "A", color="white")


def test_sizes(tmp_path):
    context = recorder(tmp_path)
    assert geometry.get_image_size(context, torch.zeros(3, 5, 7, 3)) == (7, 5, 3)
    assert context.shown == {"text": ["7 x 5, 3"]}
    assert geometry.image_scale_to_max_dimension(torch.zeros(1, 20, 40, 3), "area", 10).shape == (1, 5, 10, 3)
    assert geometry.image_scale_to_max_dimension(torch.zeros(1, 40, 20, 3), "lanczos", 10).shape == (1, 10, 5, 3)
    assert geometry.resize_and_pad_image(grey(0.5), 8, 8, "black")[0, 0].max() == 0
    assert torch.equal(geometry.image_stitch(grey(0.5)), grey(0.5))
    padded, mask = geometry.pad_image(grey(0.5), left=2)
    assert torch.equal(padded, grey(0.5, 4, 8))
    assert mask.sum() == 8
    turned, mask = geometry.rotate_image(grey(0.5), 90)
    assert turned.shape == (1, 6, 4, 3)
    assert [len(batch) for batch in geometry.rebatch_images([torch.zeros(5, 2, 2, 3)], 2)] == [2, 2, 1]


def test_masks():
    mask = torch.zeros(1, 10, 12)
    mask[:, 2:5, 3:7] = 1
    box = masks.mask_bounds(mask, 1)
    assert box[:4] == (2, 1, 6, 5)
    assert box.mask.sum() == 30
    empty = masks.mask_bounds(torch.zeros(1, 10, 12))
    assert empty[:4] == (0, 0, 0, 0)
    assert empty.mask.sum() == 0
    assert masks.mask_morphology(mask, "dilate", 1, "square").sum() == 30
    assert masks.mask_by_brightness(grey(0.6), 0.5, 0.7).sum() == 24
    assert masks.mask_by_color(grey(1.0), "#ffffff", 1, 0).sum() == 24
    with pytest.raises(InputError, match="batch of masks"):
        list(masks.split_mask(mask.repeat(2, 1, 1)))


def test_a_mask_is_shown_as_a_picture(tmp_path):
    context = recorder(tmp_path)
    masks.mask_preview(context, torch.rand(2, 4, 4))
    assert [shown["type"] for shown in context.shown["images"]] == ["temp", "temp"]


def test_measures_are_shown_and_given(tmp_path):
    context = recorder(tmp_path)
    measured = metrics.measure_difference(context, torch.cat([grey(0.5, 16, 16), grey(0.3, 16, 16)]), grey(0.5, 16, 16))
    assert measured.mse == pytest.approx(0.02)
    assert measured.mae == pytest.approx(0.1)
    assert len(context.shown["tables"][0]["rows"]) == 2
    with pytest.raises(InputError, match="Scale one") as refusal:
        metrics.measure_difference(context, grey(0.5, 16, 16), grey(0.5, 16, 8))
    assert refusal.value.input_name == "reference"
    with pytest.raises(InputError, match="alexnet-owt"):
        metrics.perceptual_distance(context, grey(0.5, 64, 64), grey(0.5, 64, 64))


def test_what_cannot_be_cut_out_or_put_back_is_said():
    with pytest.raises(InputError, match="mask is empty") as refusal:
        details.crop_by_mask(grey(0.5), torch.zeros(1, 4, 6))
    assert refusal.value.input_name == "mask"
    part = details.crop_by_mask(grey(0.5), torch.ones(1, 4, 6), 0, 0, 0)
    with pytest.raises(InputError, match="1 parts for 2 places"):
        details.paste_crop(grey(0.5), [part.image], [part.place] * 2)
    with pytest.raises(InputError, match="6 x 4 pixels"):
        details.paste_crop(grey(0.5, 8, 8), [part.image], [part.place])
    with pytest.raises(InputError, match="one picture at a time"):
        list(details.find_faces(torch.zeros(2, 32, 32, 3)))


def detail_pass(threshold: float) -> dict:
    """Each bright part of a picture is cut out, enlarged, worked on by nodes that know of one picture, and put back."""
    return {
        "dark": {"class_type": "EmptyImage", "inputs": {"width": 96, "height": 64, "color": 0x202020}},
        "light": {"class_type": "EmptyImage", "inputs": {"width": 10, "height": 12, "color": 0xD0D0D0}},
        "one": composite(["dark", 0], ["light", 0], 8, 8),
        "two": composite(["one", 0], ["light", 0], 60, 40),
        "mask": {"class_type": "MaskByBrightness", "inputs": {"image": ["two", 0], "low": threshold, "softness": 0.0}},
        "parts": {"class_type": "SplitMask", "inputs": {"mask": ["mask", 0], "smallest": 4}},
        "cut": {
            "class_type": "CropByMask",
            "inputs": {"image": ["two", 0], "mask": ["parts", 0], "padding": 2, "width": 48, "height": 48},
        },
        "redone": {"class_type": "ImageInvert", "inputs": {"image": ["cut", 0]}},
        "pasted": {
            "class_type": "PasteCrop",
            "inputs": {"image": ["two", 0], "parts": ["redone", 0], "places": ["cut", 2], "feather": 0},
        },
    }


def composite(below: list, above: list, x: int, y: int) -> dict:
    return {"class_type": "ImageCompositeMasked", "inputs": {"destination": below, "source": above, "x": x, "y": y}}


def test_a_detail_pass_redoes_each_part_by_itself_and_nothing_else(tmp_path):
    with Engine(tmp_path / "studio", device="cpu") as engine:
        found = engine.run(detail_pass(0.5), targets=["two", "pasted", "redone"]).outputs
        none = engine.run(detail_pass(0.9), targets=["two", "pasted"]).outputs
    before, after = found["two"], found["pasted"]
    inside = torch.zeros(64, 96, dtype=torch.bool)
    inside[8:20, 8:18] = inside[40:52, 60:70] = True
    assert torch.equal(after[0][~inside], before[0][~inside])
    assert (after[0][inside] - before[0][inside]).abs().min() > 0.1
    assert [each.shape for each in found["redone"]] == [(1, 48, 48, 3)] * 2
    assert torch.equal(none["pasted"], none["two"])
