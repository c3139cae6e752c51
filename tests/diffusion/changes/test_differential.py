"""Differential diffusion: which parts of a mask are free at which level."""

import torch

from diffusion.changes.differential import DifferentialDiffusion
from diffusion.sampling.guidance import ClassifierFreeGuidance
from diffusion.sampling.noise import BatchNoise
from diffusion.sampling.sample import sample_parts
from diffusion.sampling.samplers import SAMPLERS
from tests.diffusion.sampling.gaussian import SCHEDULE, PromptedModel, prompt


def test_a_part_is_free_from_its_part_of_the_timesteps_on():
    mask = torch.tensor([0.0, 0.24, 0.26, 0.74, 0.76, 1.0])
    levels = [float(SCHEDULE.sigmas[t]) for t in (800, 600, 200, 0)] + [0.0]
    change = DifferentialDiffusion()

    def at(level: float) -> list[float]:
        return change.mask(mask, level, levels, SCHEDULE).tolist()

    assert at(levels[0]) == [0, 0, 0, 0, 0, 1]
    assert at(levels[1]) == [0, 0, 0, 0, 1, 1]  # three quarters are left
    assert at(levels[2]) == [0, 0, 1, 1, 1, 1]
    assert at(levels[3]) == [1] * 6
    mixed = DifferentialDiffusion(0.25).mask(mask, levels[1], levels, SCHEDULE)
    torch.testing.assert_close(mixed, 0.75 * mask + 0.25 * torch.tensor([0.0, 0, 0, 0, 1, 1]))


def test_a_run_asks_it_at_every_level():
    levels = SCHEDULE.sigmas[torch.tensor([900, 600, 300, 0])]
    latent = {"samples": torch.zeros(1, 4, 8, 8), "noise_mask": torch.linspace(0, 1, 8).expand(1, 8, 8)}

    seen = []

    class Watching(DifferentialDiffusion):
        def mask(self, mask, sigma, levels, schedule):
            found = super().mask(mask, sigma, levels, schedule)
            seen.append(float(found.mean()))
            return found

    model = PromptedModel(guidance=(Watching(),))
    guider = ClassifierFreeGuidance(prompt(1.0), prompt(0.0), 1.0)
    sample_parts(model, latent, BatchNoise(0), guider, SAMPLERS["euler"], levels)
    assert seen == [1 / 8, 3 / 8, 5 / 8]
