"""A pack that builds on parts of ComfyUI which Safelight does not have."""

from typing import Optional

import comfy
import comfy.controlnet
import comfy.ldm.modules.attention
import comfy.model_base
import comfy.ops
import comfy.samplers
import comfy.utils as u
import torch
from comfy.hooks import HookGroup, HookKeyframe
from comfy.ldm.modules.attention import BasicTransformerBlock, optimized_attention
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel as Net
from comfy_extras.nodes_custom_sampler import Noise_RandomNoise
from nodes import LoraLoader

ATTENTION = comfy.ldm.modules.attention.optimized_attention_for_device("cpu", mask=True)
NAMES = [*comfy.samplers.KSampler.SAMPLERS, "mine"]
KINDS = {comfy.model_base.ModelType.EPS: 1, comfy.model_base.ModelType.FLOW: 2}
FLAGS = comfy.model_base.A | comfy.model_base.B
if comfy.sd1_clip.SOMETHING or comfy.ops.LIMIT > 3:
    NAMES.append("never")


class Block(BasicTransformerBlock):
    def __init__(self, *args, hooks: Optional[HookGroup] = None, **kwargs):
        super().__init__(*args, **kwargs)


class Linear(comfy.ops.disable_weight_init.Linear, torch.nn.Module, tag="x"):
    def forward(self, x: "torch.Tensor", net: Net | None = None, key=HookKeyframe) -> list[Net]:
        return [x]


@comfy.hooks.register("x")
def registered():
    return 1


class Uses:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"what": (["attention", "block", "call", "isinstance", "registered", "noise"],), "sampler": (NAMES,)}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "use"
    OUTPUT_NODE = True

    def use(self, what, sampler):
        match what:
            case "attention":
                return (optimized_attention(torch.zeros(1), 2),)
            case "block":
                return (Block(1, 2),)
            case "call":
                return (ATTENTION(1),)
            case "registered":
                return (registered(),)
            case "noise":
                return (Noise_RandomNoise(1).seed,)
        known = isinstance(self, comfy.controlnet.ControlNet) or isinstance(self, (Net, LoraLoader))
        return {"ui": {"text": [str(known), u.__name__]}, "result": ("fine",)}


NODE_CLASS_MAPPINGS = {"Uses": Uses}
