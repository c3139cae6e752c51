import json

import pytest
import torch

from diffusion.families import detect
from diffusion.families.sd1 import SD1
from diffusion.sampling.parameterization import Epsilon, Velocity
from diffusion.weights import Header, TensorInfo, WeightsError
from tests.parity.random_checkpoint import CLIP, RELEASED, TINY, UNET, VAE, entries


def header(tmp_path, shapes: dict[str, tuple[int, ...]], metadata: dict[str, str] | None = None) -> Header:
    tensors = {name: TensorInfo(shape, torch.float16) for name, shape in shapes.items()}
    return Header(tmp_path / "file.safetensors", tensors, metadata or {})


@pytest.fixture
def released() -> dict[str, tuple[int, ...]]:
    return {entry.name: entry.shape for entry in entries(RELEASED)}


@pytest.fixture
def small() -> dict[str, tuple[int, ...]]:
    return {entry.name: entry.shape for entry in entries(TINY)}


def test_checkpoints_of_any_width_are_recognised(tmp_path, released, small):
    assert detect(header(tmp_path, released)) is SD1
    assert detect(header(tmp_path, small)) is SD1


def test_names_without_text_model_are_recognised(tmp_path, released):
    shapes = {name.replace("text_model.", ""): shape for name, shape in released.items()}
    found = header(tmp_path, shapes)
    assert detect(found) is SD1
    assert SD1.text_encoders(found)[0].component.check(found) == 123_060_480


def test_a_unet_alone_is_told_by_its_width(tmp_path, released):
    found = header(tmp_path, {name: shape for name, shape in released.items() if name.startswith(UNET)})
    assert detect(found) is SD1
    for part in (SD1.autoencoder, SD1.text_encoders):
        with pytest.raises(WeightsError, match=r"holds no (VAE|text encoder)"):
            part(found)


@pytest.mark.parametrize(
    ("metadata", "marker", "expected"),
    [
        ({}, False, Epsilon),
        ({}, True, Velocity),
        ({"prediction_type": "v_prediction"}, False, Velocity),
        ({"prediction_type": "epsilon"}, False, Epsilon),
        ({"modelspec.prediction_type": "v"}, False, Velocity),
    ],
)
def test_prediction(tmp_path, small, metadata, marker, expected):
    shapes = {**small, "v_pred": (1,)} if marker else small
    assert type(SD1.parameterization(header(tmp_path, shapes, metadata), {})) is expected


def test_a_vae_of_other_widths_has_latents_of_its_own(tmp_path, released, small):
    assert not SD1.has_own_latents(header(tmp_path, released))
    assert SD1.has_own_latents(header(tmp_path, small))
    assert not SD1.has_own_latents(header(tmp_path, {n: s for n, s in small.items() if not n.startswith(VAE)}))


def test_metadata_says_what_shapes_cannot(tmp_path, small):
    metadata = {
        "unet_config": json.dumps({"num_heads": 4, "norm_num_groups": 16}),
        "vae_config": json.dumps({"norm_num_groups": 8}),
        "text_config": json.dumps({"num_attention_heads": 2}),
    }
    found = header(tmp_path, small, metadata)
    unet = SD1.denoiser(found).build().config
    assert (unet.attention_head_dim, unet.norm_num_groups) == (4, 16)
    assert SD1.autoencoder(found).build().config.norm_num_groups == 8
    assert SD1.text_encoders(found)[0].component.build().config.num_attention_heads == 2


def changed(shapes: dict[str, tuple[int, ...]], **changes: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {**shapes, **{UNET + name: shape for name, shape in changes.items()}}


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight"], "a LoRA, which belongs in models/loras"),
        (["control_model.zero_convs.0.0.weight"], "a ControlNet"),
        (["emb_params"], "a textual inversion"),
        (["first_stage_model.encoder.conv_in.weight"], "a VAE alone"),
        (["encoder.conv_in.weight", "decoder.conv_in.weight"], "a VAE alone"),
        (["double_blocks.0.img_attn.qkv.weight"], "a model of Flux' kind, .* not supported yet"),
        (["distilled_guidance_layer.in_proj.weight", "double_blocks.0.img_attn.qkv.weight"], "a Chroma model"),
        (
            ["edm_mean", "conditioner.embedders.1.model.ln_final.weight"],
            "a Playground 2.5 checkpoint, .* not supported",
        ),
        (["conditioner.embedders.1.model.ln_final.weight"], "text encoders alone"),
        (["cond_stage_model.model.ln_final.weight"], "a text encoder alone"),
        (["down_blocks.0.resnets.0.conv1.weight", "up_blocks.0.x"], "a UNet in diffusers' layout"),
        (["text_model.final_layer_norm.weight"], "a text encoder alone, which belongs in models/text_encoders"),
        (["encoder.block.0.layer.0.SelfAttention.q.weight"], "a T5 text encoder, which belongs in models/text_enc"),
        (["transformer.h.0.weight"], r"of no known kind \(tensors: 1, the first is 'transformer.h.0.weight'\)"),
    ],
)
def test_other_files_are_named(tmp_path, names, kind):
    with pytest.raises(WeightsError, match=rf"file\.safetensors cannot be loaded as a checkpoint: it is {kind}"):
        detect(header(tmp_path, dict.fromkeys(names, (4, 4))))


@pytest.mark.parametrize(("channels", "kind"), [(64, "which belongs in"), (384, "that sees another picture")])
@pytest.mark.parametrize("layer", ["img_in.weight", "x_embedder.weight"])
def test_kinds_of_flux_are_told_apart(tmp_path, channels, kind, layer):
    shapes = {layer: (3072, channels), "single_transformer_blocks.0.norm.linear.weight": (9216, 3072)}
    with pytest.raises(WeightsError, match=f"it is a Flux model.* {kind}"):
        detect(header(tmp_path, shapes))


@pytest.mark.parametrize(
    ("channels", "kind"),
    [(5, "a depth-guided checkpoint, .* not supported yet"), (7, "whose UNet takes 7 channels")],
)
def test_checkpoints_with_more_inputs_are_named(tmp_path, released, channels, kind):
    shapes = {**released, f"{UNET}input_blocks.0.0.weight": (320, channels, 3, 3)}
    with pytest.raises(WeightsError, match=kind):
        detect(header(tmp_path, shapes))


def test_missing_unexpected_and_misshapen_tensors_are_named(tmp_path, small):
    norm = f"{VAE}decoder.norm_out."
    missing = header(tmp_path, {name: shape for name, shape in small.items() if not name.startswith(norm)})
    with pytest.raises(WeightsError, match=rf"the VAE lacks {norm}weight, {norm}bias\."):
        SD1.autoencoder(missing).check(missing)
    extra = header(tmp_path, {**small, **{f"{UNET}extra.{index}": (1,) for index in range(5)}})
    with pytest.raises(WeightsError, match=rf"the UNet has unexpected {UNET}extra.0, .* and 2 more tensors\."):
        SD1.denoiser(extra).check(extra)
    name = f"{CLIP}final_layer_norm.bias"
    misshapen = header(tmp_path, {**small, name: (7,)})
    with pytest.raises(WeightsError, match=rf"the text encoder has misshapen {name} \[7\] instead of \[48\]\."):
        SD1.text_encoders(misshapen)[0].component.check(misshapen)


@pytest.mark.parametrize(("table", "shape"), [("token", (1000, 48)), ("position", (32, 48))])
def test_a_text_encoder_that_cannot_read_prompts_is_named(tmp_path, small, table, shape):
    found = header(tmp_path, {**small, f"{CLIP}embeddings.{table}_embedding.weight": shape})
    with pytest.raises(WeightsError, match=rf"its text encoder knows .*\b{shape[0]}\b"):
        SD1.text_encoders(found)


def test_a_unet_with_other_numbering_is_named(tmp_path, small):
    block = f"{UNET}input_blocks.3.0."
    shapes = {name.replace(block, f"{UNET}input_blocks.4.0."): shape for name, shape in small.items()}
    with pytest.raises(WeightsError, match="blocks of its UNet are not numbered"):
        SD1.denoiser(header(tmp_path, shapes))


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("denoiser", "unet_config", {"num_heads": 5}),
        ("denoiser", "unet_config", {"norm_num_groups": 48}),
        ("autoencoder", "vae_config", {"norm_num_groups": 0}),
        ("text_encoders", "text_config", {"num_attention_heads": 7}),
        ("text_encoders", "text_config", {"num_attention_heads": "many"}),
    ],
)
def test_numbers_that_do_not_fit_the_widths_are_named(tmp_path, small, part, key, value):
    found = header(tmp_path, small, {key: json.dumps(value)})
    with pytest.raises(WeightsError, match=rf"file\.safetensors: .* {key} .*{next(iter(value))}"):
        getattr(SD1, part)(found)
