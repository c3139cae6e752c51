"""Opening files of control networks as handles; weights are read when they are first used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, ControlNetUnionModel, T2IAdapter
from torch import Tensor

from diffusion import devices
from diffusion.component import Component, Source
from diffusion.control import layouts
from diffusion.control.borrowed import Borrowed, checked_names
from diffusion.control.layouts import Kind
from diffusion.control.networks import Asked, AsksAdapter, AsksControlNet, AsksUnion
from diffusion.control.transformers import FLUX_MODES, AsksFlux, flux_control_net, sd3_control_net
from diffusion.families import ldm_shapes
from diffusion.families.layouts import Opened
from diffusion.families.ldm_keys import UNetLayout
from diffusion.families.ldm_shapes import UNET, numbers
from diffusion.model import Model
from diffusion.residency import Part
from diffusion.sampling.conditions import Frame
from diffusion.weights import Header, WeightsError, load_weights, read_header

SD1_WIDTH, SD1_HEADS = 768, 8  # states of its text encoder; its UNets have 8 heads, later ones 64 channels a head
NORM_GROUPS = 32
SHUFFLED = "shuffle"  # in the names of files whose outputs are averaged over the picture

# What hints show, in the order in which union ControlNets number it, under ComfyUI's names.
TASKS = (
    *("openpose", "depth", "hed/pidi/scribble/ted", "canny/lineart/anime_lineart/mlsd"),
    *("normal", "segment", "tile", "repaint"),
)


@dataclass(frozen=True, eq=False)
class ControlNet:
    """A control network: its file's name, how it is asked, and its weights or what makes them of a model's.

    averaged: whether its outputs are averaged over the picture, so that they say what is shown and not where.
    base: the model whose weights complete it, where that is not the one that it acts on.
    """

    name: str
    asked: Asked
    part: Part | Borrowed
    averaged: bool = False
    base: Model | None = None

    def loaded(self, frame: Frame) -> AbstractContextManager[Any]:
        """A context in which the network is on its device."""
        if isinstance(self.part, Part):
            return self.part.loaded()
        return self.part.on(self.base or frame.model).loaded()

    def for_task(self, task: str) -> ControlNet:
        """The same, told what its hints show: one of `TASKS`, or "auto". Only union ControlNets can be told.

        Raises `WeightsError` for other ones.
        """
        if isinstance(self.asked, AsksFlux):
            if task != "auto" and task not in FLUX_MODES:
                raise WeightsError(f"ControlNets for Flux know no hints of this kind: choose {', '.join(FLUX_MODES)}.")
            return replace(self, asked=replace(self.asked, mode=FLUX_MODES.get(task)))
        if not isinstance(self.asked, AsksUnion):
            raise WeightsError(f"{self.name} is no union ControlNet, so it cannot be told what its hints show.")
        return replace(self, asked=AsksUnion(None if task == "auto" else TASKS.index(task)))


def load_control_net(path: Path, *, base: Model | None = None, device: torch.device | None = None) -> ControlNet:
    """Open a ControlNet, union ControlNet, control-LoRA or T2I-Adapter for SD 1.x, SD 2.x or SDXL, in any layout; or a
    ControlNet for Stable Diffusion 3 or Flux in diffusers' layout.

    base: the model whose weights complete a file that holds only what differs from them; without it they are those of
    the model that is sampled.

    Raises `WeightsError` for files that are damaged, or that hold something else; it says what.
    """
    device = device or devices.current()
    header = read_header(path)
    kind = layouts.kind_of(header)
    file = Opened(header, load_weights(path))
    if kind is Kind.LLLITE:
        raise WeightsError(f"{path.name} is a ControlNet-LLLite, which changes the model itself: use LLLiteApply.")
    if kind in (Kind.ADAPTER, Kind.LIGHT_ADAPTER):
        return ControlNet(path.name, AsksAdapter(), _adapter(layouts.as_adapter(file), kind, device))
    if kind in (Kind.SD3, Kind.FLUX):
        component, asked = (sd3_control_net if kind is Kind.SD3 else flux_control_net)(header)
        source = _source(component, file.weights, device)
        return ControlNet(path.name, asked, _part(source, path.name, component.check(header)))
    averaged = SHUFFLED in path.stem
    file = layouts.as_ldm(file)
    if kind in (Kind.CONTROL_LORA, Kind.DIFFERENCE):
        return ControlNet(path.name, AsksControlNet(), _borrowed(file, kind, device), averaged, base)
    union = kind is Kind.UNION
    return ControlNet(path.name, AsksUnion() if union else AsksControlNet(), _whole(file, union, device), averaged)


def control_net_config(header: Header) -> dict[str, Any]:
    """Arguments of `ControlNetModel` for a file under LDM's names."""
    heads = SD1_HEADS if ldm_shapes.prompt_width(header) == SD1_WIDTH else None
    return {**ldm_shapes.encoder_config(header, heads, NORM_GROUPS), **_hint_config(header)}


def _hint_config(header: Header) -> dict[str, Any]:
    """Of the network that reads the hint; each second layer of it is the first of another width."""
    first = ldm_shapes.required_shape(header, f"{UNET}input_hint_block.0.weight")
    layers = numbers(header, re.escape(UNET) + r"input_hint_block\.(\d+)\.weight")
    widths = [ldm_shapes.required_shape(header, f"{UNET}input_hint_block.{n}.weight")[0] for n in layers[2:-1:2]]
    return {"conditioning_channels": first[1], "conditioning_embedding_out_channels": (first[0], *widths)}


def _whole(file: Opened, union: bool, device: torch.device) -> Part:
    config = control_net_config(file.header)
    if union:
        config |= _union_config(file.header)
    component = _component(config, ldm_shapes.unet_layout(file.header), union)
    source = _source(component, file.weights, device)
    return _part(source, file.header.path.name, component.check(file.header))


def _union_config(header: Header) -> dict[str, Any]:
    tasks, width = ldm_shapes.required_shape(header, f"{UNET}task_embedding")
    told = ldm_shapes.required_shape(header, f"{UNET}control_add_embedding.linear_1.weight")[1]
    return {
        "num_control_type": tasks,
        "addition_time_embed_dim": told // tasks,
        "num_trans_channel": width,
        "num_proj_channel": ldm_shapes.required_shape(header, f"{UNET}spatial_ch_projs.weight")[0],
        "num_trans_layer": len(numbers(header, re.escape(UNET) + r"transformer_layes\.(\d+)\.ln_1\.weight")),
    }


def _borrowed(file: Opened, kind: Kind, device: torch.device) -> Borrowed:
    name, hint = file.header.path.name, _hint_config(file.header)

    def name_in_file(tensor: str, source: Source) -> str:
        return UNET + layouts.control_file_name(tensor, _layout(source.component.config), _hint_blocks(hint))

    def make(unet: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Part:
        component = _component({**encoder_of(unet), **hint}, _layout(unet), union=False)
        checked_names(component, weights, name)
        size = sum(tensor.numel() for tensor in component.build().parameters())
        return _part(_source(component, weights, device), name, size)

    return Borrowed(f"The {kind.value} {name}", file, kind is Kind.DIFFERENCE, name_in_file, make)


def encoder_of(unet: Mapping[str, Any]) -> dict[str, Any]:
    """What a ControlNet's configuration has of its UNet's."""
    return {name: value for name, value in unet.items() if name not in ("out_channels", "up_block_types")}


def _layout(config: Mapping[str, Any]) -> UNetLayout:
    attention = tuple(kind.startswith("CrossAttn") for kind in config["down_block_types"])
    return UNetLayout(config["layers_per_block"], attention)


def _hint_blocks(config: Mapping[str, Any]) -> int:
    return 2 * (len(config["conditioning_embedding_out_channels"]) - 1)


def _component(config: Mapping[str, Any], layout: UNetLayout, union: bool) -> Component:
    kind: Callable[..., Any] = ControlNetUnionModel if union else ControlNetModel
    blocks = _hint_blocks(config)
    name_of = partial(layouts.control_file_name, layout=layout, hint_blocks=blocks)
    # The decoder of a whole checkpoint's UNet is not read; markers are no tensors of the network.
    return Component("ControlNet", UNET, _on_meta(kind, config), name_of, ("difference", "lora_controlnet"), config)


def _adapter(file: Opened, kind: Kind, device: torch.device) -> Part:
    header = file.header
    light = kind is Kind.LIGHT_ADAPTER
    levels = numbers(header, r"adapter\.body\.(\d+)\.resnets\.0\.block1\.weight")
    last = "out_conv.weight" if light else "resnets.0.block1.weight"
    widths = [ldm_shapes.required_shape(header, f"adapter.body.{level}.{last}")[0] for level in levels]
    inputs = ldm_shapes.required_shape(header, "adapter.body.0.in_conv.weight" if light else "adapter.conv_in.weight")[
        1
    ]
    # Squares of 8 pixels are read as one, of 16 in SDXL's; with one channel or three.
    side = next((side for side in (8, 16) if inputs in (side**2, 3 * side**2)), None)
    if side is None or not levels:
        raise WeightsError(
            f"{header.path.name} is a T2I-Adapter of an unknown form: its first layer has {inputs} inputs."
        )
    config = {
        "in_channels": inputs // side**2,
        "channels": widths[:-1] if light else widths,
        "num_res_blocks": len(numbers(header, r"adapter\.body\.0\.resnets\.(\d+)\.block1\.weight")),
        "downscale_factor": side,
        "adapter_type": "light_adapter" if light else "full_adapter" if side == 8 else "full_adapter_xl",
    }
    component = Component("T2I-Adapter", "adapter.", _on_meta(T2IAdapter, config), _without_adapter, config=config)
    return _part(_source(component, file.weights, device), header.path.name, component.check(header))


def _without_adapter(name: str) -> str:
    return name.removeprefix("adapter.")


def _on_meta(kind: Callable[..., Any], config: Mapping[str, Any]) -> Callable[[], Any]:
    def build() -> Any:
        with torch.device("meta"):
            return kind(**config)

    return build


def _source(component: Component, weights: Mapping[str, Tensor], device: torch.device) -> Source:
    return Source(component, weights, devices.precision(device).denoiser, device)


def _part(source: Source, name: str, numbers_of_weights: int) -> Part:
    size = numbers_of_weights * source.dtype.itemsize
    return Part(f"{name}: {source.component.title}", source.device, size, source.network, source.switch)
