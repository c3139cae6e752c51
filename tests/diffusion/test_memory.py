"""The memory that sampling takes, against what diffusers' networks allocate, counted on the meta device."""

import weakref

import pytest
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from diffusion.conditioning import Conditioning
from diffusion.families.unet import activations
from diffusion.residency import residency
from diffusion.sampling.conditions import Frame, resolve
from diffusion.sampling.guidance import ClassifierFreeGuidance, GuidedDenoiser
from tests.diffusion.sampling.gaussian import SCHEDULE, PromptedModel, prompt

SD15 = {
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "attention_head_dim": 8,
    "cross_attention_dim": 768,
}
SDXL = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (5, 10, 20),
    "transformer_layers_per_block": (1, 2, 10),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
}


class FusedAttention(TorchFunctionMode):
    """Attention as every kernel in use has it: its scores are never in memory."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is F.scaled_dot_product_attention:
            return torch.empty_like(args[0])
        return function(*args, **(kwargs or {}))


class Counting(TorchDispatchMode):
    """Counts the bytes of all tensors alive, but for those it is given."""

    def __init__(self, parameters):
        super().__init__()
        self.alive = {parameter.untyped_storage()._cdata: 0 for parameter in parameters}
        self.now = self.peak = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else [result]:
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage):
        key = storage._cdata
        if key not in self.alive:
            self.alive[key] = storage.nbytes()
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._free, key)

    def _free(self, key):
        self.now -= self.alive.pop(key)


@pytest.mark.parametrize(("config", "size"), [(SD15, (64, 64)), (SD15, (96, 160)), (SDXL, (128, 128))])
def test_the_estimate_is_what_a_network_allocates(config, size):
    with torch.device("meta"):
        network = UNet2DConditionModel(**config).eval().requires_grad_(False)
        latent, context = torch.empty(2, 4, *size), torch.empty(2, 77, config["cross_attention_dim"])
        with torch.no_grad(), FusedAttention(), Counting(network.parameters()) as counting:
            network(latent, torch.empty(2), encoder_hidden_states=context)
    estimate = 2 * size[0] * size[1] * activations(config) * 4
    assert counting.peak == pytest.approx(estimate, rel=0.02)


def test_a_model_says_what_it_needs(tiny):
    residency.free()
    needed = tiny.model.memory(2, 64)
    assert needed.weights == tiny.model.part.size > 0
    assert needed.fits
    with tiny.model.loaded():
        assert tiny.model.memory(2, 64).weights == 0
    huge = tiny.model.memory(2, 1 << 40)
    assert not huge.fits
    assert huge.missing == huge.activations - huge.free - huge.freeable


@pytest.mark.parametrize(("room", "calls"), [(8, [4]), (3, [2, 2]), (1, [2, 2])])
def test_prompts_share_a_call_as_far_as_there_is_memory(room, calls):
    model, shape = PromptedModel(), (2, 4, 8, 8)
    frame = Frame(torch.zeros(shape), SCHEDULE)
    sides: list[Conditioning] = [prompt(1.0), prompt(-0.5)]
    guided = GuidedDenoiser(
        model.predict,
        model.parameterization,
        [resolve(side, frame, number) for number, side in enumerate(sides)],
        ClassifierFreeGuidance(*sides, 3.0),
        has_room=lambda rows, cells: rows * cells <= room * 64,
    )
    guided(torch.zeros(shape), 1.0)
    assert [call.x.shape[0] for call in model.calls] == calls
