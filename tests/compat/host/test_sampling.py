"""`comfy.sample`, `comfy.samplers`, `comfy.k_diffusion`: the same latents as the nodes and samplers of ours."""

import io

import pytest
import torch
from PIL import Image

from compat.host.stubs import NotSupportedError
from diffusion.sampling import SamplingError
from diffusion.sampling import sample as sampled
from diffusion.sampling.noise import brownian_noise, initial_noise
from graph import context
from graph.testing import Recorder
from nodes.sampling import k_sampler

LATENT = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(5))
SETTINGS = [
    {"sampler": "euler", "scheduler": "normal"},
    {"sampler": "dpmpp_2m_sde", "scheduler": "karras"},
    {"sampler": "uni_pc", "scheduler": "simple"},
    {"sampler": "dpm_2", "scheduler": "normal", "denoise": 0.5},
    {"sampler": "euler_ancestral", "scheduler": "normal", "start_step": 1, "last_step": 3},
    {"sampler": "ddim", "scheduler": "normal", "last_step": 2, "force_full_denoise": True},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings["sampler"])
@pytest.mark.parametrize("masked", [False, True])
def test_sampling_is_that_of_the_sampler_nodes(modules, checkpoint, prompts, settings, masked):
    mask = torch.zeros(1, 8, 8)
    mask[:, :, 4:] = 1
    latent = {"samples": LATENT, **({"noise_mask": mask} if masked else {})}
    expected = sampled(checkpoint.model, latent, *prompts, seed=3, steps=4, cfg=5.0, **settings)["samples"]
    noise = modules.sampling.prepare_noise(LATENT, 3)
    named = {**settings, "sampler_name": settings["sampler"]}
    del named["sampler"]
    result = modules.sampling.sample(
        checkpoint.model, noise, 4, 5.0, positive=prompts[0], negative=prompts[1], latent_image=LATENT,
        noise_mask=latent.get("noise_mask"), seed=3, **named,
    )  # fmt: skip
    assert torch.equal(result, expected)


def test_common_ksampler_is_the_node_and_tells_each_step(modules, checkpoint, prompts, recorder):
    latent = {"samples": LATENT, "batch_index": [4, 1], "more": 1}
    arguments = {"seed": 7, "steps": 3, "cfg": 4.0, "sampler_name": "heun", "scheduler": "exponential"}
    expected = k_sampler(
        Recorder(modules.folders), model=checkpoint.model, positive=prompts[0], negative=prompts[1],
        latent_image=latent, **arguments,
    )  # fmt: skip
    (result,) = modules.core_sampling.common_ksampler(checkpoint.model, *arguments.values(), *prompts, latent)
    assert torch.equal(result["samples"], expected["samples"])
    assert (result["batch_index"], result["more"]) == ([4, 1], 1)
    assert recorder.steps == [(1, 3), (2, 3), (3, 3)]
    assert all(Image.open(io.BytesIO(preview)).format == "JPEG" for preview in recorder.previews)
    assert len(recorder.previews) == 3


def test_sampling_stops_when_the_user_interrupts(modules, checkpoint, prompts, recorder):
    recorder.interrupt_after = 2
    with pytest.raises(context.Interrupted):
        modules.core_sampling.common_ksampler(
            checkpoint.model, 1, 10, 4.0, "euler", "normal", *prompts, {"samples": LATENT}
        )
    assert len(recorder.steps) == 2
    assert modules.devices.InterruptProcessingException is context.Interrupted


def euler(model, x, sigmas, extra_args=None, callback=None, disable=None, boost=1.0):
    """A sampler function in k-diffusion's form."""
    for i in range(len(sigmas) - 1):
        denoised = model(x, sigmas[i] * x.new_ones([x.shape[0]]), **extra_args)
        callback({"x": x, "i": i, "sigma": sigmas[i], "sigma_hat": sigmas[i], "denoised": denoised})
        x = x + (x - denoised) / sigmas[i] * (sigmas[i + 1] - sigmas[i]) * boost
    return x


def test_samplers_of_packs_are_run(modules, checkpoint, prompts):
    samplers, sampling = modules.samplers, modules.sampling
    sigmas = samplers.calculate_sigmas(checkpoint.model.get_model_object("model_sampling"), "karras", 4)
    noise = sampling.prepare_noise(LATENT, 1)
    steps = []

    def run(sampler):
        return sampling.sample_custom(
            checkpoint.model, noise, 4.0, sampler, sigmas, *prompts, LATENT,
            callback=lambda step, x0, x, total: steps.append((step, total)), seed=1,
        )  # fmt: skip

    ours = run(samplers.sampler_object("euler"))
    assert torch.allclose(run(samplers.KSAMPLER(euler)), ours, atol=1e-4)
    assert not torch.allclose(run(samplers.KSAMPLER(euler, {"boost": 0.5})), ours, atol=1e-2)
    assert steps == [(step, 4) for step in range(4)] * 3


def test_options_of_samplers_are_taken_or_refused(modules, checkpoint, prompts):
    samplers = modules.samplers
    sigmas = samplers.calculate_sigmas(checkpoint.model.schedule, "normal", 4)
    noise = modules.sampling.prepare_noise(LATENT, 1)

    def run(sampler):
        return modules.sampling.sample_custom(checkpoint.model, noise, 4.0, sampler, sigmas, *prompts, LATENT, seed=1)

    still = run(samplers.ksampler("euler_ancestral", {"eta": 0.0}))
    assert torch.allclose(still, run(samplers.sampler_object("euler")), atol=1e-4)
    with pytest.raises(NotSupportedError, match="The option 'nonsense' of the sampler 'euler'"):
        samplers.ksampler("euler", {"nonsense": 1})
    with pytest.raises(SamplingError, match="no sampler 'nonsense'"):
        samplers.sampler_object("nonsense")
    with pytest.raises(SamplingError, match="no scheduler 'nonsense'"):
        samplers.calculate_sigmas(checkpoint.model.schedule, "nonsense", 4)
    with pytest.raises(NotSupportedError, match="Sampling with a str in place of a MODEL"):
        modules.sampling.sample("model", noise, 4, 1.0, "euler", "normal", *prompts, LATENT)

    def with_options(options):
        euler = samplers.sampler_object("euler")
        return samplers.sample(checkpoint.model, noise, *prompts, 4.0, "cpu", euler, sigmas, options, LATENT, seed=1)

    assert torch.equal(with_options(checkpoint.model.model_options), run(samplers.sampler_object("euler")))
    with pytest.raises(NotSupportedError, match="Sampling with the model option 'transformer_options'"):
        with_options({"transformer_options": {"patches": {"attn2_patch": [print]}}})


def test_schedulers_that_packs_add_are_used(modules, checkpoint):
    samplers = modules.samplers
    samplers.SCHEDULER_HANDLERS["flat"] = samplers.SchedulerHandler(
        lambda n, sigma_min, sigma_max: torch.linspace(sigma_max, 0, n + 1), use_ms=False
    )
    samplers.SCHEDULER_NAMES.append("flat")
    run = samplers.KSampler(checkpoint.model, 2, "cpu", "euler", "flat")
    high = checkpoint.model.schedule.sigma_max
    assert torch.allclose(run.sigmas, torch.tensor([high, high / 2, 0]))


@pytest.mark.parametrize(("before", "after"), [(14.0, 7.5), (3.0, 0.4), (0.4, 0.05)])
def test_the_parts_of_samplers_are_those_of_ours(modules, before, after):
    parts = modules.k_diffusion
    x, denoised = LATENT, LATENT * 0.5
    sigma = torch.full((2,), before)
    assert torch.allclose(parts.to_d(x, sigma, denoised), (x - denoised) / before)
    assert torch.allclose(parts.to_d(x, torch.tensor(before), denoised), (x - denoised) / before)
    down, up = parts.get_ancestral_step(before, after)
    assert down**2 + up**2 == pytest.approx(after**2)
    assert up**2 == pytest.approx(after**2 * (before**2 - after**2) / before**2)
    assert parts.get_ancestral_step(before, after, eta=0) == (after, 0.0)
    levels = [14.0, 7.5, 3.0, 0.4, 0.05]
    noise = parts.BrownianTreeNoiseSampler(x, 0.05, 14.0, seed=9, cpu=True)
    assert torch.allclose(noise(before, after), brownian_noise(x, levels, 9)(before, after))
    alone = parts.BrownianTreeNoiseSampler(x[1:], 0.05, 14.0, seed=4)(before, after)
    assert torch.allclose(parts.BrownianTreeNoiseSampler(x, 0.05, 14.0, seed=[9, 4])(before, after)[1], alone[0])


def test_levels_of_k_diffusion(modules, checkpoint):
    schedule = checkpoint.model.schedule
    ends = schedule.sigma_min, schedule.sigma_max
    for name, theirs in (("karras", "get_sigmas_karras"), ("exponential", "get_sigmas_exponential")):
        expected = modules.samplers.calculate_sigmas(schedule, name, 7)
        assert torch.allclose(getattr(modules.k_diffusion, theirs)(7, *ends), expected, rtol=1e-5)


def test_noise_of_a_place_in_a_batch(modules):
    noise = modules.sampling.prepare_noise(LATENT, 11, [2, 0])
    assert torch.equal(noise, initial_noise((3, 4, 8, 8), 11)[[2, 0]])
    assert modules.k_diffusion.default_noise_sampler(LATENT, 3)(1, 2).shape == LATENT.shape
