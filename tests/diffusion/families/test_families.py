"""The families on tiny files, against diffusers' and transformers' own modules and pipelines' steps."""

import pytest
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionInpaintPipeline, StableDiffusionXLPipeline
from torch import Tensor

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.families.sd1 import SD1
from diffusion.families.sd2 import SD2
from diffusion.families.sdxl import REFINER, SDXL
from diffusion.sampling import sample
from diffusion.sampling.conditions import Frame
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call
from diffusion.sampling.noise import initial_noise
from diffusion.sampling.parameterization import Epsilon, Velocity
from diffusion.text.vocabulary import END, START, encode
from tests.diffusion.families.small_models import (
    WIDTH,
    SmallModel,
    write_refiner,
    write_sd1,
    write_sd2,
    write_sdxl,
)

PROMPT = "a photograph of an astronaut"


@pytest.fixture(scope="module", params=["sd2", "sdxl", "refiner"])
def pair(request, tmp_path_factory) -> tuple[str, SmallModel, Checkpoint]:
    """Name of the family, the modules and what is loaded from the file with their weights."""
    path = tmp_path_factory.mktemp("families") / f"{request.param}.safetensors"
    modules = {"sd2": write_sd2, "sdxl": write_sdxl, "refiner": write_refiner}[request.param](path)
    return request.param, modules, load_checkpoint(path)


def close(ours: Tensor, theirs: Tensor) -> bool:
    """Equal but for the order of sums."""
    return ours.shape == theirs.shape and bool((ours - theirs).abs().max() <= 2e-5 * theirs.abs().max())


def frame(model, height: int = 8, width: int = 8, batch: int = 1) -> Frame:
    torch.manual_seed(0)
    return Frame(torch.randn(batch, 4, height, width), model.schedule)


def token_ids(padding: int) -> Tensor:
    """As `CLIPTokenizer` pads a prompt to 77."""
    ids = [START, *encode(PROMPT), END]
    return torch.tensor([ids + [padding] * (77 - len(ids))])


def test_the_family_is_found(pair):
    name, _, loaded = pair
    assert loaded.model.family is {"sd2": SD2, "sdxl": SDXL, "refiner": REFINER}[name]


@torch.no_grad()
def test_prompts_are_encoded_as_in_diffusers_pipelines(pair):
    """The oracle takes hidden_states as encode_prompt of StableDiffusionPipeline (2.x) and of the XL pipeline does."""
    name, modules, loaded = pair
    [[states, options]] = loaded.clip.encode(PROMPT)
    if name == "sd2":
        out = modules.text["h"](token_ids(0), output_hidden_states=True)
        expected = modules.text["h"].final_layer_norm(out.hidden_states[-2])
        pooled = modules.text["h"](token_ids(END)).pooler_output
    else:
        big = modules.text["g"](token_ids(0), output_hidden_states=True)
        expected, pooled = big.hidden_states[-2], big.text_embeds
    if name == "sdxl":
        low = modules.text["l"](token_ids(END), output_hidden_states=True).hidden_states[-2]
        expected = torch.cat((low, expected), -1)
    assert close(states, expected)
    assert close(options["pooled_output"], pooled)
    assert not close(states, expected.roll(1, 1))


@torch.no_grad()
def test_the_unet_is_asked_as_in_diffusers_pipelines(pair):
    name, modules, loaded = pair
    latent, context = torch.randn(2, 4, 8, 8), torch.randn(2, 77, modules.unet.config.cross_attention_dim)
    pooled = torch.randn(1, WIDTH)
    inputs = loaded.model.inputs({"pooled_output": pooled}, frame(loaded.model), 0)
    added = None
    if name != "sd2":
        numbers = [64, 64, 0, 0, 64, 64] if name == "sdxl" else [64, 64, 0, 0, 6.0]
        added = {"text_embeds": pooled.repeat(2, 1), "time_ids": torch.tensor([numbers] * 2)}
    expected = modules.unet(latent, 500, encoder_hidden_states=context, added_cond_kwargs=added).sample
    repeated = {key: value.repeat(2, 1) for key, value in inputs.items()}
    with loaded.model.loaded() as network:
        ours = network(Call(latent, torch.tensor([500, 500]), 1.0, context, repeated))
    assert close(ours, expected)


@torch.no_grad()
def test_pictures_are_decoded_by_the_module_of_the_file(pair):
    _, modules, loaded = pair
    latent = torch.randn(1, 4, 4, 4)
    expected = (modules.vae.decode(latent).sample / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert torch.allclose(loaded.vae.decode(latent), expected, atol=1e-5)


def test_a_run_goes_through(pair):
    _, _, loaded = pair
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    prompts = loaded.clip.encode("a cat"), loaded.clip.encode("")
    settings = {"seed": 1, "steps": 2, "sampler": "euler", "scheduler": "simple"}
    first = sample(loaded.model, latent, *prompts, cfg=3.0, **settings)["samples"]
    again = sample(loaded.model, latent, *prompts, cfg=3.0, **settings)["samples"]
    other = sample(loaded.model, latent, *reversed(prompts), cfg=3.0, **settings)["samples"]
    assert torch.equal(first, again)
    assert first.isfinite().all()
    assert not torch.equal(first, other)


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory) -> Checkpoint:
    path = tmp_path_factory.mktemp("families") / "sdxl.safetensors"
    write_sdxl(path)
    return load_checkpoint(path)


def euler() -> EulerDiscreteScheduler:
    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="linspace", steps_offset=1
    )


def first_noise(loaded: Checkpoint, width: int) -> Tensor:
    """The noise of seed 7; with its spacing the scheduler leaves the variance of the latent itself out."""
    return initial_noise((1, 4, 8, width), 7) * (1 + 1 / loaded.model.schedule.sigma_max**2) ** 0.5


@torch.no_grad()
def test_a_run_of_sdxl_equals_diffusers_pipeline(tmp_path):
    """The oracle is StableDiffusionXLPipeline with Euler's method, from the same prompts and noise."""
    modules = write_sdxl(tmp_path / "sdxl.safetensors")
    loaded = load_checkpoint(tmp_path / "sdxl.safetensors")
    [[positive, told]], [[negative, told_not]] = loaded.clip.encode("a cat"), loaded.clip.encode("a dog")
    pipeline = StableDiffusionXLPipeline(
        modules.vae, *modules.text.values(), None, None, modules.unet, euler(), add_watermarker=False
    )
    pipeline.set_progress_bar_config(disable=True)
    expected = pipeline(
        prompt_embeds=positive,
        pooled_prompt_embeds=told["pooled_output"],
        negative_prompt_embeds=negative,
        negative_pooled_prompt_embeds=told_not["pooled_output"],
        latents=first_noise(loaded, 16),
        height=64,
        width=128,
        num_inference_steps=4,
        guidance_scale=5.0,
        output_type="latent",
    ).images
    found = sample(
        loaded.model,
        {"samples": torch.zeros(1, 4, 8, 16)},
        [[positive, told]],
        [[negative, told_not]],
        seed=7,
        steps=4,
        cfg=5.0,
        sampler="euler",
        scheduler="normal",
    )["samples"]
    assert torch.allclose(
        loaded.model.latent_format.to_model(found), expected, rtol=1e-3, atol=2e-3 * float(expected.std())
    )


@torch.no_grad()
def test_a_run_for_inpainting_equals_diffusers_pipeline(tmp_path):
    """The oracle is StableDiffusionInpaintPipeline, from the same prompts, noise, mask and masked latent."""
    modules = write_sd1(tmp_path / "inpaint.safetensors", 9)
    loaded = load_checkpoint(tmp_path / "inpaint.safetensors")
    [[positive, _]], [[negative, _]] = loaded.clip.encode("a cat"), loaded.clip.encode("a dog")
    pipeline = StableDiffusionInpaintPipeline(
        modules.vae, modules.text["l"], None, modules.unet, euler(), None, None, requires_safety_checker=False
    )
    pipeline.set_progress_bar_config(disable=True)
    mask, masked = torch.zeros(1, 1, 64, 64), torch.randn(1, 4, 8, 8)
    mask[..., 24:] = 1.0
    expected = pipeline(
        prompt_embeds=positive,
        negative_prompt_embeds=negative,
        image=torch.zeros(1, 3, 64, 64),
        mask_image=mask,
        masked_image_latents=masked * loaded.model.latent_format.scale,
        latents=first_noise(loaded, 8),
        height=64,
        width=64,
        strength=1.0,
        num_inference_steps=3,
        guidance_scale=4.0,
        output_type="latent",
    ).images
    picture = {"concat_latent_image": masked, "concat_mask": mask}
    found = sample(
        loaded.model,
        {"samples": torch.zeros(1, 4, 8, 8)},
        [[positive, picture]],
        [[negative, picture]],
        seed=7,
        steps=3,
        cfg=4.0,
        sampler="euler",
        scheduler="normal",
    )["samples"]
    assert torch.allclose(
        loaded.model.latent_format.to_model(found), expected, rtol=1e-3, atol=2e-3 * float(expected.std())
    )


@torch.no_grad()
def test_the_layer_can_be_chosen_for_both_encoders(tmp_path):
    """The oracle is hidden_states; SDXL's are never normalised."""
    modules = write_sdxl(tmp_path / "sdxl.safetensors")
    clip = load_checkpoint(tmp_path / "sdxl.safetensors").clip
    ids = {"l": token_ids(END), "g": token_ids(0)}
    for layer in (-1, -2, -3):
        states = {n: modules.text[n](ids[n], output_hidden_states=True).hidden_states[layer] for n in ids}
        expected = torch.cat((states["l"], states["g"]), -1)
        assert close(clip.with_last_layer(layer).encode(PROMPT)[0][0], expected)


def test_sizes_of_sdxl_come_from_the_settings_or_the_latent(sdxl):
    settings = {"pooled_output": torch.zeros(1, WIDTH)}
    wide = frame(sdxl.model, height=8, width=16)
    assert sdxl.model.inputs(settings, wide, 0)["time_ids"].tolist() == [[64, 128, 0, 0, 64, 128]]
    settings |= {"width": 1000, "height": 900, "crop_w": 7, "crop_h": 5}
    assert sdxl.model.inputs(settings, wide, 0)["time_ids"].tolist() == [[900, 1000, 5, 7, 900, 1000]]
    settings |= {"target_width": 640, "target_height": 480}
    assert sdxl.model.inputs(settings, wide, 0)["time_ids"].tolist() == [[900, 1000, 5, 7, 480, 640]]


def test_the_refiner_is_told_a_score_by_side(tmp_path):
    write_refiner(tmp_path / "refiner.safetensors")
    model = load_checkpoint(tmp_path / "refiner.safetensors").model
    settings = {"pooled_output": torch.zeros(1, WIDTH)}
    assert model.inputs(settings, frame(model), 0)["time_ids"].tolist() == [[64, 64, 0, 0, 6.0]]
    assert model.inputs(settings, frame(model), 1)["time_ids"].tolist() == [[64, 64, 0, 0, 2.5]]
    assert model.inputs({**settings, "aesthetic_score": 4.0}, frame(model), 1)["time_ids"].tolist()[0][4] == 4.0


def test_prompts_of_another_model_are_refused_with_a_reason(sdxl):
    with pytest.raises(SamplingError, match=r"needs a pooled prompt of 32 numbers, and the prompt has none"):
        sdxl.model.inputs({}, frame(sdxl.model), 0)
    with pytest.raises(SamplingError, match=r"has one of 5 numbers"):
        sdxl.model.inputs({"pooled_output": torch.zeros(1, 5)}, frame(sdxl.model), 0)
    call = Call(torch.zeros(1, 4, 8, 8), torch.tensor([1]), 1.0, torch.zeros(1, 77, WIDTH))
    with sdxl.model.loaded() as network, pytest.raises(SamplingError, match=r"states of 32 numbers, .* reads 64"):
        network(call)


def test_markers_of_sdxl(tmp_path):
    """Zero terminal SNR: the paper's last level has no signal at all (arXiv 2305.08891)."""
    path = tmp_path / "marked.safetensors"
    write_sdxl(path, v_pred=torch.zeros(1), ztsnr=torch.zeros(1))
    parameterization = load_checkpoint(path).model.parameterization
    assert isinstance(parameterization, Velocity)
    assert parameterization.schedule.sigma_max > 4000
    write_sdxl(path, v_pred=torch.zeros(1))
    assert load_checkpoint(path).model.schedule.sigma_max == pytest.approx(14.6146, rel=1e-4)


@pytest.mark.parametrize(
    ("deviation", "channels", "marker", "kind"),
    [(0.02, 4, False, Epsilon), (0.3, 4, False, Velocity), (0.3, 9, False, Epsilon), (0.02, 4, True, Velocity)],
)
def test_what_stable_diffusion_2_predicts(tmp_path, deviation, channels, marker, kind):
    name = "model.diffusion_model.output_blocks.1.1.transformer_blocks.0.norm1.bias"
    markers = {name: torch.tensor([-deviation, deviation]).repeat(32)} | ({"v_pred": torch.zeros(1)} if marker else {})
    write_sd2(tmp_path / "two.safetensors", channels, **markers)
    assert type(load_checkpoint(tmp_path / "two.safetensors").model.parameterization) is kind


@pytest.fixture(scope="module", params=[(write_sd1, 9), (write_sdxl, 9), (write_sd1, 8)], ids=str)
def painting(request, tmp_path_factory) -> Checkpoint:
    path = tmp_path_factory.mktemp("families") / "painting.safetensors"
    write, channels = request.param
    write(path, channels)
    return load_checkpoint(path)


def test_further_channels(painting):
    """Mask and masked latent as in StableDiffusionInpaintPipeline; InstructPix2Pix takes an unscaled latent."""
    model = painting.model
    settings = {
        "pooled_output": torch.zeros(1, WIDTH),
        "concat_latent_image": torch.randn(1, 4, 8, 8),
        "concat_mask": torch.zeros(1, 1, 64, 64),
    }
    settings["concat_mask"][..., 32:] = 1.0
    found = model.inputs(settings, frame(model, batch=2), 0)["concat"]
    if model.config["in_channels"] == 8:
        assert torch.equal(found, settings["concat_latent_image"].repeat(2, 1, 1, 1))
        return
    mask = torch.zeros(2, 1, 8, 8)
    mask[..., 4:] = 1.0
    assert torch.equal(found[:, :1], mask)
    assert torch.equal(found[:, 1:], (settings["concat_latent_image"] * model.latent_format.scale).repeat(2, 1, 1, 1))


def test_further_channels_without_a_picture(painting):
    model = painting.model
    settings = {"pooled_output": torch.zeros(1, WIDTH)}
    run = frame(model)
    found = model.inputs(settings, run, 0)["concat"]
    if model.config["in_channels"] == 8:
        assert not found.any()
        return
    assert (found[:, 0] == 1).all()
    assert found[0, 1:, 3, 5].tolist() == pytest.approx([0.8223, -0.6876, 0.6364, 0.1380])
    masked = Frame(run.latent, run.schedule, noise_mask=torch.full((1, 1, 8, 8), 0.7))
    found = model.inputs(settings, masked, 0)["concat"]
    assert (found[:, 0] == 1).all()
    assert torch.equal(found[:, 1:], run.latent)


def test_a_picture_of_another_size_is_fitted(painting):
    settings = {"pooled_output": torch.zeros(1, WIDTH), "concat_latent_image": torch.ones(1, 4, 16, 24)}
    found = painting.model.inputs(settings, frame(painting.model), 0)["concat"]
    assert found.shape[-2:] == (8, 8)


def test_sampling_with_further_channels(painting):
    latent = {"samples": torch.randn(1, 4, 8, 8), "noise_mask": torch.ones(1, 1, 64, 64)}
    prompt = painting.clip.encode("a cat")
    settings = {"seed": 1, "steps": 2, "cfg": 2.0, "sampler": "euler", "scheduler": "simple"}
    without = sample(painting.model, latent, prompt, prompt, **settings)["samples"]
    picture = {"concat_latent_image": torch.randn(1, 4, 8, 8), "concat_mask": torch.ones(1, 1, 64, 64)}
    given = [[prompt[0][0], {**prompt[0][1], **picture}]]
    assert not torch.equal(sample(painting.model, latent, given, given, **settings)["samples"], without)


def test_families_are_told_apart_by_their_text_encoders(tmp_path):
    write_sd1(tmp_path / "one.safetensors")
    assert load_checkpoint(tmp_path / "one.safetensors").model.family is SD1
