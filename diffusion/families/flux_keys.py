"""Names of Flux' weights in the files of Black Forest Labs, against those of diffusers' module.

The files have queries, keys and values of a layer as one tensor, and in the single blocks the first layer of the
feed-forward network below them.
"""

from diffusion.component import Entry

# Modules outside the blocks: diffusers' names, and those of files.
ENDS = {
    "x_embedder": "img_in",
    "context_embedder": "txt_in",
    "time_text_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "time_text_embed.text_embedder.linear_1": "vector_in.in_layer",
    "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "proj_out": "final_layer.linear",
}
# Modules of a double block, of the picture's side and of the prompt's.
DOUBLE = {
    "norm1.linear": "img_mod.lin",
    "norm1_context.linear": "txt_mod.lin",
    "attn.to_out.0": "img_attn.proj",
    "attn.to_add_out": "txt_attn.proj",
    "ff.net.0.proj": "img_mlp.0",
    "ff.net.2": "img_mlp.2",
    "ff_context.net.0.proj": "txt_mlp.0",
    "ff_context.net.2": "txt_mlp.2",
}
SINGLE = {"norm.linear": "modulation.lin", "proj_out": "linear2"}
# Normalisations, whose weights files call scales.
SCALES = {
    "attn.norm_q": "img_attn.norm.query_norm",
    "attn.norm_k": "img_attn.norm.key_norm",
    "attn.norm_added_q": "txt_attn.norm.query_norm",
    "attn.norm_added_k": "txt_attn.norm.key_norm",
}
SINGLE_SCALES = {"attn.norm_q": "norm.query_norm", "attn.norm_k": "norm.key_norm"}
FUSED = {"attn.to_": "img_attn.qkv", "attn.add_": "txt_attn.qkv"}
LINEAR1 = 7  # parts of the first layer of a single block: one each of queries, keys and values; then the feed-forward
FEED_FORWARD = 4


def file_entry(name: str) -> Entry:
    """Where a file of Black Forest Labs has a tensor of diffusers' `FluxTransformer2DModel`.

    The modulation of the last layer has scale and shift the other way round.
    """
    module, _, leaf = name.rpartition(".")
    if module in ENDS:
        return Entry(f"{ENDS[module]}.{leaf}", swapped=module == "norm_out.linear")
    kind, number, inner = module.split(".", 2)
    if kind == "single_transformer_blocks":
        return _single(f"single_blocks.{number}.", inner, leaf)
    start = f"double_blocks.{number}."
    if inner in DOUBLE:
        return Entry(f"{start}{DOUBLE[inner]}.{leaf}")
    if inner in SCALES:
        return Entry(f"{start}{SCALES[inner]}.scale")
    side = next(side for side in FUSED if inner.startswith(side))
    return Entry(f"{start}{FUSED[side]}.{leaf}", part=("qkv".index(inner.removeprefix(side)[0]), 3))


def _single(start: str, inner: str, leaf: str) -> Entry:
    if inner in SINGLE:
        return Entry(f"{start}{SINGLE[inner]}.{leaf}")
    if inner in SINGLE_SCALES:
        return Entry(f"{start}{SINGLE_SCALES[inner]}.scale")
    if inner == "proj_mlp":
        return Entry(f"{start}linear1.{leaf}", part=(3, LINEAR1), parts=FEED_FORWARD)
    return Entry(f"{start}linear1.{leaf}", part=("qkv".index(inner.removeprefix("attn.to_")[0]), LINEAR1))
