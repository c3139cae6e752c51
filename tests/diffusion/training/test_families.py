"""LoRAs that were trained on tiny models of each family, read by diffusers, which does not know how they were made.

Formulas of the questions are tested elsewhere; here it is that each family is asked as it wants to be asked.
"""

from dataclasses import replace

import pytest
import torch
from diffusers.loaders import StableDiffusionLoraLoaderMixin, StableDiffusionXLLoraLoaderMixin

from diffusion.adapters import UNET
from diffusion.changes.freeu import FreeU
from diffusion.checkpoint import load_checkpoint
from diffusion.residency import Part
from diffusion.sampling.parameterization import Epsilon, Velocity
from diffusion.training.embedding import TrainedEmbedding, live_states
from diffusion.training.lora import (
    AdapterPlan,
    new_adapters,
    rates,
    save_trained,
    states_of,
)
from diffusion.training.metadata import Training, adapter_metadata
from diffusion.training.new_kinds import Shape
from diffusion.training.samples import Sample
from diffusion.training.trainer import Plan, Step, Trainer, TrainingError
from tests.diffusion.families import small_models

FAMILIES = {
    "sd1": (small_models.write_sd1, {}, Epsilon, StableDiffusionLoraLoaderMixin, "sd_v1"),
    "inpainting": (small_models.write_sd1, {"in_channels": 9}, Epsilon, StableDiffusionLoraLoaderMixin, "sd_v1"),
    "sd2": (
        small_models.write_sd2,
        {"v_pred": torch.zeros(1)},
        Velocity,
        StableDiffusionLoraLoaderMixin,
        "sd_v2_v",
    ),
    "sdxl": (small_models.write_sdxl, {}, Epsilon, StableDiffusionXLLoraLoaderMixin, "sdxl_base_v1-0"),
}
SIZES = {"width": 70, "height": 64, "crop_w": 3, "crop_h": 0, "target_width": 64, "target_height": 64}


def samples() -> list[Sample]:
    draw = torch.Generator().manual_seed(4)
    return [Sample(str(at), torch.randn(4, 8, 8, generator=draw), "a cat", "cat", settings=SIZES) for at in range(2)]


def train(trainer: Trainer, adapter, steps: int) -> list[Step]:
    with trainer.model.loaded() as network, adapter.attached(network.network):
        return [trainer.step(network, number) for number in range(steps)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_trained_lora_is_read_by_diffusers_with_the_same_result(family, tmp_path):
    write, options, parameterization, loader, version = FAMILIES[family]
    small = write(tmp_path / "model.safetensors", **options)
    unet = small.unet
    found = load_checkpoint(tmp_path / "model.safetensors")
    assert isinstance(found.model.parameterization, parameterization)
    plan = Plan(batch=2, learning_rate=0.01)
    wanted = AdapterPlan(Shape(rank=2, alpha=1.0), wide_rank=1, text_rate=0.02)
    adapter = new_adapters(found.model, found.clip, wanted, seed=1)
    states = states_of(found.clip)
    trainer = adapter.trainer(found.model, samples(), states, plan, rates(adapter, found.model, wanted, 0.01))
    train(trainer, adapter, 2)
    metadata = adapter_metadata(Training("cat", found.model, plan, samples()), wanted, 2)
    assert (metadata["ss_base_model_version"], metadata["ss_v2"]) == (version, str(family == "sd2"))
    save_trained(tmp_path / "cat.safetensors", found.model, adapter, metadata)
    kinds = adapter.kinds()

    draw = torch.Generator().manual_seed(7)
    x = torch.randn(1, unet.config.in_channels, 8, 8, generator=draw)
    states = torch.randn(1, 77, unet.config.cross_attention_dim, generator=draw)
    more = {}
    if family == "sdxl":
        size = unet.add_embedding.linear_1.in_features - 6 * unet.config.addition_time_embed_dim
        more = {"added_cond_kwargs": {"text_embeds": torch.randn(1, size), "time_ids": torch.ones(1, 6)}}
    with found.model.loaded() as network, adapter.attached(network.network), torch.no_grad():
        ours = network.network(x, 500, states, **more).sample
    plain = unet(x, 500, states, **more).sample
    tensors, alphas, *_ = loader.lora_state_dict(tmp_path / "cat.safetensors", unet_config=unet.config)
    loader.load_lora_into_unet(tensors, network_alphas=alphas, unet=unet)
    assert sum(hasattr(module, "lora_A") for module in unet.modules()) == len(kinds[UNET])
    torch.testing.assert_close(unet(x, 500, states, **more).sample, ours, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(plain, ours, atol=1e-2)
    read_by_diffusers(loader, tensors, alphas, small, adapter)


def read_by_diffusers(loader, tensors, alphas, small, adapter) -> None:
    """Text encoders with what their part of a file says have the states that ours have."""
    tokens = torch.tensor([[49406, 320, 2368, 49407]])
    for encoder in adapter.clip.encoders:
        text = small.text[encoder.name]
        before = text(tokens).last_hidden_state
        prefix = "text_encoder_2" if encoder.name == "g" else "text_encoder"
        loader.load_lora_into_text_encoder(tensors, network_alphas=alphas, text_encoder=text, prefix=prefix)
        layers = sum(hasattr(module, "lora_A") for module in text.modules())
        assert layers == len(adapter.kinds()[encoder.name]) == 6 * encoder.layers
        with encoder.loaded() as network, adapter.texts[encoder.name].attached(network):
            ours = network(tokens).last_hidden_state
        torch.testing.assert_close(text(tokens).last_hidden_state, ours, rtol=1e-4, atol=1e-4)
        assert not torch.allclose(before, ours, atol=1e-2)


def test_a_word_is_learned_by_both_text_encoders_of_sdxl(tmp_path):
    small_models.write_sdxl(tmp_path / "model.safetensors")
    found = load_checkpoint(tmp_path / "model.safetensors")
    word = TrainedEmbedding.new("ghst", found.clip, 2, "cat")
    before = {name: each.detach().clone() for name, each in word.parameters.items()}
    data = [replace(each, caption=f"a {word.word}") for each in samples()]
    states = live_states(word.on(found.clip))
    trainer = Trainer(found.model, word.parameters, data, states, Plan(learning_rate=0.01), texts_learn=True)
    train(trainer, word, 1)
    assert {name: bool((each != before[name]).any()) for name, each in word.parameters.items()} == {
        "clip_l": True,
        "clip_g": True,
    }


def half(checkpoint):
    """The model as it is on devices that compute in float16."""
    source = replace(checkpoint.model.source, dtype=torch.float16)
    part = Part("half", source.device, checkpoint.model.part.size, source.network, source.switch)
    return replace(checkpoint.model, source=source, part=part)


def test_small_gradients_survive_float16_and_great_ones_do_not_stop_it(tiny):
    """The same step in float32 is the oracle. Losses that count ten million times overflow at the greatest scale."""

    def gradient(model, weight: float) -> torch.Tensor:
        data = [replace(each, weight=weight, caption="") for each in samples()]
        adapter = new_adapters(model, tiny.clip, AdapterPlan(Shape(rank=2, alpha=2.0)), seed=1)
        trainer = Trainer(model, adapter.parameters, data, states_of(tiny.clip), Plan(batch=2, clip=0.0))
        train(trainer, adapter, 1)
        gradients = [each.grad.flatten() for name, each in adapter.parameters.items() if "up" in name]
        return torch.cat(gradients) / weight

    expected = gradient(tiny.model, 1.0)
    for weight in (1e-4, 1.0, 1e6):
        found = gradient(half(tiny), weight)
        assert torch.nn.functional.cosine_similarity(found, expected, dim=0) > 0.999
        assert (found - expected).norm() < 0.05 * expected.norm()


def test_weights_in_eight_bits_are_refused(tiny):
    stored = replace(tiny.model, source=replace(tiny.model.source, stored=torch.float8_e4m3fn))
    with pytest.raises(TrainingError, match="8 bits"):
        Trainer(stored, {}, samples(), states_of(tiny.clip), Plan())


def test_what_acts_while_sampling_does_not_act_in_training(tiny):
    def values(model) -> list[torch.Tensor]:
        adapter = new_adapters(model, tiny.clip, AdapterPlan(), seed=1)
        train(Trainer(model, adapter.parameters, samples(), states_of(tiny.clip), Plan()), adapter, 2)
        return [each.detach() for each in adapter.parameters.values()]

    changed = tiny.model.with_attachments(FreeU(1.5, 1.6, 0.9, 0.2))
    assert all(map(torch.equal, values(changed), values(tiny.model)))
