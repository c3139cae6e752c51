"""The nodes that change models, merge them, and make adapters of them, on a small checkpoint."""

from pathlib import Path

import pytest
import torch

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.sampling import sample
from diffusion.weights import load_weights, read_header, save_weights
from graph.declare import InputError, spec_of
from graph.folders import Folders
from graph.testing import Recorder
from nodes import adapter_tools, gligen, hypernetworks, image_prompts, merging, model_changes
from tests.diffusion.families.small_models import write_sd1

CORE_INPUTS = {
    model_changes.free_u: ("FreeU", ["model", "b1", "b2", "s1", "s2"]),
    model_changes.free_u_v2: ("FreeU_V2", ["model", "b1", "b2", "s1", "s2"]),
    model_changes.hyper_tile: ("HyperTile", ["model", "tile_size", "swap_size", "max_depth", "scale_depth"]),
    model_changes.tome_patch_model: ("TomePatchModel", ["model", "ratio"]),
    model_changes.perturbed_attention_guidance: ("PerturbedAttentionGuidance", ["model", "scale"]),
    model_changes.self_attention_guidance: ("SelfAttentionGuidance", ["model", "scale", "blur_sigma"]),
    model_changes.unet_self_attention_multiply: ("UNetSelfAttentionMultiply", ["model", "q", "k", "v", "out"]),
    model_changes.unet_cross_attention_multiply: ("UNetCrossAttentionMultiply", ["model", "q", "k", "v", "out"]),
    model_changes.clip_attention_multiply: ("CLIPAttentionMultiply", ["clip", "q", "k", "v", "out"]),
    model_changes.patch_model_add_downscale: (
        "PatchModelAddDownscale",
        [
            *("model", "block_number", "downscale_factor", "start_percent", "end_percent"),
            *("downscale_after_skip", "downscale_method", "upscale_method"),
        ],
    ),
    model_changes.differential_diffusion: ("DifferentialDiffusion", ["model", "strength"]),
    merging.model_merge_simple: ("ModelMergeSimple", ["model1", "model2", "ratio"]),
    merging.model_merge_add: ("ModelMergeAdd", ["model1", "model2"]),
    merging.model_merge_subtract: ("ModelMergeSubtract", ["model1", "model2", "multiplier"]),
    merging.model_merge_blocks: ("ModelMergeBlocks", ["model1", "model2", "input", "middle", "out"]),
    merging.clip_merge_simple: ("CLIPMergeSimple", ["clip1", "clip2", "ratio"]),
    merging.clip_merge_add: ("CLIPMergeAdd", ["clip1", "clip2"]),
    merging.clip_merge_subtract: ("CLIPMergeSubtract", ["clip1", "clip2", "multiplier"]),
    hypernetworks.hypernetwork_loader: ("HypernetworkLoader", ["model", "hypernetwork_name", "strength"]),
    image_prompts.clip_vision_loader: ("CLIPVisionLoader", ["clip_name"]),
    image_prompts.clip_vision_encode: ("CLIPVisionEncode", ["clip_vision", "image", "crop"]),
    image_prompts.style_model_loader: ("StyleModelLoader", ["style_model_name"]),
    image_prompts.style_model_apply: (
        "StyleModelApply",
        ["conditioning", "style_model", "clip_vision_output", "strength", "strength_type"],
    ),
    gligen.gligen_loader: ("GLIGENLoader", ["gligen_name"]),
    gligen.gligen_text_box_apply: (
        "GLIGENTextBoxApply",
        ["conditioning_to", "clip", "gligen_textbox_model", "text", "width", "height", "x", "y"],
    ),
    adapter_tools.lora_save: (
        "LoraSave",
        ["filename_prefix", "rank", "lora_type", "bias_diff", "model_diff", "text_encoder_diff", "energy"],
    ),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    folders = Folders.under(tmp_path_factory.mktemp("base"))
    for kind in ("checkpoints", "loras", "hypernetworks"):
        (folders.models / kind).mkdir(parents=True)
    write_sd1(path(folders, "a"))
    torch.manual_seed(0)
    tuned = {name: (t + torch.randn(t.shape) / 32).half() for name, t in load_weights(path(folders, "a")).items()}
    save_weights(path(folders, "b"), tuned, read_header(path(folders, "a")).metadata)
    return folders


def path(folders: Folders, name: str) -> Path:
    return folders.models / "checkpoints" / f"{name}.safetensors"


@pytest.fixture(scope="module")
def pair(folders: Folders) -> list[Checkpoint]:
    return [load_checkpoint(path(folders, name)) for name in "ab"]


def picture(model, clip, **latent) -> torch.Tensor:
    latent = {"samples": torch.zeros(1, 4, 16, 16), **latent}
    found = sample(
        model,
        latent,
        clip.encode("a cat"),
        clip.encode(""),
        seed=1,
        steps=2,
        cfg=4.0,
        sampler="euler",
        scheduler="normal",
    )
    return found["samples"]


@pytest.mark.parametrize("function", CORE_INPUTS)
def test_ids_and_inputs_are_those_that_shared_workflows_use(function):
    id, inputs = CORE_INPUTS[function]
    spec = spec_of(function)
    assert id == spec.id or id in spec.aliases
    assert [item.name for item in spec.inputs] == inputs


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        (model_changes.free_u, {}),
        (model_changes.free_u_v2, {}),
        (model_changes.hyper_tile, {"tile_size": 32}),
        (model_changes.tome_patch_model, {}),
        (model_changes.perturbed_attention_guidance, {}),
        (model_changes.self_attention_guidance, {}),
        (model_changes.unet_self_attention_multiply, {"v": 2.0}),
        (model_changes.unet_cross_attention_multiply, {"out": 2.0}),
        (model_changes.patch_model_add_downscale, {"block_number": 1}),
        (model_changes.step_caching, {"interval": 2, "start_percent": 0.0}),
        (model_changes.tiling, {}),
    ],
)
def test_a_change_makes_another_picture_and_stays_on_its_handle(tiny, change, settings):
    model, clip = tiny.model, tiny.clip
    before = picture(model, clip)
    changed = change(model=model, **settings)
    first = picture(changed, clip)
    assert (first - before).abs().max() > 1e-4
    assert first.isfinite().all()
    assert torch.equal(picture(changed, clip), first)
    assert torch.equal(picture(model, clip), before)


def test_changes_can_be_combined(tiny):
    model, clip = tiny.model, tiny.clip
    for change in (model_changes.free_u_v2, model_changes.tome_patch_model, model_changes.self_attention_guidance):
        model = change(model=model)
    model = model_changes.tiling(model_changes.patch_model_add_downscale(model, block_number=1), "left and right")
    assert picture(model, clip).isfinite().all()


def test_differential_diffusion_changes_soft_masks_alone(pair):
    model, clip = pair[0].model, pair[0].clip
    differential = model_changes.differential_diffusion(model)
    full, soft = torch.ones(1, 16, 16), torch.full((1, 16, 16), 0.6)
    assert torch.equal(picture(differential, clip, noise_mask=full), picture(model, clip, noise_mask=full))
    assert not torch.equal(picture(differential, clip, noise_mask=soft), picture(model, clip, noise_mask=soft))


def test_clip_and_vae_are_changed_too(pair):
    clip = model_changes.clip_attention_multiply(pair[0].clip, q=2.0)
    assert not torch.equal(clip.encode("a cat")[0][0], pair[0].clip.encode("a cat")[0][0])
    samples = torch.randn(1, 4, 4, 4)
    assert not torch.equal(model_changes.vae_tiling(pair[0].vae).decode(samples), pair[0].vae.decode(samples))


def test_block_ratios_have_the_names_of_the_file(pair):
    first, second = pair[0].model, pair[1].model
    names = [item.name for item in spec_of(merging.model_merge_sd1).inputs[2:]]
    assert names[:4] == ["time_embed.", "label_emb.", "input_blocks.0.", "input_blocks.1."]
    assert names[14:18] == ["middle_block.0.", "middle_block.1.", "middle_block.2.", "output_blocks.0."]
    assert len(names) == 30
    assert len(spec_of(merging.model_merge_sdxl).inputs) == 2 + 24
    merged = merging.model_merge_sd1(first, second, **dict.fromkeys(names, 1.0) | {"out.": 0.0})
    with merged.loaded() as network, torch.no_grad():
        weights = {name: tensor.clone() for name, tensor in network.network.state_dict().items()}
    for checkpoint, name in ((pair[0], "conv_in.weight"), (pair[1], "conv_out.weight")):
        assert torch.equal(weights[name], checkpoint.model.source.tensor(name))


def test_a_vae_may_take_its_decoder_from_another(pair):
    merged = merging.vae_merge_blocks(pair[0].vae, pair[1].vae, 1.0, 0.0)
    sources = {"encoder": pair[0].vae.source, "decoder": pair[1].vae.source}
    sources |= {"quant_conv": sources["encoder"], "post_quant_conv": sources["decoder"]}
    with merged.loaded() as network:
        weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for name, weight in weights.items():
        torch.testing.assert_close(weight, sources[name.partition(".")[0]].tensor(name), atol=1e-6, rtol=0)


def test_a_lora_is_extracted_resized_and_merged(pair, folders):
    difference = merging.model_merge_subtract(pair[1].model, pair[0].model)
    texts = merging.clip_merge_subtract(pair[1].clip, pair[0].clip)
    context = Recorder(folders)
    adapter_tools.lora_save(context, "made", 4, model_diff=difference, text_encoder_diff=texts)
    made = folders.output / context.shown["models"][0]["filename"]
    metadata = read_header(made).metadata
    assert (metadata["ss_network_dim"], metadata["ss_base_model_version"], metadata["ss_v2"]) == ("4", "sd_v1", "False")
    assert len(metadata["sshs_model_hash"]) == 64
    assert 0.1 < float(metadata["safelight_retained_energy"]) < 1
    lost = {"lora_unet_nowhere.alpha": torch.tensor(1.0)}
    save_weights(folders.models / "loras" / "made.safetensors", {**load_weights(made), **lost})
    adapter_tools.lora_resize(context, pair[0].model, "made.safetensors", 2, filename_prefix="small", clip=pair[0].clip)
    adapter_tools.lora_merge(context, pair[0].model, "made.safetensors", "made.safetensors", filename_prefix="two")
    assert len(context.warnings) == 3  # one for each file that is read
    assert "the first is lora_unet_nowhere.alpha" in context.warnings[0]
    small, two = (folders.output / item["filename"] for item in context.shown["models"][1:])
    assert read_header(small).metadata["ss_network_dim"] == "2"
    assert not any(name.startswith("lora_te") for name in load_weights(two))
    with pytest.raises(InputError, match="no difference"):
        adapter_tools.lora_save(context, "none")


def test_what_does_not_fit_is_said_of_its_input(pair, folders):
    with pytest.raises(InputError) as error:
        merging.vae_merge(pair[0].vae, pair[0].vae.__class__(pair[0].vae.part, 4, 8))
    assert error.value.input_name == "vae2"
    (folders.models / "hypernetworks" / "h.pt").write_bytes(b"no")
    with pytest.raises(InputError) as error:
        hypernetworks.hypernetwork_loader(Recorder(folders), pair[0].model, "h.pt")
    assert error.value.input_name == "hypernetwork_name"
