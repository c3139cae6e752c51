"""Checkpoints of the families with tiny random networks, made of diffusers' and transformers' modules.

The modules are returned, so that what Safelight makes of a file can be compared with them. Their weights have no more
precision than the files, which are float16. What shapes of so small networks do not tell is in the files' metadata.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from diffusion.families.ldm_keys import UNetLayout, unet_file_name, vae_file_name
from diffusion.weights import save_weights

WIDTH = 32  # of each text encoder
METADATA = {
    "unet_config": {"num_head_channels": 16, "norm_num_groups": 16, "addition_time_embed_dim": 8},
    "vae_config": {"norm_num_groups": 8},
    "text_config": {"num_attention_heads": 2},
    "text_config_2": {"num_attention_heads": 4},
}
METADATA_TEXTS = {name: json.dumps(value) for name, value in METADATA.items()}


@dataclass
class SmallModel:
    """The networks of a file; `text` by the names that Safelight gives text encoders."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text: dict[str, nn.Module] = field(default_factory=dict)


def write_sd1(path: Path, in_channels: int = 4) -> SmallModel:
    """Stable Diffusion 1.x; of 8 channels InstructPix2Pix, of 9 for inpainting."""
    model = SmallModel(_unet(in_channels, WIDTH, heads=2), _vae(), {"l": _clip(3, "quick_gelu", heads=2)})
    metadata = {**METADATA_TEXTS, "unet_config": json.dumps({"num_heads": 2, "norm_num_groups": 16})}
    text = {f"cond_stage_model.transformer.text_model.{n}": t for n, t in model.text["l"].state_dict().items()}
    return _write(path, model, text, metadata)


def write_sd2(path: Path, in_channels: int = 4, **markers: Tensor) -> SmallModel:
    """Stable Diffusion 2.x, with an OpenCLIP text encoder. markers: further tensors of the file."""
    model = SmallModel(_unet(in_channels, WIDTH, linear=True), _vae(), {"h": _clip(3, "gelu", heads=2)})
    return _write(path, model, {**open_clip("cond_stage_model.model.", model.text["h"]), **markers})


def write_sdxl(path: Path, in_channels: int = 4, **markers: Tensor) -> SmallModel:
    """SDXL base: two text encoders, sizes."""
    unet = _unet(in_channels, 2 * WIDTH, linear=True, sizes=6)
    model = SmallModel(unet, _vae(), {"l": _clip(3, "quick_gelu", heads=2), "g": _clip(4, "gelu", 4, projected=True)})
    text = {f"conditioner.embedders.0.transformer.text_model.{n}": t for n, t in model.text["l"].state_dict().items()}
    text |= open_clip("conditioner.embedders.1.model.", model.text["g"])
    return _write(path, model, {**text, **markers})


def write_refiner(path: Path) -> SmallModel:
    """The SDXL refiner: OpenCLIP-bigG alone, sizes and a score."""
    unet = _unet(4, WIDTH, linear=True, sizes=5)
    model = SmallModel(unet, _vae(), {"g": _clip(4, "gelu", 4, projected=True)})
    return _write(path, model, open_clip("conditioner.embedders.0.model.", model.text["g"]))


def write_unclip(path: Path, embedding: int, tensors: dict[str, Tensor] | None = None, **metadata: str) -> SmallModel:
    """Stable Diffusion 2.1 unCLIP for embeddings of so many numbers. tensors, metadata: further ones of the file."""
    unet = _unet(4, WIDTH, linear=True, embedding=embedding)
    model = SmallModel(unet, _vae(), {"h": _clip(3, "gelu", heads=2)})
    text = open_clip("cond_stage_model.model.", model.text["h"])
    return _write(path, model, {**text, **(tensors or {})}, {**METADATA_TEXTS, **metadata})


def open_clip(prefix: str, network: nn.Module) -> dict[str, Tensor]:
    """The weights of a text model in OpenCLIP's layout."""
    state = {name.removeprefix("text_model."): tensor for name, tensor in network.state_dict().items()}
    file = {
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
        "logit_scale": torch.tensor(4.6),
    }
    if "text_projection.weight" in state:
        file["text_projection"] = state["text_projection.weight"].T
    for index in range(network.config.num_hidden_layers):
        old, new = f"encoder.layers.{index}.", f"transformer.resblocks.{index}."
        for leaf in ("weight", "bias"):
            fused = [state[f"{old}self_attn.{part}_proj.{leaf}"] for part in "qkv"]
            file[f"{new}attn.in_proj_{leaf}"] = torch.cat(fused)
            file[f"{new}attn.out_proj.{leaf}"] = state[f"{old}self_attn.out_proj.{leaf}"]
            file[f"{new}ln_1.{leaf}"] = state[f"{old}layer_norm1.{leaf}"]
            file[f"{new}ln_2.{leaf}"] = state[f"{old}layer_norm2.{leaf}"]
            file[f"{new}mlp.c_fc.{leaf}"] = state[f"{old}mlp.fc1.{leaf}"]
            file[f"{new}mlp.c_proj.{leaf}"] = state[f"{old}mlp.fc2.{leaf}"]
    return {prefix + name: tensor for name, tensor in file.items()}


def in_file_precision(network: Any) -> Any:
    """The network for inference, its weights as half precision has them."""
    return network.half().float().eval().requires_grad_(False)


def _write(
    path: Path, model: SmallModel, text: dict[str, Tensor], metadata: dict[str, str] = METADATA_TEXTS
) -> SmallModel:
    layout = UNetLayout(1, (False, True))
    unet, vae = model.unet.state_dict(), model.vae.state_dict()
    tensors = {f"model.diffusion_model.{unet_file_name(name, layout)}": tensor for name, tensor in unet.items()}
    for name, tensor in vae.items():
        convolution = ".attentions." in name and ".to_" in name and tensor.ndim == 2
        tensors[f"first_stage_model.{vae_file_name(name, 4)}"] = tensor[..., None, None] if convolution else tensor
    tensors |= text
    save_weights(path, {name: tensor.half().contiguous() for name, tensor in tensors.items()}, metadata)
    return model


def _unet(
    in_channels: int,
    context: int,
    heads: int | None = None,
    linear: bool = False,
    sizes: int = 0,
    embedding: int = 0,
) -> Any:
    """A UNet of two levels, the second with attention; sizes: how many numbers it is told beside the pooled prompt.

    embedding: of how many numbers an embedding is that it is told, with the level of noise on it.
    """
    torch.manual_seed(in_channels)
    told = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": WIDTH + 8 * sizes,
    }
    network = UNet2DConditionModel(
        in_channels=in_channels,
        out_channels=4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2),
        attention_head_dim=heads or (2, 4),
        cross_attention_dim=context,
        norm_num_groups=16,
        use_linear_projection=linear,
        sample_size=64,  # of no effect, but diffusers' pipeline for inpainting asks for it
        **(told if sizes else {}),
        class_embed_type="projection" if embedding else None,
        **({"projection_class_embeddings_input_dim": 2 * embedding} if embedding else {}),
    )
    return in_file_precision(network)


def _vae() -> Any:
    torch.manual_seed(1)
    network = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=8,
    )
    return in_file_precision(network)


def _clip(layers: int, activation: str, heads: int, projected: bool = False) -> Any:
    torch.manual_seed(layers)
    config = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        hidden_act=activation,
        projection_dim=WIDTH,
    )
    network = (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)
    for parameter in network.parameters():  # as they start, all states would be nearly equal
        if parameter.ndim == 2:
            parameter.data *= 8
    return in_file_precision(network)
