"""The scales that peft and diffusers keep apart from a LoRA's tensors: in the metadata of its file, or beside it."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

FILE, BESIDE = "adapter_model", "adapter_config.json"  # what peft calls the two
METADATA = "lora_adapter_metadata"  # of diffusers: a JSON object of entries such as "unet.lora_alpha"


def settings_beside(path: Path) -> dict[str, Any]:
    """What peft's ``adapter_config.json`` beside an ``adapter_model`` file says; empty if there is none."""
    if path.stem != FILE:
        return {}
    try:
        found = json.loads(path.with_name(BESIDE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def scales_of(
    metadata: Mapping[str, str], ranks: Mapping[str, int], beside: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Tensor]:
    """The scale of each module, by the stem of its names, from the rank that its tensors have; empty if none is given.

    beside: settings for all modules (`settings_beside`), where the metadata has none.

    The scale is ``alpha / r``, or ``alpha / sqrt(r)`` with `use_rslora` (arXiv 2312.03732); `alpha_pattern` gives
    single modules an alpha of their own.
    """
    try:
        entries = json.loads(metadata.get(METADATA, "{}"))
    except ValueError:
        return {}
    if not isinstance(entries, dict):
        return {}
    scales = {}
    for stem, rank in ranks.items():
        network, _, module = stem.partition(".")
        start = f"{network}."
        settings = {name.removeprefix(start): value for name, value in entries.items() if name.startswith(start)}
        settings = settings or dict(beside)
        alpha = _alpha(settings, module)
        if alpha is not None:
            scales[stem] = torch.tensor(alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank))
    return scales


def _alpha(settings: Mapping[str, Any], module: str) -> float | None:
    for pattern, alpha in (settings.get("alpha_pattern") or {}).items():
        name = pattern.strip("^$").replace("\\.", ".")  # a regular expression, of which nothing else is in use
        if f".{module}".endswith(f".{name}"):
            return float(alpha)
    alpha = settings.get("lora_alpha")
    return None if alpha is None else float(alpha)
