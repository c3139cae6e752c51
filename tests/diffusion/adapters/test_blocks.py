"""Block weights in the notation of the WebUI's extension, whose labels and presets are the oracle."""

import pytest

from diffusion.adapters import UNET, BlockWeightsError, fit, kohya_tensors, read_block_weights
from diffusion.adapters.adapter import AdapterFile
from diffusion.adapters.blocks import Layout, label_of, read_list
from diffusion.component import Component
from diffusion.families.sdxl import SDXL
from tests.diffusion.adapters.random_adapters import ATTENTION, lora_of
from tests.diffusion.adapters.test_dialects import SD1_UNET, released
from tests.diffusion.families.test_released_sizes import UNETS

SD1_17 = (
    *("IN01", "IN02", "IN04", "IN05", "IN07", "IN08", "MID"),
    *("OUT03", "OUT04", "OUT05", "OUT06", "OUT07", "OUT08", "OUT09", "OUT10", "OUT11"),
)
SDXL_12 = ("IN04", "IN05", "IN07", "IN08", "MID", "OUT00", "OUT01", "OUT02", "OUT03", "OUT04", "OUT05")
PRESETS = {
    "NONE": "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
    "INS": "1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
    "IND": "1,0,0,0,1,1,1,0,0,0,0,0,0,0,0,0,0",
    "INALL": "1,1,1,1,1,1,1,0,0,0,0,0,0,0,0,0,0",
    "MIDD": "1,0,0,0,1,1,1,1,1,1,1,1,0,0,0,0,0",
    "OUTD": "1,0,0,0,0,0,0,0,1,1,1,1,0,0,0,0,0",
    "OUTS": "1,0,0,0,0,0,0,0,0,0,0,0,1,1,1,1,1",
    "OUTALL": "1,0,0,0,0,0,0,0,1,1,1,1,1,1,1,1,1",
}


@pytest.fixture(scope="module")
def sd1_layout():
    source = released(SD1_UNET)[0].source
    return Layout.of(source.component, source.shapes)


def test_lists_have_the_lengths_and_labels_of_the_extension(sd1_layout):
    assert sd1_layout.attention == SD1_17
    assert sd1_layout.every == (*(f"IN{n:02}" for n in range(12)), "MID", *(f"OUT{n:02}" for n in range(12)))
    source = released(UNETS[SDXL][0])[0].source
    large = Layout.of(source.component, source.shapes)
    assert large.attention == SDXL_12
    assert large.every == (*(f"IN{n:02}" for n in range(9)), "MID", *(f"OUT{n:02}" for n in range(9)))


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name, sd1_layout):
    named, listed = read_list(f" {name.lower()} ", sd1_layout), read_list(PRESETS[name], sd1_layout)
    assert named.base == listed.base
    assert all(named.of(label) == listed.of(label) for label in sd1_layout.every)


def test_all_is_all(sd1_layout):
    weights = read_list("ALL", sd1_layout)
    assert {weights.of(label) for label in (*sd1_layout.every, None)} == {1.0}


def test_lists(sd1_layout):
    weights = read_list(",".join(str(n / 100) for n in range(17)), sd1_layout)
    assert (weights.base, weights.of("IN01"), weights.of("MID"), weights.of("OUT11")) == (0, 0.01, 0.07, 0.16)
    assert weights.of("IN00") == 0
    assert weights.of(None) == 0
    weights = read_list(", ".join(str(n) for n in range(26)) + ",", sd1_layout)
    assert (weights.of("IN00"), weights.of("MID"), weights.of("OUT11")) == (1, 13, 25)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "1,1",
            r"There are 2 block weights, and this model takes 17 \(BASE, IN01 … OUT11\) or 26 \(BASE, IN00 … OUT11\)",
        ),
        ("1,x,1", "'x' is no number"),
        ("", "is no number"),
    ],
)
def test_what_cannot_be_read(text, sentence, sd1_layout):
    with pytest.raises(BlockWeightsError, match=sentence):
        read_list(text, sd1_layout)


def test_models_without_such_blocks_have_no_block_weights():
    network = Component("transformer", "", lambda: None, lambda name: name)
    with pytest.raises(BlockWeightsError, match="this model is none"):
        Layout.of(network, ["joint_blocks.0.attn.qkv.weight"])


def test_each_block_gets_its_own_strength(sd1):
    model = sd1.checkpoint.model
    kinds = {UNET: lora_of(sd1.networks.unet, ATTENTION)}
    fitted = fit(AdapterFile("a", kohya_tensors(kinds, model)), model)
    # Three levels of blocks with attention: IN03, MID, OUT00 and OUT01.
    patch = fitted.on_model(model, 2.0, read_block_weights("1,0.5,0,0.25,0", model)).patches[0]
    component = model.source.component
    strengths = {label_of(component, name): change.keywords["multiplier"] for name, change in patch.changes().items()}
    assert strengths == {"IN03": 1.0, "OUT00": 0.5}
