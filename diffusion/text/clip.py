"""What travels between nodes as CLIP: the text encoders of a model, as one immutable handle."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from diffusion.component import Patches, Source, WeightPatch
from diffusion.residency import Part
from diffusion.text.embeddings import find_embedding
from diffusion.text.encode import Conditioning, Encoded, Style, TextStyle
from diffusion.text.tokens import Tokens

Join = Callable[[Mapping[str, Encoded]], Conditioning]
"""Makes one conditioning of what a model's text encoders give, by their names."""


@dataclass(frozen=True)
class TextEncoder:
    """One text encoder of a model.

    name: "l" (CLIP-L), "h" (OpenCLIP-H), "g" (OpenCLIP-bigG), "t5"; it decides which vectors of an embedding are used.
    patches: changes of its weights, such as those of a LoRA.
    """

    name: str
    part: Part
    width: int
    layers: int
    style: Style = field(default_factory=TextStyle)
    source: Source | None = None
    patches: Patches = ()

    @contextmanager
    def loaded(self, gradients: bool = False) -> Iterator[Any]:
        """A context in which the network is on its device, with its patches; its value is the network."""
        with self.part.loaded(self.patches) as network, torch.set_grad_enabled(gradients and torch.is_grad_enabled()):
            yield network

    def patched(self, *patches: WeightPatch) -> "TextEncoder":
        """The same with further changes of its weights."""
        return replace(self, patches=(*self.patches, *patches))


@dataclass(frozen=True)
class Tokenized:
    """A prompt in tokens, for each of a model's text encoders; `warnings` say what could not be used.

    An encoder without an entry is not asked: it gives no token, and a pooled state of zeros.
    """

    by_encoder: Mapping[str, Tokens]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clip:
    """The text encoders of a model, where they find embeddings, and the layer whose states they give.

    last_layer: counted from the end (-1 is the last); None is what the family reads.
    embeddings: that came with something else, such as a LoRA, by the names that prompts have for them.
    """

    encoders: tuple[TextEncoder, ...]
    join: Join
    embedding_folders: tuple[Path, ...] = ()
    last_layer: int | None = None
    embeddings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def with_last_layer(self, layer: int) -> "Clip":
        """The same encoders, stopped at a layer counted from the end: -1 is the last, -2 the one before."""
        return replace(self, last_layer=layer)

    def patched(self, patches: Mapping[str, tuple[WeightPatch, ...]]) -> "Clip":
        """The same with further changes of the weights of its encoders, by their names."""
        return replace(self, encoders=tuple(each.patched(*patches.get(each.name, ())) for each in self.encoders))

    def with_embeddings(self, embeddings: Mapping[str, Any]) -> "Clip":
        """The same with further embeddings by name, as `bundled_embeddings` gives them."""
        return replace(self, embeddings={**self.embeddings, **embeddings}) if embeddings else self

    def tokenize(self, text: str) -> Tokenized:
        """A prompt in chunks of tokens."""
        return self.tokenize_each({encoder.name: text for encoder in self.encoders})

    def tokenize_each(self, texts: Mapping[str, str]) -> Tokenized:
        """The same with a text for each encoder, by its name; encoders without one get the empty prompt."""
        tokens: dict[str, Tokens] = {}
        warnings: list[str] = []
        for encoder in self.encoders:
            if encoder.style.missing:
                warnings.append(encoder.style.missing)
                continue
            tokens[encoder.name] = encoder.style.tokenize(
                texts.get(encoder.name, ""),
                lambda name, encoder=encoder: find_embedding(  # type: ignore[misc]
                    name, self.embedding_folders, encoder.width, encoder.name, self.embeddings
                ),
            )
            warnings += tokens[encoder.name].warnings
        return self.aligned(tokens, warnings)

    def aligned(self, tokens: Mapping[str, Tokens], warnings: Sequence[str]) -> Tokenized:
        """Tokens by the encoders' names, with as many chunks for all as the longest has, and with all warnings."""
        skipped = [
            f"The text encoder has {encoder.layers} layers: stopping at layer {self.last_layer} was ignored."
            for encoder in self.encoders
            if self.skips_too_much(encoder)
        ]
        length = max((len(each.chunks) for each in tokens.values()), default=0)
        padded = {
            name: replace(each, chunks=(*each.chunks, *[()] * (length - len(each.chunks))))
            for name, each in tokens.items()
        }
        return Tokenized(padded, tuple(dict.fromkeys([*warnings, *skipped])))

    def encode_tokens(self, tokens: Tokenized, gradients: bool = False) -> Conditioning:
        """The conditioning of tokens; with `gradients` towards the vectors of embeddings."""
        encoded: dict[str, Encoded] = {}
        for encoder in self.encoders:
            own = tokens.by_encoder.get(encoder.name)
            if own is None:
                nothing = torch.zeros(1, 0, encoder.width), torch.zeros(1, encoder.width)
                encoded[encoder.name] = Encoded(*nothing)
                continue
            with encoder.loaded(gradients) as network:
                encoded[encoder.name] = encoder.style.encode(network, own, self.layer_of(encoder))
        return self.join(encoded)

    def encode(self, text: str) -> Conditioning:
        """The conditioning `[[states [1, T, width], {"pooled_output": [1, width]}]]` of a prompt; `T` is 77 a chunk
        for models that read CLIP alone.
        """
        return self.encode_tokens(self.tokenize(text))

    def layer_of(self, encoder: TextEncoder) -> int | None:
        """The layer that the user has chosen for an encoder; None for the family's, and where there is no such one."""
        return None if self.skips_too_much(encoder) else self.last_layer

    def skips_too_much(self, encoder: TextEncoder) -> bool:
        """Whether the chosen layer does not exist."""
        return self.last_layer is not None and not -encoder.layers <= self.last_layer < 0
