"""ControlNets for Stable Diffusion 3 and Flux: a model under them predicts what diffusers' modules predict together."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    FluxControlNetModel,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3ControlNetModel,
    SD3Transformer2DModel,
)
from torch import Tensor, nn

from diffusion.checkpoint import load_diffusion_model, load_vae
from diffusion.control.load import load_control_net
from diffusion.control.unit import ControlUnit
from diffusion.model import Model, Vae
from diffusion.sampling.conditions import Area, Condition, Frame
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call
from diffusion.weights import WeightsError, save_weights
from tests.diffusion.families.small_models import in_file_precision
from tests.diffusion.families.small_transformers import (
    POOLED,
    T5_WIDTH,
    flux_in_file,
    small_flux,
    small_vae,
    vae_in_file,
)
from tests.diffusion.families.test_sd3 import TINY

SIZE, TOKENS = (8, 12), 5
WHOLE, PART = Area(*SIZE, 0, 0), Area(8, 8, 0, 4)
SD3_HEADS = {"transformer_config": json.dumps({"num_attention_heads": TINY["num_attention_heads"]})}


def write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
    save_weights(path, {name: tensor.half().contiguous() for name, tensor in tensors.items()}, metadata or {})
    return path


def joined(network: Any) -> Any:
    """With layers to the model that are not zero."""
    torch.manual_seed(9)
    for name, parameter in network.named_parameters():
        if name.startswith(("controlnet_", "pos_embed_input")):
            nn.init.normal_(parameter, std=0.1)
    return in_file_precision(network)


def flux_control(*, masked: bool = False, modes: int | None = None) -> FluxControlNetModel:
    torch.manual_seed(3)
    network = FluxControlNetModel(
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=32,
        num_attention_heads=2,
        joint_attention_dim=T5_WIDTH,
        pooled_projection_dim=POOLED,
        guidance_embeds=not masked,
        axes_dims_rope=(4, 14, 14),
        num_mode=modes,
    )
    if masked:
        network.controlnet_x_embedder = nn.Linear(17 * 4, 64)
    return joined(network)


def sd3_control(*, masked: bool = False) -> SD3ControlNetModel:
    torch.manual_seed(3)
    return joined(SD3ControlNetModel(**{**TINY, "num_layers": 2}, extra_conditioning_channels=int(masked)))


@pytest.fixture(scope="module")
def vae(tmp_path_factory) -> tuple[Any, Vae]:
    network = small_vae()
    path = tmp_path_factory.mktemp("vae") / "vae.safetensors"
    metadata = {"vae_config": json.dumps({"norm_num_groups": 8})}
    return network, load_vae(write(path, vae_in_file(network, "first_stage_model."), metadata))


@pytest.fixture(scope="module")
def flux(tmp_path_factory) -> tuple[FluxTransformer2DModel, Model]:
    network = small_flux()
    path = write(tmp_path_factory.mktemp("flux") / "flux.safetensors", flux_in_file(network))
    return network, load_diffusion_model(path)


@pytest.fixture(scope="module")
def sd3(tmp_path_factory) -> tuple[SD3Transformer2DModel, Model]:
    torch.manual_seed(0)
    network = in_file_precision(SD3Transformer2DModel(**TINY))
    path = tmp_path_factory.mktemp("sd3") / "sd3.safetensors"
    return network, load_diffusion_model(write(path, network.state_dict(), SD3_HEADS))


def images() -> Tensor:
    return torch.rand(1, 8 * SIZE[0], 8 * SIZE[1], 3, generator=torch.Generator().manual_seed(2))


def repainted() -> Tensor:
    mask = torch.zeros(1, 8 * SIZE[0], 8 * SIZE[1])
    mask[:, 16:40, 32:64] = 1
    return mask


def call_of(model: Model, area: Area = WHOLE, **inputs: Tensor) -> Call:
    torch.manual_seed(5)
    context = torch.randn(1, TOKENS, model.config["joint_attention_dim"])
    pooled = torch.randn(1, model.config["pooled_projection_dim"])
    time = 0.5 if "guidance" in inputs else 500.0
    condition = Condition(context, area, torch.ones(()))
    x = torch.randn(1, 16, area.height, area.width)
    return Call(x, torch.tensor([time]), 0.5, context, {"pooled": pooled, **inputs}, (condition,))


def controlled(unit: ControlUnit, model: Model, call: Call) -> Tensor:
    frame = Frame(torch.zeros(1, 16, *SIZE), model.schedule, model=model)
    with unit.loaded(frame) as running, model.loaded() as network:
        return network(replace(call, residuals=running.residuals(call)))


def latents(vae: Any, shift: float, scale: float, *, masked: bool) -> Tensor:
    """The hint as Alimama's and diffusers' pipelines prepare it; the mask is of whole cells."""
    pictures = images().movedim(-1, 1) * 2 - 1
    if masked:
        pictures = torch.where(repainted()[:, None] > 0.5, -1.0, pictures)
    with torch.no_grad():
        hint = (vae.encode(pictures).latent_dist.mean - shift) * scale
    kept = 1 - nn.functional.avg_pool2d(repainted()[:, None], 8)
    return torch.cat((hint, kept), 1) if masked else hint


@pytest.mark.parametrize("kind", ["plain", "part", "union", "masked"])
def test_flux_is_controlled_as_by_diffusers(flux, vae, tmp_path, kind):
    transformer, model = flux
    masked, area = kind == "masked", PART if kind == "part" else WHOLE
    network = flux_control(masked=masked, modes=7 if kind == "union" else None)
    net = load_control_net(write(tmp_path / "net.safetensors", network.state_dict()))
    guidance = torch.tensor([3.5])
    call = call_of(model, area, guidance=guidance)
    more = {"repainted": repainted()} if masked else {}
    if kind == "union":
        net = net.for_task("depth")
    found = controlled(ControlUnit(net, images(), 0.7, vae=vae[1], **more), model, call)

    hint = area.crop(latents(vae[0], 0.1159, 0.3611, masked=masked))
    row, cond = (FluxPipeline._pack_latents(x, 1, x.shape[1], *x.shape[2:]) for x in (call.x, hint))
    ids = FluxPipeline._prepare_latent_image_ids(1, area.height // 2, area.width // 2, "cpu", torch.float32)
    asked = {"encoder_hidden_states": call.context, "pooled_projections": call.inputs["pooled"], "img_ids": ids}
    asked |= {"timestep": call.timestep, "txt_ids": torch.zeros(TOKENS, 3), "return_dict": False}
    mode = {"controlnet_mode": torch.tensor([[2]])} if kind == "union" else {}
    told = {} if masked else {"guidance": guidance}  # that network has no layer for it
    with torch.no_grad():
        joint, single = network(row, controlnet_cond=cond, conditioning_scale=0.7, **mode, **told, **asked)
        samples = {"controlnet_block_samples": joint, "controlnet_single_block_samples": single}
        (expected,) = transformer(row, guidance=guidance, **samples, **asked)
        (without,) = transformer(row, guidance=guidance, **asked)
    unpacked = FluxPipeline._unpack_latents(expected, 8 * area.height, 8 * area.width, 8)
    torch.testing.assert_close(found, unpacked, rtol=1e-3, atol=1e-4)
    assert (expected - without).abs().max() > 1e-2


@pytest.mark.parametrize("masked", [False, True])
def test_stable_diffusion_3_is_controlled_as_by_diffusers(sd3, vae, tmp_path, masked):
    """As its pipeline asks InstantX' networks: hints that are not moved, no pooled prompt."""
    transformer, model = sd3
    network = sd3_control(masked=masked)
    net = load_control_net(write(tmp_path / "net.safetensors", network.state_dict(), SD3_HEADS))
    call = call_of(model)
    more = {"repainted": repainted()} if masked else {}
    unit = ControlUnit(net, images(), 0.7, vae=vae[1], **more)
    found = controlled(unit, model, call)
    pooled = call.inputs["pooled"]
    asked = {"encoder_hidden_states": call.context, "timestep": call.timestep, "return_dict": False}
    with torch.no_grad():
        (samples,) = network(
            call.x,
            latents(vae[0], 0.0, 1.5305, masked=masked),
            conditioning_scale=0.7,
            pooled_projections=torch.zeros_like(pooled),
            **asked,
        )
        expected, without = (
            transformer(call.x, pooled_projections=pooled, block_controlnet_hidden_states=each, **asked)[0]
            for each in (samples, None)
        )
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    assert (expected - without).abs().max() > 1e-2
    with torch.no_grad():
        twice = transformer(
            call.x, pooled_projections=pooled, block_controlnet_hidden_states=[2 * each for each in samples], **asked
        )[0]
    frame = Frame(torch.zeros(1, 16, *SIZE), model.schedule, model=model)
    with unit.loaded(frame) as running, model.loaded() as loaded:
        both = running.residuals(call) + running.residuals(call)
        torch.testing.assert_close(loaded(replace(call, residuals=both)), twice, rtol=1e-3, atol=1e-4)


def test_a_mask_of_a_unit_is_of_the_patches(sd3, vae, tmp_path):
    _, model = sd3
    net = load_control_net(write(tmp_path / "net.safetensors", sd3_control().state_dict(), SD3_HEADS))
    left = torch.zeros(1, 8 * SIZE[0], 8 * SIZE[1])
    left[..., :32] = 1
    frame = Frame(torch.zeros(1, 16, *SIZE), model.schedule, model=model)
    rows = []
    for mask in (None, left):
        with ControlUnit(net, images(), mask=mask, vae=vae[1]).loaded(frame) as running:
            rows.append(running.residuals(call_of(model)).blocks[0].joint[-1].unflatten(1, (4, 6)))
    torch.testing.assert_close(rows[1][:, :, :2], rows[0][:, :, :2])
    assert not rows[1][:, :, 2:].any()


def test_what_cannot_be_applied_says_why(flux, sd3, vae, tmp_path):
    def refused(network, match, model=flux[1], vae=vae[1], told=None, **options):
        net = load_control_net(write(tmp_path / "net.safetensors", network.state_dict(), SD3_HEADS))
        net = net.for_task(told) if told else net
        with pytest.raises(SamplingError, match=match):
            controlled(ControlUnit(net, images(), vae=vae, **options), model, call_of(model, guidance=torch.ones(1)))

    refused(flux_control(), "reads latents: give ControlNetApplyAdvanced the model's VAE", vae=None)
    refused(flux_control(), "choose balanced", mode="prompt")
    refused(flux_control(), "reads no mask", repainted=repainted())
    refused(flux_control(masked=True), "apply it with ControlNetInpaintingAliMamaApply")
    refused(flux_control(modes=7), "has to be told what its hint shows")
    refused(flux_control(), "reads prompts of 40 numbers a word, and this model has 128", model=sd3[1])
    refused(sd3_control(), "reads prompts of 128 numbers a word, and this model has 40")
    net = load_control_net(write(tmp_path / "net.safetensors", flux_control(modes=7).state_dict()))
    with pytest.raises(WeightsError, match="know no hints of this kind: choose canny"):
        net.for_task("normal")
