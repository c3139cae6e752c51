"""The objective against the formulas of its papers, written out in DDPM's terms, on every timestep."""

import math

import pytest
import torch

from diffusion.sampling.model_sampling import with_zero_snr
from diffusion.sampling.noise_schedule import FlowSchedule, NoiseSchedule
from diffusion.sampling.parameterization import Epsilon, Flow, Sample, Velocity
from diffusion.training.objective import Objective

SCHEDULE = NoiseSchedule.scaled_linear()
ALPHAS = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2, 0)
EVERY = torch.arange(1000)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def latent() -> torch.Tensor:
    return torch.randn(1000, 2, 3, 3, generator=generator(1))


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.randn(1000, 2, 3, 3, generator=generator(2))


def ddpm(values: torch.Tensor) -> torch.Tensor:
    return values[:, None, None, None]


@pytest.mark.parametrize(
    "model", [Epsilon(SCHEDULE), Velocity(SCHEDULE), Sample(SCHEDULE)], ids=lambda m: type(m).__name__
)
def test_questions_are_those_of_ddpm_at_every_timestep(model, latent, noise):
    question = Objective().question(model, latent, noise, EVERY)
    signal, spread = ddpm(ALPHAS.sqrt()), ddpm((1 - ALPHAS).sqrt())
    torch.testing.assert_close(question.x.double(), signal * latent + spread * noise, atol=2e-5, rtol=1e-5)
    expected = {Epsilon: noise.double(), Velocity: signal * noise - spread * latent, Sample: latent.double()}[
        type(model)
    ]
    torch.testing.assert_close(question.target.double(), expected, atol=2e-5, rtol=1e-5)
    assert torch.equal(question.timestep, EVERY)


def test_questions_of_a_flow_lie_on_the_straight_line(latent, noise):
    model = Flow(FlowSchedule(shift=3.0))
    question = Objective().question(model, latent, noise, EVERY)
    time = (EVERY + 1) / 1000
    level = ddpm(3 * time / (1 + 2 * time))
    torch.testing.assert_close(question.x, (1 - level) * latent + level * noise)
    torch.testing.assert_close(question.target, noise - latent)
    torch.testing.assert_close(question.timestep, level.flatten() * 1000)


@pytest.mark.parametrize("model", [Epsilon(SCHEDULE), Velocity(SCHEDULE), Sample(SCHEDULE), Flow(FlowSchedule())])
def test_the_right_answer_gives_the_clean_latent_back(model, latent, noise):
    for timestep in (0, 400, 900):
        question = Objective().question(model, latent[:1], noise[:1], torch.tensor([timestep]))
        level = float(question.sigma)
        found = model.denoised(model.noised(latent[:1], noise[:1], level), question.target, level)
        torch.testing.assert_close(found, latent[:1], atol=1e-4, rtol=1e-4)


def test_at_with_zero_snr_the_last_question_is_noise_alone(latent, noise):
    model = Velocity(with_zero_snr(SCHEDULE))
    question = Objective().question(model, latent[:1], noise[:1], torch.tensor([999]))
    torch.testing.assert_close(question.x, noise[:1], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(question.target, -latent[:1], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("velocity", [False, True])
@pytest.mark.parametrize("weighting", ["min-SNR", "debiased"])
def test_weights_of_timesteps(weighting, velocity, latent, noise):
    model = (Velocity if velocity else Epsilon)(SCHEDULE)
    objective = Objective(weighting=weighting, gamma=5.0)
    question = objective.question(model, latent, noise, EVERY)
    snr = ALPHAS / (1 - ALPHAS)
    least, capped = snr.clamp(max=5), snr.clamp(max=1000)
    expected = {
        ("min-SNR", False): least / snr,
        ("min-SNR", True): least / (snr + 1),
        ("debiased", False): 1 / capped.sqrt(),
        ("debiased", True): 1 / (capped + 1),
    }[weighting, velocity]
    torch.testing.assert_close(objective.timestep_weights(model, question).double(), expected, atol=1e-6, rtol=1e-5)


def test_errors_of_a_velocity_count_as_those_of_the_noise_that_follows(latent, noise):
    """With velocity v and input x the noise is said to be ``sqrt(a) v + sqrt(1 - a) x``."""
    model, objective = Velocity(SCHEDULE), Objective(weighting="as noise")
    question = objective.question(model, latent, noise, EVERY)
    answer = torch.randn(latent.shape, generator=generator(5))
    said = ddpm(ALPHAS).sqrt() * answer.double() + (1 - ddpm(ALPHAS)).sqrt() * question.x.double()
    expected = (said - noise.double()).square().mean((1, 2, 3))
    torch.testing.assert_close(objective.losses(model, question, answer).double(), expected, atol=1e-5, rtol=1e-4)
    assert torch.equal(objective.timestep_weights(Epsilon(SCHEDULE), question), torch.ones(1000))


@pytest.mark.parametrize("schedule", ["constant", "exponential", "snr"])
@pytest.mark.parametrize("loss", ["l2", "l1", "huber", "smooth l1"])
def test_losses(loss, schedule, latent, noise):
    model, objective = Epsilon(SCHEDULE), Objective(loss=loss, huber_schedule=schedule, huber_c=0.2)
    question = objective.question(model, latent, noise, EVERY)
    difference = noise.double() - latent.double()
    sigma = ((1 - ALPHAS) / ALPHAS).sqrt()
    c = {
        "constant": torch.full((1000,), 0.2, dtype=torch.float64),
        "exponential": torch.exp(math.log(0.2) * EVERY / 1000),
        "snr": 0.8 / (1 + sigma) ** 2 + 0.2,
    }[schedule]
    root = (difference**2 + ddpm(c) ** 2).sqrt() - ddpm(c)
    each = {"l2": difference**2, "l1": difference.abs(), "huber": 2 * ddpm(c) * root, "smooth l1": 2 * root}[loss]
    found = objective.losses(model, question, latent).double()
    torch.testing.assert_close(found, each.mean(dim=(1, 2, 3)), atol=1e-6, rtol=1e-5)


def test_masks_and_weights_count_before_the_mean():
    model, objective = Epsilon(SCHEDULE), Objective()
    zeros = torch.zeros(2, 1, 2, 2)
    question = objective.question(model, zeros, zeros, torch.tensor([5, 9]))
    mask = torch.tensor([[1.0, 0.0], [0.5, 0.0]]).expand(2, 1, 2, 2)
    found = objective.losses(model, question, torch.full_like(zeros, 2.0), mask, torch.tensor([1.0, 0.25]))
    assert found.tolist() == [4 * 1.5 / 4, 4 * 1.5 / 4 / 4]


def test_noise_offset_moves_whole_channels():
    latent = torch.zeros(4, 3, 64, 64)
    plain, moved = (Objective(noise_offset=offset).noise(latent, generator()) for offset in (0.0, 0.5))
    shift = moved - plain
    assert shift.std(dim=(2, 3)).max() < 1e-6
    torch.testing.assert_close(shift[..., 0, 0], 0.5 * torch.randn(4, 3, 1, 1, generator=_after(latent))[..., 0, 0])


def _after(latent: torch.Tensor) -> torch.Generator:
    """A generator that has drawn the noise of a latent."""
    draw = generator()
    torch.randn(latent.shape, generator=draw)
    return draw


def test_multires_noise_is_correlated_and_of_unit_variance():
    latent = torch.zeros(8, 4, 64, 64)
    noise = Objective(multires_iterations=6, multires_discount=0.6).noise(latent, generator())
    torch.testing.assert_close(noise.std(dim=(1, 2, 3)), torch.ones(8))
    neighbours = (noise[..., :-1] * noise[..., 1:]).mean()
    plain = Objective().noise(latent, generator())
    assert neighbours > 0.05 > (plain[..., :-1] * plain[..., 1:]).mean().abs()


def test_a_perturbed_input_asks_for_the_noise_without_the_perturbation(latent, noise):
    plain, model = Objective(), Epsilon(SCHEDULE)
    question = Objective(input_perturbation=0.1).question(model, latent, noise, EVERY, generator())
    expected = plain.question(model, latent, noise + 0.1 * torch.randn(latent.shape, generator=generator()), EVERY)
    torch.testing.assert_close(question.x, expected.x)
    assert torch.equal(question.target, noise)


def test_timesteps_are_drawn_evenly_from_their_range():
    objective = Objective(first_timestep=200, last_timestep=203)
    question = objective.ask(Epsilon(SCHEDULE), torch.zeros(4000, 1, 1, 1), generator())
    counts = torch.bincount(question.timestep - 200, minlength=4)
    assert counts.shape == (4,)
    assert (counts - 1000).abs().max() < 4 * (4000 * 0.25 * 0.75) ** 0.5
