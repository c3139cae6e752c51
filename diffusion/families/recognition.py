"""Saying what a file is when it cannot be loaded as what it was chosen for."""

from diffusion.families.ldm_shapes import UNET, VAE
from diffusion.weights import Header

NOT_YET = "which is recognised but not supported yet"
FLUX_PATCH = 64  # channels of 2 x 2 cells of a latent

# The first entry of which any mark occurs in a tensor's name is what the file is.
KINDS = (
    (("lora_up.", "lora_down.", "lora_A.", "lora_B.", "hada_w1", "lokr_w"), "a LoRA, which belongs in models/loras"),
    (("control_model.", "controlnet_cond_embedding."), "a ControlNet, which belongs in models/controlnet"),
    (("joint_blocks.",), "a Stable Diffusion 3 model, which belongs in models/checkpoints or models/diffusion_models"),
    (("string_to_param", "emb_params", "clip_l", "clip_g"), "a textual inversion, which belongs in models/embeddings"),
    (("edm_mean",), f"a Playground 2.5 checkpoint, {NOT_YET}"),
    ((".SelfAttention.q.",), "a T5 text encoder, which belongs in models/text_encoders"),
)


def looks_like(header: Header) -> str:
    """What the file seems to be, to follow "it is" in a sentence."""
    for marks, kind in KINDS:
        if any(mark in name for name in header.tensors for mark in marks):
            return kind
    if transformer := _transformer(header):
        return transformer
    conv_in = header.shape(f"{UNET}input_blocks.0.0.weight")
    if conv_in is not None:
        return _unet(conv_in[1])
    if header.has_prefix("input_blocks.") or (header.has_prefix("down_blocks.") and header.has_prefix("up_blocks.")):
        layout = "LDM's" if header.has_prefix("input_blocks.") else "diffusers'"
        return f"a UNet in {layout} layout, which belongs in models/diffusion_models"
    if header.has_prefix("conditioner."):
        return "text encoders alone, without a UNet"
    if any(header.has_prefix(prefix) for prefix in (VAE, "encoder.conv_in.", "decoder.conv_in.")):
        return "a VAE alone, which belongs in models/vae and is opened by VAELoader"
    if any(header.has_prefix(prefix) for prefix in ("text_model.", "cond_stage_model.", "transformer.resblocks.")):
        return "a text encoder alone, which belongs in models/text_encoders"
    return f"of no known kind (tensors: {len(header.tensors)}, the first is '{next(iter(header.tensors))}')"


def _transformer(header: Header) -> str | None:
    """What a model with Flux' blocks, or those of Stable Diffusion 3 under diffusers' names, is; None if it is none."""
    names = list(header.tensors)
    for mark, model in (("distilled_guidance_layer.", "Chroma"), ("double_stream_modulation", "Flux.2")):
        if any(mark in name for name in names):
            return f"a {model} model, {NOT_YET}"
    if any("double_blocks." in name or "single_transformer_blocks." in name for name in names):
        places = (f"{prefix}{layer}" for prefix in (UNET, "") for layer in ("img_in.weight", "x_embedder.weight"))
        channels = next((header.tensors[name].shape[1] for name in places if name in header.tensors), 0)
        if channels == FLUX_PATCH:
            return "a Flux model, which belongs in models/diffusion_models"
        if channels > FLUX_PATCH:
            return f"a Flux model that sees another picture beside the latent (Fill, Canny or Depth), {NOT_YET}"
        return f"a model of Flux' kind, {NOT_YET}"
    if any("transformer_blocks.0.attn.add_q_proj." in name for name in names):
        return "a Stable Diffusion 3 model in diffusers' layout, which belongs in models/diffusion_models"
    return None


def _unet(channels: int) -> str:
    if channels in (4, 8, 9):
        return "a checkpoint that is incomplete or of no known kind"
    if channels == 5:
        return f"a depth-guided checkpoint, {NOT_YET}"
    return f"a checkpoint whose UNet takes {channels} channels, {NOT_YET}"
