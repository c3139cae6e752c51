"""Names and configurations of LDM files, against diffusers' own converters and against randomly chosen layouts."""

from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import CLIPTextConfig

from diffusion.families.ldm_keys import UNetLayout, unet_file_name, vae_file_name
from diffusion.families.ldm_shapes import UNET, VAE, unet_config, unet_layout, vae_config
from diffusion.families.sd1 import SD1
from diffusion.weights import Header, TensorInfo
from tests.parity.random_checkpoint import RELEASED, entries

SD15_UNET = {
    "block_out_channels": (320, 640, 1280, 1280),
    "layers_per_block": 2,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
SD15_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}
SD15_CLIP = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}


def on_meta(make: Any, **config: Any) -> Any:
    with torch.device("meta"):
        return make(**config)


def header(path, tensors: dict[str, torch.Tensor]) -> Header:
    return Header(path, {name: TensorInfo(tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()})


@pytest.fixture
def released(tmp_path) -> Header:
    tensors = {entry.name: TensorInfo(entry.shape, torch.float16) for entry in entries(RELEASED)}
    return Header(tmp_path / "released.safetensors", tensors)


def marked(header: Header) -> dict[str, torch.Tensor]:
    """Tensors of one number each, different from one another, under the names of a header."""
    return {name: torch.tensor([index]) for index, name in enumerate(header.tensors)}


def diffusers_names(converted: dict[str, torch.Tensor], file: dict[str, torch.Tensor]) -> dict[str, str]:
    """The table module name -> file name that diffusers' conversion amounts to."""
    by_mark = {int(tensor): name for name, tensor in file.items()}
    return {name: by_mark[int(tensor)] for name, tensor in converted.items()}


def file_names(component):
    return {name: entry.name for name, entry in component.entries(component.build()).items()}


def test_unet_names_equal_diffusers_conversion(released):
    component = SD1.denoiser(released)
    file = marked(released)
    expected = diffusers_names(convert_ldm_unet_checkpoint(dict(file), {**SD15_UNET, "class_embed_type": None}), file)
    ours = file_names(component)
    assert len(ours) == 686
    assert ours == expected


def test_vae_names_equal_diffusers_conversion(released):
    component = SD1.autoencoder(released)
    file = {name: tensor for name, tensor in marked(released).items() if name.startswith(VAE)}
    # the conversion cuts 1x1 convolutions down to linear layers, and so has to be given tensors of four dimensions
    converted = convert_ldm_vae_checkpoint({n: t.reshape(1, 1, 1, 1) for n, t in file.items()}, SD15_VAE)
    ours = file_names(component)
    assert len(ours) == 248
    assert ours == diffusers_names(converted, file)


def test_text_names_equal_diffusers_conversion(released):
    component = SD1.text_encoders(released)[0].component
    file = marked(released)
    converted = convert_ldm_clip_checkpoint(dict(file))
    expected = {
        name.removeprefix("text_model."): file_name for name, file_name in diffusers_names(converted, file).items()
    }
    assert file_names(component) == expected


@pytest.mark.parametrize("part", ["denoiser", "autoencoder", "text_encoder"])
def test_a_full_size_file_has_every_tensor_and_no_other(released, part):
    [text] = SD1.text_encoders(released)
    components = {
        "denoiser": SD1.denoiser(released),
        "autoencoder": SD1.autoencoder(released),
        "text_encoder": text.component,
    }
    count = components[part].check(released)
    expected = {"denoiser": 859_520_964, "autoencoder": 83_653_863, "text_encoder": 123_060_480}
    assert count == expected[part]


def test_configurations_of_a_full_size_file(released):
    unet = unet_config(released, heads=8, norm_groups=32)
    assert unet.pop("transformer_layers_per_block") == (1, 1, 1, 1)
    config = on_meta(UNet2DConditionModel, **SD15_UNET).config
    assert unet == {key: config[key] for key in unet}
    vae = vae_config(released, VAE, norm_groups=32)
    config = on_meta(AutoencoderKL, **SD15_VAE).config
    assert vae == {key: config[key] for key in vae}
    clip = SD1.text_encoders(released)[0].component.build().config
    expected = CLIPTextConfig(**SD15_CLIP)
    for key in (*SD15_CLIP, "hidden_act", "eos_token_id"):
        assert getattr(clip, key) == getattr(expected, key)


levels = st.integers(1, 5)


@st.composite
def unets(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(levels)
    attention = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    depth = [draw(st.integers(1, 2)) if has else 1 for has in attention]
    return {
        "in_channels": draw(st.sampled_from([4, 9])),
        "out_channels": 4,
        "block_out_channels": tuple(draw(st.sampled_from([8, 16])) for _ in range(count)),
        "layers_per_block": draw(st.integers(1, 3)),
        "down_block_types": tuple("CrossAttnDownBlock2D" if has else "DownBlock2D" for has in attention),
        "up_block_types": tuple("CrossAttnUpBlock2D" if has else "UpBlock2D" for has in reversed(attention)),
        "transformer_layers_per_block": tuple(depth),
        "cross_attention_dim": draw(st.sampled_from([8, 24])),
        "use_linear_projection": draw(st.booleans()),
        "attention_head_dim": 2,
        "norm_num_groups": 4,
    }


@settings(max_examples=25)
@given(unets())
def test_any_unet_is_recovered_from_its_file(config):
    network = on_meta(UNet2DConditionModel, **config)
    attention = tuple(kind.startswith("Cross") for kind in config["down_block_types"])
    layout = UNetLayout(config["layers_per_block"], attention)
    names = {name: UNET + unet_file_name(name, layout) for name in network.state_dict()}
    assert len(set(names.values())) == len(names)
    found = header("x", {names[name]: tensor for name, tensor in network.state_dict().items()})
    assert unet_layout(found) == layout
    assert unet_config(found, heads=2, norm_groups=4) == config


@settings(max_examples=15)
@given(st.lists(st.sampled_from([8, 16]), min_size=1, max_size=5), st.integers(1, 3), st.booleans())
def test_any_vae_is_recovered_from_its_file(widths, blocks, quantised):
    config = {
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": 4,
        "block_out_channels": tuple(widths),
        "layers_per_block": blocks,
        "down_block_types": ("DownEncoderBlock2D",) * len(widths),
        "up_block_types": ("UpDecoderBlock2D",) * len(widths),
        "norm_num_groups": 4,
        "use_quant_conv": quantised,
        "use_post_quant_conv": quantised,
    }
    network = on_meta(AutoencoderKL, **config)
    names = {name: VAE + vae_file_name(name, len(widths)) for name in network.state_dict()}
    assert len(set(names.values())) == len(names)
    found = header("x", {names[name]: tensor for name, tensor in network.state_dict().items()})
    assert vae_config(found, VAE, norm_groups=4) == config


def test_a_name_of_another_network_is_refused():
    with pytest.raises(KeyError, match="no tensor of a Stable Diffusion UNet"):
        unet_file_name("transformer.blocks.0.weight", UNetLayout(2, (True,)))
