"""Reference-only control: at each step the model also looks at a picture, as noisy as its own, and takes from it.

Two ways, after A1111's extension: self-attention also sees the tokens that it has in the reference ("attention"), and
feature maps get the mean and the deviation that they have in the reference ("adain").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import AttentionChange
from diffusion.model import LoadedModel, Model
from diffusion.sampling.network import Call
from diffusion.sampling.noise import initial_noise
from diffusion.sampling.parameterization import Parameterization

Way = Literal["attention", "adain", "attention+adain"]

NEGATIVE = 1  # the side of the prompts that say what not to show
SIDES = ("down_blocks", "mid_block", "up_blocks")
SMALLEST_VARIANCE = 1e-6


def with_reference(
    model: Model,
    latent: Tensor,
    *,
    way: Way = "attention",
    strength: float = 1.0,
    fidelity: float = 0.5,
    seed: int = 0,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
) -> Model:
    """A model that takes from a picture, given as a latent `[1, C, h, w]` in VAE space.

    strength: which share of the layers takes part, the widest first; up to 2 for adain. fidelity: how little negative
    prompts see of the reference; the less they do, the more guidance leads to it. seed: of the noise that is put on it.
    start_percent, end_percent: the part of the training timesteps in which it acts.
    """
    seen = model.latent_format.to_model(latent[:1].float())
    return model.with_attachments(Reference(seen, way, strength, fidelity, seed, start_percent, end_percent))


@dataclass(frozen=True, eq=False)
class Reference:
    """The attachment of `with_reference`; latent: `[1, C, h, w]`, model space.

    What the model predicts, and on which levels, is asked when it runs: it may be said after the reference is given.
    """

    latent: Tensor
    way: Way
    strength: float
    fidelity: float
    seed: int
    start_percent: float
    end_percent: float

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Before each answer of the network, ask it about the reference and keep what is taken from it."""
        kept = _Kept(running, self.fidelity)
        network, parameterization = running.network, running.parameterization
        assert parameterization is not None, "a model that is sampled says what it predicts"
        levels = [parameterization.schedule.percent_to_sigma(each) for each in (self.start_percent, self.end_percent)]
        asked = _Asked(self.latent, initial_noise(self.latent.shape, self.seed), parameterization)

        def look(module: Any, arguments: Any, keywords: Any) -> None:
            if kept.writing:
                return
            kept.clear()
            call = running.call
            if levels[1] <= call.sigma <= levels[0]:
                with kept.written():
                    running(asked.instead_of(call))

        hooks = [network.register_forward_pre_hook(look, with_kwargs=True)]
        before = {}
        if self.way != "adain":
            for layer in _attention_layers(network, self.strength):
                before[layer] = layer.processor
                layer.processor = kept.attention(layer.processor)
        if self.way != "attention":
            hooks += [module.register_forward_hook(kept.statistics) for module in _blocks(network, self.strength)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            for layer, processor in before.items():
                layer.processor = processor


@dataclass(frozen=True, eq=False)
class _Asked(AttentionChange):
    """What the network is asked about the reference. Such calls carry it, so that kept answers are not mixed up."""

    latent: Tensor
    noise: Tensor
    parameterization: Parameterization

    def instead_of(self, call: Call) -> Call:
        """The call with the noisy reference in every row."""
        device = call.x.device
        noisy = self.parameterization.noised(self.latent.to(device), self.noise.to(device), call.sigma)
        seen = self.parameterization.network_input(noisy, call.sigma)
        size = tuple(seen.shape[2:])
        inputs = {n: F.interpolate(t, size) if t.ndim == 4 else t for n, t in call.inputs.items()}
        x, attention = seen.expand(call.x.shape[0], -1, -1, -1), (*call.attention, self)
        return replace(call, x=x, inputs=inputs, residuals=None, attention=attention)


class _Kept:
    """What the network had in the reference, by the layer; for one run."""

    def __init__(self, running: LoadedModel, fidelity: float) -> None:
        self.writing = False
        self._running = running
        self._fidelity = fidelity
        self._of_layer: dict[Any, Any] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._of_layer.clear()

    @contextmanager
    def written(self) -> Iterator[None]:
        """A context in which layers write what they see instead of reading it."""
        self.writing = True
        try:
            yield
        finally:
            self.writing = False

    def attention(self, inner: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """A layer's self-attention that also looks at the reference's tokens."""

        def processor(attn: Any, hidden_states: Tensor, *others: Any, **more: Any) -> Tensor:
            alone: Tensor | None = None
            if self.writing:
                self._of_layer[attn] = hidden_states
            saved = self._of_layer.get(attn)
            if self.writing or saved is None or self._fidelity > 0:
                alone = inner(attn, hidden_states, *others, **more)
            if self.writing or saved is None:
                assert alone is not None
                return alone
            tokens = torch.cat((hidden_states, saved.to(hidden_states)), 1)
            return self._faithful(inner(attn, hidden_states, tokens), alone)

        return processor

    def statistics(self, module: Any, inputs: Any, output: Any) -> Any:
        """A forward hook: a feature map gets the reference's mean and deviation of each channel."""
        features = output[0] if isinstance(output, tuple) else output
        variance, mean = torch.var_mean(features, dim=(2, 3), keepdim=True, correction=0)
        deviation = variance.clamp(min=SMALLEST_VARIANCE).sqrt()
        if self.writing:
            self._of_layer[module] = mean, deviation
        if self.writing or module not in self._of_layer:
            return output
        other_mean, other_deviation = self._of_layer[module]
        changed = self._faithful((features - mean) / deviation * other_deviation + other_mean, features)
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    def _faithful(self, changed: Tensor, alone: Tensor | None) -> Tensor:
        """Rows of negative prompts are changed by that much less."""
        if alone is None or self._fidelity == 0:
            return changed
        call = self._running.call
        sides = [condition.side for condition in call.conditions for _ in range(call.rows)]
        shares = torch.tensor([self._fidelity if side == NEGATIVE else 0.0 for side in sides]).to(changed)
        shares = shares.reshape(-1, *[1] * (changed.ndim - 1))
        return torch.lerp(changed, alone, shares)


def _attention_layers(network: Any, strength: float) -> list[Any]:
    """The self-attention layers that take part: layer i of N does if i / N is below the strength, the widest first."""
    found = [(name, module) for name, module in network.named_modules() if name.endswith(".attn1")]
    found.sort(key=lambda pair: (-pair[1].to_q.in_features, SIDES.index(pair[0].split(".")[0])))
    return [module for number, (_, module) in enumerate(found) if strength > number / len(found)]


def _blocks(network: Any, strength: float) -> list[Any]:
    """The blocks whose statistics are taken over: the middle, inwards of it first.

    In SD 1.x these are the middle, the input blocks 4, 5, 7, 8, 10 and 11 and the output blocks 0 to 7 of LDM.
    """
    inputs = [_last_of(block, number) for block in network.down_blocks[1:] for number in range(len(block.resnets))]
    outputs = [_last_of(block, number) for block in network.up_blocks for number in range(len(block.resnets))]
    outputs = outputs[: 2 * len(outputs) // 3]
    ranked = [(network.mid_block, 0.0)]
    ranked += [(module, 2 * (1 - number / len(inputs))) for number, module in enumerate(inputs)]
    ranked += [(module, 2 * number / len(outputs)) for number, module in enumerate(outputs)]
    return [module for module, rank in ranked if strength > rank]


def _last_of(block: Any, number: int) -> Any:
    """The module that ends a block of LDM's numbering: a resnet, the transformer or the upsampler after it."""
    ends = number == len(block.resnets) - 1
    if ends and getattr(block, "upsamplers", None):
        return block.upsamplers[0]
    return block.attentions[number] if getattr(block, "attentions", None) else block.resnets[number]
