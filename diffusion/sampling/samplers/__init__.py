"""The samplers by name, in the order in which a user chooses from them."""

from collections.abc import Mapping
from typing import Any

from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.samplers.adaptive import dpm_adaptive, dpm_fast
from diffusion.sampling.samplers.dpmpp import dpmpp_2m, dpmpp_2m_sde, dpmpp_2s_ancestral, dpmpp_3m_sde, dpmpp_sde
from diffusion.sampling.samplers.euler import ddpm, euler, euler_ancestral, lcm
from diffusion.sampling.samplers.multistep import deis, gradient_estimation, ipndm, ipndm_v, lms, res_multistep
from diffusion.sampling.samplers.sampler import Denoise, Noise, OnStep, Sampler
from diffusion.sampling.samplers.sde import er_sde, sa_solver, tau_between
from diffusion.sampling.samplers.second_order import dpm_2, dpm_2_ancestral, heun, heunpp2
from diffusion.sampling.samplers.unipc import uni_pc, uni_pc_bh2

__all__ = ["SAMPLERS", "Denoise", "Noise", "OnStep", "Sampler"]


def _noise_in_the_middle(schedule: NoiseSchedule) -> Mapping[str, Any]:
    return {"tau": tau_between(schedule.percent_to_sigma(0.2), schedule.percent_to_sigma(0.8))}


SAMPLERS: dict[str, Sampler] = {
    "euler": Sampler(euler),
    "euler_ancestral": Sampler(euler_ancestral),
    "heun": Sampler(heun),
    "heunpp2": Sampler(heunpp2),
    "dpm_2": Sampler(dpm_2, drops_penultimate=True),
    "dpm_2_ancestral": Sampler(dpm_2_ancestral, drops_penultimate=True),
    "lms": Sampler(lms),
    "dpm_fast": Sampler(dpm_fast),
    "dpm_adaptive": Sampler(dpm_adaptive),
    "dpmpp_2s_ancestral": Sampler(dpmpp_2s_ancestral),
    "dpmpp_sde": Sampler(dpmpp_sde, noise="brownian"),
    "dpmpp_2m": Sampler(dpmpp_2m),
    "dpmpp_2m_sde": Sampler(dpmpp_2m_sde, noise="brownian"),
    "dpmpp_3m_sde": Sampler(dpmpp_3m_sde, noise="brownian"),
    "ddpm": Sampler(ddpm),
    "lcm": Sampler(lcm),
    "ipndm": Sampler(ipndm),
    "ipndm_v": Sampler(ipndm_v),
    "deis": Sampler(deis),
    "res_multistep": Sampler(res_multistep),
    "gradient_estimation": Sampler(gradient_estimation),
    "er_sde": Sampler(er_sde),
    "sa_solver": Sampler(sa_solver, options=_noise_in_the_middle),
    "ddim": Sampler(euler, fresh_inpaint_noise=True),
    "uni_pc": Sampler(uni_pc, drops_penultimate=True),
    "uni_pc_bh2": Sampler(uni_pc_bh2, drops_penultimate=True),
}
