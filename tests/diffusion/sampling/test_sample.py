"""The run as a whole: noise, partial runs, masks, reports, previews."""

import io
import math

import pytest
import torch
from PIL import Image

from diffusion.sampling import SamplingError, StepInfo, sample
from diffusion.sampling.noise import generator_noise, initial_noise
from diffusion.sampling.preview import latent_to_rgb, preview_jpeg
from diffusion.sampling.samplers import SAMPLERS
from diffusion.sampling.schedules import SCHEDULERS
from tests.diffusion.sampling.gaussian import SCHEDULE, PromptedModel, prompt

SETTINGS = {"seed": 5, "steps": 6, "cfg": 2.0, "sampler": "euler", "scheduler": "karras"}


def empty(batch: int = 1) -> dict:
    return {"samples": torch.zeros(batch, 4, 8, 8)}


def run(model=None, latent=None, **settings) -> dict:
    return sample(model or PromptedModel(), latent or empty(), prompt(1.0), prompt(-1.0), **{**SETTINGS, **settings})


def test_the_initial_noise_is_one_draw_of_the_seed():
    torch.manual_seed(7)
    assert torch.equal(initial_noise((2, 4, 8, 8), 7), torch.randn(2, 4, 8, 8))
    assert initial_noise((1, 4, 8, 8), 2**64 - 1).shape == (1, 4, 8, 8)


def test_batch_index_picks_pictures_of_the_seed():
    drawn = initial_noise((1, 4, 8, 8), 7, [0, 1, 2, 3])
    assert drawn.shape == (4, 4, 8, 8)
    assert torch.equal(initial_noise((3, 4, 8, 8), 7, [3, 1, 3]), drawn[[3, 1, 3]])


def test_noise_within_a_run_starts_from_its_seed():
    x = torch.zeros(1, 4, 8, 8)
    noise = generator_noise(x, 7)
    assert torch.equal(noise(1.0, 0.5), initial_noise(x.shape, 7))
    assert not torch.equal(noise(0.5, 0.2), initial_noise(x.shape, 7))


def test_a_run_lands_on_the_data_that_guidance_points_at():
    result = run(steps=30)["samples"] * 0.5  # the stand-in's scale
    assert float(result.mean()) == pytest.approx(-1 + 2 * 2, abs=0.1)


def test_the_start_is_all_noise_with_the_variance_of_training():
    steps: list[StepInfo] = []
    run(on_step=steps.append)
    sigma = SCHEDULE.sigma_max
    assert torch.allclose(steps[0].x, initial_noise((1, 4, 8, 8), 5) * math.sqrt(1 + sigma**2), rtol=1e-5)


def test_partial_denoising_starts_from_the_latent():
    steps: list[StepInfo] = []
    latent = {"samples": torch.full((1, 4, 8, 8), 3.0)}
    run(latent=latent, denoise=0.5, on_step=steps.append)
    sigmas = SCHEDULERS["karras"](SCHEDULE, 12)[-7:]
    assert [step.sigma for step in steps] == sigmas[:-1].tolist()
    noise = initial_noise((1, 4, 8, 8), 5)
    assert torch.allclose(steps[0].x, 3.0 * 0.5 + noise * sigmas[0], atol=1e-5)


def test_nothing_to_do_gives_the_latent_back():
    latent = {"samples": torch.ones(1, 4, 8, 8), "batch_index": [3]}
    assert run(latent=latent, denoise=0.0) == latent
    assert run(latent=latent, start_step=6) == latent
    assert run(latent=latent, start_step=100) == latent
    assert run(latent=latent, last_step=0) == latent


def test_a_run_in_two_parts_is_the_run():
    whole = run()
    first = run(start_step=0, last_step=3, force_full_denoise=False)
    second = run(latent=first, start_step=3, last_step=10_000, add_noise=False, force_full_denoise=True)
    assert torch.allclose(second["samples"], whole["samples"], atol=1e-5)


def test_a_part_may_be_denoised_fully():
    steps: list[StepInfo] = []
    result = run(last_step=2, force_full_denoise=True, on_step=steps.append)
    assert len(steps) == 2
    assert torch.allclose(result["samples"] * 0.5, steps[-1].denoised, atol=1e-5)


def test_the_rest_of_the_latent_is_passed_on_and_the_input_left_alone():
    latent = {"samples": torch.zeros(2, 4, 8, 8), "batch_index": [4, 6], "extra": "kept"}
    result = run(latent=latent)
    assert result["batch_index"] == [4, 6]
    assert result["extra"] == "kept"
    assert torch.equal(latent["samples"], torch.zeros(2, 4, 8, 8))
    alone = run(latent={"samples": torch.zeros(1, 4, 8, 8), "batch_index": [6]})
    assert torch.allclose(result["samples"][1:], alone["samples"], atol=1e-6)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_seed_decides(sampler):
    first, again, other = (run(sampler=sampler, seed=seed)["samples"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, atol=1e-3)


@pytest.mark.parametrize("sampler", ["euler", "ddim", "dpmpp_2m", "euler_ancestral"])
def test_what_a_noise_mask_leaves_out_comes_back_unchanged(sampler):
    mask = torch.zeros(1, 64, 64)
    mask[..., 32:] = 1.0
    latent = {"samples": torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)), "noise_mask": mask}
    result = run(latent=latent, sampler=sampler)
    assert torch.allclose(result["samples"][..., :3], latent["samples"][..., :3], atol=1e-5)
    assert not torch.allclose(result["samples"][..., 5:], latent["samples"][..., 5:], atol=0.1)
    assert result["noise_mask"] is mask


def test_ddim_noises_what_is_kept_with_noise_of_its_own():
    mask = torch.zeros(1, 8, 8)
    seen = {}
    for sampler in ("euler", "ddim"):
        model = PromptedModel()
        run(model, {**empty(), "noise_mask": mask}, sampler=sampler)
        x = model.calls[0].x[0]
        seen[sampler] = x * math.sqrt(1 + SCHEDULE.sigma_max**2) / SCHEDULE.sigma_max
    assert torch.allclose(seen["euler"], initial_noise((1, 4, 8, 8), 5)[0], atol=1e-5)
    assert torch.allclose(seen["ddim"], initial_noise((1, 4, 8, 8), 6)[0], atol=1e-5)


def test_reports_count_the_steps():
    steps: list[StepInfo] = []
    run(on_step=steps.append)
    assert [(step.step, step.steps) for step in steps] == [(k, 6) for k in range(1, 7)]
    adaptive: list[StepInfo] = []
    run(sampler="dpm_adaptive", steps=2, on_step=adaptive.append)
    assert max(step.step for step in adaptive) == 2 == adaptive[0].steps


def test_what_a_report_raises_is_passed_on():
    class Interrupted(Exception):
        pass

    def interrupt(step):
        raise Interrupted

    with pytest.raises(Interrupted):
        run(on_step=interrupt)


def test_a_part_that_stays_at_its_level_gives_the_latent_back():
    latent = {"samples": torch.ones(1, 4, 8, 8)}
    settings = {"scheduler": "simple", "steps": 2000, "start_step": 0, "last_step": 1}
    assert run(latent=latent, sampler="dpm_fast", **settings) == latent


def test_more_steps_than_trained_levels():
    for sampler in ("dpmpp_2m", "lms"):
        assert torch.isfinite(run(sampler=sampler, scheduler="simple", steps=1200)["samples"]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": "quick"}, "no sampler 'quick'; choose one of euler"),
        ({"scheduler": "quick"}, "no scheduler 'quick'"),
        ({"latent": {"samples": torch.ones(1, 16, 8, 8)}}, r"\[1, 16, 8, 8\]; this model needs \[batch, 4"),
    ],
)
def test_bad_input(settings, message):
    with pytest.raises(SamplingError, match=message):
        run(**settings)


def test_an_empty_latent_of_another_family_will_do():
    other = run(latent={"samples": torch.zeros(1, 16, 8, 8)})["samples"]
    assert torch.equal(other, run()["samples"])


def test_previews_are_a_linear_map_to_colours():
    latents = torch.zeros(1, 4, 2, 3)
    latents[:, 0, 0, 0] = 1.0
    latents[:, 1, 1, 2] = -9.0
    factors = [(0.5, 0.0, -0.5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)]
    picture = latent_to_rgb(latents, factors, (0.0, 0.2, 0.0))
    assert picture.shape == (1, 2, 3, 3)
    assert picture.dtype == torch.uint8
    assert picture[0, 0, 0].tolist() == [191, 153, 63]
    assert picture[0, 1, 2].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("size", "expected"), [((64, 96), (512, 341)), ((2, 3), (512, 341)), ((8, 8), (512, 512))])
def test_previews_are_enlarged_to_be_seen(size, expected):
    latents = torch.zeros(2, 4, *size)
    latents[0] += 1.0
    factors = [(1.0, 0.0, -1.0)] * 4
    with Image.open(io.BytesIO(preview_jpeg(latents, factors, (0.0, 0.0, 0.0)))) as picture:
        assert picture.format == "JPEG"
        assert picture.size == expected
        red, green, blue = picture.getpixel((10, 10))
    assert red > 240
    assert 110 < green < 145
    assert blue < 15
