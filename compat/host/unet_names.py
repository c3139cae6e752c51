"""The part of ComfyUI's `comfy.utils` that names the weights of a UNet in files (LDM) and in diffusers."""

from diffusion.families.ldm_keys import UNET_ENDS, UNET_RESNET

LEAVES = ("weight", "bias")
BLOCK_MODULES = (
    *("norm1", "norm2", "norm3", "attn1.to_out.0", "attn2.to_out.0", "ff.net.0.proj", "ff.net.2"),
    *(f"{attention}.{part}" for attention in ("attn1", "attn2") for part in ("to_q", "to_k", "to_v")),
)
WITHOUT_BIAS = ("to_q", "to_k", "to_v")

TRANSFORMER_BLOCKS = {
    f"{module}.{leaf}"
    for module in BLOCK_MODULES
    for leaf in LEAVES
    if leaf == "weight" or not module.endswith(WITHOUT_BIAS)
}
"""The weights of a transformer block, which have the same names in both."""

UNET_MAP_ATTENTIONS = {f"{module}.{leaf}" for module in ("norm", "proj_in", "proj_out") for leaf in LEAVES}
"""The other weights of a block with attention, likewise."""

UNET_MAP_RESNET = {f"{ldm}.{leaf}": f"{name}.{leaf}" for name, ldm in UNET_RESNET.items() for leaf in LEAVES}
"""Names in diffusers by names in files, within a residual block."""

_ENDS = {
    **{name: ldm for name, ldm in UNET_ENDS.items() if not name.startswith("mid_block")},
    "class_embedding.linear_1": "label_emb.0.0",
    "class_embedding.linear_2": "label_emb.0.2",
}
UNET_MAP_BASIC = {(f"{ldm}.{leaf}", f"{name}.{leaf}") for name, ldm in _ENDS.items() for leaf in LEAVES}
"""Pairs of the name in files and that in diffusers, of the weights outside of all blocks."""
