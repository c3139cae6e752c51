"""What a model handle carries is in place while it runs, and gone afterwards."""

import re
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from diffusion.attention import AttentionChange, grid
from diffusion.sampling.network import Call
from diffusion.weights import load_weights


@pytest.fixture
def call() -> Call:
    torch.manual_seed(3)
    return Call(torch.randn(2, 4, 8, 12), torch.tensor([500, 20]), 1.0, torch.randn(2, 77, 48))


class Louder:
    """A patch that scales the first convolution."""

    def changes(self):
        return {"conv_in.weight": lambda weight: weight * 1.5}


class Recording(AttentionChange):
    """Sees every layer, and blanks the output of those that look at the prompt where asked to."""

    def __init__(self, blank: bool = False) -> None:
        self.places = []
        self.tokens = []
        self._blank = blank

    def attend(self, q, k, v, place, call, attend):
        self.places.append(place)
        self.tokens.append((place.kind, q.shape[1], grid(call, q.shape[1])))
        return attend(q, k, v)

    def output(self, output, place, call):
        return output * 0 if self._blank and place.kind == "cross" else output


def test_a_patched_handle_leaves_the_other_alone(tiny, call):
    with tiny.model.loaded() as network:
        before = network(call)
    patched = tiny.model.patched(Louder())
    with patched.loaded() as network:
        assert not torch.equal(network(call), before)
        with tiny.model.loaded() as inner:
            assert torch.equal(inner(call), before)
        assert not torch.equal(network(call), before)
    with tiny.model.loaded() as network:
        assert torch.equal(network(call), before)


def test_an_error_while_patching_drops_the_network(tiny, call):
    class Broken:
        def changes(self):
            return {"conv_in.weight": lambda weight: weight.reshape(7, 7)}

    with tiny.model.loaded() as network:
        before = network(call)
    with pytest.raises(RuntimeError), tiny.model.patched(Broken()).loaded():
        pass
    assert not tiny.model.part.resident
    with tiny.model.loaded() as network:
        assert torch.equal(network(call), before)


def test_attention_that_changes_nothing_gives_what_diffusers_gives(tiny, tiny_path, call):
    with tiny.model.loaded() as network:
        before = network(call)
        processors = [module.processor for name, module in network.network.named_modules() if name.endswith("attn1")]
    recording = Recording()
    with tiny.model.with_attention(recording).loaded() as network:
        torch.testing.assert_close(network(call), before)
    with tiny.model.loaded() as network:
        after = [module.processor for name, module in network.network.named_modules() if name.endswith("attn1")]
    assert all(one is other for one, other in zip(processors, after, strict=True))
    assert {place.kind for place in recording.places} == {"self", "cross"}
    assert all(height * width == tokens for _, tokens, (height, width) in recording.tokens)
    names = [name for name in load_weights(tiny_path) if name.endswith("attn1.to_q.weight")]
    in_file = {tuple(re.search(r"(in|middle|out)\w*_block\w*\.(\d+)", name).groups()) for name in names}
    sides = {"down": "in", "mid": "middle", "up": "out"}
    # the file numbers the modules of the middle block, whose second is the attention
    numbers = {(sides[place.side], str(place.block + (place.side == "mid"))) for place in recording.places}
    assert numbers == in_file


def test_a_call_may_bring_attention_of_its_own(tiny, call):
    model = tiny.model.with_attention(Recording())
    with model.loaded() as network:
        before = network(call)
        changed = network(replace(call, attention=(Recording(blank=True),)))
        assert torch.equal(network(call), before)
    assert not torch.equal(changed, before)
    with tiny.model.with_attention(Recording(blank=True)).loaded() as network:
        assert torch.equal(network(call), changed)


def test_attachments_see_the_call_and_are_taken_off(tiny, call):
    seen = []

    class Watching:
        @contextmanager
        def attached(self, running):
            handle = running.network.mid_block.register_forward_hook(lambda *_: seen.append(running.call))
            yield
            handle.remove()

    with tiny.model.with_attachments(Watching()).loaded() as network:
        network(call)
    assert seen == [call]
    with tiny.model.loaded() as network:
        network(call)
    assert seen == [call]
