"""Compiling a denoiser's blocks with torch.compile: slower the first time, faster from then on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch

from diffusion.model import LoadedModel

BACKENDS = ("inductor", "cudagraphs")
RECOMPILE_LIMIT = 128
BLOCKS = ("BasicTransformerBlock", "ResnetBlock2D", "JointTransformerBlock", "FluxTransformerBlock")


class CompilingError(ValueError):
    """A model cannot be compiled on this machine; the message says what is missing."""


@dataclass(frozen=True, eq=False)
class CompiledBlocks:
    """Runs the repeated blocks of a denoiser compiled; an `Attachment` of a model.

    Blocks of one kind and size share their code, so it takes far less time than compiling the whole network, and hooks
    and changed attention elsewhere stay possible.

    backend: of torch.compile. dynamic: whether sizes may change without compiling anew; None decides by what is seen.
    """

    backend: str = "inductor"
    dynamic: bool | None = None
    _compiled: WeakKeyDictionary[Any, Callable[..., Any]] = field(default_factory=WeakKeyDictionary, repr=False)

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Let the blocks run compiled; what has been compiled once is kept with the network."""
        blocks = [module for module in running.network.modules() if type(module).__name__ in BLOCKS]
        for block in blocks:
            if block not in self._compiled:
                block.compile(backend=self.backend, dynamic=self.dynamic)
                self._compiled[block] = block._compiled_call_impl
            block._compiled_call_impl = self._compiled[block]
        try:
            # blocks of all sizes run the same function, which torch gives up compiling after a few sizes by itself
            with torch._dynamo.config.patch(recompile_limit=RECOMPILE_LIMIT):
                yield
        finally:
            for block in blocks:
                block._compiled_call_impl = None


def require(backend: str, device: torch.device) -> None:
    """Raise `CompilingError` if this machine lacks what a backend needs for a device."""
    if backend != "inductor":
        return
    if device.type == "cpu":
        from torch._inductor.cpp_builder import get_cpp_compiler  # asks the system, for those who compile

        try:
            get_cpp_compiler()
        except RuntimeError:
            raise CompilingError(
                "Compiling for the CPU needs a C++ compiler, and none was found: install g++ or clang, or leave the "
                "model uncompiled."
            ) from None
    elif not torch.utils._triton.has_triton():
        raise CompilingError(
            "Compiling for this device needs the package triton, which is not installed: install it, or leave the "
            "model uncompiled."
        )
