"""Nodes for speed and memory."""

import pytest
import torch

from diffusion.compiling import CompiledBlocks
from diffusion.images import latents
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes.memory import estimate_memory, torch_compile_model


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


def test_a_model_is_marked_for_compiling(tiny):
    model = torch_compile_model(tiny.model, "cudagraphs")
    assert [type(each) for each in model.attachments] == [CompiledBlocks]
    assert model.part is tiny.model.part


def test_a_missing_compiler_is_named(tiny, monkeypatch):
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", ("no-such-compiler",))
    with pytest.raises(InputError, match=r"needs a C\+\+ compiler, and none was found"):
        torch_compile_model(tiny.model, "inductor")
