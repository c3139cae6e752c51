"""Where a picture counts. The oracle for style and composition are the layers that InstantStyle's paper names."""

import pytest

from diffusion.image_prompts.weighting import WEIGHT_TYPES, BlockFactorError, factors, named_factors

SD1 = (*("IN01", "IN02", "IN04", "IN05", "IN07", "IN08", "MID"), *(f"OUT{number:02}" for number in range(3, 12)))
SDXL = (*("IN04", "IN05", "IN07", "IN08", "MID"), *(f"OUT{number:02}" for number in range(6)))


def acting(weight_type: str, blocks: tuple[str, ...]) -> dict[str, float]:
    return {block: factor for block, factor in factors(weight_type, blocks).items() if factor}


def test_style_and_composition_of_sdxl_are_the_layers_of_instant_style():
    """up_blocks.0.attentions.1 and down_blocks.2.attentions.1 of diffusers."""
    assert acting("style transfer", SDXL) == {"OUT01": 1.0}
    assert acting("composition", SDXL) == {"IN08": 1.0}
    assert acting("style and composition", SDXL) == {"OUT01": 1.0, "IN08": 1.0}
    assert set(acting("strong style transfer", SDXL)) == set(SDXL) - {"IN08"}


def test_style_and_composition_share_the_blocks_of_stable_diffusion_1():
    assert acting("composition", SD1) == {"IN07": 0.25, "IN08": 1.0}
    assert set(acting("style transfer", SD1)) == set(SD1) - {"IN07", "IN08", "MID", "OUT03", "OUT04"}


def test_slopes_and_faint_sides():
    eased = factors("ease in-out", SD1)
    assert eased["IN01"] == pytest.approx(0.05)
    assert eased["OUT04"] == pytest.approx(1.0)  # the ninth of sixteen
    assert factors("reverse in-out", SD1)["OUT04"] == pytest.approx(0.05)
    assert factors("ease in", SD1)["IN01"] == pytest.approx(1.0)
    assert {block for block, factor in factors("strong middle", SDXL).items() if factor == 1} == {"MID"}
    assert {block for block, factor in factors("weak output", SDXL).items() if factor == 0.2} == set(SDXL[5:])


@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
def test_types_of_single_blocks_are_not_for_other_models(weight_type):
    other = ("IN01", "MID", "OUT02")
    if "style" in weight_type or "composition" in weight_type:
        with pytest.raises(
            BlockFactorError, match=r"and this model has other blocks \(IN01, MID, OUT02\): choose linear"
        ):
            factors(weight_type, other)
    else:
        assert set(factors(weight_type, other)) == set(other)


def test_named_blocks():
    assert named_factors(" ", ("IN08", "MID")) == {"IN08": 1, "MID": 1}
    assert named_factors("IN8: 0.5,\nmid: -1", ("IN08", "MID", "OUT01")) == {"IN08": 0.5, "MID": -1, "OUT01": 1}
    for wrong in ("input: 1", "input 8", "input 8 1", "8: 1", "input 8: much"):
        with pytest.raises(BlockFactorError, match="is no weight of a block"):
            named_factors(wrong, SDXL)
    with pytest.raises(BlockFactorError, match="has no block IN01 that looks at the prompt: it has IN04"):
        named_factors("input 1: 0", SDXL)
