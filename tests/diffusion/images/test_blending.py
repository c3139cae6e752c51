"""Blend modes against the formulas of ISO 32000, worked out by hand, and against Pillow; Porter and Duff by hand."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops

from diffusion.images.blending import MODES, blend, luminosity
from diffusion.images.compositing import OPERATORS, compose

# Backdrop and source, one value a channel, and what each mode makes of them.
BACKDROP, SOURCE = (0.2, 0.6, 0.8), (0.4, 0.75, 0.3)
EXPECTED = {
    "normal": SOURCE,
    "multiply": (0.08, 0.45, 0.24),
    "screen": (0.52, 0.9, 0.86),
    "overlay": (0.16, 0.8, 0.72),
    "hard_light": (0.16, 0.8, 0.48),
    "soft_light": (0.2 - 0.2 * 0.2 * 0.8, 0.6 + 0.5 * (0.6**0.5 - 0.6), 0.8 - 0.4 * 0.8 * 0.2),
    "difference": (0.2, 0.15, 0.5),
    "exclusion": (0.44, 0.45, 0.62),
    "darken": (0.2, 0.6, 0.3),
    "lighten": (0.4, 0.75, 0.8),
    "color_burn": (0, 1 - 0.4 / 0.75, 1 - 0.2 / 0.3),
    "color_dodge": (0.2 / 0.6, 1, 1),
    "linear_burn": (0, 0.35, 0.1),
    "linear_dodge": (0.6, 1, 1),
    "vivid_light": (0, 1, 1 - 0.2 / 0.6),
    "linear_light": (0, 1, 0.4),
    "pin_light": (0.2, 0.6, 0.6),
    "hard_mix": (0, 1, 1),
    "subtract": (0, 0, 0.5),
    "divide": (0.5, 0.8, 1),
    "darker_color": BACKDROP,  # luminosity 0.502 against 0.5955
    "lighter_color": SOURCE,
}


def pixel(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, 1, -1)


@pytest.mark.parametrize("mode", EXPECTED)
def test_separable_modes(mode):
    np.testing.assert_allclose(blend(pixel(BACKDROP), pixel(SOURCE), mode).flatten(), EXPECTED[mode], atol=1e-6)


def test_extremes_give_numbers():
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 6)
    backdrop, source = corners[None, None, :, :3], corners[None, None, :, 3:]
    for mode in MODES:
        result = blend(backdrop, source, mode)
        assert ((result >= 0) & (result <= 1)).all(), mode


def test_every_mode_is_tried():
    assert set(MODES) == {*EXPECTED, "hue", "saturation", "color", "luminosity"}


def test_non_separable_modes_take_their_parts_from_the_right_picture():
    """By what they promise: the luminosity of one picture, and of the colours no more than a grey axis moves."""
    generator = torch.Generator().manual_seed(1)
    backdrop, source = torch.rand(2, 1, 16, 16, 3, generator=generator)
    for mode, light in (("hue", backdrop), ("saturation", backdrop), ("color", backdrop), ("luminosity", source)):
        mixed = blend(backdrop, source, mode)
        np.testing.assert_allclose(luminosity(mixed), luminosity(light), atol=1e-5)
    # Colour of the source at the luminosity of the backdrop: the order of the channels is that of the source.
    coloured = blend(backdrop, source, "color")
    assert torch.equal(coloured.argsort(-1), source.argsort(-1))
    # A grey source has no saturation to give, and its hue gives grey.
    grey = torch.full_like(source, 0.5)
    for mode in ("hue", "saturation", "color"):
        mixed = blend(backdrop, grey, mode)
        np.testing.assert_allclose(mixed, luminosity(backdrop).expand_as(mixed), atol=1e-5)


def test_luminosity_by_hand():
    """ISO 32000: (1, 0, 0) at luminosity 0.5: moved by 0.2 to (1.2, 0.2, 0.2), and clipped towards grey."""
    red, grey = pixel((1.0, 0.0, 0.0)), pixel((0.5, 0.5, 0.5))
    expected = [1.0, 0.5 + (0.2 - 0.5) * 0.5 / 0.7, 0.5 + (0.2 - 0.5) * 0.5 / 0.7]
    np.testing.assert_allclose(blend(red, grey, "luminosity").flatten(), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("mode", "of_pillow"),
    [
        ("multiply", ImageChops.multiply),
        ("screen", ImageChops.screen),
        ("overlay", ImageChops.overlay),
        ("hard_light", ImageChops.hard_light),
        ("difference", ImageChops.difference),
        ("darken", ImageChops.darker),
        ("lighten", ImageChops.lighter),
        ("subtract", ImageChops.subtract),
        ("linear_dodge", ImageChops.add),
    ],
)
def test_as_pillow_blends(mode, of_pillow):
    levels = np.random.default_rng(2).integers(0, 256, (2, 9, 7, 3), np.uint8)
    expected = np.asarray(of_pillow(*(Image.fromarray(each) for each in levels)), np.float32)
    backdrop, source = torch.from_numpy(levels.astype(np.float32) / 255)[:, None]
    assert np.abs(blend(backdrop, source, mode)[0].numpy() * 255 - expected).max() <= 1.01  # Pillow cuts off fractions


def test_opacity_mask_and_alpha_say_how_much():
    backdrop, source = torch.zeros(1, 2, 2, 3), torch.ones(1, 2, 2, 3)
    assert blend(backdrop, source, "normal", 0.25).unique().tolist() == [0.25]
    mask = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    assert blend(backdrop, source, "normal", 0.5, mask)[0, :, :, 0].tolist() == [[0, 0.5], [0, 0.5]]
    transparent = torch.cat([source, mask[..., None]], -1)
    assert blend(backdrop, transparent, "normal")[0, :, :, 0].tolist() == [[0, 1], [0, 1]]
    assert blend(backdrop, torch.ones(3, 8, 4, 3), "normal").shape == (3, 2, 2, 3)
    with pytest.raises(ValueError, match="no blend mode 'dissolve'"):
        blend(backdrop, source, "dissolve")


# Half transparent red over a destination of three quarters opaque green: colour multiplied by alpha, and alpha.
COMPOSED = {
    "ADD": ((0.5, 0.75, 0), 1),
    "CLEAR": ((0, 0, 0), 0),
    "DARKEN": ((0.125, 0.375, 0), 0.875),
    "DST": ((0, 0.75, 0), 0.75),
    "DST_ATOP": ((0.125, 0.375, 0), 0.5),
    "DST_IN": ((0, 0.375, 0), 0.375),
    "DST_OUT": ((0, 0.375, 0), 0.375),
    "DST_OVER": ((0.125, 0.75, 0), 0.875),
    "LIGHTEN": ((0.625, 1.125, 0), 0.875),
    "MULTIPLY": ((0, 0, 0), 0.375),
    "SCREEN": ((0.5, 0.75, 0), 0.875),
    "SRC": ((0.5, 0, 0), 0.5),
    "SRC_ATOP": ((0.375, 0.375, 0), 0.75),
    "SRC_IN": ((0.375, 0, 0), 0.375),
    "SRC_OUT": ((0.125, 0, 0), 0.125),
    "SRC_OVER": ((0.5, 0.375, 0), 0.875),
    "XOR": ((0.125, 0.375, 0), 0.5),
}


@pytest.mark.parametrize("mode", COMPOSED)
def test_porter_and_duff(mode):
    colours, alpha = compose(
        pixel((1.0, 0.0, 0.0)), torch.full((1, 1, 1), 0.5), pixel((0.0, 1.0, 0.0)), torch.full((1, 1, 1), 0.75), mode
    )
    multiplied, wanted = COMPOSED[mode]
    assert alpha.item() == pytest.approx(wanted)
    plain = [min(1, value / wanted) if wanted else 0 for value in multiplied]
    np.testing.assert_allclose(colours.flatten(), plain, atol=1e-6)


def test_overlay_of_opaque_pictures_is_the_blend_mode():
    """OVERLAY has its formula from Android, which agrees with the blend mode where everything is opaque."""
    backdrop, source = torch.rand(2, 1, 8, 8, 3, generator=torch.Generator().manual_seed(3))
    opaque = torch.ones(1, 8, 8)
    colours, alpha = compose(source, opaque, backdrop, opaque, "OVERLAY")
    assert torch.equal(alpha, opaque)
    np.testing.assert_allclose(colours, blend(backdrop, source, "overlay"), atol=1e-6)
    assert set(OPERATORS) == {*COMPOSED, "OVERLAY"}
