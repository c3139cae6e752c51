import torch

from diffusion.residency import Part
from graph.workers import device


def test_the_limit_of_a_container_counts(tmp_path):
    assert device.memory_limit(1000, tmp_path) == 1000
    (tmp_path / "memory.max").write_text("max\n")
    assert device.memory_limit(1000, tmp_path) == 1000
    (tmp_path / "memory.max").write_text("600\n")
    assert device.memory_limit(1000, tmp_path) == 600
    assert device.memory_limit(100, tmp_path) == 100
    (tmp_path / "memory.max").unlink()
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("700\n")
    assert device.memory_limit(1000, tmp_path) == 700
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text(f"{2**63 - 4096}\n")
    assert device.memory_limit(1000, tmp_path) == 1000


def test_models_that_are_in_memory_are_counted_and_put_away():
    device.release_models()
    before = device.resident_bytes()
    part = Part("a network", torch.device("cpu"), 12345, object)
    with part.loaded():
        assert device.resident_bytes() == before + 12345
        device.release_models()
        assert part.resident  # it is in use
    device.release_models()
    assert not part.resident
    assert device.resident_bytes() == before
