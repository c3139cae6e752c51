"""Token merging (Bolya & Hoffman 2023, "ToMe for Stable Diffusion", arXiv 2303.17604)."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.attention import AttentionChange, Place, grid
from diffusion.sampling.network import Call


@dataclass(frozen=True, eq=False)
class Matching:
    """Which tokens are merged into which.

    kept, merged: ``[B, n]`` numbers of tokens that stay apart, and of those that are merged.
    targets: ``[n_t]`` the tokens that take others in. into: ``[B, merged]``, places in `targets`.
    """

    kept: Tensor
    merged: Tensor
    targets: Tensor
    into: Tensor

    def merge(self, tokens: Tensor) -> Tensor:
        """From ``[B, T, C]`` to ``[B, T - merged, C]``; a token that takes others in becomes the mean of all."""
        width = tokens.shape[-1]
        targets = tokens[:, self.targets]
        means = targets.scatter_reduce(1, _wide(self.into, width), _pick(tokens, self.merged), "mean")
        return torch.cat([_pick(tokens, self.kept), means], 1)

    def unmerge(self, tokens: Tensor) -> Tensor:
        """From ``[B, T - merged, C]`` to ``[B, T, C]``; merged tokens get what their target has."""
        batch, _, width = tokens.shape
        kept, targets = tokens[:, : self.kept.shape[1]], tokens[:, self.kept.shape[1] :]
        whole = tokens.new_empty(batch, tokens.shape[1] + self.merged.shape[1], width)
        whole[:, self.targets] = targets
        whole.scatter_(1, _wide(self.kept, width), kept)
        return whole.scatter_(1, _wide(self.merged, width), _pick(targets, self.into))


def match(tokens: Tensor, height: int, width: int, count: int) -> Matching | None:
    """Find the `count` tokens (``[B, height width, C]``) that are most like one of those that take others in.

    Those are the first of each 2 x 2 cells, so that the same tokens give the same matching. None: nothing to merge.
    """
    is_target = torch.zeros(height, width, dtype=torch.bool, device=tokens.device)
    is_target[: height // 2 * 2 : 2, : width // 2 * 2 : 2] = True
    targets, others = (mask.flatten().nonzero().squeeze(1) for mask in (is_target, ~is_target))
    count = min(count, len(others))
    if count <= 0 or len(targets) == 0:
        return None
    directions = F.normalize(tokens.float(), dim=-1)
    likeness, closest = (directions[:, others] @ directions[:, targets].transpose(1, 2)).max(-1)
    order = likeness.argsort(dim=-1, descending=True, stable=True)
    return Matching(
        kept=others[order[:, count:]],
        merged=others[order[:, :count]],
        targets=targets,
        into=closest.gather(1, order[:, :count]),
    )


@dataclass(frozen=True, eq=False)
class TokenMerging(AttentionChange):
    """Merge tokens that are alike before the self-attention at full resolution, and give its result to all of them.

    ratio: which part of the tokens is merged away, 0..0.75.
    """

    ratio: float = 0.3
    _matchings: dict[str, Matching | None] = field(default_factory=dict, repr=False)  # of the layers being computed

    def inputs(
        self, hidden: Tensor, keys: Tensor, values: Tensor, place: Place, call: Call
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Merge."""
        height, width = call.x.shape[-2:]
        if place.kind != "self" or grid(call, hidden.shape[1]) != (height, width) or height * width != hidden.shape[1]:
            return hidden, keys, values
        found = self._matchings[place.name] = match(hidden, height, width, int(hidden.shape[1] * self.ratio))
        return (
            (hidden, keys, values) if found is None else (found.merge(hidden), found.merge(keys), found.merge(values))
        )

    def merged(self, values: Tensor, place: Place) -> Tensor:
        """Merge as the tokens of the layer that is being computed."""
        found = self._matchings.get(place.name)
        return values if found is None else found.merge(values)

    def output(self, output: Tensor, place: Place, call: Call) -> Tensor:
        """Give merged tokens what their target has got."""
        found = self._matchings.pop(place.name, None)
        return output if found is None else found.unmerge(output)


def _wide(indices: Tensor, width: int) -> Tensor:
    return indices.unsqueeze(-1).expand(-1, -1, width)


def _pick(tokens: Tensor, indices: Tensor) -> Tensor:
    return tokens.gather(1, _wide(indices, tokens.shape[-1]))
