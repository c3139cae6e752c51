"""A pack that puts its own functions in the place of ComfyUI's."""

import comfy.ldm.flux.layers
import comfy.model_management
import comfy.samplers
import nodes
import torch

original = comfy.samplers.calculate_sigmas


def calculate_sigmas(model_sampling, scheduler_name, steps):
    if scheduler_name == "flat":
        return torch.tensor([float(step) for step in range(steps, -1, -1)])
    return original(model_sampling, scheduler_name, steps)


comfy.samplers.calculate_sigmas = calculate_sigmas
comfy.samplers.SCHEDULER_NAMES.append("flat")
comfy.ldm.flux.layers.attention = calculate_sigmas
comfy.ldm.flux.layers.Block.forward = calculate_sigmas
nodes.PatchedHere = "patched"


class Sigmas:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"scheduler": (comfy.samplers.KSampler.SCHEDULERS,), "steps": ("INT", {"default": 3})}}

    RETURN_TYPES = ("SIGMAS",)
    FUNCTION = "make"
    OUTPUT_NODE = True

    def make(self, scheduler, steps):
        sigmas = comfy.samplers.calculate_sigmas(None, scheduler, steps)
        return {"ui": {"sigmas": sigmas.tolist(), "nodes": [nodes.PatchedHere]}, "result": (sigmas,)}


NODE_CLASS_MAPPINGS = {"Sigmas": Sigmas}
