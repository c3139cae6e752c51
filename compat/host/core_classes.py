"""The built-in nodes as classes of ComfyUI's kind, which packs subclass, instantiate and call."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from keyword import iskeyword
from typing import Any

from compat.host.installation import host
from compat.host.saving import PreviewImage, SaveImage
from graph import context
from graph.node_spec import NodeSpec
from graph.packs.importing import import_package
from graph.registry import specs_in
from graph.schema import alias_entry, fill_choices, object_info
from graph.testing import Recorder

PACKAGE = "nodes"

METHODS = {
    "CLIPSetLastLayer": "set_last_layer clip stop_at_clip_layer",
    "CLIPTextEncode": "encode clip text dialect",
    "CheckpointLoaderSimple": "load_checkpoint ckpt_name weight_dtype",
    "ConditioningAverage": "addWeighted conditioning_to conditioning_from conditioning_to_strength",
    "ConditioningCombine": "combine conditioning_1 conditioning_2",
    "ConditioningConcat": "concat conditioning_to conditioning_from",
    "ConditioningSetArea": "append conditioning width height x y strength",
    "ConditioningSetAreaPercentage": "append conditioning width height x y strength",
    "ConditioningSetAreaStrength": "append conditioning strength",
    "ConditioningSetMask": "append conditioning mask set_cond_area strength",
    "ConditioningSetTimestepRange": "set_range conditioning start end",
    "ConditioningZeroOut": "zero_out conditioning",
    "CropMask": "crop mask x y width height",
    "EmptyImage": "generate width height batch_size color",
    "EmptyLatentImage": "generate width height batch_size",
    "FeatherMask": "feather mask left top right bottom",
    "GrowMask": "expand_mask mask expand tapered_corners",
    "ImageBatch": "batch image1 image2",
    "ImageColorToMask": "image_to_mask image color",
    "ImageCompositeMasked": "composite destination source x y resize_source mask",
    "ImageCrop": "crop image width height x y",
    "ImageFromBatch": "frombatch image batch_index length",
    "ImageInvert": "invert image",
    "ImagePadForOutpaint": "expand_image image left top right bottom feathering",
    "ImageScale": "upscale image upscale_method width height crop",
    "ImageScaleBy": "upscale image upscale_method scale_by",
    "ImageScaleToTotalPixels": "upscale image upscale_method megapixels",
    "ImageToMask": "image_to_mask image channel",
    "InvertMask": "invert mask",
    "KSampler": "sample model seed steps cfg sampler_name scheduler positive negative latent_image denoise",
    "KSamplerAdvanced": "sample model add_noise noise_seed steps cfg sampler_name scheduler positive negative"
    " latent_image start_at_step end_at_step return_with_leftover_noise denoise",
    "LatentBatch": "batch samples1 samples2",
    "LatentBlend": "blend samples1 samples2 blend_factor blend_mode",
    "LatentComposite": "composite samples_to samples_from x y composite_method feather",
    "LatentCompositeMasked": "composite destination source x y resize_source mask",
    "LatentCrop": "crop samples width height x y",
    "LatentFlip": "flip samples flip_method",
    "LatentFromBatch": "frombatch samples batch_index length",
    "LatentRotate": "rotate samples rotation",
    "LatentUpscale": "upscale samples upscale_method width height crop",
    "LatentUpscaleBy": "upscale samples upscale_method scale_by",
    "LoadImage": "load_image image",
    "LoadImageMask": "load_image image channel",
    "LoadLatent": "load latent",
    "MaskComposite": "combine destination source x y operation",
    "MaskToImage": "mask_to_image mask",
    "RepeatImageBatch": "repeat image amount",
    "RepeatLatentBatch": "repeat samples amount",
    "SaveLatent": "save samples filename_prefix prompt extra_pnginfo",
    "SetLatentNoiseMask": "set_mask samples mask",
    "SolidMask": "solid value width height",
    "ThresholdMask": "image_to_mask mask value",
    "VAEDecode": "decode vae samples",
    "VAEDecodeTiled": "decode vae samples tile_size overlap temporal_size temporal_overlap",
    "VAEEncode": "encode vae pixels",
    "VAEEncodeForInpaint": "encode vae pixels mask grow_mask_by",
    "VAEEncodeTiled": "encode vae pixels tile_size overlap temporal_size temporal_overlap",
    "VAELoader": "load_vae vae_name",
}
"""The method of each class that does its work, and the order of its parameters."""

WITHOUT_EFFECT: dict[str, Callable[[Any], bool]] = {
    "temporal_size": lambda value: True,
    "temporal_overlap": lambda value: True,
    "prompt": lambda value: True,
    "extra_pnginfo": lambda value: True,
    "denoise": lambda value: value == 1,
    "blend_mode": lambda value: value == "normal",
    "composite_method": lambda value: value == "normal",
}
"""Parameters that only ComfyUI has, and for which values they change nothing."""


class CoreNode:
    """What the classes of built-in nodes have in common."""

    SPEC: NodeSpec
    NAMES: Mapping[str, str]
    """Our names of inputs by theirs, where they differ."""

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:  # noqa: N802
        """The inputs, with the files that there are now."""
        name = cls.ID
        entry = object_info(cls.SPEC) if name == cls.SPEC.id else alias_entry(cls.SPEC, name)
        filled = fill_choices({name: entry}, host().folders)[name]["input"]
        return {group: {id: tuple(item) for id, item in inputs.items()} for group, inputs in filled.items()}

    ID: str
    TITLE: str


def _work(self: CoreNode, order: tuple[str, ...], *values: Any, **named: Any) -> Any:
    """Run the node: a tuple of its outputs, or of an output node what it shows."""
    if len(values) > len(order):
        raise TypeError(f"{self.ID} takes {len(order)} values, and {len(values)} were given")
    given = {**dict(zip(order, values, strict=False)), **named}
    arguments = {}
    for name, value in given.items():
        ours = self.NAMES.get(name, name)
        if self.SPEC.input(ours) is not None:
            arguments[ours] = value
        elif name not in WITHOUT_EFFECT or not WITHOUT_EFFECT[name](value):
            raise TypeError(f"{self.ID} has no input '{name}' that could be {value!r}")
    shown = Shown(context.current() or Recorder(host().folders), given)
    if self.SPEC.context_parameter:
        arguments[self.SPEC.context_parameter] = shown
    returned = self.SPEC.function(**arguments)
    if self.SPEC.output_node:
        return {"ui": shown.items}
    return tuple(returned) if self.SPEC.several_outputs else (returned,)


class Shown:
    """The context of the node that is being executed, but for what is shown and written into files."""

    def __init__(self, inner: Any, given: Mapping[str, Any]) -> None:
        self._inner = inner
        self.items: dict[str, list[Any]] = {}
        if "prompt" in given or "extra_pnginfo" in given:
            self.metadata = inner.metadata and given.get("prompt") is not None
            self.prompt = given.get("prompt") or {}
            self.extra_pnginfo = given.get("extra_pnginfo") or {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def show(self, kind: str, items: list[Any]) -> None:
        """Keep it for what the method returns."""
        self.items.setdefault(kind, []).extend(items)


@cache
def core_classes() -> dict[str, Any]:
    """The classes of the built-in nodes, by their ids here and in ComfyUI."""
    found = {id: _class(spec, id) for spec in _specs() for id in (spec.id, *spec.aliases)}
    return {**found, "SaveImage": SaveImage, "PreviewImage": PreviewImage}


def is_core(cls: Any) -> bool:
    """Whether it is the class of a built-in node, and not one that inherits from it."""
    return any(cls is core for core in core_classes().values())


def _specs() -> Iterator[NodeSpec]:
    for item in import_package(PACKAGE):
        if item.module is not None:
            yield from specs_in(item.module)


def _class(spec: NodeSpec, id: str) -> Any:
    names = dict(spec.aliases.get(id, {}))
    theirs = {ours: name for name, ours in names.items()}
    method, *order = METHODS[id].split() if id in METHODS else ("execute", *_inputs(spec, theirs))
    entries = {
        "__doc__": spec.description,
        "__module__": PACKAGE,
        "SPEC": spec,
        "NAMES": names,
        "ID": id,
        "TITLE": spec.title,
        "RETURN_TYPES": tuple(output.type for output in spec.outputs),
        "RETURN_NAMES": tuple(output.name for output in spec.outputs),
        "FUNCTION": method,
        "CATEGORY": spec.category,
        "DESCRIPTION": spec.description,
        "OUTPUT_NODE": spec.output_node,
        method: _method(tuple(order)),
    }
    return type(id, (CoreNode,), entries)


def _method(order: tuple[str, ...]) -> Callable[..., Any]:
    def method(self: CoreNode, *values: Any, **named: Any) -> Any:
        return _work(self, order, *values, **named)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    # some inputs have names that only a dict can hold ("input_blocks.1.")
    names = [name for name in ("self", *order) if name.isidentifier() and not iskeyword(name)]
    method.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return method


def _inputs(spec: NodeSpec, theirs: Mapping[str, str]) -> Iterator[str]:
    return (theirs.get(item.name, item.name) for item in spec.inputs)
