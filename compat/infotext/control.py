"""ControlNet units of an infotext as nodes: networks of all kinds, and what the extension has beside them."""

from dataclasses import dataclass, replace
from typing import Any

from compat.infotext import latents
from compat.infotext.making import Making, Prompted
from compat.infotext.sheet import Output
from compat.infotext.units import UnitText
from diffusion.annotators.registry import ANNOTATORS, OTHER_NAMES

COLUMN = 2
REFERENCES = {
    "reference_only": "attention",
    "reference_adain": "adain",
    "reference_adain+attn": "attention+adain",
}
FIDELITIES = {"balanced": None, "prompt is more important": 0.0, "ControlNet is more important": 1.0}
INPAINTING = ("inpaint", "inpaint_global_harmonious", "inpaint_only", "inpaint_only+lama")
FITS = {
    "just resize": "Just Resize",
    "crop and resize": "Crop and Resize",
    "resize and fill": "Resize and Fill",
}
KEEPS_REST = ("inpaint_only", "inpaint_only+lama")
UNKNOWN = ("ip-adapter_pulid", "instant_id", "revision", "t2ia_style")
AS_IT_IS = ("none", "tile_colorfix", "tile_colorfix+sharp")
SHARP = "tile_colorfix+sharp"
VISION, LARGER_VISION = "CLIP-ViT-H-14-laion2B-s32B-b79K", "CLIP-ViT-bigG-14-laion2B-39B-b160k"
"""The vision models that the published IP-Adapters were trained on, as their publishers call them."""
UNION_TASKS = {
    "openpose": "openpose", "dw_openpose": "openpose", "depth": "depth", "normal": "normal", "seg": "segment",
    "canny": "canny/lineart/anime_lineart/mlsd", "lineart": "canny/lineart/anime_lineart/mlsd",
    "mlsd": "canny/lineart/anime_lineart/mlsd", "hed": "hed/pidi/scribble/ted", "pidi": "hed/pidi/scribble/ted",
    "scribble": "hed/pidi/scribble/ted", "softedge": "hed/pidi/scribble/ted", "tile": "tile", "inpaint": "repaint",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A node that changes the prompts, or the model."""

    type: str
    values: dict[str, Any]
    of_model: bool = False

    def on(self, making: Making, prompted: Prompted) -> Prompted:
        """The same, changed."""
        if self.of_model:
            node = making.sheet.add(self.type, COLUMN, model=prompted.model, **self.values)
            return replace(prompted, model=Output(node))
        both = {"positive": prompted.positive, "negative": prompted.negative}
        node = making.sheet.add(self.type, COLUMN, **both, **self.values)
        return replace(prompted, positive=Output(node), negative=Output(node, 1))


@dataclass(frozen=True)
class Unit:
    """A unit whose network and hint are on the sheet."""

    changes: tuple[Change, ...]

    def on(self, making: Making, prompted: Prompted) -> Prompted:
        """A model under its prompts, held to the hint."""
        for change in self.changes:
            prompted = change.on(making, prompted)
        return prompted


def prepare(making: Making, unit: UnitText, vae: Output) -> Unit | None:
    """Put a unit's network and a loader for its picture, which an infotext never has, on the sheet."""
    adapter = unit.module.startswith("ip-adapter")
    if unit.module.startswith(UNKNOWN):
        making.say(f"ControlNet unit {unit.number} ({unit.module}) is of a kind that no node does: it was left out.")
        return None
    if not unit.model and unit.module not in REFERENCES:
        making.say(f"ControlNet unit {unit.number} ({unit.module}) has no model and was left out.")
        return None
    name = f"control-{unit.number}.png"
    picture = making.sheet.add("LoadImage", COLUMN, image=name)
    image = Output(making.sheet.entitle(picture, f"Picture for ControlNet unit {unit.number}"))
    making.say(f"The picture of ControlNet unit {unit.number} is not in the parameters: choose it in place of {name}.")
    unit.tell_rest(making)
    if unit.module in REFERENCES:
        return Unit((_reference(making, unit, image, vae),))
    if adapter:
        build = _face_adapter if "face_id" in unit.module else _adapter
        return Unit((build(making, unit, image),))
    hint = _hint(making, unit, image)
    network = making.file("controlnet", unit.model)
    ends = {"strength": unit.weight, "start_percent": unit.start, "end_percent": unit.end, "image": hint}
    if "lllite" in unit.model.lower():
        return Unit((Change("LLLiteApply", {"control_net_name": network, **ends}, of_model=True),))
    values = {
        "control_net": _network(making, unit, network),
        "control_mode": unit.mode,
        "resize_mode": unit.resize_mode,
        "timing": "steps",
        **ends,
    }
    return Unit((Change("ControlNetApplyModes", values), *_beside(making, unit, image, vae)))


def _network(making: Making, unit: UnitText, network: str) -> Output:
    loaded = Output(making.sheet.add("ControlNetLoader", COLUMN, control_net_name=network))
    if "union" not in unit.model.lower() and "promax" not in unit.model.lower():
        return loaded
    task = next((task for start, task in UNION_TASKS.items() if unit.module.startswith(start)), "auto")
    return Output(making.sheet.add("SetUnionControlNetType", COLUMN, control_net=loaded, type=task))


def _hint(making: Making, unit: UnitText, image: Output) -> Output:
    sheet, module = making.sheet, unit.module
    if module.lower() in AS_IT_IS:
        return image
    if module in INPAINTING:
        making.say(f"The mask of ControlNet unit {unit.number} is not in the parameters: paint it on its picture.")
        return Output(sheet.add("InpaintControlHint", COLUMN, image=image, mask=Output(image.node, 1)))
    if module not in ANNOTATORS and module not in OTHER_NAMES:
        making.say(f"There is no preprocessor '{module}': ControlNet unit {unit.number} takes its picture as it is.")
        return image
    resolution = _resolution(making, unit, image)
    if module == "canny":
        low, high = (int(min(each, 1000)) for each in unit.thresholds(100.0, 200.0))
        edges = {"low_threshold": low, "high_threshold": high, "resolution": resolution}
        return Output(sheet.add("CannyEdges", COLUMN, image=image, **edges))
    values = {"preprocessor": module, "resolution": resolution}
    return Output(sheet.add("AnnotateByName", COLUMN, image=image, **values))


def _resolution(making: Making, unit: UnitText, image: Output) -> Any:
    """The resolution at which a hint is drawn: a number, or what a node computes from the picture and the size."""
    if not unit.pixel_perfect:
        return unit.resolution
    width, height = latents.noted_size(making)
    values = {"image_gen_width": width, "image_gen_height": height, "resize_mode": FITS[unit.resize_mode]}
    return Output(making.sheet.add("PixelPerfectResolution", COLUMN, original_image=image, **values))


def _beside(making: Making, unit: UnitText, image: Output, vae: Output) -> list[Change]:
    """What some preprocessors do to the model beside making a hint."""
    weight = min(unit.weight, 1.0)
    if unit.module in KEEPS_REST:
        kept = {"latent": _encoded(making, image, vae), "mask": Output(image.node, 1), "weight": weight}
        return [Change("InpaintOnly", kept, of_model=True)]
    if not unit.module.startswith("tile_colorfix"):
        return []
    variation, sharpness = unit.thresholds(8.0, 1.0)
    values = {
        "latent": _encoded(making, image, vae),
        "variation": int(min(max(variation, 1), 32)),
        "sharpness": min(max(sharpness, 0.0), 2.0) if unit.module == SHARP else 0.0,
        "weight": weight,
    }
    return [Change("TileColorFix", values, of_model=True)]


def _reference(making: Making, unit: UnitText, image: Output, vae: Output) -> Change:
    given, fidelity = FIDELITIES[unit.mode], unit.thresholds(0.5, 0.0)[0]
    values = {
        "reference": _encoded(making, image, vae),
        "way": REFERENCES[unit.module],
        "strength": unit.weight,
        "style_fidelity": min(max(fidelity if given is None else given, 0.0), 1.0),
        "seed": making.seed,
        "start_percent": unit.start,
        "end_percent": unit.end,
    }
    return Change("ReferenceOnly", values, of_model=True)


def _adapter(making: Making, unit: UnitText, image: Output) -> Change:
    kind = f"{unit.module} {unit.model}".lower().replace("-", "_")
    wide = "clip_g" in kind or ("sdxl" in kind and "vit_h" not in kind and "vith" not in kind)
    values = {"clip_vision_output": _seen(making, image, LARGER_VISION if wide else VISION)}
    return Change("IPAdapterApply", {**_adapted(making, unit), **values}, of_model=True)


def _face_adapter(making: Making, unit: UnitText, image: Output) -> Change:
    face = making.sheet.add("FaceEncode", COLUMN, image=image)
    values = {"face": Output(face)}
    if "plus" in f"{unit.module} {unit.model}".lower():
        values["clip_vision_output"] = _seen(making, Output(face, 1), VISION)
    return Change("FaceIDApply", {**_adapted(making, unit), **values}, of_model=True)


def _adapted(making: Making, unit: UnitText) -> dict[str, Any]:
    loader = making.sheet.add("IPAdapterLoader", COLUMN, ipadapter_file=making.file("ipadapter", unit.model))
    return {
        "ipadapter": Output(loader),
        "weight": unit.weight,
        "start_percent": unit.start,
        "end_percent": unit.end,
    }


def _seen(making: Making, image: Output, vision: str) -> Output:
    """A picture as a vision model sees it."""
    loaded = making.sheet.add("CLIPVisionLoader", COLUMN, clip_name=making.file("clip_vision", vision))
    return Output(making.sheet.add("CLIPVisionEncode", COLUMN, clip_vision=Output(loaded), image=image))


def _encoded(making: Making, image: Output, vae: Output) -> Output:
    return Output(making.sheet.add("VAEEncode", COLUMN, pixels=image, vae=vae))
