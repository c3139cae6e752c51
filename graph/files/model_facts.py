"""What a model file says of itself: the family that it is for, trigger words, how it was trained.

Read from the header of a safetensors file (the names and shapes of its tensors; the texts that `kohya-ss/sd-scripts`
and the model specification `modelspec` write), and from the JSON files that people keep beside models.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from graph.files.safetensors_header import metadata_of, read_header

MOST_WORDS = 60
GRAPHS = ("workflow", "prompt")
"""Entries that hold the graph that made a file."""
LARGEST_SIDECAR = 4_000_000
"""Bytes."""
SIDECARS = (".json", ".civitai.info")
"""Endings after the model's name: A1111 WebUI's notes on a model, and those that its download extensions write."""
FAMILIES = (
    (re.compile(r"flux", re.I), "Flux"),
    (re.compile(r"sd[_ -]?3|stable-diffusion-v?3", re.I), "SD 3"),
    (re.compile(r"refiner", re.I), "SDXL refiner"),
    (re.compile(r"xl", re.I), "SDXL"),
    (re.compile(r"(sd|stable-diffusion)[_ -]?v?2", re.I), "SD 2.x"),
    (re.compile(r"(sd|stable-diffusion)[_ -]?v?1", re.I), "SD 1.x"),
)
"""What programs call the families."""
KEYS = (
    (re.compile(r"(^|\.)double_blocks[._]"), "Flux"),
    (re.compile(r"(^|\.)joint_blocks[._]"), "SD 3"),
    (re.compile(r"^conditioner\.embedders\.1\.|^lora_te2_|^clip_g$"), "SDXL"),
    (re.compile(r"^conditioner\.embedders\.0\.model\."), "SDXL refiner"),
    (re.compile(r"^cond_stage_model\.model\."), "SD 2.x"),
    (re.compile(r"^cond_stage_model\.transformer\."), "SD 1.x"),
)
"""Names of tensors that only one family has; the first that occurs counts."""
CONTEXT = re.compile(r"attn2[._]to_k\.(lora_down|lora_A|hada_w1_b|lokr_w2_b)?\.?weight$|attn2\.to_k\.weight$")
"""Tensors whose last dimension is the width of the text encoding."""
WIDTHS = {768: "SD 1.x", 1024: "SD 2.x", 2048: "SDXL", 1280: "SDXL refiner", 4096: "SD 3"}


class ModelFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a model; what is not known is left out."""

    title: str = ""
    author: str = ""
    description: str = ""
    family: str = ""
    trigger_words: list[str] = []
    training: dict[str, str] = {}
    """How it was trained: rank, resolution, steps … as the trainer has written them."""
    metadata: dict[str, str] = {}
    """All texts of the header, but for pictures and the workflow."""
    workflow: bool = False
    """Whether the header holds the workflow that made the file."""
    tensors: int = 0


def model_facts(path: Path) -> ModelFacts:
    """Everything that a model file and those beside it say."""
    header = read_header(path)
    metadata = {key: text for key, text in metadata_of(header).items() if isinstance(text, str)}
    tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__" and isinstance(tensor, dict)}
    beside = _sidecar(path)
    return ModelFacts(
        title=metadata.get("modelspec.title", "") or metadata.get("ss_output_name", ""),
        author=metadata.get("modelspec.author", ""),
        description=metadata.get("modelspec.description", "") or _text(beside, "description"),
        family=family_of(metadata, tensors) or _known_family(_text(beside, "sd version") or _text(beside, "baseModel")),
        trigger_words=_unique([*_beside_words(beside), *_phrase_words(metadata), *_trained_words(metadata)]),
        training=_training(metadata),
        metadata={
            key: text
            for key, text in metadata.items()
            if "data:image" not in text and key not in ("ss_cover_images", *GRAPHS)
        },
        workflow=any(key in metadata for key in GRAPHS),
        tensors=len(tensors),
    )


def family_of(metadata: Mapping[str, str], tensors: Mapping[str, Mapping[str, Any]]) -> str:
    """The family of a model by what its header says, else by its tensors; empty if neither tells."""
    for key in ("modelspec.architecture", "ss_base_model_version", "ss_sd_model_name"):
        if found := _known_family(metadata.get(key, "")):
            return found
    for mark, family in KEYS:
        if any(mark.search(name) for name in tensors):
            return family
    for name, tensor in tensors.items():
        shape = tensor.get("shape")
        if CONTEXT.search(name) and isinstance(shape, list) and len(shape) >= 2:
            return WIDTHS.get(shape[1], "")
    return _family_of_embedding(tensors)


def _family_of_embedding(tensors: Mapping[str, Mapping[str, Any]]) -> str:
    """An embedding is one list of vectors, as wide as the text encoder."""
    if len(tensors) != 1:
        return ""
    [tensor] = tensors.values()
    shape = tensor.get("shape")
    return WIDTHS.get(shape[-1], "") if isinstance(shape, list) and len(shape) in (1, 2) else ""


def _known_family(text: str) -> str:
    return next((family for mark, family in FAMILIES if mark.search(text)), "")


def _phrase_words(metadata: Mapping[str, str]) -> list[str]:
    return _words(metadata.get("modelspec.trigger_phrase", ""))


def _trained_words(metadata: Mapping[str, str]) -> list[str]:
    """The tags of the training captions, the most frequent first (`ss_tag_frequency`: by folder and tag).

    Those of class pictures, which are in folders of their own, bring nothing out.
    """
    try:
        folders = msgspec.json.decode(metadata.get("ss_tag_frequency", "{}"), type=dict[str, dict[str, int]])
        of_class = msgspec.json.decode(metadata.get("ss_reg_dataset_dirs", "{}"), type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return []
    counts: dict[str, int] = {}
    for tags in (tags for folder, tags in folders.items() if folder not in of_class):
        for tag, count in tags.items():
            counts[tag.strip()] = counts.get(tag.strip(), 0) + count
    return sorted(counts, key=lambda tag: -counts[tag])


def _beside_words(beside: Mapping[str, Any]) -> list[str]:
    trained = beside.get("trainedWords")
    listed = [word for word in trained if isinstance(word, str)] if isinstance(trained, list) else []
    return _words(", ".join([_text(beside, "activation text"), *listed]))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))[:MOST_WORDS]


TRAINING = {
    "ss_network_module": "module",
    "ss_network_dim": "rank",
    "ss_network_alpha": "alpha",
    "ss_resolution": "resolution",
    "ss_steps": "steps",
    "ss_num_epochs": "epochs",
    "ss_learning_rate": "learning rate",
    "ss_optimizer": "optimizer",
    "ss_num_train_images": "images",
    "ss_sd_model_name": "model",
    "ss_clip_skip": "clip skip",
    "ss_training_comment": "comment",
    "modelspec.date": "date",
    "modelspec.resolution": "resolution",
    "modelspec.license": "license",
}


def _training(metadata: Mapping[str, str]) -> dict[str, str]:
    found = {name: metadata[key] for key, name in TRAINING.items() if metadata.get(key, "") not in ("", "None")}
    return dict(sorted(found.items(), key=lambda item: list(TRAINING.values()).index(item[0])))


def _text(beside: Mapping[str, Any], key: str) -> str:
    value = beside.get(key)
    return value if isinstance(value, str) else ""


def _sidecar(path: Path) -> dict[str, Any]:
    for ending in SIDECARS:
        beside = path.with_name(path.stem + ending)
        try:
            if beside.stat().st_size > LARGEST_SIDECAR:
                continue
            found = msgspec.json.decode(beside.read_bytes())
        except (OSError, msgspec.DecodeError):
            continue
        if isinstance(found, dict):
            return found
    return {}
