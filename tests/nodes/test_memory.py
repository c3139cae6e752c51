"""Nodes for speed and memory."""

import pytest
import torch

from diffusion import devices
from diffusion.compiling import CompiledBlocks
from diffusion.images import latents
from diffusion.residency import residency
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes.memory import estimate_memory, torch_compile_model
from nodes.sampling import k_sampler


def test_memory_is_estimated_and_too_much_of_it_named(tiny, tmp_path):
    context = Recorder(Folders.under(tmp_path))
    small = estimate_memory(context, tiny.model, latents.empty(64, 64, 1))
    assert 0 < small.sampling < small.free
    assert context.warnings == []
    assert "GB are free" in context.shown["text"][0]
    more = estimate_memory(context, tiny.model, latents.empty(128, 64, 3), prompts=4)
    assert more.sampling == pytest.approx(small.sampling * 12)
    huge = {"samples": torch.zeros(1, 1, 1, 1).expand(4096, 4, 16384, 16384)}
    estimate_memory(context, tiny.model, huge)
    assert "more than there is: make the picture or the batch smaller" in context.warnings[0]


def test_a_run_that_will_not_fit_is_warned_of_before_it_begins(tiny, tmp_path, monkeypatch):
    """A latent of 8 x 8 cells takes some bytes more than a device that has none left."""
    context, prompt = Recorder(Folders.under(tmp_path)), tiny.clip.encode("a cat")
    asked = {"model": tiny.model, "positive": prompt, "negative": prompt, "latent_image": latents.empty(64, 64, 1)}
    k_sampler(context, **asked, steps=1)
    assert context.warnings == []
    monkeypatch.setattr(devices, "free_bytes", lambda device: 0)
    monkeypatch.setattr(residency, "freeable", lambda device, kept: 0)
    k_sampler(context, **asked, steps=1)
    assert "GB more than there is: make the picture or the batch smaller" in context.warnings[0]


def test_a_model_is_marked_for_compiling(tiny):
    model = torch_compile_model(tiny.model, "cudagraphs")
    assert [type(each) for each in model.attachments] == [CompiledBlocks]
    assert model.part is tiny.model.part


def test_a_missing_compiler_is_named(tiny, monkeypatch):
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", ("no-such-compiler",))
    with pytest.raises(InputError, match=r"needs a C\+\+ compiler, and none was found"):
        torch_compile_model(tiny.model, "inductor")
