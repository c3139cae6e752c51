"""Step caching (after Ma et al. 2023, "DeepCache", arXiv 2312.00858): faster, and no longer exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from diffusion.changes.unet import replaced_forward
from diffusion.model import LoadedModel
from diffusion.sampling.network import Call


@dataclass(frozen=True)
class StepCaching:
    """Compute the depths of a UNet in every few steps only, and reuse what they gave in between.

    interval: how many steps share what was computed in the first of them; 1 computes all.
    levels: how many levels of the UNet, from the picture down, are computed in every step.
    sigma_start, sigma_end: the levels of noise at which it acts, both included.
    """

    interval: int
    sigma_start: float
    sigma_end: float
    levels: int = 1

    @contextmanager
    def attached(self, running: LoadedModel) -> Iterator[None]:
        """Take the place of the deeper blocks."""
        unet = running.network
        kept = min(self.levels, len(unet.down_blocks))
        deep = [*unet.down_blocks[kept:], unet.mid_block, *unet.up_blocks[: len(unet.up_blocks) - kept]]
        cache = _Cache(self, running)
        with ExitStack() as stack:
            for module in deep:
                stack.enter_context(replaced_forward(module, cache.around(module.forward)))
            yield


@dataclass
class _Cache:
    """What the deep blocks gave in a run, by what they were asked for: for other prompts it is something else."""

    settings: StepCaching
    running: LoadedModel
    computed: dict[Any, int] = field(default_factory=dict)  # the step in which an entry was last computed

    def around(self, compute: Callable[..., Any]) -> Callable[..., Any]:
        outputs: dict[Any, Any] = {}

        def answer(*arguments: Any, **named: Any) -> Any:
            call = self.running.call
            key = (call.conditions, call.x.shape, call.attention)
            if self._is_fresh(key, call) or key not in outputs:
                outputs[key] = compute(*arguments, **named)
            return outputs[key]

        return answer

    def _is_fresh(self, key: Any, call: Call) -> bool:
        """Whether a call is to be computed; the same for all blocks of a call."""
        settings = self.settings
        age = call.index - self.computed.get(key, -settings.interval)
        outside = not settings.sigma_end <= call.sigma <= settings.sigma_start
        if outside or not 0 < age < settings.interval:
            self.computed[key] = call.index
            return True
        return False
