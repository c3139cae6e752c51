"""The names of files: counts of the reference, and what diffusers and peft make of them."""

import json
import re
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from peft import LoHaConfig, LoKrConfig, LoraConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from torch import nn

from diffusion.adapters import UNET, fit, kohya_tensors, load_adapter, save_adapter
from diffusion.adapters.adapter import AdapterFile
from diffusion.adapters.keys import grouped
from diffusion.adapters.kinds import read_weight
from diffusion.checkpoint import handles
from diffusion.families.layouts import Opened
from diffusion.families.ldm_keys import UNetLayout, unet_file_name
from diffusion.families.ldm_shapes import UNET as PREFIX
from diffusion.families.sdxl import REFINER, SDXL
from diffusion.weights import save_weights
from tests.diffusion.adapters.random_adapters import ATTENTION, CONVOLUTIONS, TEXT, lora_for, lora_of, targets
from tests.diffusion.families.test_released_sizes import FOUR, UNETS, clip, header, on_meta, unet

FULL = (*ATTENTION, *CONVOLUTIONS)
SD1_UNET = unet((320, 640, 1280, 1280), FOUR, 8, 768)
# Counts of modules, and of numbers a rank, that kohya's rules give (the reference's golden numbers).
COUNTS = [
    (SD1_UNET, 192, 278, 423_936, 626_880),
    (UNETS[SDXL][0], 722, 788, 2_659_840, 414_400),
    (UNETS[REFINER][0], 462, 548, 1_627_136, 752_256),
]


def released(config):
    """A model of a released size, on tensors without data, and its network."""
    network = on_meta(lambda: UNet2DConditionModel(**config))
    layout = UNetLayout(2, tuple(kind.startswith("Cross") for kind in config["down_block_types"]))
    tensors = {PREFIX + unet_file_name(name, layout): tensor for name, tensor in network.state_dict().items()}
    return handles(
        Opened(header(tensors, Path("released.safetensors")), tensors), device=torch.device("meta")
    ).model, network


def count(tensors, *parts):
    return sum(tensor.numel() for name, tensor in tensors.items() if name.endswith(parts))


@pytest.mark.parametrize(("config", "attention", "all_of_them", "numbers", "more"), COUNTS)
def test_the_layers_of_released_models(tmp_path, config, attention, all_of_them, numbers, more):
    model, network = released(config)
    counts = []
    for classes, expected in ((ATTENTION, attention), (FULL, all_of_them)):
        kinds = {UNET: lora_of(network, classes, rank=1)}
        tensors = kohya_tensors(kinds, model)
        counts.append(count(tensors, "lora_up.weight", "lora_down.weight"))
        fitted = fit(AdapterFile("x", tensors), model)
        assert fitted.report.matched == {UNET: expected}
        assert fitted.report.complete
        assert fitted.kinds[UNET].keys() == kinds[UNET].keys()
    assert counts == [numbers, numbers + more]


@pytest.mark.parametrize(("width", "layers", "expected", "numbers"), [(768, 12, 72, 165_888), (1280, 32, 192, 737_280)])
def test_the_layers_of_released_text_encoders(width, layers, expected, numbers):
    kinds = lora_of(clip(width, layers, "gelu", projected=False), TEXT, rank=1)
    assert len(kinds) == expected
    assert sum(kind.up.numel() + kind.down.numel() for kind in kinds.values()) == numbers


def test_names_are_those_that_the_reference_gives(sd1, sdxl):
    small = kohya_tensors(lora_for(sd1.checkpoint, FULL), sd1.checkpoint.model, sd1.checkpoint.clip)
    for name in (
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_out_0.lora_up.weight",
        "lora_unet_down_blocks_1_attentions_0_proj_in.alpha",
        "lora_unet_mid_block_resnets_0_time_emb_proj.lora_down.weight",
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight",
        "lora_te_text_model_encoder_layers_2_mlp_fc1.lora_up.weight",
    ):
        assert name in small
    large = kohya_tensors(lora_for(sdxl.checkpoint, FULL), sdxl.checkpoint.model, sdxl.checkpoint.clip)
    for name in (
        "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q.lora_down.weight",
        "lora_unet_middle_block_1_proj_out.lora_up.weight",
        "lora_unet_input_blocks_1_0_in_layers_2.alpha",
        "lora_unet_input_blocks_2_0_op.lora_up.weight",
        "lora_unet_output_blocks_1_2_conv.lora_up.weight",
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj.alpha",
        "lora_te2_text_model_encoder_layers_3_mlp_fc2.alpha",
    ):
        assert name in large, name


def module_of(name):
    """The network and the module that diffusers' names for old processors stand for."""
    name = re.sub(r"\.lora(_linear_layer)?$", "", name).replace(".processor.", ".")
    name = re.sub(r"self_attn\.to_(q|k|v|out)_lora$", r"self_attn.\1_proj", name)
    return re.sub(r"(attn\d\.to_(?:q|k|v|out))_lora$", r"\1", name).replace(".to_out.", ".to_out.0.")


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_diffusers_understands_the_names_that_are_written(family, request, tmp_path):
    """Its converter brings kohya's names, and for SDXL those of checkpoints, to its own."""
    small = request.getfixturevalue(family)
    kinds = lora_for(small.checkpoint, FULL)
    save_adapter(tmp_path / "a.safetensors", kinds, small.checkpoint.model, small.checkpoint.clip)
    pipeline = StableDiffusionPipeline if family == "sd1" else StableDiffusionXLPipeline
    converted, alphas = pipeline.lora_state_dict(tmp_path / "a.safetensors", unet_config=small.networks.unet.config)[:2]
    read = {}
    for name, tensor in converted.items():
        stem, direction = re.fullmatch(r"(.+)\.(up|down)\.weight", name).groups()
        module = module_of(stem)
        read[module.removesuffix(".to_out") + (".to_out.0" if module.endswith(".to_out") else ""), direction] = tensor
    folders = {UNET: "unet.", "l": "text_encoder.text_model.", "g": "text_encoder_2.text_model."}
    written = {
        folders[network] + name.removeprefix("text_model.").removesuffix(".weight"): kind
        for network, weights in kinds.items()
        for name, kind in weights.items()
    }
    assert len(alphas) == len(written)
    assert {module for module, _ in read} == written.keys()
    for module, kind in written.items():
        assert torch.equal(read[module, "up"], kind.up)
        assert torch.equal(read[module, "down"], kind.down)


def spelled(kinds, rename):
    """The tensors of a LoRA of a UNet and of CLIP-L under other names: ``rename(network, module, part)``."""
    return {
        rename(network, name.removesuffix(".weight"), part): tensor
        for network in (UNET, "l")
        for name, kind in kinds[network].items()
        for part, tensor in kind.to_tensors().items()
    }


PEFT = {"lora_up.weight": "lora_B.weight", "lora_down.weight": "lora_A.weight"}
OLD = {"lora_up.weight": "up.weight", "lora_down.weight": "down.weight"}
FOLDER = {UNET: "unet", "l": "text_encoder"}
KOHYA = {UNET: "lora_unet_", "l": "lora_te_"}


def text(network, module):
    return module if network == UNET else f"text_model.{module}"


def ldm(module):
    return unet_file_name(f"{module}.weight", UNetLayout(1, (False, True))).removesuffix(".weight")


def diffusers(network, module, part):
    return f"{FOLDER[network]}.{text(network, module)}.{PEFT.get(part, part)}"


def diffusers_without_the_inner_name(network, module, part):
    return f"{FOLDER[network]}.{module}.{PEFT.get(part, part)}"


def linear_layers_of_diffusers(network, module, part):
    ending = f"lora_linear_layer.{OLD[part]}" if part in OLD else part
    return f"{FOLDER[network]}.{text(network, module)}.{ending}"


def old_processors_of_diffusers(network, module, part):
    changed = re.sub(r"(attn\d)\.to_(q|k|v|out)(\.0)?$", r"\1.processor.to_\2_lora", module)
    changed = re.sub(r"self_attn\.(q|k|v|out)_proj$", r"self_attn.to_\1_lora", changed)
    ending = OLD.get(part, part)
    ending = ending if changed != module or part not in OLD else f"lora.{ending}"
    return f"{FOLDER[network]}.{text(network, changed)}.{ending}"


def peft(network, module, part):
    return f"base_model.model.{diffusers(network, module, part).replace('.weight', '.default.weight')}"


def kohya(network, module, part):
    return f"{KOHYA[network]}{text(network, module)}".replace(".", "_") + f".{part}"


def kohya_without_the_inner_name(network, module, part):
    return f"{KOHYA[network]}{module}".replace(".", "_") + f".{part}"


def kohya_with_names_of_checkpoints(network, module, part):
    if network == UNET:
        return kohya(network, ldm(module), part)
    return f"lora_te1_{text(network, module)}".replace(".", "_") + f".{part}"


def lycoris(network, module, part):
    return f"lycoris_{text(network, module)}".replace(".", "_") + f".{part}"


def compvis(network, module, part):
    if network == UNET:
        return f"diffusion_model.{ldm(module)}.{part}"
    return f"text_encoders.clip_l.transformer.{text(network, module)}.{part}"


def compvis_with_all_names(network, module, part):
    return (
        f"model.diffusion_model.{ldm(module)}.{part}" if network == UNET else f"clip_l.{text(network, module)}.{part}"
    )


DIALECTS = (
    *(diffusers, diffusers_without_the_inner_name, linear_layers_of_diffusers, old_processors_of_diffusers, peft),
    *(kohya, kohya_without_the_inner_name, kohya_with_names_of_checkpoints, lycoris, compvis, compvis_with_all_names),
)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects(dialect, sd1):
    kinds = lora_for(sd1.checkpoint, FULL)
    adapter = AdapterFile("x", spelled(kinds, dialect))
    fitted = fit(adapter, sd1.checkpoint.model, sd1.checkpoint.clip)
    assert fitted.report.matched == {name: len(weights) for name, weights in kinds.items()}
    assert fitted.report.complete
    for network, weights in kinds.items():
        for name, kind in weights.items():
            assert torch.equal(fitted.kinds[network][name].down, kind.down)
            assert fitted.kinds[network][name].scale == kind.scale


def test_sdxl_reads_both_spellings_of_the_unet(sdxl):
    network = sdxl.networks.unet
    kinds = lora_of(network, FULL)
    for rename in (lambda module: module, ldm):
        tensors = {
            f"lora_unet_{rename(name.removesuffix('.weight'))}".replace(".", "_") + f".{part}": tensor
            for name, kind in kinds.items()
            for part, tensor in kind.to_tensors().items()
        }
        fitted = fit(AdapterFile("x", tensors), sdxl.checkpoint.model)
        assert fitted.kinds[UNET].keys() == kinds.keys()


def test_writing_and_reading_gives_the_same(sdxl, tmp_path):
    kinds = lora_for(sdxl.checkpoint, FULL)
    path = tmp_path / "a.safetensors"
    save_adapter(path, kinds, sdxl.checkpoint.model, sdxl.checkpoint.clip, dtype=torch.float16, metadata={"ss_v2": "x"})
    adapter = load_adapter(path)
    assert adapter.metadata["ss_v2"] == "x"
    fitted = fit(adapter, sdxl.checkpoint.model, sdxl.checkpoint.clip)
    for network, weights in kinds.items():
        assert fitted.kinds[network].keys() == weights.keys()
        for name, kind in weights.items():
            assert torch.equal(fitted.kinds[network][name].up, kind.up.half())
            assert fitted.kinds[network][name].alpha == kind.alpha


class Layers(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(24, 16)
        self.two = nn.Conv2d(8, 12, 3, padding=1)


PEFT_KINDS = {
    "lora": lambda: LoraConfig(r=4, lora_alpha=2, target_modules=["one", "two"]),
    "lora, dora": lambda: LoraConfig(r=4, lora_alpha=2, target_modules=["one", "two"], use_dora=True),
    "lora, rslora": lambda: LoraConfig(r=4, lora_alpha=2, target_modules=["one", "two"], use_rslora=True),
    "loha": lambda: LoHaConfig(r=4, alpha=2, target_modules=["one", "two"]),
    "loha, effective convolution": lambda: LoHaConfig(
        r=4, alpha=2, target_modules=["one", "two"], use_effective_conv2d=True
    ),
    "lokr": lambda: LoKrConfig(r=2, alpha=1, target_modules=["one", "two"]),
}


@pytest.mark.parametrize("kind", PEFT_KINDS)
@torch.no_grad()
def test_files_of_peft_do_what_peft_does(kind):
    torch.manual_seed(0)
    layers, config = Layers(), PEFT_KINDS[kind]()
    inputs = {"one": torch.randn(3, 24), "two": torch.randn(2, 8, 5, 5)}
    plain = {name: (getattr(layers, name).weight.clone(), getattr(layers, name).bias.clone()) for name in inputs}
    model = get_peft_model(layers, config)
    for name, parameter in model.named_parameters():
        if "lora_" in name or "hada_" in name or "lokr_" in name:
            parameter.data = (
                torch.rand_like(parameter) + 0.1 if "magnitude" in name else torch.randn_like(parameter) * 0.3
            )
    weights = get_peft_model_state_dict(model)
    factor = config.r**0.5 if getattr(config, "use_rslora", False) else config.r
    alpha = getattr(config, "lora_alpha", getattr(config, "alpha", None))
    for stem, parts in grouped(weights).items():
        tensors = {part: weights[name] for part, name in parts.items()} | {"scale": torch.tensor(alpha / factor)}
        weight, bias = plain[stem]
        new = read_weight(tensors).apply(weight, 1.0)
        x, layer = inputs[stem], getattr(model.base_model.model, stem)
        found = nn.functional.linear(x, new, bias) if stem == "one" else nn.functional.conv2d(x, new, bias, padding=1)
        torch.testing.assert_close(found, layer(x), rtol=1e-4, atol=1e-5)


def test_scales_that_diffusers_keeps_in_the_metadata(sd1, tmp_path):
    kinds = {UNET: dict(lora_of(sd1.networks.unet, ATTENTION).items())}
    tensors = {name: t for name, t in spelled({**kinds, "l": {}}, diffusers).items() if "alpha" not in name}
    own = next(name for name, _ in targets(sd1.networks.unet, ATTENTION))
    settings = {"unet.lora_alpha": 8, "unet.r": 2, "unet.alpha_pattern": {own: 6}, "unet.use_rslora": False}
    save_weights(tmp_path / "a.safetensors", tensors, {"lora_adapter_metadata": json.dumps(settings)})
    found = fit(load_adapter(tmp_path / "a.safetensors"), sd1.checkpoint.model).kinds[UNET]
    assert {name: kind.scale for name, kind in found.items()} == {
        name: (3.0 if name == f"{own}.weight" else 4.0) for name in found
    }


@pytest.mark.parametrize("rslora", [False, True])
def test_scales_that_peft_keeps_beside_the_file(sd1, tmp_path, rslora):
    """peft writes adapter_model.safetensors and adapter_config.json; other files in the folder are not meant."""
    kinds = {UNET: dict(lora_of(sd1.networks.unet, ATTENTION).items())}
    tensors = {name: t for name, t in spelled({**kinds, "l": {}}, peft).items() if "alpha" not in name}
    config = LoraConfig(r=2, lora_alpha=8, use_rslora=rslora, target_modules=["to_q"])
    config.save_pretrained(tmp_path)
    for name in ("adapter_model", "other"):
        save_weights(tmp_path / f"{name}.safetensors", tensors)
    scales = [
        {
            kind.scale
            for kind in fit(load_adapter(tmp_path / f"{name}.safetensors"), sd1.checkpoint.model).kinds[UNET].values()
        }
        for name in ("adapter_model", "other")
    ]
    (with_config,), (without,) = scales
    assert with_config == pytest.approx(8 / 2**0.5 if rslora else 4.0)
    assert without == 1.0
