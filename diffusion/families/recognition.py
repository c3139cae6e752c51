"""Saying what a file is when it is no checkpoint that can be loaded."""

from diffusion.weights import Header

UNET = "model.diffusion_model."

# The first entry of which any mark occurs in a tensor's name is what the file is.
KINDS = (
    (("lora_up.", "lora_down.", "lora_A.", "lora_B.", "hada_w1", "lokr_w"), "a LoRA, which belongs in models/loras"),
    (("control_model.", "controlnet_cond_embedding."), "a ControlNet, which belongs in models/controlnet"),
    (("string_to_param", "emb_params", "clip_l", "clip_g"), "a textual inversion, which belongs in models/embeddings"),
    (("double_blocks.",), "a Flux model, which is recognised but not supported yet"),
    (("joint_blocks.",), "a Stable Diffusion 3 model, which is recognised but not supported yet"),
    (("conditioner.embedders.1.",), "an SDXL checkpoint, which is recognised but not supported yet"),
    (("conditioner.embedders.0.model.",), "an SDXL refiner, which is recognised but not supported yet"),
    (("cond_stage_model.model.",), "a Stable Diffusion 2 checkpoint, which is recognised but not supported yet"),
    ((f"{UNET}label_emb.",), "the UNet of SDXL, which is recognised but not supported yet"),
)
INPUTS = {9: "an inpainting checkpoint", 8: "an InstructPix2Pix checkpoint", 5: "a depth-guided checkpoint"}


def looks_like(header: Header) -> str:
    """What the file seems to be, to follow "it is" in a sentence."""
    for marks, kind in KINDS:
        if any(mark in name for name in header.tensors for mark in marks):
            return kind
    conv_in = header.shape(f"{UNET}input_blocks.0.0.weight")
    if conv_in is not None:
        if conv_in[1] == 4:
            return "a checkpoint that is incomplete or of no known kind"
        kind = INPUTS.get(conv_in[1], f"a checkpoint whose UNet takes {conv_in[1]} channels")
        return f"{kind}, which is recognised but not supported yet"
    if header.has_prefix("down_blocks.") or header.has_prefix("conv_in."):
        return "a UNet in diffusers' layout, not a single-file checkpoint"
    if header.has_prefix("first_stage_model.") or header.has_prefix("encoder.") or header.has_prefix("decoder."):
        return "a VAE alone, which belongs in models/vae and is opened by VAELoader"
    if header.has_prefix("text_model.") or header.has_prefix("cond_stage_model."):
        return "a text encoder alone, without a UNet"
    return f"of no known kind (tensors: {len(header.tensors)}, the first is '{next(iter(header.tensors))}')"
