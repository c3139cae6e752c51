"""The types that ComfyUI itself has."""

from typing import Any, TypedDict

from compat.api import io_types
from compat.api.io_types import ComfyType, choices_input, comfytype, custom

__all__ = ["NAMES", "AnyType", "Combo", "Latent", "MatchType", "MultiCombo", "MultiType"]

NAMES = {
    "Accumulation": "ACCUMULATION",
    "Audio": "AUDIO",
    "AudioEncoder": "AUDIO_ENCODER",
    "AudioEncoderOutput": "AUDIO_ENCODER_OUTPUT",
    "BBOX": "BBOX",
    "Boolean": "BOOLEAN",
    "Clip": "CLIP",
    "ClipVision": "CLIP_VISION",
    "ClipVisionOutput": "CLIP_VISION_OUTPUT",
    "Conditioning": "CONDITIONING",
    "ControlNet": "CONTROL_NET",
    "FaceAnalysis": "FACE_ANALYSIS",
    "Float": "FLOAT",
    "FlowControl": "FLOW_CONTROL",
    "Gligen": "GLIGEN",
    "Guider": "GUIDER",
    "HookKeyframes": "HOOK_KEYFRAMES",
    "Hooks": "HOOKS",
    "Image": "IMAGE",
    "Int": "INT",
    "LatentOperation": "LATENT_OPERATION",
    "Load3D": "LOAD_3D",
    "Load3DAnimation": "LOAD_3D_ANIMATION",
    "Load3DCamera": "LOAD3D_CAMERA",
    "LoraModel": "LORA_MODEL",
    "LossMap": "LOSS_MAP",
    "Mask": "MASK",
    "Mesh": "MESH",
    "Model": "MODEL",
    "ModelPatch": "MODEL_PATCH",
    "Noise": "NOISE",
    "Photomaker": "PHOTOMAKER",
    "Point": "POINT",
    "SEGS": "SEGS",
    "SVG": "SVG",
    "Sampler": "SAMPLER",
    "Sigmas": "SIGMAS",
    "String": "STRING",
    "StyleModel": "STYLE_MODEL",
    "TimestepsRange": "TIMESTEPS_RANGE",
    "UpscaleModel": "UPSCALE_MODEL",
    "Vae": "VAE",
    "Video": "VIDEO",
    "Voxel": "VOXEL",
    "WanCameraEmbedding": "WAN_CAMERA_EMBEDDING",
    "Webcam": "WEBCAM",
}
"""Types without anything particular: the name in Python, and the one in /object_info."""

TABLE: dict[str, type[ComfyType]] = {name: custom(io_type) for name, io_type in NAMES.items()}
AnyType = custom("*")


@comfytype("LATENT")
class Latent(ComfyType):
    """Latents."""

    class LatentDict(TypedDict, total=False):
        """`samples` are `[B, C, h, w]`."""

        samples: Any
        noise_mask: Any
        batch_index: list[int]
        type: str

    Type = LatentDict


@comfytype("COMBO")
class Combo(ComfyType):
    """One of several values."""

    Type = str
    Input = choices_input(several=False)

    class Output(io_types.Output):
        """The value of a combo."""

        def __init__(
            self, id: str | None = None, display_name: str | None = None, options: Any = None, **more: Any
        ) -> None:
            super().__init__(id, display_name, **more)
            self.options = options or []


@comfytype("COMBO")
class MultiCombo(ComfyType):
    """Any number of several values."""

    Type = list[str]
    Input = choices_input(several=True)


def _union(types: Any) -> str:
    found = (kind.get_io_type() if isinstance(kind, io_types.Input) else kind.io_type for kind in types)
    names = [name for each in found for name in str(each).split(",")]
    return ",".join(dict.fromkeys(names)) or "*"


@comfytype("*")
class MultiType(ComfyType):
    """Any of several types; with the widget of an input if one is given in place of the id."""

    class Input(io_types.Input):
        """An input that takes links of several types."""

        def __init__(self, id: Any, types: Any, *more: Any, **named: Any) -> None:
            super().__init__(id.id if isinstance(id, io_types.Input) else id, *more, **named)
            self.widget = id if isinstance(id, io_types.Input) else None
            self.types = [*([self.widget] if self.widget else []), *types]
            if self.widget is not None:
                self.display_name = self.display_name or self.widget.display_name
                self.optional = self.optional or self.widget.optional

        def get_io_type(self) -> str:
            """The names of its types."""
            return _union(self.types)

        def as_dict(self) -> dict[str, Any]:
            """Its options, and those of the widget."""
            if self.widget is None:
                return super().as_dict()
            return {**self.widget.as_dict(), "widgetType": self.widget.get_io_type(), **super().as_dict()}


@comfytype("*")
class MatchType(ComfyType):
    """A type that inputs and outputs of the same template share: here, one of those that the template allows."""

    class Template:
        """What is to be the same."""

        def __init__(self, template_id: str, allowed_types: Any = ()) -> None:
            self.template_id = template_id
            self.allowed_types = list(allowed_types) if isinstance(allowed_types, list | tuple) else [allowed_types]

    class Input(io_types.Input):
        """An input of the template's type."""

        def __init__(self, id: str, template: Any, *more: Any, **named: Any) -> None:
            super().__init__(id, *more, **named)
            self.template = template

        def get_io_type(self) -> str:
            """The names of its types."""
            return _union(self.template.allowed_types)

    class Output(io_types.Output):
        """An output of the template's type."""

        def __init__(self, template: Any, id: str | None = None, *more: Any, **named: Any) -> None:
            super().__init__(id, *more, **named)
            self.template = template

        def get_io_type(self) -> str:
            """The names of its types."""
            return _union(self.template.allowed_types)
