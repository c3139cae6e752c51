"""The text encoder: CLIP's text transformer, narrow, first trained to tell the attributes of a caption.

Trained together with the denoiser from the start it would get its gradient through a network that knows nothing yet;
asked directly for noun, tint, background and so on, it separates them within a minute.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from tools.pocket import vocabulary
from tools.pocket.resumable import Training, cosine, load_averaged
from tools.pocket.world import (
    BACKGROUNDS,
    NATURAL,
    NOUNS,
    PLACES,
    SIZES,
    STYLES,
    TINTS,
    Scene,
    draw_caption,
    draw_scene,
)

WIDTH = 96
HEADS = 4
LAYERS = 2
BATCH = 48
PEAK_LEARNING_RATE = 2e-3
UNTOLD = "untold"
ATTRIBUTES = {
    "noun": NOUNS,
    "tint": (NATURAL, *TINTS),
    "background": (*BACKGROUNDS, UNTOLD),
    "size": tuple(SIZES),
    "place": tuple(PLACES),
    "style": (*STYLES, UNTOLD),
}


def config(tokens: int) -> CLIPTextConfig:
    """The encoder's configuration over a table of `tokens` rows, of which the last is the end token."""
    return CLIPTextConfig(
        vocab_size=tokens,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=vocabulary.CONTEXT,
        projection_dim=WIDTH,
        hidden_act="quick_gelu",
        bos_token_id=tokens - 2,
        eos_token_id=tokens - 1,
        pad_token_id=tokens - 1,
    )


def build() -> CLIPTextModel:
    """The untrained encoder over the compact table."""
    encoder = CLIPTextModel(config(vocabulary.compact_size()))
    encoder.get_input_embeddings().weight.data.normal_(0, vocabulary.AMPLITUDE)
    freeze_stand_ins(encoder)
    return encoder


@torch.no_grad()
def freeze_stand_ins(encoder: CLIPTextModel) -> None:
    """Set the rows of unlearned tokens back to their vectors; called after each step of an optimizer."""
    encoder.get_input_embeddings().weight[: vocabulary.STAND_INS] = vocabulary.stand_in_vectors(WIDTH)


def encode(encoder: CLIPTextModel, rows: Tensor) -> Tensor:
    """Rows of the compact table [B, T] to the hidden states that condition the denoiser, [B, T, 96]."""
    return encoder(input_ids=rows).last_hidden_state


def with_strange_words(rows: Tensor, rng: random.Random, share: float) -> Tensor:
    """Put one to four unlearned tokens somewhere into a `share` of the captions, so that they come to be ignored."""
    rows = rows.clone()
    for caption in rows:
        if rng.random() < share:
            length = int((caption == vocabulary.compact_end()).int().argmax())
            count, place = rng.randint(1, 4), rng.randint(1, length)
            strange = torch.tensor([rng.randrange(vocabulary.STAND_INS) for _ in range(count)])
            caption.copy_(torch.cat([caption[:place], strange, caption[place:]])[: vocabulary.CONTEXT])
    return rows


def _told(scene: Scene, caption: str) -> list[int]:
    """The class of each attribute as far as the caption tells it."""
    values = {name: getattr(scene, name) for name in ATTRIBUTES}
    if f"{scene.background} background" not in caption:
        values["background"] = UNTOLD
    if scene.style not in caption:
        values["style"] = UNTOLD
    return [choices.index(values[name]) for name, choices in ATTRIBUTES.items()]


class Classifier(nn.Module):
    """The encoder with one linear head an attribute, read at a given position."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = build()
        self.heads = nn.ModuleList(nn.Linear(WIDTH, len(choices)) for choices in ATTRIBUTES.values())

    def forward(self, rows: Tensor, position: Tensor) -> list[Tensor]:
        """Logits of each attribute for captions `rows` [B, T], read at `position` [B]."""
        state = encode(self.encoder, rows)[torch.arange(len(rows)), position]
        return [head(state) for head in self.heads]


def _examples(rng: random.Random, count: int, held_out: bool = False) -> tuple[Tensor, Tensor]:
    scenes = [draw_scene(rng, held_out) for _ in range(count)]
    captions = [draw_caption(scene, rng) for scene in scenes]
    classes = torch.tensor([_told(scene, caption) for scene, caption in zip(scenes, captions, strict=True)])
    return vocabulary.compact_ids(captions), classes


def _end(rows: Tensor) -> Tensor:
    return (rows == vocabulary.compact_end()).int().argmax(1)


@torch.no_grad()
def _accuracy(classifier: Classifier, rows: Tensor, classes: Tensor) -> str:
    logits = classifier(rows, _end(rows))
    hits = [(guess.argmax(1) == classes[:, index]).float().mean() for index, guess in enumerate(logits)]
    return "  ".join(f"{name} {hit:.3f}" for name, hit in zip(ATTRIBUTES, hits, strict=True))


def train(path: Path, steps: int, every: int) -> None:
    """Train to step `steps`, with the state at `path`; reports accuracy on captions of unseen (noun, tint) pairs."""
    torch.manual_seed(2)
    classifier = Classifier()
    optimizer = torch.optim.AdamW(classifier.parameters(), betas=(0.9, 0.99), fused=True)
    run = Training(classifier, optimizer, path, average=0.98, seed=2)
    unseen = _examples(random.Random(-2), 400, held_out=True)
    longest = int(_end(unseen[0]).max()) + 8
    while run.step < steps:
        rows, classes = _examples(run.rng, BATCH)
        rows = with_strange_words(rows, run.rng, share=0.25)[:, :longest]
        # The denoiser attends to the padding too, so what is known at the end token must be kept after it.
        position = (_end(rows) + torch.randint(0, 4, (BATCH,))).clamp(max=longest - 1)
        logits = classifier(rows, position)
        loss = torch.stack([F.cross_entropy(guess, classes[:, index]) for index, guess in enumerate(logits)]).sum()
        run.update(loss, PEAK_LEARNING_RATE * min(1, (run.step + 1) / 30) * cosine(run.step, steps))
        freeze_stand_ins(classifier.encoder)
        if run.step % every == 0 or run.step == steps:
            run.save()
            print(f"text: {run.report()}  {_accuracy(classifier, *unseen)}", flush=True)


def load_encoder(path: Path) -> CLIPTextModel:
    """The encoder as `train` left it at `path`."""
    classifier = Classifier()
    load_averaged(classifier, path)
    return classifier.encoder
