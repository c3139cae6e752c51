"""Order of convergence against the closed solution of the probability-flow ODE."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from diffusion.sampling.errors import SamplingError
from diffusion.sampling.samplers import adaptive, dpmpp, multistep, sde, second_order, unipc
from diffusion.sampling.samplers.euler import euler, euler_ancestral
from diffusion.sampling.samplers.quadrature import lagrange_integrals
from tests.diffusion.sampling.gaussian import Gaussian, no_noise, silent

DATA = Gaussian()
HIGH, LOW = 8.0, 0.2

# At least: multistep samplers start with one Euler step, whose error is of order 2, and exceed it until it dominates.
ORDERS = {
    "euler": (euler, 1),
    "euler_ancestral": (partial(euler_ancestral, eta=0.0), 1),
    "heun": (second_order.heun, 2),
    "heunpp2": (second_order.heunpp2, 1),
    "dpm_2": (second_order.dpm_2, 2),
    "dpm_2_ancestral": (partial(second_order.dpm_2_ancestral, eta=0.0), 2),
    "lms": (multistep.lms, 2),
    "ipndm": (multistep.ipndm, 2),
    "ipndm_v": (multistep.ipndm_v, 2),
    "deis": (multistep.deis, 3),
    "res_multistep": (multistep.res_multistep, 2),
    "gradient_estimation": (multistep.gradient_estimation, 1),
    "dpmpp_2s_ancestral": (partial(dpmpp.dpmpp_2s_ancestral, eta=0.0), 2),
    "dpmpp_sde": (partial(dpmpp.dpmpp_sde, eta=0.0), 2),
    "dpmpp_2m": (dpmpp.dpmpp_2m, 2),
    "dpmpp_2m_sde": (partial(dpmpp.dpmpp_2m_sde, eta=0.0), 2),
    "dpmpp_3m_sde": (partial(dpmpp.dpmpp_3m_sde, eta=0.0), 2),
    "sa_solver": (partial(sde.sa_solver, tau=sde.constant_tau(0.0)), 3),
    "dpm_fast": (adaptive.dpm_fast, 2),
    "uni_pc": (unipc.uni_pc, 2),
    "uni_pc_bh2": (unipc.uni_pc_bh2, 2),
}


def levels(steps: int, even: bool = False) -> list[float]:
    if even:
        return torch.linspace(HIGH, LOW, steps + 1, dtype=torch.float64).tolist()
    start, end = HIGH ** (1 / 3), LOW ** (1 / 3)
    return (torch.linspace(start, end, steps + 1, dtype=torch.float64) ** 3).tolist()


def error(run, sigmas: list[float]) -> float:
    x = DATA.noisy(HIGH, 8)
    zeros = torch.zeros_like(x)
    result = run(DATA.denoise, x, sigmas, lambda sigma, sigma_next: zeros, silent)
    return float((result - DATA.flow(x, HIGH, LOW)).abs().max())


@pytest.mark.parametrize("name", ORDERS)
def test_order(name):
    run, expected = ORDERS[name]
    errors = [error(run, levels(steps)) for steps in (192, 384)]
    assert math.log2(errors[0] / errors[1]) > expected - 0.25


@pytest.mark.parametrize("name", ["euler", "heunpp2", "gradient_estimation"])
def test_first_order_methods_have_no_higher_order(name):
    errors = [error(ORDERS[name][0], levels(steps)) for steps in (192, 384)]
    assert math.log2(errors[0] / errors[1]) < 1.1


def test_ipndm_is_adams_bashforth_on_even_levels():
    x, sigmas = DATA.noisy(HIGH, 8), levels(12, even=True)
    expected = multistep.lms(DATA.denoise, x, sigmas, no_noise, silent)
    assert torch.allclose(multistep.ipndm(DATA.denoise, x, sigmas, no_noise, silent), expected, rtol=1e-12)


def test_published_weights_of_ipndm_v_on_even_levels():
    weights = [np.array(multistep._uneven_step_weights([4.0, 5.0, 6.0, 7.0][:count], 3.0)) for count in range(1, 5)]
    assert np.allclose(weights[0], [-1])
    assert np.allclose(weights[1], [-3 / 2, 1 / 2])
    assert np.allclose(weights[2], [-23 / 12, 16 / 12, -5 / 12])
    assert np.allclose(weights[3], [-57 / 24, 65 / 24, -43 / 24, 11 / 24])


def test_ipndm_v_with_two_slopes_is_exact_on_uneven_levels():
    assert np.allclose(multistep._uneven_step_weights([4.0, 6.5], 3.0), lagrange_integrals([4.0, 6.5], 4.0, 3.0))


def test_adaptive_keeps_its_tolerance_and_adapts():
    x, taken = DATA.noisy(HIGH, 8), {}
    for tolerance in (0.05, 0.0005):
        steps = []
        run = partial(adaptive.dpm_adaptive, rtol=tolerance, atol=tolerance / 5)
        result = run(DATA.denoise, x, [HIGH, 1.0, LOW], no_noise, lambda *report, steps=steps: steps.append(report))
        assert float((result - DATA.flow(x, HIGH, LOW)).abs().max()) < 3 * tolerance
        taken[tolerance] = len(steps)
    assert 3 <= taken[0.05] < taken[0.0005] < 200


def test_the_embedded_pair_is_the_two_solvers_from_the_same_point():
    solver, x, at, h = adaptive._DPMSolver(DATA.denoise), DATA.noisy(HIGH, 8), -math.log(HIGH), 0.7
    eps = solver.eps(x, at)
    low, high = solver.second_and_third(x, at, h, eps)
    assert torch.allclose(low, solver.second(x, at, h, eps, r=1 / 3), rtol=1e-12)
    assert torch.allclose(high, solver.third(x, at, h, eps), rtol=1e-12)


def test_adaptive_gives_up_on_values_that_are_not_numbers():
    with pytest.raises(SamplingError, match="not numbers"):
        adaptive.dpm_adaptive(lambda x, sigma: x * math.nan, DATA.noisy(HIGH, 8), [HIGH, LOW], no_noise, silent)


def test_fast_asks_the_model_once_a_step():
    for steps in range(1, 14):
        calls = []

        def counted(x, sigma, calls=calls):
            calls.append(sigma)
            return DATA.denoise(x, sigma)

        adaptive.dpm_fast(counted, DATA.noisy(HIGH, 8), levels(steps), no_noise, silent)
        assert len(calls) == steps


@given(
    nodes=st.lists(st.floats(0.1, 10), min_size=1, max_size=4, unique_by=lambda value: round(value, 1)),
    ends=st.tuples(st.floats(0.5, 12), st.floats(0.5, 12)),
)
def test_lagrange_integrals_agree_with_adaptive_quadrature(nodes, ends):
    def integrand(s: float, j: int) -> float:
        basis = [(math.log(s) - math.log(n)) / (math.log(nodes[j]) - math.log(n)) for n in nodes if n != nodes[j]]
        return s * math.prod(basis)

    found = lagrange_integrals(nodes, *ends, abscissa=np.log, weight=lambda s: s)
    expected = [quad(integrand, *ends, args=(j,), epsabs=1e-12, limit=200)[0] for j in range(len(nodes))]
    scale = max(1.0, max(abs(value) for value in expected))
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-7 * scale)


def test_vp_time_inverts_the_linear_beta_process():
    time = np.array([0.001, 0.3, 1.0])
    assert np.allclose(multistep._vp_time(np.array([0.002, 80.0])), [0.001, 1.0])
    end, start = np.log1p(80.0**2), np.log1p(0.002**2)
    curvature = (end - start / 0.001) / (1 - 0.001)  # log(1 + σ²) = slope t + curvature t², through both ends
    integral = curvature * time**2 + (end - curvature) * time
    assert np.allclose(multistep._vp_time(np.sqrt(np.expm1(integral))), time, rtol=1e-9)
