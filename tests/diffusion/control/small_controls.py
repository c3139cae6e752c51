"""Control networks with tiny random weights, made of diffusers' modules, as files of all layouts."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, ControlNetUnionModel, T2IAdapter, UNet2DConditionModel
from torch import Tensor

from diffusion.control.layouts import control_file_name
from diffusion.families.ldm_keys import UNetLayout
from diffusion.weights import save_weights
from tests.diffusion.families.small_models import in_file_precision

LAYOUT = UNetLayout(1, (False, True))
HINT_WIDTHS = (8, 8, 16, 16)
HINT_BLOCKS = 6
SD1 = {"unet_config": json.dumps({"num_heads": 2, "norm_num_groups": 16})}
SDXL = {"unet_config": json.dumps({"num_head_channels": 16, "norm_num_groups": 16, "addition_time_embed_dim": 8})}
UNION_PARTS = ("task_embedding", "transformer_layes", "spatial_ch_projs", "control_add_embedding")


def control_net(unet: UNet2DConditionModel, *, joined: bool = True) -> ControlNetModel:
    """A copy of the UNet's encoder; joined: with convolutions to the UNet that are not zero."""
    torch.manual_seed(11)
    network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=HINT_WIDTHS)
    if joined:
        _join(network)
    return in_file_precision(network)


REDUCED: dict[str, dict[str, Any]] = {
    "mid": {"down_block_types": ("CrossAttnDownBlock2D",) * 2, "transformer_layers_per_block": (0, 1)},
    "small": {"down_block_types": ("DownBlock2D",) * 2, "transformer_layers_per_block": 0},
    "without middle": {"down_block_types": ("DownBlock2D",) * 2, "mid_block_type": "UNetMidBlock2D"},
}


def reduced_control_net(kind: str) -> ControlNetModel:
    """A ControlNet for SDXL with fewer transformers than its UNet, or none: a key of `REDUCED`."""
    torch.manual_seed(14)
    network = ControlNetModel(
        **REDUCED[kind],
        block_out_channels=(32, 64),
        layers_per_block=1,
        attention_head_dim=(2, 4),
        cross_attention_dim=64,
        norm_num_groups=16,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=80,
        conditioning_embedding_out_channels=HINT_WIDTHS,
    )
    _join(network)
    return in_file_precision(network)


def union_control_net(unet: UNet2DConditionModel) -> ControlNetUnionModel:
    torch.manual_seed(12)
    config = {name: unet.config[name] for name in (*_ENCODER, *_SIZES)}
    network = ControlNetUnionModel(
        **config,
        conditioning_embedding_out_channels=HINT_WIDTHS,
        num_control_type=6,
        num_trans_channel=32,
        num_proj_channel=32,
    )
    _join(network)
    torch.nn.init.normal_(network.spatial_ch_projs.weight, std=0.2)
    return in_file_precision(network)


_SIZES = ("addition_embed_type", "addition_time_embed_dim", "projection_class_embeddings_input_dim")
_ENCODER = (
    *("block_out_channels", "layers_per_block", "down_block_types", "transformer_layers_per_block"),
    *("attention_head_dim", "cross_attention_dim", "norm_num_groups", "use_linear_projection"),
)


def _join(network: Any) -> None:
    joints = [network.controlnet_mid_block, *network.controlnet_down_blocks]
    for layer in (*joints, network.controlnet_cond_embedding.conv_out):
        torch.nn.init.normal_(layer.weight, std=0.1)


def adapter(kind: str, channels: int, widths: tuple[int, ...], factor: int = 8) -> T2IAdapter:
    torch.manual_seed(13)
    return in_file_precision(T2IAdapter(channels, list(widths), 2, factor, kind))


def ldm_tensors(network: Any) -> dict[str, Tensor]:
    """Under the names of the first published ControlNets."""
    return {control_file_name(name, LAYOUT, HINT_BLOCKS): tensor for name, tensor in network.state_dict().items()}


def write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] = SD1) -> Path:
    save_weights(path, {name: tensor.half() for name, tensor in tensors.items()}, metadata)
    return path


def published_adapter_names(network: T2IAdapter) -> dict[str, Tensor]:
    """Under the names of the first published T2I-Adapters: layers are numbered through, two a level."""
    tensors = {}
    for name, tensor in network.state_dict().items():
        parts = name.removeprefix("adapter.").split(".")
        if parts[0] == "body" and parts[2] == "resnets":
            level, layer = int(parts[1]), int(parts[3])
            parts = ["body", str(2 * level + layer), *parts[4:]]
        elif parts[0] == "body":
            parts[1] = str(2 * int(parts[1]))
        tensors[".".join(parts)] = tensor
    return tensors


def published_light_names(network: T2IAdapter) -> dict[str, Tensor]:
    """The same of light adapters: layers are the `body` of a level."""
    state = network.state_dict()
    return {name.removeprefix("adapter.").replace(".resnets.", ".body."): tensor for name, tensor in state.items()}
