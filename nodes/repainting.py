"""Sampling of pictures that exist, as nodes of the subgraphs that other nodes give."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

import torch

from diffusion.families.extra_channels import INPAINTING
from diffusion.model import Model, Vae
from graph.declare import Range, Subgraph

Denoise = Annotated[float, Range(0, 1, step=0.01)]
Blur = Annotated[int, Range(0, 64)]
TileSide = Annotated[int, Range(64, 4096, step=8)]
SEEDS = 2**64


@dataclass(frozen=True)
class Repainting:
    """How pictures are repainted: a model with its prompts, and the settings of KSampler."""

    model: Model
    positive: Any
    negative: Any
    vae: Vae
    seed: int
    steps: int
    cfg: float
    sampler_name: str
    scheduler: str
    denoise: float

    def later(self, runs: int) -> "Repainting":
        """The same for a run that comes so many runs later: with another seed."""
        return replace(self, seed=(self.seed + runs) % SEEDS)

    def image(self, graph: Subgraph, image: Any) -> Any:
        """Add the nodes that repaint a whole picture; returns the node that gives the new one."""
        latent = graph.add("VAEEncode", pixels=image, vae=self.vae)
        return self._decoded(graph, self._sampled(graph, latent))

    def masked(self, graph: Subgraph, image: Any, mask: Any, content: str, changing: torch.Tensor | None = None) -> Any:
        """The same for what a mask marks; `changing` is what is repainted, if that is not what is filled."""
        latent = self.start(graph, image, mask, content, changing=changing)
        return self._decoded(graph, self.sampled(graph, latent, image, mask))

    def start(
        self,
        graph: Subgraph,
        image: Any,
        mask: Any,
        content: str,
        soft: bool = False,
        changing: torch.Tensor | None = None,
    ) -> Any:
        """Add the node that gives the latent to start from."""
        given = {} if changing is None else {"latent_mask": changing}
        return graph.add(
            "EncodeInpaint",
            model=self.model,
            vae=self.vae,
            image=image,
            mask=mask,
            masked_content=content,
            seed=self.seed,
            soft=soft,
            **given,
        )

    def sampled(self, graph: Subgraph, latent: Any, image: Any, mask: Any) -> Any:
        """Add the nodes that repaint a masked latent; a model for inpainting is shown the picture too."""
        if self.model.config.get("in_channels") != INPAINTING:
            return self._sampled(graph, latent)
        shown = graph.add(
            "InpaintModelConditioning",
            positive=self.positive,
            negative=self.negative,
            vae=self.vae,
            pixels=image,
            mask=mask,
        )
        return replace(self, positive=shown.out(0), negative=shown.out(1))._sampled(graph, latent)

    def _sampled(self, graph: Subgraph, latent: Any) -> Any:
        return graph.add(
            "KSampler",
            model=self.model,
            positive=self.positive,
            negative=self.negative,
            latent_image=latent,
            seed=self.seed,
            steps=self.steps,
            cfg=self.cfg,
            sampler_name=self.sampler_name,
            scheduler=self.scheduler,
            denoise=self.denoise,
        )

    def _decoded(self, graph: Subgraph, latent: Any) -> Any:
        return graph.add("VAEDecode", samples=latent, vae=self.vae)
