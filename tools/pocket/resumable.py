"""One stage of training as a state that can be stopped, saved and taken up again without a difference."""

from __future__ import annotations

import math
import random
import time
from collections import deque
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def cosine(step: int, steps: int, floor: float = 0.03) -> float:
    """Half a cosine from 1 at step 0 to `floor` at the last step."""
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1)))


class Training:
    """The weights of a stage, their moving average, the optimizer and both random generators.

    `rng` is the only source of randomness beside torch's default generator; both are seeded here and saved with the
    weights. Parameter groups may carry a factor `scale` on the learning rate.
    """

    def __init__(
        self, module: nn.Module, optimizer: torch.optim.Optimizer, path: Path, *, average: float, seed: int
    ) -> None:
        self.module = module
        self.optimizer = optimizer
        self.path = path
        self.average = average
        self.step = 0
        self.rng = random.Random(seed)
        self.recent: deque[float] = deque(maxlen=100)
        self._live = {name: value for name, value in module.state_dict().items() if value.is_floating_point()}
        self.averaged = {name: value.detach().clone() for name, value in self._live.items()}
        torch.manual_seed(seed)
        if path.exists():
            self._load()
        self._started = (time.monotonic(), self.step)

    def update(self, loss: Tensor, learning_rate: float) -> None:
        """Go one step down the gradient of `loss`; see `descend`."""
        self.optimizer.zero_grad()
        loss.backward()
        self.descend(loss.item(), learning_rate)

    def descend(self, loss: float, learning_rate: float) -> None:
        """One step of the optimizer along the gradients there are, clipped to norm 1, then of the moving average."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate * group.get("scale", 1.0)
        nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.recent.append(loss)
        # A short memory at first, so that the average forgets the initial weights.
        memory = min(self.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.values()), list(self._live.values()), 1 - memory)

    def report(self) -> str:
        """Step, mean loss of the last 100 steps and steps a second since this process took the stage up."""
        began, first = self._started
        speed = (self.step - first) / (time.monotonic() - began)
        return f"step {self.step}  loss {sum(self.recent) / max(len(self.recent), 1):.4f}  {speed:.2f} steps/s"

    def save(self) -> None:
        """Write everything to `path`; a reader never sees half a file."""
        state = {
            "weights": self.module.state_dict(),
            "averaged": self.averaged,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "random": self.rng.getstate(),
            "torch_random": torch.get_rng_state(),
        }
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.path)

    def _load(self) -> None:
        state: dict[str, Any] = torch.load(self.path, weights_only=True)
        self.module.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        for name, value in state["averaged"].items():
            self.averaged[name].copy_(value)
        self.step = state["step"]
        self.rng.setstate(state["random"])
        torch.set_rng_state(state["torch_random"])


def load_averaged(module: nn.Module, path: Path) -> int:
    """Put the moving average saved at `path` into `module`; answers the step at which it was saved."""
    state: dict[str, Any] = torch.load(path, weights_only=True)
    module.load_state_dict({**state["weights"], **state["averaged"]})
    return int(state["step"])
