"""Every layout of control networks is read as the network that it was written from; the oracle is diffusers."""

from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel

from diffusion.checkpoint import load_checkpoint
from diffusion.control.load import load_control_net
from diffusion.control.networks import AsksUnion
from diffusion.model import Model
from diffusion.sampling.conditions import Area, Condition, Frame
from diffusion.sampling.errors import SamplingError
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.weights import WeightsError
from tests.diffusion.control import small_controls as small
from tests.diffusion.families.small_models import SmallModel, in_file_precision, write_sd1, write_sdxl

BATCH, SIDE = 2, 8


@pytest.fixture(scope="module")
def sd1(tmp_path_factory) -> tuple[SmallModel, Model]:
    path = tmp_path_factory.mktemp("sd1") / "sd1.safetensors"
    return write_sd1(path), load_checkpoint(path).model


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory) -> tuple[SmallModel, Model]:
    path = tmp_path_factory.mktemp("sdxl") / "sdxl.safetensors"
    return write_sdxl(path), load_checkpoint(path).model


def call_of(width: int, **inputs: torch.Tensor) -> Call:
    generator = torch.Generator().manual_seed(3)
    context = torch.randn(BATCH, 7, width, generator=generator)
    condition = Condition(context, Area(SIDE, SIDE, 0, 0), torch.ones(()))
    x = torch.randn(BATCH, 4, SIDE, SIDE, generator=generator)
    return Call(x, torch.tensor([500.0] * BATCH), 1.0, context, inputs, (condition,))


def hint() -> torch.Tensor:
    return torch.rand(BATCH, 3, 8 * SIDE, 8 * SIDE, generator=torch.Generator().manual_seed(4))


def frame(model: Model) -> Frame:
    return Frame(torch.zeros(BATCH, 4, SIDE, SIDE), NoiseSchedule.scaled_linear(0.00085, 0.012, 1000), model=model)


def answers(path: Path, model: Model, call: Call, **options):
    net = load_control_net(path, **options)
    with net.loaded(frame(model)) as network, torch.no_grad():
        return net.asked.ask(network, call, hint())


def assert_same(found, down, mid) -> None:
    assert len(found.down) == len(down)
    for one, other in zip((*found.down, found.mid), (*down, mid), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def directly(network, call: Call, **more):
    with torch.no_grad():
        return network(call.x, call.timestep, call.context, hint(), return_dict=False, **more)


def layouts(network, unet):
    ldm = small.ldm_tensors(network)
    checkpoint = {f"model.diffusion_model.{name}": tensor for name, tensor in unet.state_dict().items()}
    return {
        "bare": ldm,
        "prefixed": {f"control_model.{name}": tensor for name, tensor in ldm.items()},
        "whole checkpoint": {f"control_model.{name}": tensor for name, tensor in ldm.items()} | checkpoint,
        "diffusers": network.state_dict(),
    }


@pytest.mark.parametrize("layout", ["bare", "prefixed", "whole checkpoint", "diffusers"])
def test_a_control_net_of_any_layout(sd1, tmp_path, layout):
    small_model, model = sd1
    network = small.control_net(small_model.unet)
    path = small.write(tmp_path / "net.safetensors", layouts(network, small_model.unet)[layout])
    call = call_of(32)
    assert_same(answers(path, model, call), *directly(network, call))


@pytest.mark.parametrize("layout", ["bare", "diffusers"])
def test_a_control_net_for_sdxl_is_told_the_sizes(sdxl, tmp_path, layout):
    small_model, model = sdxl
    network = small.control_net(small_model.unet)
    path = small.write(tmp_path / "net.safetensors", layouts(network, small_model.unet)[layout], small.SDXL)
    told = {"text_embeds": torch.randn(BATCH, 32), "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]] * BATCH)}
    call = call_of(64, **told)
    assert_same(answers(path, model, call), *directly(network, call, added_cond_kwargs=told))
    with pytest.raises(SamplingError, match="is for SDXL, and the model is not"):
        answers(path, model, call_of(64))


@pytest.mark.parametrize("kind", small.REDUCED)
def test_a_control_net_with_fewer_transformers_than_its_unet(sdxl, tmp_path, kind):
    network = small.reduced_control_net(kind)
    path = small.write(tmp_path / "net.safetensors", network.state_dict(), small.SDXL)
    told = {"text_embeds": torch.randn(BATCH, 32), "time_ids": torch.ones(BATCH, 6)}
    call = call_of(64, **told)
    assert_same(answers(path, sdxl[1], call), *directly(network, call, added_cond_kwargs=told))


@pytest.mark.parametrize("task", [None, 3])
def test_a_union_control_net(sdxl, tmp_path, task):
    small_model, model = sdxl
    network = small.union_control_net(small_model.unet)
    path = small.write(tmp_path / "union.safetensors", network.state_dict(), small.SDXL)
    told = {"text_embeds": torch.randn(BATCH, 32), "time_ids": torch.ones(BATCH, 6)}
    call = call_of(64, **told)
    net = load_control_net(path).for_task("auto" if task is None else "canny/lineart/anime_lineart/mlsd")
    assert net.asked == AsksUnion(task)
    with net.loaded(frame(model)) as loaded, torch.no_grad():
        found = net.asked.ask(loaded, call, hint())
    types = torch.zeros(BATCH, 6)
    if task is not None:
        types[:, task] = 1
    else:  # what the network adds for a task is nothing
        torch.nn.init.zeros_(network.spatial_ch_projs.weight)
        torch.nn.init.zeros_(network.spatial_ch_projs.bias)
    with torch.no_grad():
        down, mid = network(
            call.x, call.timestep, call.context, [hint()], types, [task or 0], added_cond_kwargs=told, return_dict=False
        )
    assert_same(found, down, mid)


def test_a_union_of_six_tasks_says_that_it_does_not_know_the_seventh(sdxl, tmp_path):
    small_model, model = sdxl
    network = small.union_control_net(small_model.unet)
    net = load_control_net(small.write(tmp_path / "union.safetensors", network.state_dict(), small.SDXL))
    with net.loaded(frame(model)) as loaded, pytest.raises(SamplingError, match="knows 6 kinds of hints"):
        net.for_task("repaint").asked.ask(loaded, call_of(64), hint())


def lora_of(unet, network) -> tuple[dict[str, torch.Tensor], ControlNetModel]:
    """The file of a control-LoRA, and the network that it stands for: the UNet's weights with the products added."""
    base = unet.state_dict()
    file, whole = {"lora_controlnet": torch.zeros(())}, {}
    for name, tensor in network.state_dict().items():
        stem = small.control_file_name(name, small.LAYOUT, small.HINT_BLOCKS)
        if name.endswith(".weight") and tensor.ndim > 1 and name in base:
            up, down = torch.randn(tensor.shape[0], 2).half(), (0.1 * torch.randn(2, tensor[0].numel())).half()
            file[stem.replace(".weight", ".up")] = up.reshape(-1, 2, *[1] * (tensor.ndim - 2))
            file[stem.replace(".weight", ".down")] = down.reshape(2, *tensor.shape[1:])
            whole[name] = base[name] + (up.float() @ down.float()).reshape(tensor.shape)
        else:
            file[stem] = whole[name] = tensor
    network.load_state_dict(whole)
    return file, network


def test_a_control_lora_takes_the_weights_of_the_model(sd1, tmp_path):
    small_model, model = sd1
    file, network = lora_of(small_model.unet, small.control_net(small_model.unet))
    path = small.write(tmp_path / "lora.safetensors", file)
    call = call_of(32)
    assert_same(answers(path, model, call), *directly(network, call))
    with pytest.raises(SamplingError, match="needs the weights of a model that was loaded from a file"):
        answers(path, None, call)


@pytest.mark.parametrize("prefix", ["", "control_model."])
def test_differences_are_added_to_the_encoder_and_to_nothing_else(sd1, tmp_path, prefix):
    small_model, model = sd1
    base = small_model.unet.state_dict()
    network = small.control_net(small_model.unet)
    for name, parameter in network.named_parameters():
        if name in base:
            parameter.data += 0.05 * torch.randn_like(parameter)
    network = in_file_precision(network)
    file = small.ldm_tensors(network)
    for name, tensor in network.state_dict().items():
        if name in base:
            file[small.control_file_name(name, small.LAYOUT, small.HINT_BLOCKS)] = tensor - base[name]
    file = {prefix + name: tensor for name, tensor in file.items()} | {"difference": torch.zeros(())}
    path = small.write(tmp_path / "difference.safetensors", file)
    call = call_of(32)
    found = answers(path, None, call, base=model)
    with torch.no_grad():
        down, mid = directly(network, call)
    torch.testing.assert_close(found.mid, mid, rtol=2e-3, atol=2e-3)  # the differences are rounded to half precision
    torch.testing.assert_close(found.down[-1], down[-1], rtol=2e-3, atol=2e-3)


ADAPTERS = {
    "full": ("full_adapter", 3, (16, 16, 24, 24), 8),
    "gray": ("full_adapter", 1, (16, 24), 8),
    "xl": ("full_adapter_xl", 3, (16, 24, 32, 32), 16),
    "light": ("light_adapter", 3, (16, 24, 32), 8),
}


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("kind", ADAPTERS)
def test_a_t2i_adapter_of_any_layout(sd1, tmp_path, kind, published):
    network = small.adapter(*ADAPTERS[kind])
    names = small.published_light_names if kind == "light" else small.published_adapter_names
    path = small.write(tmp_path / "adapter.pth", names(network) if published else network.state_dict())
    found = answers(path, sd1[1], call_of(32))
    seen = hint().mean(1, keepdim=True) if kind == "gray" else hint()
    with torch.no_grad():
        expected = network(seen)
    assert found.down == ()
    assert found.mid is None
    for one, other in zip(found.inside, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_a_network_for_another_model_says_so(sd1, tmp_path):
    network = small.control_net(sd1[0].unet)
    path = small.write(tmp_path / "net.safetensors", network.state_dict())
    with pytest.raises(SamplingError, match="reads prompts of 32 numbers a word, and this model has 48"):
        answers(path, sd1[1], call_of(48))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("lllite_unet_input_blocks_4_1.down.0.weight", "use LLLiteApply"),
        ("style_embedding", "it is a T2I style adapter: move it to models/style_models"),
        ("image_proj.proj.weight", "it is an IP-Adapter and no control network"),
        ("lora_unet_down_blocks_0.lora_up.weight", "it is a LoRA: move it to models/loras"),
        ("controlnet_x_embedder.weight", "it is for a transformer, in an unsupported form"),
        ("model.diffusion_model.out.2.weight", "it is a diffusion model without a control network"),
        ("something", "it is of no known kind"),
    ],
)
def test_what_is_no_control_network_is_told_what_it_is(tmp_path, name, sentence):
    path = small.write(tmp_path / "file.safetensors", {name: torch.zeros(1)})
    with pytest.raises(WeightsError, match=sentence):
        load_control_net(path)


def test_only_a_union_can_be_told_a_task(sd1, tmp_path):
    net = load_control_net(small.write(tmp_path / "net.safetensors", small.control_net(sd1[0].unet).state_dict()))
    with pytest.raises(WeightsError, match="is no union ControlNet"):
        net.for_task("depth")


def test_a_file_that_lacks_a_tensor_names_it(sd1, tmp_path):
    tensors = small.ldm_tensors(small.control_net(sd1[0].unet))
    del tensors["zero_convs.1.0.weight"]
    with pytest.raises(WeightsError, match=r"lacks .*zero_convs\.1\.0\.weight"):
        load_control_net(small.write(tmp_path / "net.safetensors", tensors))
