"""Stochastic samplers with their noise left out: the mean of the reverse SDE, whose equation has a closed solution.

With noise of strength eta in ``λ = -log σ`` the mean follows ``dm/dσ = (1 + eta) (m - D(m, σ)) / σ``; for Gaussian data
``m - mean`` then falls as ``(deviation² + σ²)`` to the power ``(1 + eta) / 2``.
"""

import math
from functools import partial

import pytest
import torch
from scipy.integrate import quad

from diffusion.sampling.samplers import dpmpp, multistep, sde, second_order
from diffusion.sampling.samplers.euler import ddpm, euler, euler_ancestral
from tests.diffusion.sampling.gaussian import Gaussian, no_noise, silent

DATA = Gaussian()
HIGH, LOW = 8.0, 0.2
X = DATA.noisy(HIGH, 8)


def levels(steps: int) -> list[float]:
    start, end = HIGH ** (1 / 3), LOW ** (1 / 3)
    return (torch.linspace(start, end, steps + 1, dtype=torch.float64) ** 3).tolist()


def without_noise(run, steps: int) -> torch.Tensor:
    return run(DATA.denoise, X, levels(steps), lambda sigma, sigma_next: torch.zeros_like(X), silent)


def mean(eta: float) -> torch.Tensor:
    ratio = (DATA.deviation**2 + LOW**2) / (DATA.deviation**2 + HIGH**2)
    return DATA.mean + (X - DATA.mean) * ratio ** ((1 + eta) / 2)


EXACT = {
    "euler_ancestral": euler_ancestral,
    "ddpm": ddpm,
    "dpmpp_sde": dpmpp.dpmpp_sde,
    "dpmpp_2m_sde": dpmpp.dpmpp_2m_sde,
    "dpmpp_3m_sde": dpmpp.dpmpp_3m_sde,
    "sa_solver": partial(sde.sa_solver, tau=sde.constant_tau(1.0)),
}


@pytest.mark.parametrize("name", EXACT)
def test_the_mean_of_full_noise_is_exact(name):
    """With eta 1 the denoised latent stands still along the mean, which leaves solvers nothing to approximate."""
    assert torch.allclose(without_noise(EXACT[name], 5), mean(1.0), rtol=1e-10)


HALF = 0.5**0.5
ORDERS = {
    "euler_ancestral": (partial(euler_ancestral, eta=HALF), 1, HALF**2),
    "dpm_2_ancestral": (second_order.dpm_2_ancestral, 1, 1.0),
    "dpmpp_2s_ancestral": (dpmpp.dpmpp_2s_ancestral, 1, 1.0),
    "dpmpp_sde": (partial(dpmpp.dpmpp_sde, eta=HALF), 1, HALF**2),
    "dpmpp_2m_sde": (partial(dpmpp.dpmpp_2m_sde, eta=0.5), 2, 0.5),
    "dpmpp_3m_sde": (partial(dpmpp.dpmpp_3m_sde, eta=0.5), 2, 0.5),
    "sa_solver": (partial(sde.sa_solver, tau=sde.constant_tau(HALF)), 3, 0.5),
}


@pytest.mark.parametrize("name", ORDERS)
def test_order_of_the_mean(name):
    run, expected, eta = ORDERS[name]
    errors = [float((without_noise(run, steps) - mean(eta)).abs().max()) for steps in (96, 192)]
    assert math.log2(errors[0] / errors[1]) > expected - 0.25


def test_er_sde_follows_the_drift_of_its_noise_scale():
    def log_scale_slope(sigma: float) -> float:
        growth = math.exp(sigma**0.3)
        return 1 / sigma + growth * 0.3 * sigma**-0.7 / (growth + 10)

    exponent, _ = quad(lambda s: log_scale_slope(s) * s**2 / (DATA.deviation**2 + s**2), HIGH, LOW)
    expected = DATA.mean + (X - DATA.mean) * math.exp(exponent)
    errors = [float((without_noise(sde.er_sde, steps) - expected).abs().max()) for steps in (24, 48, 96)]
    # The rectangle sums leave an error of the first order, with a factor of about a thousandth.
    assert errors[0] > 3 * errors[1] > 6 * errors[2]
    assert errors[2] < 2e-4


def test_published_weights_of_heunpp2():
    sigmas, estimates, xs = [8.0, 5.0, 3.0, 1.0], {8.0: 0.3, 5.0: -0.2, 3.0: 0.9}, []
    second_order.heunpp2(
        lambda x, sigma: torch.full_like(x, estimates[sigma]),
        X,
        sigmas,
        no_noise,
        lambda index, x, denoised, sigma: xs.append(x),
    )
    first = (X - 0.3) / 8
    second = (X + first * -3 + 0.2) / 5
    third = (X + first * -3 + second * -2 - 0.9) / 3
    mean_slope = first * (1 - 5 / 24 - 3 / 24) + second * 5 / 24 + third * 3 / 24
    assert torch.allclose(xs[1], X - 3 * mean_slope, rtol=1e-12)


def test_gradient_estimation_extrapolates_the_slope():
    sigmas, xs = levels(3), []

    def on_step(index, x, denoised, sigma):
        xs.append((x, (x - denoised) / sigma))

    multistep.gradient_estimation(DATA.denoise, X, sigmas, no_noise, on_step)
    (_, before), (x, slope) = xs[:2]
    assert torch.allclose(xs[2][0], x + (2 * slope - before) * (sigmas[2] - sigmas[1]))
    plain = partial(multistep.gradient_estimation, ge_gamma=1.0)
    assert torch.allclose(
        plain(DATA.denoise, X, sigmas, no_noise, silent), euler(DATA.denoise, X, sigmas, no_noise, silent)
    )
