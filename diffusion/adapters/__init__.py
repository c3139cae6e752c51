"""Adapters: LoRA, LyCORIS and their kin, as files, as changes of weights, and live in a running model.

`load_adapter(path)` opens a file of any dialect; `fit(file, model, clip)` finds the tensors that it changes, with a
report; `fitted.on_model(model, strength)` and `fitted.on_clip(clip, strength)` give the changed handles.
"""

from diffusion.adapters.adapter import AdapterError, AdapterFile, Fitted, Report, fit, load_adapter, read_block_weights
from diffusion.adapters.blocks import BlockWeights, BlockWeightsError
from diffusion.adapters.keys import UNET
from diffusion.adapters.kinds import Kind
from diffusion.adapters.live import LiveAdapter, with_live_adapter
from diffusion.adapters.patches import AdapterPatch
from diffusion.adapters.windows import Window
from diffusion.adapters.writing import kohya_tensors, save_adapter

__all__ = [
    "UNET",
    "AdapterError",
    "AdapterFile",
    "AdapterPatch",
    "BlockWeights",
    "BlockWeightsError",
    "Fitted",
    "Kind",
    "LiveAdapter",
    "Report",
    "Window",
    "fit",
    "kohya_tensors",
    "load_adapter",
    "read_block_weights",
    "save_adapter",
    "with_live_adapter",
]
