"""Compiled blocks give what the network gives, and leave it as it was."""

import torch

from diffusion.compiling import BLOCKS, CompiledBlocks
from diffusion.sampling.network import Call


def test_compiled_blocks_give_what_the_network_gives(tiny):
    torch.manual_seed(0)
    call = Call(torch.randn(2, 4, 8, 8), torch.tensor([500, 20]), 1.0, torch.randn(2, 77, 48))
    compiled = CompiledBlocks(backend="eager")  # traced by torch's compiler, run without a C++ compiler
    with tiny.model.loaded() as network:
        before = network(call)
        blocks = [module for module in network.network.modules() if type(module).__name__ in BLOCKS]
    assert blocks
    for _ in range(2):
        with tiny.model.with_attachments(compiled).loaded() as network:
            assert all(block._compiled_call_impl is not None for block in blocks)
            torch.testing.assert_close(network(call), before)
    assert all(block._compiled_call_impl is None for block in blocks)
    with tiny.model.loaded() as network:
        assert torch.equal(network(call), before)
