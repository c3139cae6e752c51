"""The nodes of Flux, Stable Diffusion 3 and unCLIP on tiny random files."""

from collections.abc import Iterator

import pytest
import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from diffusion.weights import load_weights, read_header, save_weights
from graph.declare import InputError, spec_of
from graph.folders import Folders
from graph.testing import Recorder
from nodes import flux, image_prompts, layer_guidance, loaders, model_changes, prompts, unclip
from nodes.sampling import k_sampler
from tests.diffusion.families import test_sd3
from tests.diffusion.families.small_models import write_unclip
from tests.diffusion.families.small_transformers import (
    FLUX_METADATA,
    T5_WIDTH,
    flux_checkpoint,
    flux_networks,
    small_t5,
    t5_in_file,
    write_pieces,
)
from tests.diffusion.image_prompts.test_vision import METADATA as VISION
from tests.diffusion.image_prompts.test_vision import open_clip

COMFY_INPUTS = {
    loaders.triple_clip_loader: ("TripleCLIPLoader", ["clip_name1", "clip_name2", "clip_name3"]),
    flux.clip_text_encode_flux: ("CLIPTextEncodeFlux", ["clip", "clip_l", "t5xxl", "guidance"]),
    flux.flux_guidance: ("FluxGuidance", ["conditioning", "guidance"]),
    flux.flux_disable_guidance: ("FluxDisableGuidance", ["conditioning"]),
    flux.clip_text_encode_sd3: ("CLIPTextEncodeSD3", ["clip", "clip_l", "clip_g", "t5xxl", "empty_padding"]),
    layer_guidance.skip_layer_guidance_sd3: (
        "SkipLayerGuidanceSD3",
        ["model", "layers", "scale", "start_percent", "end_percent"],
    ),
    layer_guidance.skip_layer_guidance_dit: (
        "SkipLayerGuidanceDiT",
        ["model", "double_layers", "single_layers", "scale", "start_percent", "end_percent", "rescaling_scale"],
    ),
    layer_guidance.skip_layer_guidance_dit_simple: (
        "SkipLayerGuidanceDiTSimple",
        ["model", "double_layers", "single_layers", "start_percent", "end_percent"],
    ),
    model_changes.easy_cache: ("EasyCache", ["model", "reuse_threshold", "start_percent", "end_percent"]),
    unclip.unclip_checkpoint_loader: ("unCLIPCheckpointLoader", ["ckpt_name"]),
    unclip.unclip_conditioning: (
        "unCLIPConditioning",
        ["conditioning", "clip_vision_output", "strength", "noise_augmentation"],
    ),
}
CLIP_L, T5 = "text_encoders.clip_l.transformer.", "text_encoders.t5xxl.transformer."


@pytest.mark.parametrize("function", COMFY_INPUTS)
def test_ids_and_inputs_are_those_that_shared_workflows_use(function):
    id, inputs = COMFY_INPUTS[function]
    spec = spec_of(function)
    assert spec is not None
    assert spec.id == id
    assert [each.name for each in spec.inputs] == inputs


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Iterator[Folders]:
    folders = Folders.under(tmp_path_factory.mktemp("base"))
    for kind in ("checkpoints", "text_encoders"):
        (folders.models / kind).mkdir(parents=True)
    encoders, checkpoints = folders.models / "text_encoders", folders.models / "checkpoints"
    write_pieces(encoders / "t5" / "spiece.model")
    tensors = flux_checkpoint(flux_networks())
    save_weights(checkpoints / "flux.safetensors", tensors, FLUX_METADATA)
    for name, prefix in (("l", CLIP_L), ("t5", T5)):
        own = {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
        save_weights(encoders / f"flux_{name}.safetensors", own, {**FLUX_METADATA, "text_encoder": name})
    return folders


@pytest.fixture
def context(folders) -> Recorder:
    return Recorder(folders)


def test_flux_from_its_files(context):
    parts = loaders.checkpoint_loader(context, "flux.safetensors")
    clip = loaders.dual_clip_loader(context, "flux_t5.safetensors", "flux_l.safetensors", "flux")
    whole, alone = (each.encode("a red cat")[0][0] for each in (parts.CLIP, clip))
    assert whole.shape == (1, 256, T5_WIDTH)
    assert torch.equal(whole, alone)
    [[states, options]] = flux.clip_text_encode_flux(context, clip, "cat", "a red cat", 2.5)
    assert torch.equal(states, whole)
    assert torch.equal(options["pooled_output"], clip.encode("cat")[0][1]["pooled_output"])
    assert options["guidance"] == 2.5
    prompt = [[states, options]]
    assert flux.flux_guidance(prompt, 4.0)[0][1]["guidance"] == 4.0
    assert flux.flux_disable_guidance(prompt)[0][1]["guidance"] is None

    def painted(conditioning):
        empty = {"samples": torch.zeros(1, 4, 4, 4)}  # an empty latent of any number of channels will do
        return k_sampler(
            context,
            model=parts.MODEL,
            positive=conditioning,
            negative=conditioning,
            latent_image=empty,
            steps=2,
            cfg=1.0,
        )["samples"]

    plain, strong = (painted(each) for each in (prompt, flux.flux_guidance(prompt, 30.0)))
    assert plain.shape == (1, 16, 4, 4)
    assert plain.isfinite().all()
    assert not torch.allclose(plain, strong)
    assert not torch.allclose(plain, painted(flux.flux_disable_guidance(prompt)))


def test_tokens_of_both_text_encoders_are_shown(context):
    clip = loaders.checkpoint_loader(context, "flux.safetensors").CLIP
    assert prompts.show_tokens(context, clip, "a (cat:1.5)") == (2, 1)
    of_clip, of_t5 = context.shown["tables"]
    assert [of_clip["title"], of_t5["title"]] == ["CLIP-L", "T5"]
    assert [row[2:] for row in of_clip["rows"]] == [["a", 320, 1.0], ["cat", 2368, 1.5]]
    assert [row[2:] for row in of_t5["rows"]] == [["▁a", 4, 1.0], ["▁cat", 5, 1.5]]


def test_flux_with_layers_left_out_and_steps_reused(context):
    model, clip, _ = loaders.checkpoint_loader(context, "flux.safetensors")
    positive, negative = clip.encode("a red cat"), clip.encode("cat")
    empty = {"samples": torch.zeros(1, 16, 4, 4)}

    def painted(model, cfg=3.0):
        prompts = {"positive": positive, "negative": negative}
        return k_sampler(context, model=model, **prompts, latent_image=empty, steps=4, cfg=cfg)["samples"]

    plain, without_guidance = painted(model), painted(model, 1.0)
    whole = {"start_percent": 0.0, "end_percent": 1.0}
    for changed in (
        layer_guidance.skip_layer_guidance_sd3(model, "1", **whole),
        layer_guidance.skip_layer_guidance_dit(model, "", "0, 2", **whole, rescaling_scale=0.5),
        layer_guidance.skip_layer_guidance_dit_simple(model, "1", "2"),
        model_changes.easy_cache(model, 3.0, **whole),
    ):
        found = painted(changed)
        assert found.isfinite().all()
        assert not torch.allclose(found, plain, atol=1e-4)
    for unchanged in (
        layer_guidance.skip_layer_guidance_sd3(model, "", **whole),
        layer_guidance.skip_layer_guidance_dit(model, "1", "2", 3.0, 0.0, 0.0),
        model_changes.easy_cache(model, 0.0, **whole),
    ):
        assert torch.equal(painted(unchanged), plain)
    simple = layer_guidance.skip_layer_guidance_dit_simple(model, "1", "2")
    assert torch.equal(painted(simple, 1.0), without_guidance)  # there is no negative prompt
    with pytest.raises(InputError, match="'x' is no number of a layer"):
        layer_guidance.skip_layer_guidance_dit(model, single_layers="x")


def test_sd3_with_three_encoders(folders, context, tmp_path):
    test_sd3.write(tmp_path / "sd3.safetensors")
    weights, metadata = load_weights(tmp_path / "sd3.safetensors"), read_header(tmp_path / "sd3.safetensors").metadata
    encoders = folders.models / "text_encoders"
    for name in "lg":
        prefix = f"text_encoders.clip_{name}.transformer."
        own = {key.removeprefix(prefix): tensor for key, tensor in weights.items() if key.startswith(prefix)}
        save_weights(encoders / f"sd3_{name}.safetensors", own, {**metadata, "text_encoder": name})
    save_weights(encoders / "sd3_t5.safetensors", t5_in_file(small_t5(4 * test_sd3.WIDTH)))
    names = [f"sd3_{name}.safetensors" for name in ("t5", "g", "l")]
    clip = loaders.triple_clip_loader(context, *names)
    two = loaders.dual_clip_loader(context, *names[1:], "sd3")
    whole = clip.encode("a cat")[0][0]
    assert whole.shape == (1, 77 + 256, 4 * test_sd3.WIDTH)
    assert torch.equal(whole[:, :77], two.encode("a cat")[0][0])
    width = test_sd3.WIDTH
    [[states, options]] = flux.clip_text_encode_sd3(context, clip, "", "a cat", "", "none")
    assert states.shape[1] == 77
    assert not states[..., :width].any()
    assert torch.equal(states[..., width : 2 * width], whole[:, :77, width : 2 * width])
    assert not options["pooled_output"][:, :width].any()
    [[states, _]] = flux.clip_text_encode_sd3(context, clip, "", "", "a cat", "none")
    assert torch.equal(states, whole[:, 77:])
    [[states, _]] = flux.clip_text_encode_sd3(context, clip, "", "", "", "none")
    assert states.shape == (1, 77, 4 * width)
    assert not states.any()
    [[states, _]] = flux.clip_text_encode_sd3(context, clip, "", "a cat", "", "empty_prompt")
    assert torch.equal(states[:, 77:], clip.encode("")[0][0][:, 77:])
    assert torch.equal(states[:, :77, :width], clip.encode("")[0][0][:, :77, :width])


def test_other_encoders_are_refused(context):
    clip = loaders.dual_clip_loader(context, "flux_t5.safetensors", "flux_l.safetensors", "flux")
    with pytest.raises(InputError, match="are not those of Stable Diffusion 3: connect the CLIP of such a model"):
        flux.clip_text_encode_sd3(context, clip, "", "", "")
    with pytest.raises(InputError, match="No supported model has the text encoders"):
        loaders.dual_clip_loader(context, "flux_t5.safetensors", "flux_l.safetensors", "sdxl")


def test_unclip_makes_variations_of_pictures(folders, context):
    torch.manual_seed(0)
    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=28,
        patch_size=7,
        projection_dim=16,
    )
    vision_module = CLIPVisionModelWithProjection(config)
    visual = {f"embedder.model.{name}": t.half() for name, t in open_clip(vision_module.state_dict()).items()}
    path = folders.models / "checkpoints" / "unclip.safetensors"
    write_unclip(path, 16, visual, **VISION)
    parts = unclip.unclip_checkpoint_loader(context, "unclip.safetensors")
    seen = image_prompts.clip_vision_encode(parts.CLIP_VISION, torch.rand(1, 28, 28, 3))
    prompt = parts.CLIP.encode("a cat")
    assert unclip.unclip_conditioning(prompt, seen, 0.0) == prompt
    once = unclip.unclip_conditioning(prompt, seen, 0.5, 0.1)
    twice = unclip.unclip_conditioning(once, seen)
    with pytest.raises(InputError, match="Skip layer guidance needs a transformer"):
        layer_guidance.skip_layer_guidance_sd3(parts.MODEL)
    told = [(each["strength"], each["noise_augmentation"]) for each in twice[0][1]["unclip_conditioning"]]
    assert told == [(0.5, 0.1), (1.0, 0.0)]
    assert len(once[0][1]["unclip_conditioning"]) == 1
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    found = [
        k_sampler(context, model=parts.MODEL, positive=each, negative=prompt, latent_image=latent, steps=2)["samples"]
        for each in (prompt, once, twice)
    ]
    assert all(each.isfinite().all() for each in found)
    assert not torch.allclose(found[0], found[1])
    assert not torch.allclose(found[1], found[2])


def test_a_checkpoint_without_a_vision_model_is_refused(context):
    with pytest.raises(InputError, match="holds no CLIP vision model"):
        unclip.unclip_checkpoint_loader(context, "flux.safetensors")
