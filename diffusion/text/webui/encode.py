"""From a prompt in the WebUI's syntax to conditioning."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from diffusion.text.clip import Clip, TextEncoder, Tokenized
from diffusion.text.embeddings import EXTENSIONS, EmbeddingError, find_embedding
from diffusion.text.encode import Conditioning, Encoded, TextStyle, chunk_states, token_weights
from diffusion.text.prompt import Segment
from diffusion.text.t5 import T5Style
from diffusion.text.tokens import Tokens
from diffusion.text.webui.chunks import BACKTRACK, Embeddings, chunked, names_of
from diffusion.text.webui.composition import composed
from diffusion.text.webui.emphasis import parse_emphasis, without_emphasis
from diffusion.text.webui.schedule import Pass, Stage, Timeline, schedule, texts

Emphasis = Literal["original", "no norm", "ignore", "none"]
"""What weights do: multiply states and keep the mean of their chunk; only multiply; nothing; or they are not read."""

EMPHASES: tuple[Emphasis, ...] = ("original", "no norm", "ignore", "none")
TIMELINES: tuple[Timeline, ...] = ("current", "before 1.6")


@dataclass(frozen=True)
class Dialect:
    """How prompts are read.

    backtrack: how many tokens a comma may lie back for words to stay together at the end of a chunk; 0 for never.
    timeline: how the moments of changes are read. corrected: changes come at the step that is written; without it one
    step later, as in the WebUI, whose pictures are made again only so.
    first_pass: the steps of the pass before, in the second pass of hires fix.
    """

    emphasis: Emphasis = "original"
    backtrack: int = BACKTRACK
    timeline: Timeline = "current"
    corrected: bool = False
    first_pass: int | None = None


@dataclass(frozen=True)
class PromptMoments:
    """When one text of a prompt counts that changes with the steps; the `Moments` of its conditioning.

    encoded: the texts that there is conditioning for.
    """

    prompt: str
    text: str
    encoded: tuple[str, ...]
    dialect: Dialect = field(default_factory=Dialect)

    def active(self, call: int, calls: int) -> bool:
        """Whether the text is the prompt's at a call of the model, the first of which is 0."""
        run = Pass(max(1, calls), self.dialect.first_pass, self.dialect.timeline)
        text = at_call(schedule(self.prompt, run), call, self.dialect.corrected)
        return self.text == (text if text in self.encoded else self.encoded[0])


def at_call(stages: Sequence[Stage], call: int, corrected: bool) -> str:
    """The text of a schedule at a call.

    The WebUI compares the steps of a schedule, counted from 1, with calls that are counted from 0, so its changes come
    one call late: `[cat:dog:5]` in ten steps is six times a cat.
    """
    step = call + 1 if corrected else call
    return next((stage.text for stage in stages if stage.last_step >= step), stages[-1].text)


def encode_positive(clip: Clip, text: str, dialect: Dialect) -> tuple[Conditioning, tuple[str, ...]]:
    """The conditioning of a prompt with `AND`, changes with the steps, emphasis and embeddings; and warnings.

    Each text of it is an entry of its own, with when it counts under `moments`, and where there are several parts, or a
    part has a weight, with the weight under `composition`.
    """
    parts = composed(text)
    conditioning: Conditioning = []
    warnings: list[str] = []
    for part in parts:
        entries, more = encode_negative(clip, part.text, dialect)
        options = {} if len(parts) == 1 and part.weight == 1.0 else {"composition": part.weight}
        conditioning += [[states, {**settings, **options}] for states, settings in entries]
        warnings += more
    return conditioning, tuple(dict.fromkeys(warnings))


def encode_negative(clip: Clip, text: str, dialect: Dialect) -> tuple[Conditioning, tuple[str, ...]]:
    """The same without `AND`, which is a word like others in a negative prompt."""
    stages = texts(text, dialect.timeline, dialect.first_pass)
    conditioning: Conditioning = []
    warnings: list[str] = []
    for stage in stages:
        tokens = tokenize(clip, stage, dialect)
        warnings += tokens.warnings
        options = {} if len(stages) == 1 else {"moments": PromptMoments(text, stage, tuple(stages), dialect)}
        conditioning += [
            [states, {**settings, **options}] for states, settings in encode_tokens(clip, tokens, dialect.emphasis)
        ]
    return conditioning, tuple(dict.fromkeys(warnings))


def tokenize(clip: Clip, text: str, dialect: Dialect) -> Tokenized:
    """The tokens of a text without changes, in chunks, for each text encoder."""
    segments = without_emphasis(text) if dialect.emphasis == "none" else parse_emphasis(text)
    names = names_of([*embedding_stems(clip.embedding_folders), *clip.embeddings])
    warnings: list[str] = []
    tokens: dict[str, Tokens] = {}
    for encoder in clip.encoders:
        if encoder.style.missing:
            warnings.append(encoder.style.missing)
            continue
        if isinstance(encoder.style, T5Style):
            words = [Segment(each.text, each.weight) for each in segments if not each.ends_chunk]
            tokens[encoder.name] = encoder.style.read(words, _named_embedding(clip, encoder))
            continue
        found = Embeddings(names, _finder(clip, encoder, warnings))
        tokens[encoder.name] = chunked(segments, found, dialect.backtrack)
    return clip.aligned(tokens, warnings)


def encode_tokens(clip: Clip, tokens: Tokenized, emphasis: Emphasis) -> Conditioning:
    """The conditioning of tokens: each chunk by itself, its states times the weights of its tokens."""
    encoded: dict[str, Encoded] = {}
    for encoder in clip.encoders:
        if encoder.name not in tokens.by_encoder:
            encoded[encoder.name] = Encoded(torch.zeros(1, 0, encoder.width), torch.zeros(1, encoder.width))
            continue
        states, weights, pooled = _read(encoder, tokens.by_encoder[encoder.name], clip.layer_of(encoder))
        if emphasis in ("original", "no norm"):
            states = weighted(states, weights.to(states), keep_mean=emphasis == "original")
        encoded[encoder.name] = Encoded(states.flatten(0, 1).unsqueeze(0).cpu(), pooled.cpu())
    return clip.join(encoded)


def _read(encoder: TextEncoder, tokens: Tokens, last_layer: int | None) -> tuple[Tensor, Tensor, Tensor]:
    """The states `[chunks, T, width]` without weights, the weights `[chunks, T]`, and the pooled state."""
    with encoder.loaded() as network:
        if isinstance(encoder.style, T5Style):
            states = encoder.style.states(network, tokens, last_layer)
            return states.unsqueeze(0), encoder.style.weights(tokens).unsqueeze(0), states.new_zeros(1, 0)
        assert isinstance(encoder.style, TextStyle)
        states, pooled = chunk_states(network, list(tokens.chunks), encoder.style, last_layer)
    weights = [token_weights(chunk, states.shape[1], start=1) for chunk in tokens.chunks]
    return states, torch.stack(weights), pooled


def weighted(states: Tensor, weights: Tensor, *, keep_mean: bool) -> Tensor:
    """States `[chunks, 77, width]` times weights `[chunks, 77]`; with `keep_mean` each chunk keeps its mean."""
    changed = states * weights.unsqueeze(-1)
    if not keep_mean:
        return changed
    means = states.mean(dim=(1, 2), keepdim=True) / changed.mean(dim=(1, 2), keepdim=True)
    return torch.where((weights == 1).all(dim=1)[:, None, None], states, changed * means)


def embedding_stems(folders: Sequence[Path]) -> list[str]:
    """The names of the embeddings that there are, with and without folders, without the ends of their file names."""
    paths = [
        path.relative_to(folder).with_suffix("")
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.rglob("*"))
        if path.suffix in EXTENSIONS
    ]
    return list(dict.fromkeys(name for path in paths for name in (path.as_posix(), path.name)))


def _named_embedding(clip: Clip, encoder: TextEncoder) -> Callable[[str], Tensor]:
    """Looks up embeddings that are written as `embedding:name`, the one way in which T5 finds them."""
    return lambda name: find_embedding(name, clip.embedding_folders, encoder.width, encoder.name, clip.embeddings)


def _finder(clip: Clip, encoder: TextEncoder, warnings: list[str]) -> Callable[[str], Tensor | None]:
    """Looks up embeddings, each once; what cannot be used is said in `warnings`."""
    known: dict[str, Tensor | None] = {}

    def find(name: str) -> Tensor | None:
        if name not in known:
            try:
                known[name] = find_embedding(name, clip.embedding_folders, encoder.width, encoder.name, clip.embeddings)
            except EmbeddingError as error:
                warnings.append(str(error))
                known[name] = None
        return known[name]

    return find
