"""The nodes that sampling is put together from, on the embedded checkpoint: KSampler is their oracle."""

import inspect
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.sampling.noise import GivenNoise, initial_noise
from diffusion.sampling.parameterization import Velocity
from diffusion.sampling.samplers import SAMPLERS
from graph.declare import InputError, spec_of
from graph.folders import Folders
from graph.testing import Recorder
from nodes import guidance, model_sampling, noise, samplers, sampling_parts, schedules, sigmas
from nodes.sampling import k_sampler

POCKET = Path(__file__).parents[2] / "models" / "checkpoints" / "pocket.safetensors"
LATENT = {"samples": torch.zeros(1, 4, 8, 8)}


def declared(module):
    """The nodes of a module, by id."""
    functions = [f for f in vars(module).values() if inspect.isfunction(f) and f.__module__ == module.__name__]
    return {spec_of(f).id: f for f in functions if spec_of(f)}


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return load_checkpoint(POCKET)


@pytest.fixture(scope="module")
def prompts(checkpoint):
    return {"positive": checkpoint.clip.encode("a red fish"), "negative": checkpoint.clip.encode("")}


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    return Recorder(Folders.under(tmp_path))


@pytest.fixture
def simple(checkpoint, prompts, ctx):
    """A run from parts with two steps; what is given takes the place of a part."""

    def run(model=None, steps=2, **parts) -> torch.Tensor:
        model = model or checkpoint.model
        given = {
            "noise": noise.random_noise(3),
            "guider": sampling_parts.cfg_guider(model, **prompts, cfg=3.0),
            "sampler": samplers.k_sampler_select("euler"),
            "sigmas": schedules.basic_scheduler(model, "karras", steps),
            "latent_image": LATENT,
        }
        return sampling_parts.sampler_custom_advanced(ctx, **{**given, **parts}).output["samples"]

    return run


def test_parts_together_are_k_sampler(checkpoint, prompts, ctx, simple):
    settings = {"seed": 3, "steps": 2, "cfg": 3.0, "sampler_name": "euler", "scheduler": "karras"}
    whole = k_sampler(ctx, model=checkpoint.model, latent_image=LATENT, **prompts, **settings)
    steps = list(ctx.steps)
    assert torch.equal(simple(), whole["samples"])
    assert ctx.steps == steps * 2
    custom = sampling_parts.sampler_custom(
        ctx, model=checkpoint.model, noise_seed=3, cfg=3.0, **prompts, sampler=SAMPLERS["euler"],
        sigmas=schedules.basic_scheduler(checkpoint.model, "karras", 2), latent_image=LATENT,
    )  # fmt: skip
    assert torch.equal(custom.output["samples"], whole["samples"])
    assert torch.allclose(custom.denoised_output["samples"], whole["samples"], atol=1e-5)


def test_two_runs_over_split_levels_are_one(checkpoint, simple, prompts, ctx):
    high, low = sigmas.split_sigmas(schedules.basic_scheduler(checkpoint.model, "normal", 3), 1)
    whole = simple(sigmas=schedules.basic_scheduler(checkpoint.model, "normal", 3))
    half = {"samples": simple(sigmas=high)}
    assert torch.allclose(simple(sigmas=low, noise=noise.disable_noise(), latent_image=half), whole, atol=1e-4)
    first = sampling_parts.sampler_custom(
        ctx, model=checkpoint.model, noise_seed=3, cfg=3.0, **prompts, sampler=SAMPLERS["euler"], sigmas=high,
        latent_image=LATENT,
    )  # fmt: skip
    assert not torch.allclose(first.output["samples"], first.denoised_output["samples"], atol=0.1)
    empty = sampling_parts.sampler_custom_advanced(
        ctx, noise.disable_noise(), sampling_parts.basic_guider(checkpoint.model, prompts["positive"]),
        SAMPLERS["euler"], torch.zeros(0), half,
    )  # fmt: skip
    assert empty.output == empty.denoised_output == half


def test_variation_noise_gives_a_batch_what_pictures_have_alone(simple):
    both = simple(noise=noise.variation_noise(7), latent_image={"samples": torch.zeros(2, 4, 8, 8)})
    for picture in range(2):
        assert torch.allclose(simple(noise=noise.variation_noise(7 + picture))[0], both[picture], atol=1e-4)
    strength = simple(noise=noise.variation_noise(7, 8, 1.0))
    assert torch.allclose(strength[0], both[1], atol=1e-3)


def test_noise_is_put_on_a_latent(checkpoint):
    clean = {"samples": torch.full((1, 4, 8, 8), 0.5)}
    found = noise.add_noise(checkpoint.model, noise.random_noise(3), torch.tensor([2.0, 0.5, 0.0]), clean)
    latents = checkpoint.model.latent_format
    expected = latents.to_model(clean["samples"]) + 2.0 * initial_noise((1, 4, 8, 8), 3)
    assert torch.allclose(latents.to_model(found["samples"]), expected, atol=1e-5)
    assert noise.add_noise(checkpoint.model, noise.random_noise(3), torch.zeros(0), clean) == clean


@pytest.mark.parametrize("name", declared(samplers))
def test_every_sampler_node_runs(name, checkpoint, simple):
    node = declared(samplers)[name]
    given = {"SamplerSASolver": {"model": checkpoint.model}, "SamplerDPMAdaptative": {"rtol": 1.0}}.get(name, {})
    assert torch.isfinite(simple(sampler=node(**given))).all()


@pytest.mark.parametrize(
    ("node", "options", "sampler"),
    [
        (samplers.sampler_ddim, {"eta": 1.0}, "euler_ancestral"),
        (samplers.sampler_dpmpp_2m_sde, {"eta": 0.0, "noise_device": "cpu"}, "dpmpp_2m"),
        (samplers.sampler_dpmpp_2m_sde, {"solver_type": "heun"}, "dpmpp_2m_sde_heun_gpu"),
        (samplers.sampler_seeds, {"stages": 3}, "seeds_3"),
        (samplers.sampler_churn, {"method": "dpm_2"}, "dpm_2"),
        (samplers.sampler_restart, {}, "heun"),
        (samplers.sampler_uni_pc, {"variant": "bh2"}, "uni_pc_bh2"),
        (samplers.sampler_er_sde, {"solver_type": "Reverse-time SDE", "eta": 0.0, "max_stage": 1}, "euler"),
    ],
)
def test_options_of_sampler_nodes_arrive(node, options, sampler, simple):
    found, expected = simple(sampler=node(**options), steps=3), simple(sampler=SAMPLERS[sampler], steps=3)
    assert torch.allclose(found, expected, atol=1e-4)


def test_a_picture_grows_while_a_latent_consistency_model_paints_it(checkpoint, prompts, ctx, simple):
    """By hand: each step of such a model is a run of its own, from the picture so far with new noise on it."""
    levels = torch.tensor([10.0, 3.0, 1.0, 0.0])
    grown = simple(sampler=samplers.sampler_lcm_upscale(1.5, 2, "bilinear"), sigmas=levels)
    counted = [(step, steps) for step, steps, *_ in ctx.steps]
    assert counted == [(1, 3), (2, 3), (3, 3)]

    picture, generator = LATENT["samples"], torch.Generator()
    for level, size, draws in ((10.0, 8, 0), (3.0, 10, 1), (1.0, 12, 2)):
        picture = F.interpolate(picture, (size, size), mode="bilinear")
        generator.manual_seed(3)
        fresh = [torch.randn(1, 4, size, size, generator=generator) for _ in range(max(draws, 1))][-1]
        picture = simple(
            sampler=SAMPLERS["lcm"],
            sigmas=torch.tensor([level, 0.0]),
            latent_image={"samples": picture},
            noise=GivenNoise(fresh, 3),
        )
    assert torch.allclose(grown, picture, atol=1e-4)

    plain = simple(sampler=SAMPLERS["lcm"], sigmas=levels)
    assert torch.allclose(simple(sampler=samplers.sampler_lcm_upscale(1.0), sigmas=levels), plain, atol=1e-4)
    masked = {**LATENT, "noise_mask": torch.zeros(1, 64, 64)}
    kept = simple(sampler=samplers.sampler_lcm_upscale(2.0), sigmas=levels, latent_image=masked)
    assert torch.equal(kept, torch.zeros(1, 4, 16, 16))


@pytest.mark.parametrize("method", ["euler", "heun", "dpm_2"])
def test_churn_adds_noise_where_it_is_asked_for(method, simple):
    plain = simple(sampler=samplers.sampler_churn(method))
    assert not torch.allclose(simple(sampler=samplers.sampler_churn(method, s_churn=1.0)), plain, atol=1e-2)
    outside = samplers.sampler_churn(method, s_churn=1.0, s_tmin=100.0)
    assert torch.equal(simple(sampler=outside), plain)


def test_sa_solver_adds_no_noise_outside_of_its_range(checkpoint, simple):
    quiet = samplers.sampler_sa_solver(checkpoint.model, sde_start_percent=0.9, sde_end_percent=0.9)
    loud = samplers.sampler_sa_solver(checkpoint.model, sde_start_percent=0.0, sde_end_percent=1.0)
    one, other = (simple(sampler=each, steps=4) for each in (quiet, loud))
    assert not torch.allclose(one, other, atol=1e-2)
    silent = samplers.sampler_sa_solver(checkpoint.model, eta=0.0, sde_start_percent=0.0, sde_end_percent=1.0)
    assert torch.allclose(simple(sampler=silent, steps=4), one, atol=1e-4)


@pytest.mark.parametrize("name", declared(schedules))
def test_every_schedule_node_gives_descending_levels(name, checkpoint):
    node = declared(schedules)[name]
    given = {"model": checkpoint.model} if "model" in inspect.signature(node).parameters else {}
    levels = node(**given)
    assert (levels.diff() < 0).all()
    assert levels.dtype == torch.float32
    assert (levels[-1] == 0) == (name != "LaplaceScheduler")


def test_levels_that_cannot_be_read_name_their_input():
    with pytest.raises(InputError, match="'x' is no noise level"):
        schedules.manual_sigmas("14, x")
    with pytest.raises(InputError, match="at least two"):
        sigmas.rescale_sigmas(torch.tensor([1.0, 0.0]))


def test_nodes_that_change_levels(checkpoint):
    levels = torch.tensor([8.0, 4.0, 2.0, 0.0])
    assert [part.tolist() for part in sigmas.split_sigmas_denoise(levels, 0.34)] == [[8.0, 4.0, 2.0], [2.0, 0.0]]
    assert sigmas.flip_sigmas(levels).tolist() == pytest.approx([0.0001, 2.0, 4.0, 8.0])
    assert sigmas.set_first_sigma(levels, 9.0).tolist() == [9.0, 4.0, 2.0, 0.0]
    assert sigmas.extend_intermediate_sigmas(levels, end_at_sigma=3.0).tolist() == [8.0, 6.0, 4.0, 3.0, 2.0, 0.0]
    assert sigmas.slice_sigmas(levels, 1, 2).tolist() == [4.0, 2.0]
    assert sigmas.concatenate_sigmas(levels[:2], more_1=levels[1:]).tolist() == levels.tolist()
    assert sigmas.rescale_sigmas(levels, 4.0, 1.0).tolist() == pytest.approx([4.0, 2.0, 1.0, 0.0])
    model = checkpoint.model
    assert sigmas.sampling_percent_to_sigma(model, 0.0) == 999999999.9
    assert sigmas.sampling_percent_to_sigma(model, 1.0) == 0.0
    assert sigmas.sampling_percent_to_sigma(model, 0.0, True) == model.schedule.sigma_max
    assert sigmas.sampling_percent_to_sigma(model, 1.0, True) == model.schedule.sigma_min


@pytest.mark.parametrize("name", declared(guidance))
def test_changes_of_guidance_act_and_leave_the_model_alone(name, checkpoint, prompts, simple):
    node, plain = declared(guidance)[name], simple()
    given = {"empty_conditioning": checkpoint.clip.encode("a")} if name == "PerpNeg" else {}
    given |= {"below_sigma": 100.0, "every_step": True} if name == "SkipNegative" else {}
    given |= {"mimic_scale": 1.0} if name == "DynamicThresholding" else {}
    given |= {"freq_cutoff": 2} if name == "FreSca" else {}
    changed = simple(model=node(checkpoint.model, **given))
    assert torch.isfinite(changed).all()
    assert not torch.allclose(changed, plain, atol=1e-4)
    assert torch.equal(simple(), plain)


def test_guiders(checkpoint, prompts, simple):
    model, other = checkpoint.model, checkpoint.clip.encode("a boat")
    positive, negative = prompts["positive"], prompts["negative"]
    alone = simple(guider=sampling_parts.basic_guider(model, positive))
    assert torch.equal(simple(guider=sampling_parts.cfg_guider(model, positive, negative, 1.0)), alone)
    dual = sampling_parts.dual_cfg_guider(model, positive, positive, negative, 5.0, 3.0)
    assert torch.allclose(simple(guider=dual), simple(), atol=1e-3)
    perpendicular = sampling_parts.perp_neg_guider(model, positive, other, negative, 3.0, 0.0)
    assert torch.allclose(simple(guider=perpendicular), simple(), atol=1e-3)
    as_change = sampling_parts.cfg_guider(guidance.perp_neg(model, negative, 1.0), positive, other, 3.0)
    as_guider = sampling_parts.perp_neg_guider(model, positive, other, negative, 3.0)
    assert torch.allclose(simple(guider=as_change), simple(guider=as_guider), atol=1e-3)


def test_what_a_model_predicts_can_be_said(checkpoint, simple):
    model = checkpoint.model
    changed = model_sampling.model_sampling_discrete(model, "v_prediction", True)
    assert isinstance(changed.parameterization, Velocity)
    assert changed.schedule.sigma_max > 4000
    assert model.schedule.sigma_max < 20
    flow = model_sampling.model_sampling_sd3(model, 3.0)
    assert flow.schedule.sigma_max == 1.0
    with pytest.raises(InputError, match="no discrete timesteps"):
        model_sampling.model_sampling_discrete(flow)
    for node in declared(model_sampling).values():
        assert torch.isfinite(simple(model=node(model))).all()


def test_ids_and_inputs_are_those_of_shared_workflows():
    modules = (guidance, model_sampling, noise, samplers, sampling_parts, schedules, sigmas)
    nodes = {id: f for module in modules for id, f in declared(module).items()}
    for id, inputs in {
        "SamplerCustom": "model add_noise noise_seed cfg positive negative sampler sigmas latent_image",
        "SamplerCustomAdvanced": "noise guider sampler sigmas latent_image",
        "KarrasScheduler": "steps sigma_max sigma_min rho",
        "BasicScheduler": "model scheduler steps denoise",
        "GITSScheduler": "coeff steps denoise",
        "OptimalStepsScheduler": "model_type steps denoise",
        "ExtendIntermediateSigmas": "sigmas steps start_at_sigma end_at_sigma spacing",
        "SamplerLCMUpscale": "scale_ratio scale_steps upscale_method",
        "DualCFGGuider": "model cond1 cond2 negative cfg_conds cfg_cond2_negative style",
        "SamplerDPMAdaptative": "order rtol atol h_init pcoeff icoeff dcoeff accept_safety eta s_noise",
        "APG": "model eta norm_threshold momentum",
        "Epsilon Scaling": "model scaling_factor",
        "FreSca": "model scale_low scale_high freq_cutoff",
        "ModelSamplingFlux": "model max_shift base_shift width height",
    }.items():
        assert [item.name for item in spec_of(nodes[id]).inputs] == inputs.split()
    assert [output.name for output in spec_of(nodes["SamplerCustom"]).outputs] == ["output", "denoised_output"]
    assert [output.name for output in spec_of(nodes["SplitSigmas"]).outputs] == ["high_sigmas", "low_sigmas"]
