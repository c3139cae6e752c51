"""ComfyUI's `comfy.cli_args`: the options that it would have been started with."""

import enum
from argparse import Namespace
from typing import Any

from compat.host.installation import host


class LatentPreviewMethod(enum.Enum):
    """How a latent is shown while it is sampled."""

    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"

    @classmethod
    def from_string(cls, value: str) -> "LatentPreviewMethod | None":
        """The method of that name, or None."""
        return next((method for method in cls if method.value == value), None)


class PerformanceFeature(enum.Enum):
    """What `--fast` turns on; nothing of it is on here."""

    Fp16Accumulation = "fp16_accumulation"
    Fp8MatrixMultiplication = "fp8_matrix_mult"
    CublasOps = "cublas_ops"
    AutoTune = "autotune"


SWITCHES = (
    "auto_launch", "cache_classic", "cache_none", "cpu", "cpu_vae", "deterministic", "disable_all_custom_nodes",
    "disable_api_nodes", "disable_async_offload", "disable_auto_launch", "disable_cuda_malloc", "disable_ipex_optimize",
    "disable_metadata", "disable_pinned_memory", "disable_smart_memory", "disable_xformers", "dont_print_server",
    "dont_upcast_attention", "enable_compress_response_body", "enable_manager", "fast_disk", "force_channels_last",
    "force_non_blocking", "force_upcast_attention", "gpu_only", "highvram", "log_stdout", "lowvram", "mmap_torch_files",
    "disable_mmap", "multi_user", "normalvram", "novram", "quick_test_for_ci", "supports_fp8_compute",
    "use_flash_attention", "use_quad_cross_attention", "use_pytorch_cross_attention", "use_sage_attention",
    "use_split_cross_attention", "windows_standalone_build", "force_fp32", "force_fp16", "fp32_unet", "fp64_unet",
    "bf16_unet", "fp16_unet", "fp8_e4m3fn_unet", "fp8_e5m2_unet", "fp8_e8m0fnu_unet", "fp16_vae", "fp32_vae",
    "bf16_vae", "fp8_e4m3fn_text_enc", "fp8_e5m2_text_enc", "fp16_text_enc", "fp32_text_enc", "bf16_text_enc",
)  # fmt: skip


def _arguments() -> Namespace:
    settings = host().settings
    values: dict[str, Any] = {
        **dict.fromkeys(SWITCHES, False),
        "cpu": settings.device == "cpu",
        "disable_metadata": not settings.metadata,
        "disable_all_custom_nodes": not settings.packs,
        "use_pytorch_cross_attention": True,
        "base_directory": settings.base,
        "output_directory": settings.output,
        "input_directory": settings.input,
        "temp_directory": settings.temp,
        "user_directory": settings.user,
        "extra_model_paths_config": None,
        "whitelist_custom_nodes": [],
        "cache_lru": 0,
        "cache_ram": 0,
        "cuda_device": None,
        "default_device": None,
        "directml": None,
        "oneapi_device_selector": None,
        "cuda_malloc": None,
        "default_hashing_function": "sha256",
        "enable_cors_header": None,
        "fast": set(),
        "front_end_root": None,
        "front_end_version": "",
        "comfy_api_base": "",
        "database_url": "",
        "listen": "127.0.0.1",
        "port": 8188,
        "max_upload_size": 100,
        "preview_method": LatentPreviewMethod.Auto,
        "preview_size": 512,
        "reserve_vram": None,
        "tls_certfile": None,
        "tls_keyfile": None,
        "verbose": "INFO",
    }
    return Namespace(**values)


args = _arguments()
