"""Entries of `/object_info` for a few node types that shared workflows use, as short as the tests allow."""

from typing import Any


def entry(inputs: dict[str, Any], *outputs: str) -> dict[str, Any]:
    """`inputs` are types, or (type, options)."""
    required = {name: list(each) if isinstance(each, tuple) else [each] for name, each in inputs.items()}
    return {"input": {"required": required}, "output": list(outputs), "display_name": "x"}


CORE: dict[str, dict[str, Any]] = {
    "CheckpointLoaderSimple": entry({"ckpt_name": (["a.ckpt"], {})}, "MODEL", "CLIP", "VAE"),
    "EmptyLatentImage": entry({"width": "INT", "height": "INT", "batch_size": "INT"}, "LATENT"),
    "CLIPTextEncode": entry({"text": ("STRING", {"dynamicPrompts": True}), "clip": "CLIP"}, "CONDITIONING"),
    "KSampler": entry(
        {
            "model": "MODEL", "seed": "INT", "steps": "INT", "cfg": "FLOAT", "sampler_name": (["euler"], {}),
            "scheduler": (["normal"], {}), "positive": "CONDITIONING", "negative": "CONDITIONING",
            "latent_image": "LATENT", "denoise": "FLOAT",
        },
        "LATENT",
    ),
    "VAEDecode": entry({"samples": "LATENT", "vae": "VAE"}, "IMAGE"),
    "LoadImage": entry({"image": (["x.png"], {"image_upload": True})}, "IMAGE", "MASK"),
    "SaveImage": entry({"images": "IMAGE", "filename_prefix": "STRING"}),
}  # fmt: skip
