"""Write the control network: `python -m tools.pocket.export_control`, from what `tools.pocket.control` left.

The file has the tensors and names of the first published ControlNets, in half precision. What shapes cannot tell a
loader is JSON in the metadata, under `unet_config` as in the checkpoint.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from torch import Tensor

from diffusion.checkpoint import load_checkpoint
from diffusion.control.layouts import control_file_name
from diffusion.families.ldm_keys import UNetLayout
from diffusion.weights import save_weights
from tools.pocket import control, denoiser
from tools.pocket.export import ATTENTION_LEVELS, CHECKPOINT, LAYERS_PER_BLOCK
from tools.pocket.resumable import load_averaged
from tools.pocket.world import ROOT

CONTROL_NET = ROOT.parents[1] / "models" / "controlnet" / "pocket_canny.safetensors"
TITLE = "Pocket Canny"
DESCRIPTION = "Holds what the pocket checkpoint paints to Canny's edges, white on black."


def metadata(title: str, description: str) -> dict[str, str]:
    """What the file says of itself."""
    return {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-v1/controlnet",
        "modelspec.title": title,
        "modelspec.description": description,
        "modelspec.license": "Apache-2.0; trained on Microsoft's Fluent Emoji (MIT)",
        "unet_config": json.dumps({"num_heads": denoiser.HEADS, "norm_num_groups": denoiser.NORM_GROUPS}),
    }


def file_tensors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """All tensors under their names in the file, half precision."""
    layout = UNetLayout(LAYERS_PER_BLOCK, ATTENTION_LEVELS)
    blocks = 2 * (len(control.HINT_CHANNELS) - 1)
    return {control_file_name(name, layout, blocks): value.half() for name, value in state.items()}


def export(state: Path, output: Path, about: dict[str, str]) -> None:
    """Write the averaged weights of a training to the file that the command line names, or to `output`."""
    parser = argparse.ArgumentParser(description="Write a control network from its training's state.")
    parser.add_argument("--output", type=Path, default=output)
    output = parser.parse_args().output
    with load_checkpoint(CHECKPOINT).model.part.loaded() as unet:
        network = control.build(unet)
    step = load_averaged(network, state)
    tensors = file_tensors(network.state_dict())
    save_weights(output, tensors, about)
    print(f"{output}: {len(tensors)} tensors, {output.stat().st_size / 1e6:.2f} MB, step {step}")


def main() -> None:
    """Write the control network for edges."""
    export(control.CONTROL, CONTROL_NET, metadata(TITLE, DESCRIPTION))


if __name__ == "__main__":
    main()
