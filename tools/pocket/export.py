"""Write the checkpoint: `python -m tools.pocket.export`, from what `tools.pocket.train` left.

The file has the tensors and names of an SD 1.x checkpoint, in half precision. What shapes cannot tell a loader is JSON
in the metadata: `unet_config`, `vae_config`, `text_config`, `prediction_type` (with the marker tensor `v_pred`), and
`latent_rgb`, the linear map from latents to colours for previews.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors.torch import save_file
from torch import Tensor

from diffusion.families.ldm_keys import UNetLayout, unet_file_name, vae_file_name
from tools.pocket import autoencoder, denoiser, latents, text, vocabulary
from tools.pocket.resumable import load_averaged
from tools.pocket.train import AUTOENCODER, DENOISER, LATENTS
from tools.pocket.world import (
    BACKGROUNDS,
    NOUNS,
    PLACE_WORDS,
    RESOLUTION,
    ROOT,
    SIZES,
    STYLES,
    TINTS,
    draw_scene,
    render,
)

CHECKPOINT = ROOT.parents[1] / "models" / "checkpoints" / "pocket.safetensors"
UNET_PREFIX = "model.diffusion_model."
VAE_PREFIX = "first_stage_model."
TEXT_PREFIX = "cond_stage_model.transformer.text_model."
ATTENTION_LEVELS = (True, True, False)
LAYERS_PER_BLOCK = 1
EXAMPLES = (
    "a cat on a blue background, 3d style",
    "a large yellow star on a black background, flat style",
    "a small red car on the left on a white background",
    "a purple frog on a yellow background, flat style",
)


def checkpoint_tensors(painter: denoiser.Painter, vae: AutoencoderKL) -> dict[str, Tensor]:
    """All tensors under their names in the file, half precision."""
    layout = UNetLayout(LAYERS_PER_BLOCK, ATTENTION_LEVELS)
    tensors = {UNET_PREFIX + unet_file_name(name, layout): value for name, value in painter.unet.state_dict().items()}
    for name, value in vae.state_dict().items():
        name = vae_file_name(name, len(autoencoder.CHANNELS))
        # LDM's attention layers are convolutions of one pixel.
        convolved = ".attn_1." in name and value.ndim == 2
        tensors[VAE_PREFIX + name] = value[:, :, None, None] if convolved else value
    for name, value in painter.encoder.state_dict().items():
        name = name.removeprefix("text_model.")
        if name == "embeddings.token_embedding.weight":
            value = vocabulary.full_table(value)
        tensors[TEXT_PREFIX + name] = value
    tensors["v_pred"] = torch.ones(1)
    return {name: value.half().contiguous().clone() for name, value in tensors.items()}


@torch.no_grad()
def latent_rgb(vae: AutoencoderKL) -> dict[str, list[Any]]:
    """The linear map from latents, as the denoiser has them, to colours in -1..1, fitted to pictures of the world."""
    rng = random.Random(5)
    pictures = autoencoder.to_tensor([render(draw_scene(rng)) for _ in range(128)])
    model_space = vae.encode(pictures).latent_dist.mean * latents.SCALE
    inputs = torch.cat([model_space, torch.ones_like(model_space[:, :1])], 1).movedim(1, -1).reshape(-1, 5)
    colours = F.avg_pool2d(pictures, 8).movedim(1, -1).reshape(-1, 3)
    fitted = torch.linalg.lstsq(inputs, colours).solution
    rounded = [[round(value, 4) for value in row] for row in fitted.tolist()]
    return {"factors": rounded[:-1], "bias": rounded[-1]}


def metadata(vae: AutoencoderKL) -> dict[str, str]:
    """What the file says of itself; values that are not text are JSON."""
    told: dict[str, Any] = {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-v1",
        "modelspec.title": "Pocket",
        "modelspec.description": "Paints a small world of emoji; Stable Diffusion 1.x in miniature.",
        "modelspec.license": "Apache-2.0; trained on Microsoft's Fluent Emoji (MIT)",
        "modelspec.resolution": f"{RESOLUTION}x{RESOLUTION}",
        "modelspec.prediction_type": "v",
        "prediction_type": "v_prediction",
        "unet_config": {
            "block_out_channels": denoiser.CHANNELS,
            "layers_per_block": LAYERS_PER_BLOCK,
            "cross_attention_dim": text.WIDTH,
            "num_heads": denoiser.HEADS,
            "norm_num_groups": denoiser.NORM_GROUPS,
        },
        "vae_config": {
            "block_out_channels": autoencoder.CHANNELS,
            "layers_per_block": 1,
            "latent_channels": autoencoder.LATENT_CHANNELS,
            "norm_num_groups": autoencoder.NORM_GROUPS,
            "scaling_factor": latents.SCALE,
        },
        "text_config": {
            "hidden_size": text.WIDTH,
            "num_hidden_layers": text.LAYERS,
            "num_attention_heads": text.HEADS,
            "hidden_act": "quick_gelu",
        },
        "latent_rgb": latent_rgb(vae),
        "nouns": NOUNS,
        "styles": STYLES,
        "tints": tuple(TINTS),
        "backgrounds": tuple(BACKGROUNDS),
        "sizes": tuple(filter(None, SIZES)),
        "places": tuple(filter(None, PLACE_WORDS.values())),
        "example_prompts": EXAMPLES,
    }
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}


def main() -> None:
    """Put the averaged weights of the trained stages together and write the file."""
    parser = argparse.ArgumentParser(description="Write the embedded checkpoint from the trained stages.")
    parser.add_argument("--output", type=Path, default=CHECKPOINT)
    output: Path = parser.parse_args().output
    painter, vae = denoiser.Painter(), autoencoder.build()
    step = load_averaged(painter, DENOISER)
    load_averaged(vae, AUTOENCODER)
    latents.fold_whitening(vae, latents.load(LATENTS))
    tensors = checkpoint_tensors(painter, vae)
    partial = output.with_suffix(".partial")
    save_file(tensors, partial, metadata=metadata(vae))
    partial.replace(output)
    print(f"{output}: {len(tensors)} tensors, {output.stat().st_size / 1e6:.2f} MB, denoiser at step {step}")


if __name__ == "__main__":
    main()
