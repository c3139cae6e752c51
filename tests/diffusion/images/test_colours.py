"""Colour changes against Pillow, torchvision, scikit-image, colorsys and CIE's tables."""

import colorsys

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from skimage.color import lab2rgb, rgb2lab, rgb2ycbcr
from skimage.exposure import match_histograms as skimage_match

from diffusion.images import adjust, blending, channels, colour_correction, colours, palette, selection


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def array(images: torch.Tensor) -> np.ndarray:
    return (images[0].numpy() * 255).round().astype(np.uint8)


def test_colours_as_text():
    assert (colours.parsed("#ff8000") * 255).tolist() == [255, 128, 0, 255]
    assert (colours.parsed(" 0000FF80 ") * 255).round().tolist() == [0, 0, 255, 128]
    assert colours.levels("#102030") == (16, 32, 48)
    with pytest.raises(ValueError, match="'red' is no colour"):
        colours.parsed("red")


@pytest.mark.parametrize(
    ("name", "enhancer"),
    [("brightness", ImageEnhance.Brightness), ("contrast", ImageEnhance.Contrast), ("saturation", ImageEnhance.Color)],
)
@pytest.mark.parametrize("factor", [0.0, 0.6, 1.7])
def test_adjustments_as_pillow_makes_them(name, enhancer, factor):
    image = torch.from_numpy(np.random.default_rng(4).integers(0, 256, (1, 12, 10, 3)).astype(np.float32) / 255)
    expected = np.asarray(enhancer(Image.fromarray(array(image))).enhance(factor), np.float32)
    # Pillow rounds the grey in 8 bits before it mixes, which the factor magnifies.
    assert np.abs(adjust.adjust(image, **{name: factor})[0].numpy() * 255 - expected).max() <= 1 + factor


def test_hue_as_colorsys_turns_it():
    image = random(1, 4, 5, 3)
    turned = adjust.adjust(image, hue=-100)
    for before, after in zip(image.reshape(-1, 3).tolist(), turned.reshape(-1, 3).tolist(), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*before)
        np.testing.assert_allclose(after, colorsys.hsv_to_rgb((hue - 100 / 360) % 1, saturation, value), atol=1e-4)


def test_exposure_gamma_and_alpha():
    image = torch.cat([random(1, 4, 4, 3) * 0.5, random(1, 4, 4, 1)], -1)
    linear = np.where(image[..., :3] <= 0.04045, image[..., :3] / 12.92, ((image[..., :3] + 0.055) / 1.055) ** 2.4)
    doubled = (2 * linear).clip(0, 1)
    expected = np.where(doubled <= 0.0031308, doubled * 12.92, 1.055 * doubled ** (1 / 2.4) - 0.055)
    brighter = adjust.adjust(image, exposure=1)
    np.testing.assert_allclose(brighter[..., :3], expected, atol=1e-4)
    assert torch.equal(brighter[..., 3], image[..., 3])
    assert torch.equal(adjust.adjust(image, gamma=2)[..., :3], image[..., :3] ** 0.5)
    assert torch.equal(adjust.adjust(image), image)


def test_levels_by_hand():
    values = torch.tensor([0.0, 0.2, 0.4, 0.6, 1.0])
    assert adjust.levels(values, 0.2, 0.6, 1, 0, 1).tolist() == pytest.approx([0, 0, 0.5, 1, 1])
    assert adjust.levels(values, 0.2, 0.6, 2, 0.1, 0.9).tolist() == pytest.approx(
        [0.1, 0.1, 0.1 + 0.8 * 0.5**0.5, 0.9, 0.9]
    )
    with pytest.raises(ValueError, match="black point is not below"):
        adjust.levels(values, 0.5, 0.5, 1, 0, 1)


def test_automatic_levels_reach_black_and_white():
    image = 0.3 + 0.4 * random(2, 20, 20, 3)
    image[..., 2] *= 0.5
    together, apart = (adjust.auto_levels(image, 0.0, each) for each in (False, True))
    assert together.amin((1, 2, 3)).tolist() == [0, 0]
    assert together.amax((1, 2, 3)).tolist() == pytest.approx([1, 1])
    assert torch.equal(apart.amin((1, 2)), torch.zeros(2, 3))
    assert torch.allclose(apart.amax((1, 2)), torch.ones(2, 3))
    assert together[..., 2].max() < 0.9
    cut = adjust.auto_levels(image, 0.1, True)
    assert 0.19 < float(((cut <= 0) | (cut >= 1)).float().mean()) < 0.22
    flat = torch.full((1, 4, 4, 3), 0.4)
    assert torch.equal(adjust.auto_levels(flat, 0.0, False), flat)


def linear(values: torch.Tensor) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def test_white_balance_makes_the_cast_grey():
    image = random(1, 16, 16, 3) * 0.5
    image[..., 0] *= 0.5
    mean = linear(adjust.white_balance(image, "grey world")).mean((0, 1, 2))
    np.testing.assert_allclose(mean, mean[0], rtol=1e-3)
    brightest = adjust.white_balance(image, "brightest is white").flatten(0, 2).quantile(0.99, 0)
    np.testing.assert_allclose(brightest, brightest[0], atol=0.01)
    assert torch.allclose(adjust.white_balance(image, "grey world", 0.0), image, atol=1e-4)
    picked = torch.tensor([0.2, 0.4, 0.3]).expand(1, 2, 2, 3)
    light = torch.from_numpy(linear(torch.tensor([[0.2, 0.4, 0.3]])))
    grey = linear(adjust.neutralised(picked, light))[0, 0, 0]
    luminance = float((light * torch.tensor(colours.LUMINANCE)).sum())
    np.testing.assert_allclose(grey, luminance, rtol=1e-3)
    with pytest.raises(ValueError, match="no white balance"):
        adjust.white_balance(image, "mine")


def test_daylight_has_the_chromaticity_of_cie():
    """D50, D65 and D75 of CIE 15, whose temperatures are 5003, 6504 and 7504 K."""
    for kelvin, x, y in ((5003, 0.34567, 0.35850), (6504, 0.31272, 0.32903), (7504, 0.29902, 0.31485)):
        xyz = adjust.daylight(kelvin)
        np.testing.assert_allclose((xyz / xyz.sum())[:2], (x, y), atol=2e-4)


def test_white_under_another_light_has_the_colour_of_that_light():
    white = torch.full((1, 1, 1, 3), 0.5)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])  # of sRGB
    shown = to_xyz @ linear(adjust.temperature(white, 1e6 / 5003 - 1e6 / 6504))[0, 0, 0]
    np.testing.assert_allclose((shown / shown.sum())[:2], (0.34567, 0.35850), atol=1e-3)
    red, green, blue = adjust.temperature(white, -50).flatten().tolist()
    assert red < green < blue
    assert adjust.temperature(white, 0, 0.01)[..., 1] > 0.5 > adjust.temperature(white, 0, -0.01)[..., 1]
    assert torch.allclose(adjust.temperature(white, 0), white, atol=1e-3)


def test_histograms_as_scikit_image_matches_them():
    image, reference = random(2, 17, 13, 3), random(1, 9, 20, 3, seed=1) ** 2
    matched = colour_correction.match_histograms(image, reference)
    for before, after in zip(image, matched, strict=True):
        expected = skimage_match(before.numpy(), reference[0].numpy(), channel_axis=-1)
        np.testing.assert_allclose(after, expected, atol=1e-5)


def test_colour_correction_as_the_webui_makes_it():
    """Its chain with scikit-image in 8 bits; the luminosity of the painted picture stays."""
    image = (random(1, 32, 32, 3) * 0.5 + 0.3).float()
    reference = random(1, 24, 40, 3, seed=1) * torch.tensor([0.9, 0.5, 0.3])
    corrected = colour_correction.match_colours(image, reference)
    lab = skimage_match(rgb2lab(image[0].numpy()), rgb2lab(reference[0].numpy()), channel_axis=-1)
    coloured = torch.from_numpy(lab2rgb(lab).clip(0, 1).astype(np.float32))[None]
    expected = blending.blend(coloured, image, "luminosity")
    np.testing.assert_allclose(corrected, expected, atol=4 / 255)
    np.testing.assert_allclose(blending.luminosity(corrected), blending.luminosity(image), atol=1e-4)


def test_colours_are_transferred_by_mean_and_spread():
    image, reference = 0.4 + 0.2 * random(1, 30, 30, 3), 0.3 + 0.3 * random(1, 20, 20, 3, seed=2)
    moved = rgb2lab(colour_correction.transfer_colours(image, reference)[0].numpy())
    wanted = rgb2lab(reference[0].numpy())
    np.testing.assert_allclose(moved.mean((0, 1)), wanted.mean((0, 1)), atol=0.5)
    np.testing.assert_allclose(moved.std((0, 1)), wanted.std((0, 1)), atol=0.5)
    flat = torch.full((1, 8, 8, 3), 0.5)
    assert colour_correction.transfer_colours(flat, reference).isfinite().all()


def test_channels_are_those_of_the_space():
    image = random(2, 6, 7, 4)
    first = array(image[..., :3]).astype(np.float64) / 255
    exact = torch.from_numpy(first.astype(np.float32))[None]
    hue, saturation, value, _ = channels.split(exact, "HSV")
    expected = np.array([colorsys.rgb_to_hsv(*pixel) for pixel in first.reshape(-1, 3)]).reshape(6, 7, 3)
    np.testing.assert_allclose(torch.stack([hue, saturation, value], -1)[0], expected, atol=1e-5)
    hls = torch.stack(channels.split(exact, "HLS")[:3], -1)[0]
    expected = np.array([colorsys.rgb_to_hls(*pixel) for pixel in first.reshape(-1, 3)]).reshape(6, 7, 3)
    np.testing.assert_allclose(hls, expected, atol=1e-5)
    lab = torch.stack(channels.split(exact, "Lab")[:3], -1)[0] * torch.tensor([100.0, 256.0, 256.0])
    np.testing.assert_allclose(lab - torch.tensor([0, 128.0, 128.0]), rgb2lab(first), atol=0.05)
    luma = channels.split(exact, "YCbCr")[0][0]
    np.testing.assert_allclose(luma * 219 + 16, rgb2ycbcr(first)[..., 0], atol=0.2)
    for space in channels.SPACES:
        *parts, alpha = channels.split(image, space)
        np.testing.assert_allclose(channels.merge(parts, space, alpha), image, atol=2e-4)
    assert torch.equal(channels.split(image[..., :3], "RGB")[3], torch.ones(2, 6, 7))
    with pytest.raises(ValueError, match="differ in size"):
        channels.merge([image[..., 0], image[..., 1], image[:, :3, :, 2]], "RGB")
    one, two, three = (torch.rand(count, 4, 4) for count in (1, 2, 3))
    merged = channels.merge([one, two, three], "RGB", alpha=two)
    assert torch.equal(merged, torch.stack([one[[0, 0, 0]], two[[0, 1, 0]], three, two[[0, 1, 0]]], -1))


def test_selecting_by_colour_and_brightness():
    image = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.9, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]).reshape(1, 1, 4, 3)
    distance = np.linalg.norm(rgb2lab(image[0].numpy()) - rgb2lab(np.array([[[0.0, 1.0, 0.0]]])), axis=-1)[0]
    assert 5 < distance[1] < 20 < distance[2]
    assert selection.near_colour(image, "#00ff00", 20).flatten().tolist() == [1, 1, 0, 0]
    assert selection.near_colour(image, "#00ff00", 0).flatten().tolist() == [1, 0, 0, 0]
    soft = selection.near_colour(image, "#00ff00", 0, 2 * float(distance[1]))
    np.testing.assert_allclose(soft.flatten(), [1, 0.5, 0, 0], atol=1e-3)
    grey = torch.tensor([0.0, 0.4, 0.5, 0.7, 1.0]).reshape(1, 1, 5, 1).expand(-1, -1, -1, 3)
    chosen = selection.in_brightness(grey, 0.5, 0.7, 0.2)
    np.testing.assert_allclose(chosen.flatten(), [0, 0.5, 1, 1, 0], atol=1e-5)


def test_bayer_thresholds_are_those_of_his_paper():
    """Bayer (1973): the matrix of 4 x 4, in sixteenths."""
    matrix = (palette.bayer(4) + 0.5) * 16 - 0.5
    assert matrix.round().astype(int).tolist() == [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]


@pytest.mark.parametrize("dither", palette.DITHERS)
def test_a_palette_limits_the_colours(dither):
    tones = torch.linspace(0, 1, 16).repeat_interleave(16).reshape(1, 1, 256, 1).expand(1, 32, 256, 3)
    shown = palette.quantized(tones, 4, dither)
    assert len(shown.reshape(-1, 3).unique(dim=0)) <= 4
    # Dithering keeps the mean of a tone that lies between those of the palette; rounding is off by up to a tenth.
    errors = (shown - tones).reshape(32, 16, 16, 3).mean((0, 2, 3))[3:13]
    assert (float(errors.abs().max()) > 0.09) == (dither == "none")
    assert float(errors.abs().mean()) < (0.1 if dither == "none" else 0.03)
