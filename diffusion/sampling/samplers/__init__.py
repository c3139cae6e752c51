"""The samplers by name, in the order in which a user chooses from them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from diffusion.sampling.noise_schedule import FlowSchedule, NoiseLevels
from diffusion.sampling.samplers.adaptive import dpm_adaptive, dpm_fast
from diffusion.sampling.samplers.cfg_pp import (
    dpmpp_2m_cfg_pp,
    dpmpp_2s_ancestral_cfg_pp,
    euler_ancestral_cfg_pp,
    euler_cfg_pp,
    gradient_estimation_cfg_pp,
    res_multistep_ancestral_cfg_pp,
    res_multistep_cfg_pp,
)
from diffusion.sampling.samplers.dpmpp import dpmpp_2m, dpmpp_2m_sde, dpmpp_2s_ancestral, dpmpp_3m_sde, dpmpp_sde
from diffusion.sampling.samplers.euler import ddim, ddpm, euler, euler_ancestral, lcm
from diffusion.sampling.samplers.multistep import (
    deis,
    gradient_estimation,
    ipndm,
    ipndm_v,
    lms,
    res_multistep,
    res_multistep_ancestral,
)
from diffusion.sampling.samplers.restart import restart
from diffusion.sampling.samplers.sampler import (
    Denoise,
    Denoiser,
    Noise,
    NoiseKind,
    OnStep,
    Sampler,
    middle_flow,
    split_flow,
)
from diffusion.sampling.samplers.sde import er_sde, sa_solver, tau_between
from diffusion.sampling.samplers.second_order import dpm_2, dpm_2_ancestral, heun, heunpp2
from diffusion.sampling.samplers.seeds import seeds_2, seeds_3
from diffusion.sampling.samplers.unipc import uni_pc, uni_pc_bh2

__all__ = ["SAMPLERS", "Denoise", "Denoiser", "Noise", "NoiseKind", "OnStep", "Sampler"]


def _noise_in_the_middle(schedule: NoiseLevels) -> Mapping[str, Any]:
    return {"tau": tau_between(schedule.percent_to_sigma(0.2), schedule.percent_to_sigma(0.8))}


def _signal_of_flow(sigma: float) -> float:
    return 1 - sigma


def _of_flows(**options: Any) -> Callable[[NoiseLevels], Mapping[str, Any]]:
    """Options that a sampler has on rectified flows alone."""
    return lambda schedule: options if isinstance(schedule, FlowSchedule) else {}


def _on_device(sampler: Sampler) -> Sampler:
    return replace(sampler, noise="brownian_on_device")


_DPMPP_SDE = Sampler(dpmpp_sde, noise="brownian", calls_per_step=2, in_ratio=True)
_DPMPP_2M_SDE = Sampler(dpmpp_2m_sde, noise="brownian", in_ratio=True)
_DPMPP_3M_SDE = Sampler(dpmpp_3m_sde, noise="brownian", in_ratio=True)
_SA_SOLVER = Sampler(sa_solver, options=_noise_in_the_middle, in_ratio=True)

SAMPLERS: dict[str, Sampler] = {
    "euler": Sampler(euler),
    "euler_cfg_pp": Sampler(euler_cfg_pp, in_ratio=True),
    "euler_ancestral": Sampler(euler_ancestral, options=_of_flows(split=split_flow)),
    "euler_ancestral_cfg_pp": Sampler(euler_ancestral_cfg_pp, in_ratio=True),
    "heun": Sampler(heun, calls_per_step=2),
    "heunpp2": Sampler(heunpp2, calls_per_step=3),
    "dpm_2": Sampler(dpm_2, drops_penultimate=True, calls_per_step=2),
    "dpm_2_ancestral": Sampler(
        dpm_2_ancestral, drops_penultimate=True, calls_per_step=2, options=_of_flows(split=split_flow)
    ),
    "lms": Sampler(lms),
    "dpm_fast": Sampler(dpm_fast),
    "dpm_adaptive": Sampler(dpm_adaptive, mixes=True),
    "dpmpp_2s_ancestral": Sampler(
        dpmpp_2s_ancestral, calls_per_step=2, options=_of_flows(split=split_flow, middle=middle_flow)
    ),
    "dpmpp_2s_ancestral_cfg_pp": Sampler(dpmpp_2s_ancestral_cfg_pp, calls_per_step=2),
    "dpmpp_sde": _DPMPP_SDE,
    "dpmpp_sde_gpu": _on_device(_DPMPP_SDE),
    "dpmpp_2m": Sampler(dpmpp_2m),
    "dpmpp_2m_cfg_pp": Sampler(dpmpp_2m_cfg_pp),
    "dpmpp_2m_sde": _DPMPP_2M_SDE,
    "dpmpp_2m_sde_gpu": _on_device(_DPMPP_2M_SDE),
    "dpmpp_2m_sde_heun": _DPMPP_2M_SDE.with_options(solver_type="heun"),
    "dpmpp_2m_sde_heun_gpu": _on_device(_DPMPP_2M_SDE.with_options(solver_type="heun")),
    "dpmpp_3m_sde": _DPMPP_3M_SDE,
    "dpmpp_3m_sde_gpu": _on_device(_DPMPP_3M_SDE),
    "ddpm": Sampler(ddpm, in_ratio=True),
    "lcm": Sampler(lcm, options=_of_flows(signal=_signal_of_flow)),
    "ipndm": Sampler(ipndm),
    "ipndm_v": Sampler(ipndm_v),
    "deis": Sampler(deis),
    "res_multistep": Sampler(res_multistep),
    "res_multistep_cfg_pp": Sampler(res_multistep_cfg_pp),
    "res_multistep_ancestral": Sampler(res_multistep_ancestral),
    "res_multistep_ancestral_cfg_pp": Sampler(res_multistep_ancestral_cfg_pp),
    "gradient_estimation": Sampler(gradient_estimation),
    "gradient_estimation_cfg_pp": Sampler(gradient_estimation_cfg_pp),
    "er_sde": Sampler(er_sde, in_ratio=True),
    "seeds_2": Sampler(seeds_2, calls_per_step=2, in_ratio=True),
    "seeds_3": Sampler(seeds_3, calls_per_step=3, in_ratio=True),
    "sa_solver": _SA_SOLVER,
    "sa_solver_pece": replace(_SA_SOLVER.with_options(use_pece=True), calls_per_step=2),
    "restart": Sampler(restart, calls_per_step=2, in_ratio=True),
    "ddim": Sampler(ddim, fresh_inpaint_noise=True, options=_of_flows(split=split_flow)),
    "uni_pc": Sampler(uni_pc, drops_penultimate=True),
    "uni_pc_bh2": Sampler(uni_pc_bh2, drops_penultimate=True),
}
