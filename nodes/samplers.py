"""Nodes that choose how the steps of a run are computed."""

import math
from dataclasses import replace
from typing import Annotated

from diffusion.sampling import SAMPLERS
from diffusion.sampling.samplers.cfg_pp import euler_cfg_pp_alternative
from diffusion.sampling.samplers.quadrature import Curve
from diffusion.sampling.samplers.restart import Restart
from diffusion.sampling.samplers.sampler import Growth
from diffusion.sampling.samplers.sampler import Sampler as Method
from diffusion.sampling.samplers.sde import er_noise_scale, reverse_time_noise_scale, tau_between
from graph.declare import Choice, Range, node
from nodes.sockets import Model, Sampler

Eta = Annotated[float, Range(0, 100, step=0.01)]
NoiseScale = Annotated[float, Range(0, 100, step=0.01)]
Device = Annotated[str, Choice(["gpu", "cpu"])]
Order = Annotated[int, Range(1, 4)]
Coefficient = Annotated[float, Range(0, 100, step=0.01)]
Percent = Annotated[float, Range(0, 1, step=0.001)]


@node("KSamplerSelect", category="sampling/samplers", search=["euler", "dpmpp", "ddim", "uni_pc"])
def k_sampler_select(sampler_name: Annotated[str, Choice(list(SAMPLERS))] = "euler") -> Sampler:
    """A sampler by its name, as it is in KSampler.

    sampler_name: How each step is computed.
    """
    return SAMPLERS[sampler_name]


@node("SamplerEulerAncestral", category="sampling/samplers", search=["euler a"])
def sampler_euler_ancestral(eta: Eta = 1.0, s_noise: NoiseScale = 1.0) -> Sampler:
    """Euler's method with noise of an amount.

    eta: How much of each step is replaced by fresh noise.
    s_noise: What that noise is multiplied with.
    """
    return SAMPLERS["euler_ancestral"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerEulerAncestralCFGPP", category="sampling/samplers", search=["CFG++"])
def sampler_euler_ancestral_cfg_pp(eta: Eta = 1.0, s_noise: NoiseScale = 1.0) -> Sampler:
    """Euler's ancestral method with CFG++, which wants a low guidance scale: 0.6 to 2.

    eta: How much of each step is replaced by fresh noise.
    s_noise: What that noise is multiplied with.
    """
    return SAMPLERS["euler_ancestral_cfg_pp"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerEulerCFGpp", category="sampling/samplers", title="Sampler Euler CFG++", experimental=True)
def sampler_euler_cfg_pp(version: Annotated[str, Choice(["regular", "alternative"])] = "regular") -> Sampler:
    """Euler's method with CFG++, which wants a low guidance scale: 0.6 to 2.

    version: alternative is another form in circulation; regular is the paper's.
    """
    return SAMPLERS["euler_cfg_pp"] if version == "regular" else Method(euler_cfg_pp_alternative)


@node("SamplerDDIM", category="sampling/samplers", title="Sampler DDIM")
def sampler_ddim(eta: Eta = 0.0, s_noise: NoiseScale = 1.0) -> Sampler:
    """DDIM.

    eta: How much of each step is replaced by fresh noise; 0 is DDIM proper, 1 is DDPM.
    s_noise: What that noise is multiplied with.
    """
    return SAMPLERS["ddim"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerChurn", category="sampling/samplers", search=["s_churn", "euler", "heun", "dpm_2", "EDM"])
def sampler_churn(
    method: Annotated[str, Choice(["euler", "heun", "dpm_2"])] = "euler",
    s_churn: Annotated[float, Range(0, 1000, step=0.1)] = 0.0,
    s_tmin: Annotated[float, Range(0, 5000, step=0.01)] = 0.0,
    s_tmax: Annotated[float, Range(0, 5000, step=0.01)] = 0.0,
    s_noise: NoiseScale = 1.0,
) -> Sampler:
    """A sampler that adds some noise before its steps.

    method: How each step is computed.
    s_churn: How much noise is added over all steps.
    s_tmin: The lowest noise level at which some is added.
    s_tmax: The highest noise level at which some is added; 0 for any.
    s_noise: What that noise is multiplied with.
    """
    return SAMPLERS[method].with_options(
        s_churn=s_churn, s_tmin=s_tmin, s_tmax=s_tmax or math.inf, s_noise=s_noise
    )  # fmt: skip


@node("SamplerLCMUpscale", category="sampling/samplers", title="Sampler LCM Upscale", search=["hires", "enlarge"])
def sampler_lcm_upscale(
    scale_ratio: Annotated[float, Range(0.1, 20, step=0.01)] = 1.0,
    scale_steps: Annotated[int, Range(-1, 1000)] = -1,
    upscale_method: Annotated[str, Choice(["bislerp", "nearest-exact", "bilinear", "area", "bicubic"])] = "bislerp",
) -> Sampler:
    """The sampler of latent consistency models, with a picture that grows from step to step.

    scale_ratio: How many times as high and wide the picture is in the end.
    scale_steps: After how many steps it has grown; -1 for half of them.
    upscale_method: How latents are enlarged.
    """
    growth = Growth(scale_ratio, None if scale_steps < 0 else scale_steps, upscale_method)
    return replace(SAMPLERS["lcm"], growth=growth)


@node("SamplerLMS", category="sampling/samplers", title="Sampler LMS")
def sampler_lms(order: Annotated[int, Range(1, 100)] = 4) -> Sampler:
    """The linear multistep method.

    order: How many steps are looked back at.
    """
    return SAMPLERS["lms"].with_options(order=order)


@node("SamplerMultistep", category="sampling/samplers", search=["ipndm", "deis"])
def sampler_multistep(
    method: Annotated[str, Choice(["ipndm", "ipndm_v", "deis"])] = "ipndm", max_order: Order = 3
) -> Sampler:
    """A sampler that looks back at earlier steps.

    method: How each step is computed.
    max_order: How many steps are looked back at.
    """
    return SAMPLERS[method].with_options(max_order=max_order)


@node("SamplerUniPC", category="sampling/samplers", title="Sampler UniPC")
def sampler_uni_pc(
    variant: Annotated[str, Choice(["bh1", "bh2"])] = "bh1", order: Annotated[int, Range(1, 3)] = 3
) -> Sampler:
    """UniPC, which predicts and corrects each step.

    variant: bh2 is the better one at few steps.
    order: How many steps are looked back at.
    """
    return SAMPLERS["uni_pc" if variant == "bh1" else "uni_pc_bh2"].with_options(order=order)


@node("SamplerDPMPP_2S_Ancestral", category="sampling/samplers", title="Sampler DPM++ 2S Ancestral")
def sampler_dpmpp_2s_ancestral(eta: Eta = 1.0, s_noise: NoiseScale = 1.0) -> Sampler:
    """DPM-Solver++ of order 2 in single steps, with noise; two model calls a step.

    eta: How much of each step is replaced by fresh noise.
    s_noise: What that noise is multiplied with.
    """
    return SAMPLERS["dpmpp_2s_ancestral"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerDPMPP_SDE", category="sampling/samplers", title="Sampler DPM++ SDE")
def sampler_dpmpp_sde(eta: Eta = 1.0, s_noise: NoiseScale = 1.0, r: Eta = 0.5, noise_device: Device = "gpu") -> Sampler:
    """DPM-Solver++ for the equation with noise; two model calls a step.

    eta: How much of each step is replaced by fresh noise.
    s_noise: What that noise is multiplied with.
    r: Where in a step the model is asked the second time.
    noise_device: Where the noise is drawn; cpu gives the same on every machine.
    """
    return _placed("dpmpp_sde", noise_device).with_options(eta=eta, s_noise=s_noise, r=max(r, 0.01))


@node("SamplerDPMPP_2M_SDE", category="sampling/samplers", title="Sampler DPM++ 2M SDE")
def sampler_dpmpp_2m_sde(
    solver_type: Annotated[str, Choice(["midpoint", "heun"])] = "midpoint",
    eta: Eta = 1.0,
    s_noise: NoiseScale = 1.0,
    noise_device: Device = "gpu",
) -> Sampler:
    """DPM-Solver++ of order 2 in multiple steps, with noise.

    solver_type: How the step before counts.
    eta: How much of each step is replaced by fresh noise; 0 is DPM++ 2M.
    s_noise: What that noise is multiplied with.
    noise_device: Where the noise is drawn; cpu gives the same on every machine.
    """
    sampler = _placed("dpmpp_2m_sde", noise_device)
    return sampler.with_options(solver_type=solver_type, eta=eta, s_noise=s_noise)


@node("SamplerDPMPP_3M_SDE", category="sampling/samplers", title="Sampler DPM++ 3M SDE")
def sampler_dpmpp_3m_sde(eta: Eta = 1.0, s_noise: NoiseScale = 1.0, noise_device: Device = "gpu") -> Sampler:
    """DPM-Solver++ of order 3 in multiple steps, with noise.

    eta: How much of each step is replaced by fresh noise.
    s_noise: What that noise is multiplied with.
    noise_device: Where the noise is drawn; cpu gives the same on every machine.
    """
    return _placed("dpmpp_3m_sde", noise_device).with_options(eta=eta, s_noise=s_noise)


def _placed(name: str, device: str) -> Sampler:
    return SAMPLERS[name if device == "cpu" else f"{name}_gpu"]


@node("SamplerDPMAdaptative", category="sampling/samplers", title="Sampler DPM Adaptive")
def sampler_dpm_adaptive(
    order: Annotated[int, Range(2, 3)] = 3,
    rtol: Coefficient = 0.05,
    atol: Coefficient = 0.0078,
    h_init: Coefficient = 0.05,
    pcoeff: Coefficient = 0.0,
    icoeff: Coefficient = 1.0,
    dcoeff: Coefficient = 0.0,
    accept_safety: Coefficient = 0.81,
    eta: Eta = 0.0,
    s_noise: NoiseScale = 1.0,
) -> Sampler:
    """DPM-Solver with steps as long as the error allows: of the noise levels only the ends count.

    order: The order of the steps; their error is found by another one lower.
    rtol: The error that is allowed, as a part of the values.
    atol: The error that is allowed for values near 0.
    h_init: The length of the first step, in the logarithm of the noise level.
    pcoeff: How strongly the length of steps follows the change of the error.
    icoeff: How strongly it follows the error.
    dcoeff: How strongly it follows the bend of the error.
    accept_safety: A step that should have been shorter than this part of its length is taken back.
    eta: How much of each step is replaced by fresh noise.
    s_noise: What that noise is multiplied with.
    """
    return SAMPLERS["dpm_adaptive"].with_options(
        order=order, rtol=rtol, atol=atol, h_init=max(h_init, 1e-3), pcoeff=pcoeff, icoeff=icoeff, dcoeff=dcoeff,
        accept_safety=accept_safety, eta=eta, s_noise=s_noise,
    )  # fmt: skip


@node("SamplerER_SDE", category="sampling/samplers", title="Sampler ER SDE")
def sampler_er_sde(
    solver_type: Annotated[str, Choice(["ER-SDE", "Reverse-time SDE", "ODE"])] = "ER-SDE",
    max_stage: Annotated[int, Range(1, 3)] = 3,
    eta: Eta = 1.0,
    s_noise: NoiseScale = 1.0,
) -> Sampler:
    """ER-SDE-Solver.

    solver_type: Which noise it adds.
    max_stage: Its order.
    eta: How much noise the reverse-time SDE adds; it counts for no other.
    s_noise: What the noise is multiplied with.
    """
    scale: Curve = er_noise_scale
    if solver_type != "ER-SDE":
        scale = reverse_time_noise_scale(0.0 if solver_type == "ODE" else eta)
    return SAMPLERS["er_sde"].with_options(max_stage=max_stage, s_noise=s_noise, noise_scaler=scale)


@node("SamplerSASolver", category="sampling/samplers", title="Sampler SA-Solver")
def sampler_sa_solver(
    model: Model,
    eta: Eta = 1.0,
    sde_start_percent: Percent = 0.2,
    sde_end_percent: Percent = 0.8,
    s_noise: NoiseScale = 1.0,
    predictor_order: Annotated[int, Range(1, 6)] = 3,
    corrector_order: Annotated[int, Range(0, 6)] = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Sampler:
    """SA-Solver, which adds noise in the middle of a run.

    model: The model whose timesteps the percentages are of.
    eta: How much noise.
    sde_start_percent: Where the noise begins.
    sde_end_percent: Where it ends.
    s_noise: What the noise is multiplied with.
    predictor_order: How many steps are looked back at to predict one.
    corrector_order: How many estimates correct a step; 0 for none.
    use_pece: On to ask the model again after each correction, which doubles the time.
    simple_order_2: On for simpler weights at order 2.
    """
    high, low = (model.schedule.percent_to_sigma(percent) for percent in (sde_start_percent, sde_end_percent))
    return SAMPLERS["sa_solver_pece" if use_pece else "sa_solver"].with_options(
        tau=tau_between(high, low, eta), s_noise=s_noise, predictor_order=predictor_order,
        corrector_order=corrector_order, simple_order_2=simple_order_2,
    )  # fmt: skip


@node("SamplerSEEDS", category="sampling/samplers", title="Sampler SEEDS", search=["seeds_2", "seeds_3"])
def sampler_seeds(stages: Annotated[int, Range(2, 3)] = 2, eta: Eta = 1.0, s_noise: NoiseScale = 1.0) -> Sampler:
    """SEEDS, whose steps are exact where the model's estimate stands still.

    stages: How many times a step asks the model.
    eta: How much of each step is replaced by fresh noise.
    s_noise: What that noise is multiplied with.
    """
    return SAMPLERS[f"seeds_{stages}"].with_options(eta=eta, s_noise=s_noise)


@node("SamplerRestart", category="sampling/samplers", search=["loop", "heun"])
def sampler_restart(
    restarts: Annotated[str, Choice(["automatic", "as set"])] = "automatic",
    low_sigma: Annotated[float, Range(0.001, 5000, step=0.01)] = 0.1,
    high_sigma: Annotated[float, Range(0.001, 5000, step=0.01)] = 2.0,
    restart_steps: Annotated[int, Range(1, 1000)] = 9,
    times: Annotated[int, Range(0, 100)] = 1,
    s_noise: NoiseScale = 1.0,
) -> Sampler:
    """Heun's method that goes back to a noisier level and down again, which mends errors; two model calls a step.

    restarts: automatic does what Stable Diffusion WebUI does from 20 steps on; the four that follow count otherwise.
    low_sigma: The noise level from which it goes back.
    high_sigma: The noise level to which it goes back.
    restart_steps: How many steps lead down again.
    times: How often.
    s_noise: What the noise is multiplied with.
    """
    loops = None if restarts == "automatic" else [Restart(low_sigma, high_sigma, restart_steps, times)]
    return SAMPLERS["restart"].with_options(restarts=loops, s_noise=s_noise)
