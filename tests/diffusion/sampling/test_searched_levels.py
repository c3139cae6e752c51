"""GITS and Optimal Steps, against levels as their authors published them and what each list must be."""

import pytest
import torch

from diffusion.sampling.searched_levels import gits_levels, optimal_levels

# By the coefficient, some of the lists that the authors of GITS gave, without the level 0.02916753 that ends each.
PUBLISHED = {
    0.8: [14.61464119, 11.54541874, 7.49001646, 5.85520077, 2.05039096],
    1.0: [14.61464119, 7.49001646, 4.86714602, 2.84484982, 1.61558151, 0.86115354, 0.38853383],
    1.2: [14.61464119, 5.85520077, 2.84484982, 1.67050016, 1.08895338, 0.74807048, 0.50118381, 0.32104823, 0.19894916,
          0.09824532],
    1.5: [14.61464119, 2.45070267, 1.41535246, 0.95350921, 0.72133851, 0.57119018, 0.4783645, 0.43325692, 0.38853383,
          0.36617002, 0.34370604, 0.32104823, 0.29807833, 0.27464288, 0.25053367, 0.22545385, 0.19894916, 0.17026083,
          0.13792117, 0.09824532],
}  # fmt: skip


@pytest.mark.parametrize("coefficient", PUBLISHED)
def test_gits_has_the_published_levels(coefficient):
    expected = torch.tensor([*PUBLISHED[coefficient], 0.0])
    torch.testing.assert_close(gits_levels(coefficient, len(expected) - 1), expected, rtol=5e-5, atol=0)


def test_every_list_of_gits_has_its_steps():
    for coefficient in (0.8 + number * 0.05 for number in range(15)):
        for steps in range(2, 21):
            levels = gits_levels(coefficient, steps)
            assert len(levels) == steps + 1
            assert (levels.diff() < 0).all()
            assert levels[-1] == 0


@pytest.mark.parametrize("steps_of", [lambda steps, denoise=1.0: gits_levels(1.22, steps, denoise),
                                      lambda steps, denoise=1.0: optimal_levels("Wan", steps, denoise)])  # fmt: skip
def test_other_numbers_of_steps_are_interpolated_and_the_last_of_them_can_be_had(steps_of):
    twenty, forty = steps_of(20), steps_of(40)
    torch.testing.assert_close(forty[:-1:2], twenty[:-1])
    torch.testing.assert_close(forty[1:-2:2], (twenty[:-2] * twenty[1:-1]).sqrt())
    assert torch.equal(steps_of(20, 0.31), twenty[-7:])
    assert len(steps_of(20, 0.0)) == 0


def test_optimal_steps_of_flux():
    levels = [0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808, 0.0]
    torch.testing.assert_close(optimal_levels("FLUX", 10), torch.tensor(levels))
    assert [len(optimal_levels(model, steps)) for model, steps in (("Wan", 20), ("Chroma", 40))] == [21, 41]
