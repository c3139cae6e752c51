"""LoRAs of differences against singular values by numpy, and against the models that they were made of."""

import numpy as np
import pytest
import torch

from diffusion.adapters import UNET, AdapterError, fit, load_adapter
from diffusion.adapters.extraction import Size, extract, low_rank, merge
from diffusion.adapters.kinds import LowRank
from diffusion.adapters.writing import save_adapter
from diffusion.checkpoint import load_checkpoint
from diffusion.merging import merge_clips, merge_models, subtracted
from diffusion.saving import save_checkpoint
from diffusion.weights import load_weights, read_header, save_weights
from tests.diffusion.adapters.random_adapters import ATTENTION, CONVOLUTIONS, lora_for
from tests.diffusion.families.small_models import write_sd1


@pytest.mark.parametrize("shape", [(12, 9), (8, 5, 3, 3)])
def test_the_nearest_matrix_is_that_of_the_largest_singular_values(shape):
    torch.manual_seed(0)
    difference = torch.randn(shape)
    u, s, v = np.linalg.svd(difference.flatten(1).numpy().astype(float), full_matrices=False)
    for rank in (1, 3, 99):
        kind, share = low_rank(difference, Size(rank))
        best = (u[:, :rank] * s[:rank]) @ v[:rank]
        applied = kind.apply(torch.zeros(shape), 1.0)
        np.testing.assert_allclose(applied.flatten(1).numpy(), best, atol=1e-4)
        assert share.kept / share.whole == pytest.approx((s[:rank] ** 2).sum() / (s**2).sum())
        assert kind.down.shape[1:] == shape[1:]
        assert kind.alpha == kind.rank == min(rank, len(s))


@pytest.mark.parametrize("energy", [0.3, 0.9, 0.99, 1.0])
def test_the_rank_may_follow_from_the_part_that_is_enough(energy):
    difference = torch.diag(torch.tensor([4.0, 3.0, 2.0, 1.0]))  # squares 16, 9, 4, 1 of 30
    kind, share = low_rank(difference, Size(99, energy))
    assert kind.rank == {0.3: 1, 0.9: 3, 0.99: 4, 1.0: 4}[energy]
    assert share.whole == pytest.approx(30)


@pytest.fixture(scope="module")
def tuned(sd1, tmp_path_factory):
    """The small model, trained on: attention, convolutions, biases, norms and the text encoder by random numbers."""
    folder = tmp_path_factory.mktemp("tuned")
    write_sd1(folder / "base.safetensors")
    torch.manual_seed(5)
    stored = load_weights(folder / "base.safetensors")
    changed = {
        name: (tensor + torch.randn(tensor.shape) / 32).half() if "embedding" not in name else tensor
        for name, tensor in stored.items()
    }
    save_weights(folder / "tuned.safetensors", changed, read_header(folder / "base.safetensors").metadata)
    return load_checkpoint(folder / "tuned.safetensors")


def differences(sd1, tuned):
    model = merge_models(tuned.model, sd1.checkpoint.model, subtracted(1.0))
    return model, merge_clips(tuned.clip, sd1.checkpoint.clip, subtracted(1.0))


@pytest.mark.parametrize("size", [Size(999), None])
def test_a_full_extraction_makes_one_model_of_the_other(sd1, tuned, call, tmp_path, size):
    model_difference, clip_difference = differences(sd1, tuned)
    found = extract(model_difference, clip_difference, size)
    assert found.retained == pytest.approx(1.0)
    base = sd1.checkpoint
    save_adapter(tmp_path / "lora.safetensors", found.kinds, base.model, base.clip)
    fitted = fit(load_adapter(tmp_path / "lora.safetensors"), base.model, base.clip)
    assert fitted.report.complete
    with tuned.model.loaded() as network:
        expected = network(call)
    with fitted.on_model(base.model, 1.0).loaded() as network:
        torch.testing.assert_close(network(call), expected, atol=2e-4, rtol=1e-3)
    torch.testing.assert_close(
        fitted.on_clip(base.clip, 1.0).encode("a cat")[0][0], tuned.clip.encode("a cat")[0][0], atol=1e-4, rtol=1e-3
    )


def test_less_rank_holds_less(sd1, tuned):
    model_difference, _ = differences(sd1, tuned)
    retained = [extract(model_difference, None, Size(rank), biases=False).retained for rank in (1, 4, 16)]
    assert 0 < retained[0] < retained[1] < retained[2] < 1
    found = extract(model_difference, None, Size(4), biases=False)
    assert found.rank == 4
    assert set(found.kinds) == {UNET}
    assert all(isinstance(kind, LowRank) for kind in found.kinds[UNET].values())
    with pytest.raises(AdapterError, match="no difference"):
        extract(merge_models(tuned.model, tuned.model, subtracted(1.0)), None, Size(4))


def test_merged_adapters_do_what_both_do(sd1, call, tmp_path):
    base = sd1.checkpoint
    fitted = []
    for number in range(2):
        torch.manual_seed(number)
        kinds = lora_for(base, (*ATTENTION, *CONVOLUTIONS) if number else ATTENTION)
        save_adapter(tmp_path / f"{number}.safetensors", kinds, base.model, base.clip)
        fitted.append(fit(load_adapter(tmp_path / f"{number}.safetensors"), base.model, base.clip))
    both = fitted[1].on_model(fitted[0].on_model(base.model, 0.5), -1.25)
    found = merge([(fitted[0], 0.5), (fitted[1], -1.25)], base.model, base.clip, Size(4))  # 2 + 2
    assert found.retained == pytest.approx(1.0)
    assert found.rank == 4
    save_adapter(tmp_path / "both.safetensors", found.kinds, base.model, base.clip)
    merged = fit(load_adapter(tmp_path / "both.safetensors"), base.model, base.clip)
    with both.loaded() as network:
        expected = network(call)
    with merged.on_model(base.model, 1.0).loaded() as network:
        torch.testing.assert_close(network(call), expected, atol=2e-4, rtol=1e-3)
    smaller = merge([(merged, 1.0)], base.model, base.clip, Size(1))
    assert smaller.rank == 1
    assert 0.1 < smaller.retained < 1


def test_an_adapter_merged_into_a_checkpoint_is_a_checkpoint(sd1, call, tmp_path):
    base = sd1.checkpoint
    save_adapter(tmp_path / "a.safetensors", lora_for(base), base.model, base.clip)
    fitted = fit(load_adapter(tmp_path / "a.safetensors"), base.model, base.clip)
    model, clip = fitted.on_model(base.model, 0.8), fitted.on_clip(base.clip, 0.8)
    save_checkpoint(tmp_path / "merged.safetensors", model, clip, base.vae, dtype=torch.float32)
    merged = load_checkpoint(tmp_path / "merged.safetensors")
    with model.loaded() as network:
        expected = network(call)
    with merged.model.loaded() as network:
        torch.testing.assert_close(network(call), expected)
    torch.testing.assert_close(merged.clip.encode("a cat")[0][0], clip.encode("a cat")[0][0], atol=1e-3, rtol=1e-3)
