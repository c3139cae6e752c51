"""Rates and ranks by block: their notations, against the names of released models, and what trainers make of them."""

import math

import pytest
import torch
from diffusers import UNet2DConditionModel

from bench.step_speed import MODELS
from diffusion.component import Component
from diffusion.families.ldm_keys import UNetLayout, unet_file_name
from diffusion.training.block_numbers import BlockNumbers, BlockNumbersError, read_block_numbers
from diffusion.training.lora import AdapterPlan, new_adapters, rates
from diffusion.training.new_kinds import Shape
from diffusion.training.trainer import TrainingError

LAYOUTS = {"sd15": UNetLayout(2, (True, True, True, False)), "sdxl": UNetLayout(2, (False, True, True))}


def unet(model: str) -> tuple[Component, list[str]]:
    """A released UNet's component, and the names of its tensors."""
    with torch.device("meta"):
        network = UNet2DConditionModel(**MODELS[model][1])
    layout = LAYOUTS[model]
    return Component("UNet", "model.", lambda: network, lambda name: unet_file_name(name, layout)), list(
        network.state_dict()
    )


@pytest.fixture(scope="module")
def sd15() -> tuple[Component, list[str]]:
    return unet("sd15")


@pytest.fixture(scope="module")
def sdxl() -> tuple[Component, list[str]]:
    return unet("sdxl")


# Where files have these layers: LDM's numbers are three a level, after the first.
PLACES = {
    "conv_in": 0,
    "down_blocks.0.attentions.1.proj_in": 2,
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q": 4,
    "down_blocks.3.resnets.1.conv2": 11,
    "mid_block.attentions.0.proj_out": 12,
    "up_blocks.0.resnets.0.conv1": 13,
    "up_blocks.3.attentions.2.proj_in": 24,
}


def test_a_list_of_25_is_in_the_order_of_checkpoints(sd15):
    component, tensors = sd15
    found = read_block_numbers(",".join(map(str, range(25))), component, tensors)
    assert {layer: found.of(component, layer, 1.0) for layer in PLACES} == PLACES
    assert found.of(component, "time_embedding.linear_1", 1.0) == 1


def test_a_list_of_23_has_the_embeddings_and_three_middles(sdxl):
    component, tensors = sdxl
    found = read_block_numbers(",".join(map(str, range(23))), component, tensors)
    places = {
        "time_embedding.linear_1": 0,
        "add_embedding.linear_1": 0,
        "conv_in": 1,
        "down_blocks.2.attentions.1.proj_in": 9,
        "mid_block.resnets.0.conv1": 10,
        "mid_block.attentions.0.proj_in": 11,
        "mid_block.resnets.1.conv1": 12,
        "up_blocks.0.resnets.0.conv1": 13,
        "conv_out": 22,
    }
    assert {layer: found.of(component, layer, 1.0) for layer in places} == places


def test_sides_have_curves_numbers_and_lists(sd15):
    """The curves are written out here: sine rises over a quarter of its period."""
    component, tensors = sd15
    text = "down_lr_weight=sine+0.25 mid=0.5\nup_lr_weight=" + ",".join(str(at / 10) for at in range(12))
    found = read_block_numbers(text, component, tensors)
    for layer, place in PLACES.items():
        expected = (
            math.sin(math.pi / 2 * place / 11) + 0.25 if place < 12 else 0.5 if place == 12 else (place - 13) / 10
        )
        assert found.of(component, layer, 1.0) == pytest.approx(expected)
    down = read_block_numbers("down=reverse_linear", component, tensors)
    assert [down.of(component, layer, 1.0) for layer in PLACES] == pytest.approx([1, 9 / 11, 7 / 11, 0, 1, 1, 1])
    middle = read_block_numbers("mid=0,1,2", component, tensors)
    parts = ("resnets.0.conv1", "attentions.0.proj_in", "resnets.1.conv1")
    assert [middle.of(component, f"mid_block.{part}", 1.0) for part in parts] == [0, 1, 2]
    assert read_block_numbers(" ", component, tensors) == BlockNumbers({})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,3", "There are 3 numbers for blocks, and this model takes 25, or 29"),
        ("1,x", "'x' is no number"),
        ("-1,1", "'-1' is no number"),
        ("down=1,2", "There are 2 numbers for down, where this model has 12 blocks"),
        ("left=1", "no side 'left'"),
        ("half down=1", "is no list"),
        ("up=nan", "'nan' is no number"),
        ("up=", "'' is no number"),
    ],
)
def test_what_cannot_be_read_is_told(sd15, text, said):
    with pytest.raises(BlockNumbersError, match=said):
        read_block_numbers(text, *sd15)


def test_rates_of_blocks_of_texts_and_of_the_second_matrix(tiny):
    plan = AdapterPlan(Shape(rank=2), text_rate=0.25, block_rates="down=0 up=0.5", loraplus_ratio=16.0)
    trained = new_adapters(tiny.model, tiny.clip, plan, seed=1)
    found = rates(trained, tiny.model, plan, learning_rate=1.0)
    assert found.keys() == trained.parameters.keys()
    expected = {
        ("mid_block", "down"): 1.0,
        ("mid_block", "up"): 16.0,
        ("up_blocks", "down"): 0.5,
        ("up_blocks", "up"): 8.0,
        ("text encoder l encoder", "down"): 0.25,
        ("text encoder l encoder", "up"): 4.0,
    }
    by_kind = {}
    for name, rate in found.items():
        matrix = "up" if name.endswith("lora_up.weight") else "down"
        by_kind.setdefault((name.partition(".")[0], matrix), set()).add(rate)
    assert by_kind == {place: {rate} for place, rate in expected.items()}
    with pytest.raises(TrainingError, match="No block learns") as refused:
        new_adapters(tiny.model, tiny.clip, AdapterPlan(block_rates="down=0 mid=0 up=0"), seed=1)
    assert refused.value.option == "block_rates"
    with pytest.raises(TrainingError, match="Only LoRA"):
        new_adapters(tiny.model, tiny.clip, AdapterPlan(Shape("LoKr"), loraplus_ratio=2.0), seed=1)


def test_ranks_of_blocks(tiny):
    plan = AdapterPlan(Shape(rank=4, alpha=2.0), wide_rank=1, text_rate=0.1, block_ranks="down=0 mid=3")
    trained = new_adapters(tiny.model, tiny.clip, plan, seed=1)
    found = {}
    for network, kinds in trained.kinds().items():
        for name, kind in kinds.items():
            place = name.partition(".")[0] if network == "unet" else network
            wide = kind.down.ndim == 4 and kind.down.shape[-1] > 1
            found.setdefault((place, wide), set()).add((kind.rank, kind.alpha))
    assert found == {
        ("mid_block", False): {(3, 2.0)},
        ("mid_block", True): {(1, 1.0)},
        ("up_blocks", False): {(4, 2.0)},
        ("up_blocks", True): {(1, 1.0)},
        ("l", False): {(4, 2.0)},
    }
    for ranks, said in (("mid=1.5", "whole numbers"), ("mid=x", "'x' is no number"), ("down=0 mid=0 up=0", "No block")):
        with pytest.raises(TrainingError, match=said) as refused:
            new_adapters(tiny.model, tiny.clip, AdapterPlan(block_ranks=ranks), seed=1)
        assert refused.value.option == "block_ranks"
