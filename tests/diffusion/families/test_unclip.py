"""Stable Diffusion 2.1 unCLIP on tiny random files, against the parts of diffusers' StableUnCLIPImg2ImgPipeline."""

from types import SimpleNamespace

import pytest
import torch
from diffusers import DDPMScheduler, StableUnCLIPImg2ImgPipeline
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer
from torch import Tensor

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.families import detect
from diffusion.families.unclip import LEVELS, UNCLIP, Statistics, alphas_cumprod, told
from diffusion.sampling import sample
from diffusion.sampling.conditions import Frame
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call
from diffusion.saving import save_checkpoint
from diffusion.weights import Header, TensorInfo, load_weights
from tests.diffusion.families.small_models import WIDTH, SmallModel, write_sdxl, write_unclip
from tests.parity.random_checkpoint import RELEASED, UNET, entries

SIZE = 16  # of embeddings


def pipeline(known: Statistics) -> StableUnCLIPImg2ImgPipeline:
    """The pipeline's parts that noise embeddings."""
    found = object.__new__(StableUnCLIPImg2ImgPipeline)
    found.image_normalizer = StableUnCLIPImageNormalizer(known.mean.shape[1])
    found.image_normalizer.load_state_dict({"mean": known.mean, "std": known.deviation})
    found.image_noising_scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2", num_train_timesteps=LEVELS)
    return found


@pytest.fixture(scope="module")
def known() -> Statistics:
    torch.manual_seed(0)
    return Statistics((torch.randn(1, SIZE) / 4).half().float(), (torch.rand(1, SIZE) + 0.5).half().float())


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("unclip") / "unclip.safetensors"


@pytest.fixture(scope="module")
def modules(path, known) -> SmallModel:
    beside = {"noise_augmentor.data_mean": known.mean, "noise_augmentor.data_std": known.deviation}
    return write_unclip(path, SIZE, {**beside, "embedder.model.visual.proj": torch.zeros(4, SIZE)})


@pytest.fixture(scope="module")
def loaded(path, modules) -> Checkpoint:
    return load_checkpoint(path)


def seen(*embeddings: Tensor, strength: float = 1.0, noise: float = 0.0) -> list[dict[str, object]]:
    """The setting of a prompt, each of whose pictures is a batch."""
    return [
        {
            "clip_vision_output": SimpleNamespace(image_embeds=each),
            "strength": strength,
            "noise_augmentation": noise,
        }
        for each in embeddings
    ]


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed - 10)


def test_the_levels_are_diffusers(known):
    theirs = pipeline(known).image_noising_scheduler.alphas_cumprod
    torch.testing.assert_close(alphas_cumprod().float(), theirs, rtol=1e-3, atol=1e-7)  # theirs in single precision


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_an_embedding_is_noised_as_the_pipeline_does_it(known, noise):
    embedding = torch.randn(1, SIZE)
    expected = pipeline(known).noise_image_embeddings(
        embedding, round(999 * noise), noise=torch.randn((1, SIZE), generator=drawn(7))
    )
    torch.testing.assert_close(told(seen(embedding, noise=noise), known, 7), expected, rtol=1e-4, atol=1e-4)
    doubled = told(seen(embedding, noise=noise, strength=2.0), known, 7)
    torch.testing.assert_close(doubled, expected * 2, rtol=1e-4, atol=2e-4)


def test_several_pictures_are_added_and_their_sum_is_noised(known):
    """ComfyUI's rule; the noise on the sum is drawn after that on the last picture."""
    batch, other = torch.randn(2, SIZE), torch.randn(1, SIZE)
    parts, generator = pipeline(known), drawn(3)
    noise = torch.randn((1, SIZE), generator=generator)
    total = sum(parts.noise_image_embeddings(row[None], 100, noise=noise) for row in (*batch, *other))
    more = torch.randn((1, SIZE), generator=generator)
    expected = parts.noise_image_embeddings(total[:, :SIZE], 50, noise=more)
    found = told(seen(batch, other, noise=0.1), known, 3, 0.05)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_unet_is_told_as_diffusers_tells_it(loaded, modules, known):
    assert loaded.model.family is UNCLIP
    torch.manual_seed(1)
    x, context, embedding = torch.randn(1, 4, 8, 8), torch.randn(1, 77, WIDTH), torch.randn(1, SIZE)
    frame = Frame(x, loaded.model.schedule, seed=5, model=loaded.model)
    inputs = loaded.model.inputs({"unclip_conditioning": seen(embedding, noise=0.2)}, frame, 0)
    labels = pipeline(known).noise_image_embeddings(embedding, 200, torch.randn((1, SIZE), generator=drawn(5)))
    for given, expected in ((inputs, labels), (loaded.model.inputs({}, frame, 1), torch.zeros(1, 2 * SIZE))):
        with loaded.model.loaded() as network, torch.no_grad():
            ours = network(Call(x, torch.tensor([500]), 1.0, context, given))
            theirs = modules.unet(x, torch.tensor([500]), context, class_labels=expected).sample
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_pictures_change_a_run(loaded):
    prompt = loaded.clip.encode("a cat")
    torch.manual_seed(2)
    settings = {"seed": 1, "steps": 2, "cfg": 4.0, "sampler": "euler", "scheduler": "normal"}
    runs = []
    for setting in ({}, {"unclip_conditioning": seen(torch.randn(1, SIZE))}):
        shown = [[states, {**options, **setting}] for states, options in prompt]
        found = sample(loaded.model, {"samples": torch.zeros(1, 4, 8, 8)}, shown, prompt, **settings)["samples"]
        assert found.isfinite().all()
        runs.append(found)
    assert not torch.allclose(*runs)


def test_embeddings_of_another_vision_model_are_refused(loaded):
    frame = Frame(torch.zeros(1, 4, 8, 8), loaded.model.schedule, model=loaded.model)
    with pytest.raises(SamplingError, match="CLIP saw the picture in 20 numbers, and this model takes 16"):
        loaded.model.inputs({"unclip_conditioning": seen(torch.zeros(1, 20))}, frame, 0)


def test_a_saved_checkpoint_keeps_the_statistics(loaded, path, tmp_path):
    save_checkpoint(tmp_path / "saved.safetensors", *loaded)
    saved, original = load_weights(tmp_path / "saved.safetensors"), load_weights(path)
    beside = {name for name in original if name.startswith(("model.", "noise_augmentor."))}
    assert beside <= saved.keys()
    assert all(torch.equal(saved[name], original[name]) for name in beside)
    assert load_checkpoint(tmp_path / "saved.safetensors").model.family is UNCLIP


@pytest.mark.parametrize("size", [768, 1024])
def test_released_sizes_are_recognised(size, tmp_path):
    """The UNet of 1.x with linear projections, states of 1024 and the layer of embeddings: 2.1 unCLIP's L and H."""
    shapes = {entry.name: entry.shape for entry in entries(RELEASED) if entry.name.startswith(UNET)}
    for name, shape in shapes.items():
        if name.endswith((".attn2.to_k.weight", ".attn2.to_v.weight")):
            shapes[name] = (shape[0], 1024)
        elif ".proj_in.weight" in name or name.endswith(".1.proj_out.weight"):
            shapes[name] = shape[:2]
    shapes |= {f"{UNET}label_emb.0.0.weight": (1280, 2 * size), f"{UNET}label_emb.0.0.bias": (1280,)}
    shapes |= {f"{UNET}label_emb.0.2.weight": (1280, 1280), f"{UNET}label_emb.0.2.bias": (1280,)}
    header = Header(tmp_path / "file.safetensors", {n: TensorInfo(s, torch.float16) for n, s in shapes.items()})
    assert detect(header) is UNCLIP
    component = UNCLIP.denoiser(header)
    assert component.check(header) == 865_910_724 + 2 * size * 1280 + 1280 + 1280 * 1280 + 1280
    assert component.config["projection_class_embeddings_input_dim"] == 2 * size
    assert component.config["attention_head_dim"] == (5, 10, 20, 20)


def test_pictures_stand_for_the_pooled_prompt_of_sdxl(tmp_path):
    write_sdxl(tmp_path / "xl.safetensors")
    model = load_checkpoint(tmp_path / "xl.safetensors").model
    frame = Frame(torch.zeros(1, 4, 8, 8), model.schedule, seed=5, model=model)
    embedding = torch.randn(1, WIDTH)
    found = model.inputs({"unclip_conditioning": seen(embedding), "pooled_output": torch.ones(1, WIDTH)}, frame, 0)
    plain = Statistics(torch.zeros(1, WIDTH), torch.ones(1, WIDTH))
    expected = pipeline(plain).noise_image_embeddings(embedding, 0, torch.randn((1, WIDTH), generator=drawn(5)))
    torch.testing.assert_close(found["text_embeds"], expected[:, :WIDTH], rtol=1e-4, atol=1e-4)
