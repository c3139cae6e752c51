"""Textual inversion files: vectors that stand for tokens (Gal et al. 2022, arXiv:2208.01618)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from diffusion.text import embedding_cards
from diffusion.weights import PICKLES, WeightsError, load_pickle, load_weights

EXTENSIONS = (".safetensors", *PICKLES, *embedding_cards.EXTENSIONS)
BUNDLED = "bundle_emb."  # what the names of embeddings within a LoRA begin with


class EmbeddingError(ValueError):
    """An embedding that a prompt names cannot be used; the message says why."""


def find_embedding(
    name: str, folders: Sequence[Path], width: int, encoder: str = "l", bundled: Mapping[str, Any] | None = None
) -> torch.Tensor:
    """The vectors `[n, width]` of the embedding `name`, with or without extension, float32.

    encoder: the text encoder that they are for, where a file has vectors for several.
    bundled: embeddings that came with something else, by name; they count before files (see `bundled_embeddings`).

    Raises `EmbeddingError` if no folder has it, or if it was made for a text encoder of another width.
    """
    content, holder = (bundled[name], name) if bundled and name in bundled else _in_file(name, folders)
    vectors = _vectors(content, "t5xxl" if encoder == "t5" else f"clip_{encoder}", width)
    if vectors is None:
        raise EmbeddingError(f"The embedding '{name}' was left out: {holder} holds no vectors.")
    if vectors.shape[-1] != width:
        raise EmbeddingError(
            f"The embedding '{name}' was left out: its vectors have {vectors.shape[-1]} numbers, this model's {width}."
        )
    return vectors.reshape(-1, width).float()


def bundled_embeddings(weights: Mapping[str, torch.Tensor]) -> dict[str, dict[str, Any]]:
    """The embeddings that a LoRA brings along, by their names in prompts: `bundle_emb.NAME.string_to_param.*`."""
    found: dict[str, dict[str, Any]] = {}
    for key, tensor in weights.items():
        if key.startswith(BUNDLED):
            name, _, inner = key.removeprefix(BUNDLED).partition(".")
            found.setdefault(name, {})[inner.removeprefix("string_to_param.")] = tensor
    return found


def _in_file(name: str, folders: Sequence[Path]) -> tuple[Any, str]:
    """What the file of an embedding holds, and the file's name."""
    path = _locate(name, folders)
    if path is None:
        raise EmbeddingError(f"The embedding '{name}' was left out: there is no such file in models/embeddings.")
    try:
        if path.suffix in embedding_cards.EXTENSIONS:
            return embedding_cards.read_card(path), path.name
        return load_pickle(path) if path.suffix in PICKLES else load_weights(path), path.name
    except WeightsError as error:
        raise EmbeddingError(f"The embedding '{name}' was left out: {error}") from None


def _locate(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of a name: with its folder, or without, as other programs find it too."""
    for folder in folders:
        root = folder.resolve()
        for place in _places(root):
            for extension in ("", *EXTENSIONS):
                path = (place / f"{name}{extension}").resolve()
                if path.is_relative_to(root) and path.suffix in EXTENSIONS and path.is_file():
                    return path
    return None


def _places(root: Path) -> Iterator[Path]:
    yield root
    yield from sorted(path for path in root.rglob("*") if path.is_dir())


def _vectors(content: Any, encoder: str, width: int) -> torch.Tensor | None:
    """The vectors in any of the layouts that training programs write.

    A1111: `{"string_to_param": {"*": vectors}}`; for several text encoders: `{"clip_l": …, "clip_g": …, "t5xxl": …}`;
    kohya: `{"emb_params": vectors}`; diffusers: `{"<token>": vectors}`, and for SDXL `text_encoders_0` and `_1`, which
    the width tells apart; a list of such tables: the vectors of all of them.
    """
    if isinstance(content, list | tuple):
        found = [_vectors(each, encoder, width) for each in content]
        fitting = [each.reshape(-1, width) for each in found if each is not None and each.shape[-1] == width]
        return torch.cat(fitting) if fitting else next((each for each in found if each is not None), None)
    if not isinstance(content, Mapping):
        return None
    if "string_to_param" in content:
        return _vectors(dict(content["string_to_param"].items()), encoder, width)
    values = [content[encoder]] if encoder in content else content.values()
    tensors = [value for value in values if isinstance(value, torch.Tensor) and value.ndim in (1, 2)]
    return next((tensor for tensor in tensors if tensor.shape[-1] == width), next(iter(tensors), None))
