"""Depth and surface normals of pictures. In maps of depth what is near is bright.

Sources: MiDaS (Ranftl et al. 2020), ZoeDepth (Bhat et al. 2023), LeReS (Yin et al. 2021), Depth Anything (Yang et al.
2024), normals of Bae et al. 2021.
"""

from math import pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from diffusion.annotators.networks import NetworkFile, module, normalised, tensors
from diffusion.annotators.scaling import Levels

NORMAL_STEEPNESS = 2 * pi  # of the surface of MiDaS's depths, as in the WebUI


def depth_midas(levels: Levels, detector: Any) -> Levels:
    """Relative inverse depth by MiDaS."""
    side = min(levels.shape[:2])
    depth: Levels = detector(levels, detect_resolution=side, image_resolution=side, output_type="np")
    return depth


def normal_midas(levels: Levels, detector: Any, background: float, steepness: float) -> Levels:
    """Surface normals from MiDaS's depth; what is farther than `background`, of 0..1, counts as flat."""
    side = min(levels.shape[:2])
    _, normals = detector(
        levels,
        a=steepness,
        bg_th=background,
        depth_and_normal=True,
        detect_resolution=side,
        image_resolution=side,
        output_type="np",
    )
    return np.ascontiguousarray(normals)


def depth_zoe(levels: Levels, detector: Any) -> Levels:
    """Metric depth by ZoeDepth, from its 2nd to its 85th percentile."""
    side = min(levels.shape[:2])
    depth: Levels = detector(levels, detect_resolution=side, image_resolution=side, output_type="np")
    return depth


def depth_leres(levels: Levels, network: Any, remove_near: float, remove_background: float) -> Levels:
    """Depth by LeReS; so many percent of the depth become white in front, and black in the back."""
    from controlnet_aux import LeresDetector

    side = min(levels.shape[:2])
    depth: Levels = LeresDetector(network, None)(
        levels,
        thr_a=remove_near,
        thr_b=remove_background,
        detect_resolution=side,
        image_resolution=side,
        output_type="np",
    )
    return depth


def depth_anything(levels: Levels, network: Any) -> Levels:
    """Relative inverse depth by Depth Anything."""
    height, width = levels.shape[:2]
    patch = network.config.patch_size
    inner = [max(1, round(side / patch)) * patch for side in (height, width)]
    device = next(network.parameters()).device
    pixels = F.interpolate(normalised(levels, device), size=inner, mode="bicubic", align_corners=False)
    depth = network(pixel_values=pixels).predicted_depth[None].float()
    depth = F.interpolate(depth, size=(height, width), mode="bicubic", align_corners=False)[0, 0]
    return stretched(depth.cpu().numpy())


def stretched(values: Any) -> Levels:
    """Numbers `[H, W]` as levels, the lowest black and the highest white; all black if they are all the same."""
    values = values - values.min()
    result: Levels = (values / max(float(values.max()), 1e-9) * 255).round().clip(0, 255).astype(np.uint8)
    return result


def normal_bae(levels: Levels, detector: Any) -> Levels:
    """Surface normals: red to the right, green up, blue to the viewer."""
    side = min(levels.shape[:2])
    normals: Levels = detector(levels, detect_resolution=side, image_resolution=side, output_type="np")
    return normals


def _midas(path: Path) -> Any:
    from controlnet_aux import MidasDetector
    from controlnet_aux.midas.midas.dpt_depth import DPTDepthModel

    network = DPTDepthModel(path=None, backbone="vitb_rn50_384", non_negative=True)
    return MidasDetector(module(network, tensors(path)))


def _zoe(path: Path) -> Any:
    from controlnet_aux import ZoeDetector
    from controlnet_aux.zoe.zoedepth.models.zoedepth.zoedepth_v1 import ZoeDepth
    from controlnet_aux.zoe.zoedepth.utils.config import get_config

    network = ZoeDepth.build_from_config(get_config("zoedepth", "infer"))
    return ZoeDetector(module(network, tensors(path, "model")))


def _leres(path: Path) -> Any:
    from controlnet_aux.leres.leres.multi_depth_model_woauxi import RelDepthModel

    return module(RelDepthModel(backbone="resnext101"), tensors(path, "depth_model"))


def _depth_anything(folder: Path) -> Any:
    from transformers import AutoModelForDepthEstimation

    network = AutoModelForDepthEstimation.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    return network.eval().requires_grad_(False)


def _bae(path: Path) -> Any:
    from types import SimpleNamespace

    from controlnet_aux import NormalBaeDetector
    from controlnet_aux.normalbae.nets.NNET import NNET

    settings = SimpleNamespace(
        mode="client", architecture="BN", pretrained="scannet", sampling_ratio=0.4, importance_ratio=0.7
    )
    return NormalBaeDetector(module(NNET(settings), tensors(path, "model")))


MIDAS = NetworkFile(("dpt_hybrid-midas-501f0c75.pt",), _midas)
ZOE = NetworkFile(("ZoeD_M12_N.pt",), _zoe)
LERES = NetworkFile(("res101.pth",), _leres)
BAE = NetworkFile(("scannet.pt",), _bae)
DEPTH_ANYTHING = NetworkFile(
    ("depth_anything", *(f"depth-anything-{size}-hf" for size in ("large", "base", "small"))), _depth_anything
)
DEPTH_ANYTHING_V2 = NetworkFile(
    ("depth_anything_v2", *(f"Depth-Anything-V2-{size}-hf" for size in ("Large", "Base", "Small"))), _depth_anything
)
