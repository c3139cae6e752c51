"""T5, its tokenizer and Flux with tiny random networks, and their files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel
from transformers.convert_slow_tokenizer import import_protobuf

from diffusion.families.ldm_keys import vae_file_name
from diffusion.families.t5_text import T5Place
from diffusion.text.encode import Encoded
from tests.diffusion.families.small_models import in_file_precision

PIECES = (("▁", -8.0), ("▁a", -3.0), ("▁cat", -4.0), ("▁red", -4.0), ("c", -9.0), ("a", -9.0), ("t", -9.0))
TOKENS = len(PIECES) + 3 + 100  # padding, end and unknown before them, words that are masked after them
FLUX_WIDTH, POOLED, T5_WIDTH = 64, 32, 40
FLUX_METADATA = {
    "vae_config": json.dumps({"norm_num_groups": 8}),
    "text_config": json.dumps({"num_attention_heads": 2}),
}


def write_pieces(path: Path) -> None:
    """A SentencePiece model: `a`, `cat` and `red` are the tokens 4, 5 and 6, other words are spelled."""
    model = import_protobuf().ModelProto()
    for piece, kind in (("<pad>", 3), ("</s>", 3), ("<unk>", 2)):
        model.pieces.add(piece=piece, score=0.0, type=kind)
    for piece, score in PIECES:
        model.pieces.add(piece=piece, score=score, type=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


class OnlyT5:
    """A family of T5 alone, which gives its states."""

    places = (T5Place(),)

    def join(self, encoded: Mapping[str, Encoded]) -> list[list[Any]]:
        return [[encoded["t5"].states, {}]]


def small_t5(width: int = T5_WIDTH) -> T5EncoderModel:
    """Two layers; their states differ from token to token."""
    torch.manual_seed(5)
    config = T5Config(
        vocab_size=TOKENS,
        d_model=width,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=3,  # whose width is not that of the states, as in no released size
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
    )
    return in_file_precision(T5EncoderModel(config))


def t5_in_file(network: T5EncoderModel, prefix: str = "") -> dict[str, Tensor]:
    """Its weights as files have them: the table of tokens twice."""
    return {prefix + name: tensor.clone() for name, tensor in network.state_dict().items()}


def small_flux(guidance: bool = True) -> FluxTransformer2DModel:
    torch.manual_seed(6)
    network = FluxTransformer2DModel(
        num_layers=2,
        num_single_layers=3,
        attention_head_dim=32,
        num_attention_heads=FLUX_WIDTH // 32,
        joint_attention_dim=T5_WIDTH,
        pooled_projection_dim=POOLED,
        guidance_embeds=guidance,
        axes_dims_rope=(4, 14, 14),
    )
    return in_file_precision(network)


def flux_in_file(network: FluxTransformer2DModel) -> dict[str, Tensor]:
    """The transformer's weights as Black Forest Labs' files have them, written down from the published layout."""
    state, file = network.state_dict(), {}

    def put(old: str, new: str) -> None:
        for leaf in ("weight", "bias"):
            file[f"{new}.{leaf}"] = state[f"{old}.{leaf}"]

    def fuse(old: list[str], new: str) -> None:
        for leaf in ("weight", "bias"):
            file[f"{new}.{leaf}"] = torch.cat([state[f"{name}.{leaf}"] for name in old])

    embedders = {"timestep": "time_in", "text": "vector_in", "guidance": "guidance_in"}
    for old, new in embedders.items():
        if f"time_text_embed.{old}_embedder.linear_1.weight" in state:
            put(f"time_text_embed.{old}_embedder.linear_1", f"{new}.in_layer")
            put(f"time_text_embed.{old}_embedder.linear_2", f"{new}.out_layer")
    put("x_embedder", "img_in")
    put("context_embedder", "txt_in")
    put("proj_out", "final_layer.linear")
    for leaf in ("weight", "bias"):
        scale, shift = state[f"norm_out.linear.{leaf}"].chunk(2)
        file[f"final_layer.adaLN_modulation.1.{leaf}"] = torch.cat((shift, scale))
    for number in range(network.config.num_layers):
        old, new = f"transformer_blocks.{number}", f"double_blocks.{number}"
        fuse([f"{old}.attn.to_{part}" for part in "qkv"], f"{new}.img_attn.qkv")
        fuse([f"{old}.attn.add_{part}_proj" for part in "qkv"], f"{new}.txt_attn.qkv")
        put(f"{old}.attn.to_out.0", f"{new}.img_attn.proj")
        put(f"{old}.attn.to_add_out", f"{new}.txt_attn.proj")
        for side, ending, added in (("img", "", ""), ("txt", "_context", "added_")):
            put(f"{old}.norm1{ending}.linear", f"{new}.{side}_mod.lin")
            put(f"{old}.ff{ending}.net.0.proj", f"{new}.{side}_mlp.0")
            put(f"{old}.ff{ending}.net.2", f"{new}.{side}_mlp.2")
            file[f"{new}.{side}_attn.norm.query_norm.scale"] = state[f"{old}.attn.norm_{added}q.weight"]
            file[f"{new}.{side}_attn.norm.key_norm.scale"] = state[f"{old}.attn.norm_{added}k.weight"]
    for number in range(network.config.num_single_layers):
        old, new = f"single_transformer_blocks.{number}", f"single_blocks.{number}"
        fuse([*(f"{old}.attn.to_{part}" for part in "qkv"), f"{old}.proj_mlp"], f"{new}.linear1")
        put(f"{old}.proj_out", f"{new}.linear2")
        put(f"{old}.norm.linear", f"{new}.modulation.lin")
        file[f"{new}.norm.query_norm.scale"] = state[f"{old}.attn.norm_q.weight"]
        file[f"{new}.norm.key_norm.scale"] = state[f"{old}.attn.norm_k.weight"]
    return file


def small_vae() -> Any:
    """A VAE of 16 channels."""
    torch.manual_seed(7)
    network = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=16,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=8,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    return in_file_precision(network)


def vae_in_file(network: AutoencoderKL, prefix: str) -> dict[str, Tensor]:
    """Its weights as files have them."""
    tensors = {}
    for name, tensor in network.state_dict().items():
        convolution = ".attentions." in name and ".to_" in name and tensor.ndim == 2
        tensors[prefix + vae_file_name(name, 4)] = tensor[..., None, None] if convolution else tensor
    return tensors


def small_clip() -> CLIPTextModel:
    torch.manual_seed(8)
    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=POOLED, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2
    )
    return in_file_precision(CLIPTextModel(config))


def flux_networks() -> dict[str, nn.Module]:
    """All that a checkpoint of Flux holds."""
    return {"transformer": small_flux(), "vae": small_vae(), "l": small_clip(), "t5": small_t5()}


def flux_checkpoint(networks: Mapping[str, Any]) -> dict[str, Tensor]:
    """A whole checkpoint, as ComfyUI packs it, in half precision."""
    found = {f"model.diffusion_model.{name}": tensor for name, tensor in flux_in_file(networks["transformer"]).items()}
    found |= vae_in_file(networks["vae"], "vae.")
    found |= t5_in_file(networks["t5"], "text_encoders.t5xxl.transformer.")
    clip = networks["l"].state_dict()
    found |= {f"text_encoders.clip_l.transformer.text_model.{name}": tensor for name, tensor in clip.items()}
    return {name: tensor.half().contiguous() for name, tensor in found.items()}
