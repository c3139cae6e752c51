"""Adapters on models: what changes, what does not, what is reported and what is refused."""

import pytest
import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTextModel

from diffusion.adapters import UNET, AdapterError, fit, kohya_tensors, load_adapter, save_adapter
from diffusion.adapters.adapter import AdapterFile
from diffusion.adapters.kinds import Difference, LowRank
from diffusion.weights import WeightsError, save_weights
from tests.diffusion.adapters.random_adapters import ATTENTION, CONVOLUTIONS, lora_for, low_rank, targets

FULL = (*ATTENTION, *CONVOLUTIONS)


def weights(handle):
    with handle.loaded() as network:
        network = getattr(network, "network", network)
        return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def fitted(sd1):
    torch.manual_seed(0)
    kinds = lora_for(sd1.checkpoint, FULL)
    tensors = kohya_tensors(kinds, sd1.checkpoint.model, sd1.checkpoint.clip)
    return fit(AdapterFile("a.safetensors", tensors), sd1.checkpoint.model, sd1.checkpoint.clip)


def test_a_unet_with_a_lora_gives_what_diffusers_gives_with_it(sd1, call, tmp_path):
    """diffusers puts the same file on the module that the checkpoint was made of, through peft."""
    torch.manual_seed(0)
    kinds = {UNET: lora_for(sd1.checkpoint, FULL)[UNET]}
    save_adapter(tmp_path / "a.safetensors", kinds, sd1.checkpoint.model)
    fitted = fit(load_adapter(tmp_path / "a.safetensors"), sd1.checkpoint.model)
    theirs = UNet2DConditionModel.from_config(sd1.networks.unet.config)
    theirs.load_state_dict(sd1.networks.unet.state_dict())
    state = {
        f"unet.{name.removesuffix('.weight')}.lora_{letter}.weight": tensor
        for name, kind in kinds[UNET].items()
        for letter, tensor in (("A", kind.down), ("B", kind.up))
    }
    alphas = {f"unet.{name.removesuffix('.weight')}.alpha": kind.alpha for name, kind in kinds[UNET].items()}
    theirs.load_lora_adapter(state, prefix="unet", network_alphas=alphas)
    with torch.no_grad():
        expected = theirs.eval()(call.x, call.timestep, call.context).sample
    with sd1.checkpoint.model.loaded() as network:
        plain = network(call)
    with fitted.on_model(sd1.checkpoint.model, 1.0).loaded() as network:
        found = network(call)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert (found - plain).abs().max() > 0.1


def test_a_text_encoder_with_a_lora_gives_what_its_merged_weights_give(sd1, fitted):
    merged = CLIPTextModel(sd1.networks.text["l"].config)
    state = {name: tensor.clone() for name, tensor in sd1.networks.text["l"].state_dict().items()}
    for name, kind in fitted.kinds["l"].items():
        # text encoders' weights have no more than half precision, as in other programs
        state[name] = (state[name] + 0.7 * (kind.alpha / 2) * (kind.up @ kind.down)).half().float()
    merged.load_state_dict(state)
    tokens = sd1.checkpoint.clip.tokenize("a cat")
    with torch.no_grad():
        numbers = torch.tensor([[49406, *(token.value for token in tokens.by_encoder["l"].chunks[0]), 49407]])
        expected = merged.eval()(numbers).last_hidden_state
    [[states, _]] = fitted.on_clip(sd1.checkpoint.clip, 0.7).encode_tokens(tokens)
    torch.testing.assert_close(states[:, : numbers.shape[1]], expected, rtol=1e-3, atol=1e-3)


def test_afterwards_the_weights_are_those_of_before_to_the_bit(sd1, fitted):
    model, encoder = sd1.checkpoint.model, sd1.checkpoint.clip.encoders[0]
    before, text = weights(model), weights(encoder)
    adapted = weights(fitted.on_model(model, 0.8))
    changed = {name for name in before if not torch.equal(before[name], adapted[name])}
    assert changed == set(fitted.kinds[UNET])
    assert not same(text, weights(fitted.on_clip(sd1.checkpoint.clip, 0.8).encoders[0]))
    assert same(weights(model), before)
    assert same(weights(encoder), text)


def test_the_two_strengths_are_apart_and_zero_changes_nothing(sd1, fitted):
    model, clip = sd1.checkpoint.model, sd1.checkpoint.clip
    assert fitted.on_model(model, 0.0) == model
    assert fitted.on_clip(clip, 0.0) == clip
    assert not fitted.on_model(model, 1.0).patches[0].changes().keys() & {
        name for name, _ in targets(sd1.networks.text["l"], ("CLIPMLP",))
    }


def test_order_does_not_matter_for_lora(sd1, fitted):
    torch.manual_seed(5)
    kinds = lora_for(sd1.checkpoint, FULL)
    other = fit(AdapterFile("b", kohya_tensors(kinds, sd1.checkpoint.model)), sd1.checkpoint.model)
    one = weights(other.on_model(fitted.on_model(sd1.checkpoint.model, 0.8), 0.5))
    two = weights(fitted.on_model(other.on_model(sd1.checkpoint.model, 0.5), 0.8))
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], rtol=1e-6, atol=1e-6)


def test_what_has_not_changed_is_not_read_again(sd1, fitted):
    patch = fitted.patch(UNET, 0.5)
    assert patch.changes() is patch.changes()
    assert fitted.patch("g", 0.5) is None


def test_a_report_names_what_fits_nothing(sd1):
    model = sd1.checkpoint.model
    good = next(name for name, _ in targets(sd1.networks.unet, ATTENTION))
    kinds = {UNET: {f"{good}.weight": low_rank(dict(targets(sd1.networks.unet, ATTENTION))[good], 2)}}
    tensors = kohya_tensors(kinds, model, sd1.checkpoint.clip)
    extra = {
        "lora_unet_nowhere.lora_up.weight": torch.ones(2, 2),
        "lora_te_text_model_encoder_layers_99_mlp_fc1.alpha": torch.tensor(1.0),
        "something.else": torch.ones(1),
    }
    report = fit(AdapterFile("a", tensors | extra), model, sd1.checkpoint.clip).report
    assert report.matched == {UNET: 1, "l": 0}
    assert set(report.unmatched) == set(extra)
    assert not report.complete
    alone = fit(AdapterFile("a", tensors | extra), model).report
    assert set(alone.unmatched) == set(extra) - {"lora_te_text_model_encoder_layers_99_mlp_fc1.alpha"}
    assert alone.left_out == 1


def test_layers_of_other_sizes_are_reported(sd1):
    kinds = {
        UNET: {
            "conv_in.weight": Difference(torch.ones(32, 9, 3, 3)),
            "conv_out.weight": Difference(torch.ones(4, 32, 3, 3)),
        }
    }
    report = fit(AdapterFile("a", kohya_tensors(kinds, sd1.checkpoint.model)), sd1.checkpoint.model).report
    assert report.matched == {UNET: 1}
    assert report.misfits == ("lora_unet_conv_in",)


def lora(stem, out, inner):
    return {f"{stem}.lora_up.weight": torch.ones(out, 2), f"{stem}.lora_down.weight": torch.ones(2, inner)}


ATTENTIONS = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0"
OTHERS = {
    "sdxl": (
        lora("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 640, 2048),
        "is for SDXL, and this model is Stable Diffusion 1.x",
    ),
    "sd2": (lora(f"{ATTENTIONS}_attn2_to_k", 320, 1024), "is for Stable Diffusion 2.x"),
    "small": (lora(f"{ATTENTIONS}_attn2_to_k", 64, 48), "prompts of 48 numbers"),
    "sizes": (lora(f"{ATTENTIONS}_attn1_to_k", 320, 320), "other sizes than those"),
    "flux": (lora("lora_unet_double_blocks_0_img_attn_qkv", 6, 2), "seems to be for Flux"),
    "unknown": (lora("lora_unet_blocks_0_attn", 6, 2), "changes no layer that this model"),
    "text": (lora("lora_te_text_model_encoder_layers_0_mlp_fc1", 64, 32), "changes text encoders alone"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_adapters_for_other_models_are_refused(other, sd1):
    tensors, sentence = OTHERS[other]
    with pytest.raises(AdapterError, match=sentence):
        fit(AdapterFile("a.safetensors", tensors), sd1.checkpoint.model)


def test_what_the_metadata_claims_is_said(sd1):
    tensors = lora("lora_unet_blocks_0_attn", 6, 2)
    adapter = AdapterFile("a.safetensors", tensors, {"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"})
    with pytest.raises(AdapterError, match="seems to be for SDXL"):
        fit(adapter, sd1.checkpoint.model)


def test_files_that_are_no_adapters(tmp_path):
    save_weights(tmp_path / "vae.safetensors", {"encoder.conv_in.weight": torch.ones(2, 2)})
    with pytest.raises(AdapterError, match="is no LoRA: it is a VAE alone"):
        load_adapter(tmp_path / "vae.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10")
    with pytest.raises(WeightsError, match="not a safetensors file"):
        load_adapter(tmp_path / "cut.safetensors")


def test_a_lora_with_half_of_its_tensors_is_damaged(sd1):
    tensors = {"lora_unet_conv_in.lora_up.weight": torch.ones(2, 2)}
    with pytest.raises(AdapterError, match="lora_unet_conv_in are not complete"):
        fit(AdapterFile("a", tensors), sd1.checkpoint.model)


def test_a_linear_layers_lora_fits_the_convolution_that_it_once_was(sd1, call):
    """Files of one program have 1x1 convolutions as linear layers, and of another the reverse."""
    model = sd1.checkpoint.model
    name = "down_blocks.1.attentions.0.proj_in.weight"
    layer = sd1.networks.unet.get_submodule(name.removesuffix(".weight"))
    assert layer.weight.ndim == 4
    kind = low_rank(layer, 2)
    flat = LowRank(up=kind.up.flatten(1), down=kind.down.flatten(1), alpha=kind.alpha)
    found = [
        weights(fit(AdapterFile("a", kohya_tensors({UNET: {name: each}}, model)), model).on_model(model, 1.0))[name]
        for each in (kind, flat)
    ]
    assert torch.equal(*found)
