"""How many steps are done, and loopback's strengths: tables computed from the WebUI's definition."""

import pytest
import torch

from diffusion.pictures.denoise_curves import COUNTINGS, image_to_image_sigmas, loop_denoise
from diffusion.sampling.schedules import sigmas_for
from tests.diffusion.sampling.gaussian import SCHEDULE

PART, ALL = COUNTINGS


@pytest.mark.parametrize(
    ("denoise", "executed"), [(0, 1), (0.1, 3), (0.25, 6), (0.4, 9), (0.5, 11), (0.75, 16), (0.99, 20), (1, 20)]
)
def test_a_part_of_twenty_steps_is_done(denoise, executed):
    whole = sigmas_for(SCHEDULE, "karras", 20)
    found = image_to_image_sigmas(SCHEDULE, "karras", 20, denoise, PART)
    assert torch.equal(found, whole[20 - executed :])


@pytest.mark.parametrize(("denoise", "total", "first"), [(0.5, 40, 20), (0.75, 26, 6), (1, 20, 0)])
def test_all_steps_are_those_of_a_longer_run(denoise, total, first):
    found = image_to_image_sigmas(SCHEDULE, "normal", 20, denoise, ALL)
    assert torch.equal(found, sigmas_for(SCHEDULE, "normal", total)[first:])
    assert len(found) == 21


def test_nothing_is_done_of_all_steps_at_zero():
    assert len(image_to_image_sigmas(SCHEDULE, "normal", 20, 0, ALL)) == 0


def test_another_counting_is_said():
    with pytest.raises(ValueError, match="'some'"):
        image_to_image_sigmas(SCHEDULE, "normal", 20, 0.5, "some")


@pytest.mark.parametrize(
    ("curve", "ends", "strengths"),
    [
        ("Aggressive", (0.75, 0.5), (0.75, 0.625, 0.53349, 0.5)),
        ("Linear", (0.75, 0.5), (0.75, 0.66667, 0.58333, 0.5)),
        ("Lazy", (0.75, 0.5), (0.75, 0.71651, 0.625, 0.5)),
        ("Aggressive", (0.2, 0.8), (0.2, 0.42961, 0.62426, 0.75433, 0.8)),
        ("Lazy", (0.2, 0.8), (0.2, 0.24567, 0.37574, 0.57039, 0.8)),
        ("Lazy", (0.3, 0.9), (0.3,)),
    ],
)
def test_the_course_of_a_loop(curve, ends, strengths):
    found = [loop_denoise(*ends, curve, loop, len(strengths)) for loop in range(len(strengths))]
    assert found == pytest.approx(strengths, abs=1e-5)


def test_another_curve_is_said():
    with pytest.raises(ValueError, match="'Steep'"):
        loop_denoise(0.1, 0.2, "Steep", 0, 2)
