"""The families in the sizes that were released, on tensors without data.

The numbers of weights are those of the released models; names are compared with diffusers' converters.
"""

from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_open_clip_checkpoint
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from diffusion.families import detect
from diffusion.families.family import Family
from diffusion.families.layouts import Opened, denoiser_as_in_checkpoint
from diffusion.families.ldm_keys import UNetLayout, unet_file_name
from diffusion.families.ldm_shapes import UNET
from diffusion.families.sd1 import SD1
from diffusion.families.sd2 import SD2
from diffusion.families.sdxl import BIG_G, CLIP, REFINER, REFINER_BIG_G, SDXL
from diffusion.weights import Header, TensorInfo, load_weights
from tests.diffusion.families.small_models import open_clip, write_sdxl

CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"
UP = {CROSS: "CrossAttnUpBlock2D", PLAIN: "UpBlock2D"}
SIZES = {"addition_embed_type": "text_time", "addition_time_embed_dim": 256}


def unet(widths: tuple[int, ...], kinds: tuple[str, ...], heads: Any, context: int, **more: Any) -> dict[str, Any]:
    return {
        "block_out_channels": widths,
        "down_block_types": kinds,
        "up_block_types": tuple(UP[kind] for kind in reversed(kinds)),
        "attention_head_dim": heads,
        "cross_attention_dim": context,
        "layers_per_block": 2,
        **more,
    }


FOUR = (CROSS, CROSS, CROSS, PLAIN)
UNETS: dict[Family, tuple[dict[str, Any], int]] = {
    SD2: (unet((320, 640, 1280, 1280), FOUR, (5, 10, 20, 20), 1024, use_linear_projection=True), 865_910_724),
    SDXL: (
        unet(
            *((320, 640, 1280), (PLAIN, CROSS, CROSS), (5, 10, 20), 2048),
            use_linear_projection=True,
            transformer_layers_per_block=(1, 2, 10),
            projection_class_embeddings_input_dim=2816,
            **SIZES,
        ),
        2_567_463_684,
    ),
    REFINER: (
        unet(
            *((384, 768, 1536, 1536), (PLAIN, CROSS, CROSS, PLAIN), (6, 12, 24, 24), 1280),
            use_linear_projection=True,
            transformer_layers_per_block=4,
            projection_class_embeddings_input_dim=2560,
            **SIZES,
        ),
        2_259_526_660,
    ),
}


def on_meta(make: Any) -> Any:
    with torch.device("meta"):
        return make()


def header(tensors: dict[str, torch.Tensor], path: Any = None) -> Header:
    return Header(path, {name: TensorInfo(tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()})


def clip(width: int, layers: int, activation: str, projected: bool) -> Any:
    config = CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        hidden_act=activation,
        projection_dim=width,
    )
    return on_meta(lambda: (CLIPTextModelWithProjection if projected else CLIPTextModel)(config))


@pytest.mark.parametrize("family", UNETS, ids=lambda family: family.id)
def test_unets(tmp_path, family):
    config, count = UNETS[family]
    network = on_meta(lambda: UNet2DConditionModel(**config))
    layout = UNetLayout(2, tuple(kind == CROSS for kind in config["down_block_types"]))
    file = {UNET + unet_file_name(name, layout): tensor for name, tensor in network.state_dict().items()}
    found = header(file, tmp_path / "file.safetensors")
    assert detect(found) is family
    component = family.denoiser(found)
    assert component.check(found) == count
    built = component.build().config
    depths = built.transformer_layers_per_block
    given = config.get("transformer_layers_per_block", 1)
    for level, kind in enumerate(config["down_block_types"]):
        if kind == CROSS:
            assert depths[level] == (given[level] if isinstance(given, tuple) else given)
    same = set(config) - {"transformer_layers_per_block"}
    assert {name: built[name] for name in same} == {name: config[name] for name in same}


@pytest.mark.parametrize("family", UNETS, ids=lambda family: family.id)
def test_unet_names_equal_diffusers_conversion(family):
    config, _ = UNETS[family]
    network = on_meta(lambda: UNet2DConditionModel(**config))
    layout = UNetLayout(2, tuple(kind == CROSS for kind in config["down_block_types"]))
    ours = {name: UNET + unet_file_name(name, layout) for name in network.state_dict()}
    file = {name: torch.tensor([index]) for index, name in enumerate(ours.values())}
    converted = convert_ldm_unet_checkpoint(dict(file), {**network.config, "class_embed_type": None})
    by_mark = {int(tensor): name for name, tensor in file.items()}
    assert {name: by_mark[int(tensor)] for name, tensor in converted.items()} == ours


@pytest.mark.parametrize("family", [SD1, *UNETS], ids=lambda family: family.id)
@pytest.mark.parametrize("prefix", ["", "unet."])
def test_unets_in_diffusers_layout_are_recognised(tmp_path, family, prefix):
    config = UNETS[family][0] if family in UNETS else unet((320, 640, 1280, 1280), FOUR, 8, 768)
    network = on_meta(lambda: UNet2DConditionModel(**config))
    file = header({prefix + n: t for n, t in network.state_dict().items()}, tmp_path / "file.safetensors")
    found = denoiser_as_in_checkpoint(Opened(file, {})).header
    assert detect(found) is family
    assert family.denoiser(found).check(found) == sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("family", "prefix", "config", "count", "style"),
    [
        (SD2, "cond_stage_model.model.", (1024, 24, "gelu", True), 354_032_640, (-2, True)),
        (SD2, "cond_stage_model.model.", (1024, 23, "gelu", False), 340_387_840, (-1, True)),
        (SDXL, BIG_G, (1280, 32, "gelu", True), 694_659_840, (-2, False)),
        (REFINER, REFINER_BIG_G, (1280, 32, "gelu", True), 694_659_840, (-2, False)),
    ],
)
def test_open_clip_text_encoders(tmp_path, family, prefix, config, count, style):
    network = clip(*config)
    file = open_clip(prefix, network)
    place = next(place for place in family.places if place.prefix == prefix)
    part = place.part(header(file, tmp_path / "file.safetensors"))
    assert part.component.check(header(file, tmp_path / "file.safetensors")) == count
    assert (part.style.layer, part.style.final_norm) == style
    assert part.style.padding == 0
    built = part.component.build().config
    for key in ("hidden_size", "intermediate_size", "num_attention_heads", "hidden_act", "num_hidden_layers"):
        assert getattr(built, key) == getattr(network.config, key)


def test_clip_l_of_sdxl(tmp_path):
    network = clip(768, 12, "quick_gelu", projected=False)
    file = {f"{CLIP}text_model.{name}": tensor for name, tensor in network.state_dict().items()}
    part = SDXL.places[0].part(header(file, tmp_path / "file.safetensors"))
    assert part.component.check(header(file, tmp_path / "file.safetensors")) == 123_060_480
    assert (part.style.layer, part.style.final_norm, part.style.projected) == (-2, False, False)


def test_open_clip_weights_equal_diffusers_conversion(tmp_path):
    modules = write_sdxl(tmp_path / "sdxl.safetensors")
    network, weights = modules.text["g"], load_weights(tmp_path / "sdxl.safetensors")
    converted = convert_open_clip_checkpoint(network, dict(weights), BIG_G)
    component = SDXL.places[1].part(Header(tmp_path / "sdxl.safetensors", header(weights).tensors)).component
    for name, tensor in network.state_dict().items():
        entry = component.entry(name)
        assert torch.equal(entry.read(weights[entry.name]), converted[name])
        assert torch.equal(converted[name].float(), tensor)
