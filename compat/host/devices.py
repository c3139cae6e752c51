"""ComfyUI's `comfy.model_management`, over the one device of this process and its networks in memory.

Questions about what ComfyUI would do with a model are answered with what Safelight does: computing on the process's
device, in the number formats of `diffusion.devices.precision`, and keeping everything that travels between nodes on
the CPU.
"""

import enum
import gc
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import psutil
import torch

from compat.host.installation import host
from compat.host.stubs import unsupported
from diffusion import devices
from diffusion.residency import RESERVE, Part, residency
from graph import context
from graph.context import Interrupted

InterruptProcessingException = Interrupted
OOM_EXCEPTION = torch.OutOfMemoryError


class VRAMState(enum.Enum):
    """How much of a model may stay on the device."""

    DISABLED = 0
    NO_VRAM = 1
    LOW_VRAM = 2
    NORMAL_VRAM = 3
    HIGH_VRAM = 4
    SHARED = 5


class CPUState(enum.Enum):
    """What kind of processor computes."""

    GPU = 0
    CPU = 1
    MPS = 2


def get_torch_device() -> torch.device:
    """The device that computes."""
    return devices.current()


# Packs ask before the worker has chosen its device.
_kind = devices.select(host().settings.device).type
_cpu = torch.device("cpu")

cpu_state = {"cpu": CPUState.CPU, "mps": CPUState.MPS}.get(_kind, CPUState.GPU)
vram_state = {"cpu": VRAMState.DISABLED, "mps": VRAMState.SHARED}.get(_kind, VRAMState.NORMAL_VRAM)
set_vram_to = vram_state
lowvram_available = True
xpu_available = _kind == "xpu"
directml_enabled = False
in_training = False

XFORMERS_IS_AVAILABLE = False
XFORMERS_VERSION = ""
XFORMERS_ENABLED_VAE = False
ENABLE_PYTORCH_ATTENTION = True
SAGE_ATTENTION_IS_AVAILABLE = False
FLASH_ATTENTION_IS_AVAILABLE = False
DISABLE_SMART_MEMORY = False
FORCE_FP32 = False
FORCE_FP16 = False
VAE_DTYPES = [torch.float32]
MIN_WEIGHT_MEMORY_RATIO = 0.4
EXTRA_RESERVED_VRAM = RESERVE
FLOAT8_TYPES = [torch.float8_e4m3fn, torch.float8_e5m2]
NUM_STREAMS = 0
STREAMS: dict[torch.device, Any] = {}

total_ram = psutil.virtual_memory().total / (1 << 20)
total_vram = devices.memory_stats()["vram_total"] / (1 << 20)


def _the_cpu(*values: Any, **named: Any) -> torch.device:
    """Where weights are read to and wait, and what travels between nodes lies."""
    return _cpu


def _yes(*values: Any, **named: Any) -> bool:
    """Always."""
    return True


def _no(*values: Any, **named: Any) -> bool:
    """Never."""
    return False


def _nothing(*values: Any, **named: Any) -> None:
    """There is none."""


def _reserve(*values: Any, **named: Any) -> int:
    """Bytes that are left free beside networks."""
    return RESERVE


text_encoder_device = vae_device = get_torch_device
unet_offload_device = text_encoder_offload_device = vae_offload_device = _the_cpu
unet_inital_load_device = text_encoder_initial_device = intermediate_device = _the_cpu
pytorch_attention_enabled = pytorch_attention_enabled_vae = _yes
xformers_enabled = xformers_enabled_vae = sage_attention_enabled = flash_attention_enabled = _no
is_directml_enabled = is_ascend_npu = is_mlu = supports_fp8_compute = force_channels_last = _no
# Copies are waited for, so that none is read too early.
device_supports_non_blocking = device_should_use_non_blocking = _no
get_offload_stream = force_upcast_attention_dtype = _nothing
minimum_inference_memory = extra_reserved_memory = _reserve


# Interruption


def throw_exception_if_processing_interrupted() -> None:
    """Raise `InterruptProcessingException` if the user has interrupted the job."""
    if node := context.current():
        node.check()


def processing_interrupted() -> bool:
    """Whether the user has interrupted the job."""
    try:
        throw_exception_if_processing_interrupted()
    except Interrupted:
        return True
    return False


def interrupt_current_processing(value: bool = True) -> None:
    """End the job that this thread works for, here and now."""
    if value and context.current() is not None:
        raise Interrupted


# Devices


def get_torch_device_name(device: torch.device) -> str:
    """The name of a device, for people."""
    return str(devices.memory_stats(torch.device(device))["name"])


def is_device_type(device: Any, type: str) -> bool:
    """Whether a device, given as such or by its name, is of this type."""
    return device is not None and torch.device(device).type == type


is_device_cpu = partial(is_device_type, type="cpu")
is_device_mps = partial(is_device_type, type="mps")
is_device_cuda = partial(is_device_type, type="cuda")
is_device_xpu = partial(is_device_type, type="xpu")


def is_intel_xpu() -> bool:
    """Whether Intel's GPU computes."""
    return _kind == "xpu"


def is_nvidia() -> bool:
    """Whether NVIDIA's GPU computes."""
    return _kind == "cuda" and bool(torch.version.cuda)


def is_amd() -> bool:
    """Whether AMD's GPU computes."""
    return _kind == "cuda" and bool(torch.version.hip)


def cpu_mode() -> bool:
    """Whether the CPU computes."""
    return cpu_state is CPUState.CPU


def mps_mode() -> bool:
    """Whether Apple's GPU computes."""
    return cpu_state is CPUState.MPS


def get_autocast_device(dev: Any) -> str:
    """The device's name for `torch.autocast`."""
    return torch.device(dev).type if dev is not None else "cuda"


def intermediate_dtype() -> torch.dtype:
    """The number format of what travels between nodes."""
    return torch.float32


# Number formats


def _among(wanted: torch.dtype, allowed: Sequence[torch.dtype]) -> torch.dtype:
    return wanted if not allowed or wanted in allowed else allowed[-1]


def unet_dtype(
    device: Any = None,
    model_params: int = 0,
    supported_dtypes: Sequence[torch.dtype] = (torch.float16, torch.bfloat16, torch.float32),
    weight_dtype: torch.dtype | None = None,
) -> torch.dtype:
    """The number format that a denoiser's weights would have."""
    return _among(devices.precision(_device(device)).denoiser, supported_dtypes)


def unet_manual_cast(
    weight_dtype: torch.dtype | None,
    inference_device: Any,
    supported_dtypes: Sequence[torch.dtype] = (torch.float16, torch.bfloat16, torch.float32),
) -> torch.dtype | None:
    """The number format to compute in where it is not that of the weights; None where it is."""
    wanted = unet_dtype(inference_device, supported_dtypes=supported_dtypes)
    return None if weight_dtype in (wanted, torch.float32, torch.float64) else wanted


def vae_dtype(device: Any = None, allowed_dtypes: Sequence[torch.dtype] = ()) -> torch.dtype:
    """The number format of VAEs."""
    return _among(devices.precision(_device(device)).autoencoder, (*allowed_dtypes, torch.float32))


def text_encoder_dtype(device: Any = None) -> torch.dtype:
    """The number format in which text encoders are kept."""
    return devices.precision(_device(device)).text_storage


def should_use_fp16(
    device: Any = None, model_params: int = 0, prioritize_performance: bool = True, manual_cast: bool = False
) -> bool:
    """Whether half precision is faster on a device."""
    return devices.precision(_device(device)).denoiser == torch.float16


def should_use_bf16(
    device: Any = None, model_params: int = 0, prioritize_performance: bool = True, manual_cast: bool = False
) -> bool:
    """Whether a device computes well in bfloat16."""
    return devices.precision(_device(device)).autoencoder == torch.bfloat16


def supports_dtype(device: Any, dtype: torch.dtype | None) -> bool:
    """Whether a device computes in a number format."""
    if dtype is None or dtype == torch.float32:
        return True
    return dtype in (torch.float16, torch.bfloat16) and not is_device_cpu(device)


def supports_cast(device: Any, dtype: torch.dtype) -> bool:
    """Whether a device converts from a number format."""
    return dtype in (torch.float32, torch.float16, torch.bfloat16, *FLOAT8_TYPES) and not (
        is_device_mps(device) and dtype in FLOAT8_TYPES
    )


def dtype_size(dtype: torch.dtype) -> int:
    """Bytes of a number."""
    return dtype.itemsize


def module_size(module: torch.nn.Module) -> int:
    """Bytes of a network's weights."""
    return sum(tensor.nelement() * tensor.element_size() for tensor in module.state_dict().values())


def module_mmap_residency(module: torch.nn.Module, free: bool = False) -> tuple[int, int]:
    """Bytes of a network's weights that are memory-mapped: not known, so none, and all bytes."""
    return 0, module_size(module)


def cast_to(
    weight: torch.Tensor,
    dtype: torch.dtype | None = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    stream: Any = None,
) -> torch.Tensor:
    """A tensor in another number format and on another device; None keeps what it has."""
    return weight.to(device=device, dtype=dtype, non_blocking=non_blocking, copy=copy)


def cast_to_device(tensor: torch.Tensor, device: Any, dtype: torch.dtype | None, copy: bool = False) -> torch.Tensor:
    """A tensor on a device in a number format."""
    return cast_to(tensor, dtype, device, device_supports_non_blocking(device), copy)


def current_stream(device: Any) -> Any:
    """The stream of a device's work that is current, or None."""
    return torch.cuda.current_stream(device) if is_device_cuda(device) else None


def sync_stream(device: Any, stream: Any) -> None:
    """Wait for a stream of a GPU."""
    if stream is not None and is_device_cuda(device):
        torch.cuda.current_stream(device).wait_stream(stream)


def _device(device: Any) -> torch.device:
    return get_torch_device() if device is None else torch.device(device)


# Attention


def pytorch_attention_flash_attention() -> bool:
    """Whether torch may use flash attention: on NVIDIA's GPUs."""
    return is_nvidia()


# Memory


def get_total_memory(dev: Any = None, torch_total_too: bool = False) -> Any:
    """Bytes of memory of a device; with `torch_total_too` a pair with those that torch has."""
    stats = devices.memory_stats(_device(dev))
    return (stats["vram_total"], stats["torch_vram_total"]) if torch_total_too else stats["vram_total"]


def get_free_memory(dev: Any = None, torch_free_too: bool = False) -> Any:
    """Bytes that can be taken on a device; with `torch_free_too` a pair with those that torch has at hand."""
    stats = devices.memory_stats(_device(dev))
    return (stats["vram_free"], stats["torch_vram_free"]) if torch_free_too else stats["vram_free"]


def maximum_vram_for_weights(device: Any = None) -> int:
    """Bytes of a device that networks may take."""
    return int(get_total_memory(device)) - RESERVE


def soft_empty_cache(force: bool = False) -> None:
    """Give memory that torch keeps for later back to the system."""
    gc.collect()
    if _kind == "cuda":
        torch.cuda.empty_cache()
    elif _kind == "mps":
        torch.mps.empty_cache()
    elif _kind == "xpu":
        torch.xpu.empty_cache()


def cleanup_models_gc() -> None:
    """Collect what nobody refers to any more."""
    gc.collect()


cleanup_models = cleanup_models_gc


def unload_all_models() -> None:
    """Drop every network that is not in use; it is read again when it is next used."""
    residency.free()


def free_memory(memory_required: float, device: Any, keep_loaded: Iterable[Any] = (), **more: Any) -> list[Any]:
    """Drop networks that are not in use, if less than so many bytes are free on a device."""
    if get_free_memory(device) < memory_required:
        residency.free()
    return []


def loaded_models(only_currently_used: bool = False) -> list[Any]:
    """The networks that are in memory, as `diffusion.residency.Part`."""
    return list(residency.resident())


current_loaded_models: list[Any] = []
"""Always empty: which networks are in memory is the affair of `diffusion.residency`."""


def load_models_gpu(models: Iterable[Any], memory_required: float = 0, **more: Any) -> None:
    """Bring the networks of model handles to their device. Raises NotSupportedError for models of another kind."""
    for model in models:
        part = getattr(model, "part", None)
        if not isinstance(part, Part):
            raise unsupported(f"Loading a {type(model).__name__} with comfy.model_management.load_models_gpu")
        with part.loaded():
            pass


def load_model_gpu(model: Any) -> None:
    """`load_models_gpu` for one."""
    load_models_gpu([model])


def raise_non_oom(e: BaseException) -> None:
    """Raise an error again unless it says that memory ran out."""
    if not devices.is_out_of_memory(e):
        raise e
