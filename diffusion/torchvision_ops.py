"""Makes PyPI's torchvision importable beside a torch that was built without CUDA.

PyPI's torchvision is linked against CUDA. Beside a CPU-only torch its native library does not load, which torchvision
tolerates, but then it registers shape functions for operators that do not exist and the import fails with "operator
torchvision::nms does not exist" (pytorch/vision issues 9077 and 9085). Declaring these operators beforehand is enough.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Literal

import torch

_declared: torch.library.Library | None = None  # torch withdraws the operators when this object is collected


def ensure() -> Literal["absent", "imported", "native", "declared"]:
    """Make `import torchvision` work; call it before anything imports torchvision, transformers or diffusers.

    Returns what was found: torchvision is not installed, is already imported, loads its own native operators, or was
    given declarations (with a CPU version of non-maximum suppression).
    """
    global _declared
    if _declared is not None:
        return "declared"
    if "torchvision" in sys.modules:
        return "imported"
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        return "absent"
    if _loads_native(Path(spec.submodule_search_locations[0])):
        return "native"
    _declared = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        _declared.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declared.impl("nms", non_maximum_suppression, "CPU")
    import torchvision

    torchvision.ops.boxes._assert_has_ops = lambda: None  # it asks for the native library, not for the operator
    return "declared"


def _loads_native(folder: Path) -> bool:
    for library in [*folder.glob("_C*.so"), *folder.glob("_C*.pyd")]:
        try:
            torch.ops.load_library(str(library))
        except OSError:
            continue
        return True
    return False


def non_maximum_suppression(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Indices of the boxes that overlap no better-scored one by more than `iou_threshold`, best score first.

    boxes: `[N, 4]` as (x1, y1, x2, y2); scores: `[N]`.
    """
    x1, y1, x2, y2 = boxes.float().unbind(1)
    area = (x2 - x1) * (y2 - y1)
    order = scores.argsort(descending=True, stable=True)
    kept: list[torch.Tensor] = []
    while order.numel():
        best, rest = order[0], order[1:]
        kept.append(best)
        width = (torch.minimum(x2[best], x2[rest]) - torch.maximum(x1[best], x1[rest])).clamp(min=0)
        height = (torch.minimum(y2[best], y2[rest]) - torch.maximum(y1[best], y1[rest])).clamp(min=0)
        shared = width * height
        order = rest[shared / (area[best] + area[rest] - shared) <= iou_threshold]
    return torch.stack(kept) if kept else torch.empty(0, dtype=torch.long)
