"""Stable Diffusion 3 on a tiny random file, against diffusers' transformer and its converter of key names."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, SD3Transformer2DModel
from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, T5EncoderModel

from diffusion.checkpoint import Checkpoint, load_checkpoint
from diffusion.diffusers_folder import load_folder
from diffusion.families import detect
from diffusion.families.ldm_keys import vae_file_name
from diffusion.families.sd3 import SD3, TRANSFORMER
from diffusion.sampling import sample
from diffusion.sampling.conditions import Frame
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.guidance_changes import RescaledGuidance
from diffusion.sampling.network import Call
from diffusion.saving import save_checkpoint
from diffusion.text.webui.encode import Dialect, encode_positive
from diffusion.weights import Header, TensorInfo, load_weights, read_header, save_weights
from tests.diffusion.families.small_models import in_file_precision
from tests.diffusion.families.small_transformers import small_t5, t5_in_file, write_pieces

WIDTH = 32
TINY = {
    "sample_size": 16,
    "num_layers": 3,
    "num_attention_heads": 2,
    "attention_head_dim": 24,
    "caption_projection_dim": 48,
    "joint_attention_dim": 4 * WIDTH,
    "pooled_projection_dim": 2 * WIDTH,
    "pos_embed_max_size": 12,
    "dual_attention_layers": (0,),
    "qk_norm": "rms_norm",
}
RELEASED = {
    "medium": {"num_layers": 24, "num_attention_heads": 24, "caption_projection_dim": 1536, "pos_embed_max_size": 192},
    "3.5 medium": {
        "num_layers": 24,
        "num_attention_heads": 24,
        "caption_projection_dim": 1536,
        "pos_embed_max_size": 384,
        "dual_attention_layers": tuple(range(13)),
        "qk_norm": "rms_norm",
    },
    "3.5 large": {
        "num_layers": 38,
        "num_attention_heads": 38,
        "caption_projection_dim": 2432,
        "pos_embed_max_size": 192,
        "qk_norm": "rms_norm",
    },
}


def in_file(network: SD3Transformer2DModel) -> dict[str, Tensor]:
    """The transformer's weights as files have them, written down from the published layout."""
    state = network.state_dict()
    last = network.config.num_layers - 1
    file = {"pos_embed": state["pos_embed.pos_embed"]}

    def put(old: str, new: str, swapped: bool = False) -> None:
        for leaf in ("weight", "bias"):
            if f"{old}.{leaf}" in state:
                tensor = state[f"{old}.{leaf}"]
                file[f"{new}.{leaf}"] = torch.cat(tensor.chunk(2)[::-1]) if swapped else tensor

    def fuse(old: list[str], new: str) -> None:
        for leaf in ("weight", "bias"):
            file[f"{new}.{leaf}"] = torch.cat([state[f"{name}.{leaf}"] for name in old])

    put("pos_embed.proj", "x_embedder.proj")
    put("context_embedder", "context_embedder")
    put("proj_out", "final_layer.linear")
    put("norm_out.linear", "final_layer.adaLN_modulation.1", swapped=True)
    for old, new in (("timestep_embedder", "t_embedder"), ("text_embedder", "y_embedder")):
        put(f"time_text_embed.{old}.linear_1", f"{new}.mlp.0")
        put(f"time_text_embed.{old}.linear_2", f"{new}.mlp.2")
    for number in range(last + 1):
        old, picture, text = (f"{part}{number}" for part in ("transformer_blocks.", "joint_blocks.", "joint_blocks."))
        picture, text = f"{picture}.x_block", f"{text}.context_block"
        fuse([f"{old}.attn.to_{part}" for part in "qkv"], f"{picture}.attn.qkv")
        fuse([f"{old}.attn.add_{part}_proj" for part in "qkv"], f"{text}.attn.qkv")
        put(f"{old}.attn.to_out.0", f"{picture}.attn.proj")
        put(f"{old}.attn.to_add_out", f"{text}.attn.proj")
        for new, norms in ((picture, ("norm_q", "norm_k")), (text, ("norm_added_q", "norm_added_k"))):
            put(f"{old}.attn.{norms[0]}", f"{new}.attn.ln_q")
            put(f"{old}.attn.{norms[1]}", f"{new}.attn.ln_k")
        if number in network.config.dual_attention_layers:
            fuse([f"{old}.attn2.to_{part}" for part in "qkv"], f"{picture}.attn2.qkv")
            put(f"{old}.attn2.to_out.0", f"{picture}.attn2.proj")
            put(f"{old}.attn2.norm_q", f"{picture}.attn2.ln_q")
            put(f"{old}.attn2.norm_k", f"{picture}.attn2.ln_k")
        put(f"{old}.norm1.linear", f"{picture}.adaLN_modulation.1")
        put(f"{old}.norm1_context.linear", f"{text}.adaLN_modulation.1", swapped=number == last)
        for old_mlp, new_mlp in ((f"{old}.ff", f"{picture}.mlp"), (f"{old}.ff_context", f"{text}.mlp")):
            put(f"{old_mlp}.net.0.proj", f"{new_mlp}.fc1")
            put(f"{old_mlp}.net.2", f"{new_mlp}.fc2")
    return {TRANSFORMER + name: tensor for name, tensor in file.items()}


def write(path: Path) -> SD3Transformer2DModel:
    torch.manual_seed(0)
    transformer = in_file_precision(SD3Transformer2DModel(**TINY))
    levels = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=16,
        down_block_types=levels[0],
        up_block_types=levels[1],
        norm_num_groups=8,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    tensors = in_file(transformer)
    for name, tensor in vae.state_dict().items():
        convolution = ".attentions." in name and ".to_" in name and tensor.ndim == 2
        tensors[f"first_stage_model.{vae_file_name(name, 4)}"] = tensor[..., None, None] if convolution else tensor
    for name, kind in (("clip_l", CLIPTextModel), ("clip_g", CLIPTextModelWithProjection)):
        config = CLIPTextConfig(
            vocab_size=49408,
            hidden_size=WIDTH,
            intermediate_size=64,
            num_hidden_layers=3,
            num_attention_heads=2,
            projection_dim=WIDTH,
        )
        for key, tensor in kind(config).state_dict().items():
            inner = "" if key.startswith("text_projection") else "text_model."
            tensors[f"text_encoders.{name}.transformer.{inner}{key.removeprefix('text_model.')}"] = tensor
    metadata = {
        "transformer_config": json.dumps({"num_attention_heads": 2}),
        "vae_config": json.dumps({"norm_num_groups": 8}),
        "text_config": json.dumps({"num_attention_heads": 2}),
        "text_config_2": json.dumps({"num_attention_heads": 2}),
    }
    save_weights(path, {name: tensor.half() for name, tensor in tensors.items()}, metadata)
    return transformer


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sd3") / "sd3.safetensors"


@pytest.fixture(scope="module")
def transformer(path) -> SD3Transformer2DModel:
    return write(path)


@pytest.fixture(scope="module")
def loaded(path, transformer) -> Checkpoint:
    return load_checkpoint(path)


def test_names_are_those_of_diffusers_converter(path, transformer, loaded):
    converted = convert_sd3_transformer_checkpoint_to_diffusers(
        {name: tensor for name, tensor in load_weights(path).items() if name.startswith(TRANSFORMER)}
    )
    ours = loaded.model.source.tensors()
    assert ours.keys() == converted.keys() == transformer.state_dict().keys()
    assert all(torch.equal(ours[name], tensor.float()) for name, tensor in converted.items())


def test_tensors_are_written_as_they_were_read(path, loaded):
    file = load_weights(path)
    written = loaded.model.source.component.to_file(loaded.model.source.tensors())
    assert written.keys() == {name for name in file if name.startswith(TRANSFORMER)}
    assert all(torch.equal(tensor.half(), file[name]) for name, tensor in written.items())


@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
def test_the_transformer_is_asked_as_diffusers_asks_it(transformer, loaded, size):
    torch.manual_seed(1)
    x, context, pooled = torch.randn(2, 16, *size), torch.randn(2, 77, 4 * WIDTH), torch.randn(2, 2 * WIDTH)
    call = Call(x, torch.tensor([900.0, 900.0]), 0.9, context, {"pooled": pooled})
    with loaded.model.loaded() as network:
        ours = network(call)
    assert ours.shape == x.shape
    if size == (8, 8):
        with torch.no_grad():
            theirs = transformer(x, context, pooled, torch.tensor([900.0, 900.0])).sample
        torch.testing.assert_close(ours, theirs)


def test_prompts_are_as_wide_as_the_model_reads(loaded):
    ((states, options),) = loaded.clip.encode("a cat")
    assert states.shape == (1, 77, 4 * WIDTH)
    assert not states[..., 2 * WIDTH :].any()
    assert options["pooled_output"].shape == (1, 2 * WIDTH)
    frame = Frame(torch.zeros(1, 16, 8, 8), loaded.model.schedule)
    with pytest.raises(SamplingError, match="needs a pooled prompt of 64 numbers, and the prompt has none"):
        loaded.model.inputs({}, frame, 0)


def test_a_run_gives_finite_pictures(loaded):
    prompt = loaded.clip.encode("a cat")
    latent = {"samples": torch.zeros(1, 16, 8, 8)}
    settings = {"seed": 1, "steps": 3, "cfg": 4.0, "sampler": "euler", "scheduler": "simple"}
    found = sample(loaded.model, latent, prompt, loaded.clip.encode(""), **settings)
    assert found["samples"].isfinite().all()
    assert loaded.vae.decode(found["samples"]).shape == (1, 64, 64, 3)
    # from pure noise: where a run starts, nothing of the latent is left
    other = sample(loaded.model, {"samples": torch.ones(1, 16, 8, 8)}, prompt, loaded.clip.encode(""), **settings)
    torch.testing.assert_close(other["samples"], found["samples"], rtol=1e-4, atol=1e-4)


def test_guidance_can_be_changed(loaded):
    prompt, empty = loaded.clip.encode("a cat"), loaded.clip.encode("")
    settings = {"seed": 1, "steps": 2, "cfg": 4.0, "sampler": "euler", "scheduler": "simple"}
    latent = {"samples": torch.zeros(1, 16, 8, 8)}
    plain, rescaled = (
        sample(model, latent, prompt, empty, **settings)["samples"]
        for model in (loaded.model, loaded.model.with_guidance(RescaledGuidance(0.7)))
    )
    assert rescaled.isfinite().all()
    assert not torch.equal(plain, rescaled)


def test_the_latents_have_a_shift():
    samples = torch.tensor([0.0609, 1.0609])
    torch.testing.assert_close(SD3.latent_format.to_model(samples), torch.tensor([0.0, 1.5305]))
    torch.testing.assert_close(SD3.latent_format.from_model(SD3.latent_format.to_model(samples)), samples)


@pytest.fixture(scope="module")
def with_t5(path, transformer, tmp_path_factory) -> tuple[Checkpoint, T5EncoderModel]:
    """The same checkpoint with T5, as the files that include it have it."""
    folder = tmp_path_factory.mktemp("with_t5")
    module = small_t5(4 * WIDTH)
    added = {n: t.half() for n, t in t5_in_file(module, "text_encoders.t5xxl.transformer.").items()}
    save_weights(folder / "sd3.safetensors", {**load_weights(path), **added}, read_header(path).metadata)
    write_pieces(folder / "spiece.model")
    return load_checkpoint(folder / "sd3.safetensors", tokenizer_folders=[folder]), module


def test_without_its_tokenizer_prompts_are_read_without_t5(loaded, with_t5):
    whole, _ = with_t5
    encoders = tuple(
        replace(each, style=replace(each.style, folders=())) if each.name == "t5" else each
        for each in whole.clip.encoders
    )
    clip = replace(whole.clip, encoders=encoders)
    tokens = clip.tokenize("a red cat")
    assert ["spiece.model" in warning for warning in tokens.warnings] == [True]
    assert torch.equal(clip.encode_tokens(tokens)[0][0], loaded.clip.encode("a red cat")[0][0])
    ((states, _),), warnings = encode_positive(clip, "a red cat", Dialect())
    assert torch.equal(states, encode_positive(loaded.clip, "a red cat", Dialect())[0][0][0])
    assert len(warnings) == 1


def test_t5_gives_256_more_tokens(loaded, with_t5):
    """As diffusers' StableDiffusion3Pipeline joins the three: the CLIPs' tokens, filled up in width, then T5's."""
    whole, module = with_t5
    ((clips, pooled),), ((states, options),) = (
        loaded.clip.encode("a (red:1.2) cat"),
        whole.clip.encode("a (red:1.2) cat"),
    )
    with torch.no_grad():
        plain, empty = (
            module(torch.tensor([row + [0] * (256 - len(row))])).last_hidden_state for row in ([4, 6, 5, 1], [1])
        )
    plain[:, 1] = (plain[:, 1] - empty[:, 1]) * 1.2 + empty[:, 1]
    torch.testing.assert_close(states, torch.cat((clips, plain), 1))
    assert torch.equal(options["pooled_output"], pooled["pooled_output"])
    settings = {"seed": 1, "steps": 2, "cfg": 4.0, "sampler": "euler", "scheduler": "simple"}
    latent = {"samples": torch.zeros(1, 16, 8, 8)}
    found = [sample(whole.model, latent, [[each, pooled]], [[each, pooled]], **settings) for each in (clips, states)]
    assert found[1]["samples"].isfinite().all()
    assert not torch.allclose(found[0]["samples"], found[1]["samples"])


def test_a_folder_of_diffusers_gives_the_same_and_is_saved_as_a_checkpoint(path, transformer, with_t5, tmp_path):
    whole, module = with_t5
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusion3Pipeline"}))
    transformer.save_pretrained(tmp_path / "folder" / "transformer")
    for encoder, name in zip(whole.clip.encoders, ("text_encoder", "text_encoder_2"), strict=False):
        with encoder.loaded() as network:
            network.save_pretrained(tmp_path / "folder" / name)
    module.save_pretrained(tmp_path / "folder" / "text_encoder_3")
    write_pieces(tmp_path / "folder" / "tokenizer_3" / "spiece.model")
    ours = load_folder(tmp_path / "folder")
    assert ours.model.config == whole.model.config
    assert [encoder.name for encoder in ours.clip.encoders] == ["l", "g", "t5"]
    assert torch.equal(ours.clip.encode("a cat")[0][0], whole.clip.encode("a cat")[0][0])
    save_checkpoint(tmp_path / "saved.safetensors", ours.model, dtype=torch.float16)
    saved, original = load_weights(tmp_path / "saved.safetensors"), load_weights(path)
    assert saved.keys() == {name for name in original if name.startswith(TRANSFORMER)}
    assert all(torch.equal(tensor, original[name]) for name, tensor in saved.items())


@pytest.mark.parametrize("name", RELEASED)
def test_released_sizes_are_read_from_shapes(name, tmp_path):
    with torch.device("meta"):
        network = SD3Transformer2DModel(**RELEASED[name])
    tensors = {key: TensorInfo(tuple(tensor.shape), torch.float16) for key, tensor in in_file(network).items()}
    header = Header(tmp_path / "released.safetensors", tensors)
    assert detect(header) is SD3
    component = SD3.denoiser(header)
    assert component.check(header) == sum(parameter.numel() for parameter in network.parameters())
    assert {key: network.config[key] for key in component.config} == component.config
