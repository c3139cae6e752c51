"""Adapters that act while a network runs: in a region of the picture, or in a part of the run.

What cannot be put into the weights is added to the outputs of the layers, ``mask * (W'x - Wx)`` in each. Layers are
told apart by what their outputs belong to:

- to places in the picture (convolutions, and projections of the picture's tokens): the mask is resized to their grid;
- to the words of the prompt (keys and values of cross-attention): the words are asked twice, as they are and as the
  adapter changes them, and the mask chooses between the answers;
- to the channels of a block (the projection of the time): what is added to them is added to the block's places instead;
- to the whole picture (the embeddings of time and sizes): under a mask these layers are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from torch import Tensor, nn

from diffusion.adapters.kinds import Kind
from diffusion.adapters.layers import LiveLayer
from diffusion.adapters.regions import Region
from diffusion.adapters.windows import Window, percent_of
from diffusion.changes.unet import replaced_forward
from diffusion.model import LoadedModel, Model
from diffusion.sampling.network import Call
from diffusion.sampling.noise_schedule import NoiseLevels

_OF_THE_PROMPT = (".attn2.to_k", ".attn2.to_v")
_IN_SELF_ATTENTION = ".attn1."
_OF_A_BLOCK = ".time_emb_proj"
_OF_THE_PICTURE = ("time_embedding.", "add_embedding.", "class_embedding.")


@dataclass(frozen=True, eq=False)
class LiveAdapter:
    """An adapter of a denoiser that acts while it runs.

    kinds: what happens to each tensor, by its name in the network (`Fitted.kinds`). factors: of the strength, of single
    tensors. mask: ``[H, W]`` or ``[b, H, W]``, 1 where it acts, of any size; None for everywhere. window: when it acts;
    None for always.
    """

    kinds: Mapping[str, Kind] = field(repr=False)
    strength: float
    mask: Tensor | None = field(default=None, repr=False)
    window: Window | None = None
    factors: Mapping[str, float] = field(default_factory=dict, repr=False)

    def layers(self, network: nn.Module) -> dict[str, LiveLayer]:
        """What it adds to each layer that it changes, by the layer's name."""
        by_layer: dict[str, dict[str, Kind]] = {}
        for name, kind in self.kinds.items():
            layer, _, leaf = name.rpartition(".")
            if self.mask is None or not layer.startswith(_OF_THE_PICTURE):
                by_layer.setdefault(layer, {})[leaf] = kind
        return {
            layer: LiveLayer(network.get_submodule(layer), kinds, self.factors.get(f"{layer}.{next(iter(kinds))}", 1.0))
            for layer, kinds in by_layer.items()
        }


@dataclass(frozen=True, eq=False)
class LiveAdapters:
    """All adapters of a model that act while it runs, in one `Attachment`, as they have to know of each other."""

    adapters: tuple[LiveAdapter, ...]

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Let them act for the length of a run."""
        with ExitStack() as stack:
            _Run(self.adapters, running).attach(stack)
            yield


def with_live_adapter(model: Model, adapter: LiveAdapter) -> Model:
    """The model with a further adapter that acts while it runs."""
    before = [each for each in model.attachments if isinstance(each, LiveAdapters)]
    others = [each for each in model.attachments if not isinstance(each, LiveAdapters)]
    adapters = (*(adapter for each in before for adapter in each.adapters), adapter)
    return replace(model, attachments=(*others, LiveAdapters(adapters)))


class _Active:
    """A live adapter in a run, with its strength at the level of the current call."""

    def __init__(self, adapter: LiveAdapter, levels: NoiseLevels | None) -> None:
        self.region = None if adapter.mask is None else Region(adapter.mask)
        self._adapter = adapter
        self._levels = levels
        self._at: tuple[float, float] | None = None

    def strength(self, call: Call) -> float:
        """The strength at a call; 0 outside of its window."""
        if self._adapter.window is None:
            return self._adapter.strength
        assert self._levels is not None, "the model has no noise levels to tell when an adapter acts"
        if self._at is None or self._at[0] != call.sigma:
            self._at = call.sigma, self._adapter.window.factor(percent_of(call.sigma, self._levels))
        return self._adapter.strength * self._at[1]


Layers = list[tuple[_Active, LiveLayer]]


class _Run:
    """The hooks of one run."""

    def __init__(self, adapters: tuple[LiveAdapter, ...], running: LoadedModel) -> None:
        self._running = running
        self._layers: dict[str, Layers] = {}
        for adapter in adapters:
            active = _Active(adapter, None if running.parameterization is None else running.parameterization.schedule)
            for name, layer in adapter.layers(running.network).items():
                self._layers.setdefault(name, []).append((active, layer))
        self._asking: _Active | None = None  # whose words cross-attention is being asked with
        self._of_blocks: dict[str, list[tuple[_Active, Tensor]]] = {}

    def attach(self, stack: ExitStack) -> None:
        """Put the hooks in place, until the stack is closed."""
        network = self._running.network
        asked: dict[str, list[_Active]] = {}
        for name, layers in self._layers.items():
            masked = [active for active, _ in layers if active.region is not None]
            hook: Callable[..., Tensor] = partial(self._add, self._attention_of(name))
            if masked and name.endswith(_OF_THE_PROMPT):
                hook = self._add_to_words
                known = asked.setdefault(name.rpartition(".")[0], [])
                known += [active for active in masked if active not in known]
            elif masked and name.endswith(_OF_A_BLOCK):
                block = name.removesuffix(_OF_A_BLOCK)
                hook = partial(self._keep_for_block, block)
                before = network.get_submodule(f"{block}.norm2")
                stack.callback(before.register_forward_pre_hook(partial(self._add_to_block, block)).remove)
            module = network.get_submodule(name)
            stack.callback(module.register_forward_hook(partial(hook, layers)).remove)
        around = {name[:end] for name in self._layers for end in range(len(name)) if name[end] == "."}
        blocks = [network.get_submodule(name) for name in around]
        stack.callback(network.register_forward_pre_hook(partial(_run_as_written, blocks)).remove)
        for name, actives in asked.items():
            module = network.get_submodule(name)
            stack.enter_context(replaced_forward(module, partial(self._ask_again, actives, module.forward)))

    def _differences(self, layers: Layers, x: Tensor) -> Iterator[tuple[_Active, Tensor]]:
        """What adapters that act now add to a layer's output."""
        for active, layer in layers:
            difference = layer.difference(x, active.strength(self._running.call))
            if difference is not None:
                yield active, difference

    def _attention_of(self, name: str) -> Any:
        """The self-attention that a layer is a part of, if it is one of those."""
        block, found, _ = name.rpartition(_IN_SELF_ATTENTION)
        return self._running.network.get_submodule(f"{block}.attn1") if found else None

    def _add(
        self, attention: Any, layers: Layers, module: Any, arguments: tuple[Tensor, ...], output: Tensor
    ) -> Tensor:
        """Of a layer whose outputs belong to places."""
        for active, difference in self._differences(layers, arguments[0]):
            output = output + self._in_region(active, difference, attention)
        return output

    def _in_region(self, active: _Active, difference: Tensor, attention: Any = None) -> Tensor:
        return difference if active.region is None else active.region.on(difference, self._running.call, attention)

    def _add_to_words(self, layers: Layers, module: Any, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Of keys and values of cross-attention: those with a region only when their words are asked."""
        asked = [(active, layer) for active, layer in layers if active.region is None or active is self._asking]
        for _, difference in self._differences(asked, arguments[0]):
            output = output + difference
        return output

    def _ask_again(
        self, actives: list[_Active], forward: Callable[..., Tensor], *arguments: Any, **named: Any
    ) -> Tensor:
        """Cross-attention, once with the words as they are, and once with those of each adapter."""
        output = plain = forward(*arguments, **named)
        for active in actives:
            if active.strength(self._running.call):
                self._asking = active
                try:
                    changed = forward(*arguments, **named)
                finally:
                    self._asking = None
                output = output + self._in_region(active, changed - plain)
        return output

    def _keep_for_block(
        self, block: str, layers: Layers, module: Any, arguments: tuple[Tensor, ...], output: Tensor
    ) -> Tensor:
        """Of a projection of the time: what is added belongs to channels, and is kept until there are places."""
        kept = self._of_blocks[block] = []
        for active, difference in self._differences(layers, arguments[0]):
            if active.region is None:
                output = output + difference
            else:
                kept.append((active, difference))
        return output

    def _add_to_block(self, block: str, module: Any, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Of the normalisation that follows in a block: its input has had the projection of the time added."""
        hidden, *rest = arguments
        for active, difference in self._of_blocks.pop(block, ()):
            places = difference[:, :, None, None].expand_as(hidden)
            hidden = hidden + self._in_region(active, places)
        return (hidden, *rest)


def _run_as_written(blocks: Sequence[Any], network: Any, arguments: Any) -> None:
    """Compiled blocks do not see hooks, so those with a changed layer run as they are written."""
    for block in blocks:
        block._compiled_call_impl = None
