"""The nodes for pictures, masks and latents: what they declare, and what they do with their inputs."""

import importlib

import numpy as np
import pytest
import torch

from graph.declare import InputError, spec_of
from nodes import image_operations, images, latents, masks

# Inputs as ComfyUI's nodes of the same names have them: shared workflows rely on names, order of widgets and defaults.
INPUTS = {
    "LoadImage": "image:COMBO",
    "LoadImageMask": "image:COMBO channel:COMBO=alpha",
    "SaveImage": "images:IMAGE filename_prefix:STRING=Safelight",
    "PreviewImage": "images:IMAGE",
    "EmptyImage": "width:INT=512 height:INT=512 batch_size:INT=1 color:INT=0",
    "ImageScale": "image:IMAGE upscale_method:COMBO=nearest-exact width:INT=512 height:INT=512 crop:COMBO=disabled",
    "ImageScaleBy": "image:IMAGE upscale_method:COMBO=nearest-exact scale_by:FLOAT=1.0",
    "ImageScaleToTotalPixels": "image:IMAGE upscale_method:COMBO=nearest-exact megapixels:FLOAT=1.0",
    "ImageCrop": "image:IMAGE width:INT=512 height:INT=512 x:INT=0 y:INT=0",
    "ImageFlip": "image:IMAGE flip_method:COMBO=x-axis: vertically",
    "ImageRotate": "image:IMAGE rotation:COMBO=none",
    "ImageInvert": "image:IMAGE",
    "ImageBatch": "image1:IMAGE image2:IMAGE",
    "ImageFromBatch": "image:IMAGE batch_index:INT=0 length:INT=1",
    "RepeatImageBatch": "image:IMAGE amount:INT=1",
    "ImageCompositeMasked": "destination:IMAGE source:IMAGE x:INT=0 y:INT=0 resize_source:BOOLEAN=False mask?:MASK",
    "ImagePadForOutpaint": "image:IMAGE left:INT=0 top:INT=0 right:INT=0 bottom:INT=0 feathering:INT=40",
    "EmptyLatent": "width:INT=512 height:INT=512 batch_size:INT=1",
    "LatentUpscale": "samples:LATENT upscale_method:COMBO=nearest-exact width:INT=512 height:INT=512 "
    "crop:COMBO=disabled",
    "LatentUpscaleBy": "samples:LATENT upscale_method:COMBO=nearest-exact scale_by:FLOAT=1.5",
    "LatentCrop": "samples:LATENT width:INT=512 height:INT=512 x:INT=0 y:INT=0",
    "LatentFlip": "samples:LATENT flip_method:COMBO=x-axis: vertically",
    "LatentRotate": "samples:LATENT rotation:COMBO=none",
    "LatentComposite": "samples_to:LATENT samples_from:LATENT x:INT=0 y:INT=0 feather:INT=0",
    "LatentCompositeMasked": "destination:LATENT source:LATENT x:INT=0 y:INT=0 resize_source:BOOLEAN=False mask?:MASK",
    "LatentBlend": "samples1:LATENT samples2:LATENT blend_factor:FLOAT=0.5",
    "LatentBatch": "samples1:LATENT samples2:LATENT",
    "LatentFromBatch": "samples:LATENT batch_index:INT=0 length:INT=1",
    "RepeatLatentBatch": "samples:LATENT amount:INT=1",
    "SetLatentNoiseMask": "samples:LATENT mask:MASK",
    "SaveLatent": "samples:LATENT filename_prefix:STRING=latents/Safelight",
    "LoadLatent": "latent:COMBO",
    "SolidMask": "value:FLOAT=1.0 width:INT=512 height:INT=512",
    "InvertMask": "mask:MASK",
    "CropMask": "mask:MASK x:INT=0 y:INT=0 width:INT=512 height:INT=512",
    "MaskComposite": "destination:MASK source:MASK x:INT=0 y:INT=0 operation:COMBO=multiply",
    "FeatherMask": "mask:MASK left:INT=0 top:INT=0 right:INT=0 bottom:INT=0",
    "GrowMask": "mask:MASK expand:INT=0 tapered_corners:BOOLEAN=True",
    "ThresholdMask": "mask:MASK value:FLOAT=0.5",
    "MaskToImage": "mask:MASK",
    "ImageToMask": "image:IMAGE channel:COMBO=red",
    "ImageColorToMask": "image:IMAGE color:INT=0",
}


def described(item) -> str:
    default = item.options.get("default")
    return f"{item.name}{'' if item.required else '?'}:{item.type}" + ("" if default is None else f"={default}")


def test_inputs_are_those_that_shared_workflows_use():
    modules = [importlib.import_module(f"nodes.{name}") for name in ("images", "image_operations", "latents", "masks")]
    specs = [spec for module in modules for value in vars(module).values() if (spec := spec_of(value))]
    assert {spec.id: " ".join(map(described, spec.inputs)) for spec in specs} == INPUTS
    assert [spec.id for spec in specs if spec.output_node] == ["SaveImage", "PreviewImage", "SaveLatent"]
    assert dict(spec_of(latents.empty_latent).aliases) == {"EmptyLatentImage": {}, "EmptySD3LatentImage": {}}


def numbered(height: int = 2, width: int = 3) -> torch.Tensor:
    """A picture whose pixels are numbered from 0, row by row."""
    return torch.arange(float(height * width)).reshape(1, height, width, 1).expand(1, height, width, 3)


def test_turning_is_clockwise():
    turned = image_operations.image_rotate(numbered(), "90 degrees")[0, ..., 0]
    assert turned.tolist() == [[3, 0], [4, 1], [5, 2]]
    half = image_operations.image_rotate(numbered(), "180 degrees")[0, ..., 0]
    assert half.tolist() == [[5, 4, 3], [2, 1, 0]]
    latent = {"samples": numbered().movedim(-1, 1)}
    assert latents.latent_rotate(latent, "90 degrees")["samples"][0, 0].tolist() == [[3, 0], [4, 1], [5, 2]]


def test_flipping_about_the_x_axis_turns_upside_down():
    latent = {"samples": numbered().movedim(-1, 1)}
    for method, expected in (
        ("x-axis: vertically", [[3, 4, 5], [0, 1, 2]]),
        ("y-axis: horizontally", [[2, 1, 0], [5, 4, 3]]),
    ):
        assert image_operations.image_flip(numbered(), method)[0, ..., 0].tolist() == expected
        assert latents.latent_flip(latent, method)["samples"][0, 0].tolist() == expected


def test_cropping_stays_inside():
    assert image_operations.image_crop(numbered(), 2, 9, 1, 0)[0, ..., 0].tolist() == [[1, 2], [4, 5]]
    assert image_operations.image_crop(numbered(), 2, 2, 99, 99)[0, ..., 0].tolist() == [[5]]
    assert masks.crop_mask(numbered()[..., 0], 1, 1, 5, 5).tolist() == [[[4, 5]]]


def test_an_empty_image_has_its_colour():
    image = images.empty_image(3, 2, 4, 0x336699)
    assert image.shape == (4, 2, 3, 3)
    np.testing.assert_allclose(image[3, 1, 2].numpy(), [0.2, 0.4, 0.6], atol=1e-6)


def test_scaling():
    image = torch.rand(2, 30, 40, 3)
    assert image_operations.image_scale(image, "bilinear", 20, 0).shape == (2, 15, 20, 3)
    assert image_operations.image_scale(image, "lanczos", 10, 10, "center").shape == (2, 10, 10, 3)
    assert image_operations.image_scale_by(image, "area", 0.5).shape == (2, 15, 20, 3)
    assert image_operations.image_scale_to_total_pixels(image, "bicubic", 0.01).shape == (2, 89, 118, 3)


def test_batches():
    image = torch.arange(5.0).reshape(5, 1, 1, 1).expand(5, 2, 2, 3)
    assert image_operations.image_from_batch(image, 3, 9)[:, 0, 0, 0].tolist() == [3, 4]
    assert image_operations.image_from_batch(image, 77, 1)[:, 0, 0, 0].tolist() == [4]
    assert image_operations.repeat_image_batch(image[:2], 2)[:, 0, 0, 0].tolist() == [0, 1, 0, 1]
    assert image_operations.image_batch(image, torch.ones(1, 4, 4, 3)).shape == (6, 2, 2, 3)


def test_a_picture_without_alpha_goes_on_one_with_it():
    result = image_operations.image_composite_masked(torch.zeros(1, 2, 2, 4), torch.ones(1, 1, 1, 3), 1, 1)
    assert result[0, 1, 1].tolist() == [1, 1, 1, 1]
    assert result.sum() == 4


def test_a_channel_that_is_not_there_is_named():
    assert masks.image_to_mask(numbered(), "blue").tolist() == [[[0, 1, 2], [3, 4, 5]]]
    with pytest.raises(InputError, match="no channel 'alpha'") as refusal:
        masks.image_to_mask(numbered(), "alpha")
    assert refusal.value.input_name == "channel"


def test_simple_masks():
    assert masks.solid_mask(0.25, 3, 2).tolist() == [[[0.25] * 3] * 2]
    assert masks.invert_mask(torch.tensor([[[0.0, 0.75]]])).tolist() == [[[1, 0.25]]]
    assert masks.threshold_mask(torch.tensor([[[0.2, 0.5, 0.6]]]), 0.5).tolist() == [[[0, 0, 1]]]


def test_a_noise_mask_is_added_to_a_copy():
    latent = latents.empty_latent(64, 64, 2)
    masked = latents.set_latent_noise_mask(latent, torch.ones(64, 64))
    assert masked["noise_mask"].shape == (1, 1, 64, 64)
    assert set(latent) == {"samples"}
