import psutil
import pytest
import torch

from diffusion import devices


@pytest.fixture(autouse=True)
def _restore(monkeypatch):
    monkeypatch.setattr(devices, "_selected", None)


def test_the_cpu_can_be_demanded():
    assert devices.select("cpu") == torch.device("cpu")
    assert devices.current() == torch.device("cpu")


def test_without_a_wish_there_is_a_device_that_works():
    assert torch.ones(2, device=devices.current()).sum().item() == 2


@pytest.mark.parametrize("name", ["cuda:99", "nonsense"])
def test_a_device_that_is_not_there(name):
    with pytest.raises(ValueError, match=f"The device '{name}' cannot be used .*'cpu'"):
        devices.select(name)


def test_cpus_compute_in_full_precision_and_round_the_text_encoder():
    precision = devices.precision(torch.device("cpu"))
    assert (precision.denoiser, precision.autoencoder, precision.text) == (torch.float32,) * 3
    assert precision.text_storage == torch.float16


def test_memory_of_the_cpu():
    stats = devices.memory_stats(torch.device("cpu"))
    assert stats["type"] == "cpu"
    assert stats["vram_total"] == psutil.virtual_memory().total
    assert 0 < stats["vram_free"] <= stats["vram_total"]


def test_out_of_memory_is_told_from_other_errors():
    assert devices.is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(RuntimeError) as error:
        torch.empty(1 << 60)
    assert devices.is_out_of_memory(error.value)
    assert not devices.is_out_of_memory(RuntimeError("shapes differ"))
