"""What encoders make of pictures and texts, kept on disk for later runs: each by a hash of all that it comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from diffusion.component import Patches, Source
from diffusion.model import Clip, Vae
from diffusion.training.buckets import Placement
from diffusion.training.identity import digest, fingerprint
from diffusion.training.pictures import TrainingPicture

MOST_BYTES = 10 << 30  # of all that is kept; SDXL's latents take 256 kB a picture
EMBEDDING = "embedding:"  # what stands before the name of one in a text
_DIGEST = 32  # bytes in front of each file
_STATES, _SETTING = "states", "setting."

Tensors = dict[str, Tensor]
States = Callable[[str], tuple[Tensor, Mapping[str, Any]]]
"""See `diffusion.training.trainer`."""


@dataclass(frozen=True)
class Encodings:
    """A folder of tensors by keys. A file that is damaged is made anew, and none can be written without harm."""

    folder: Path

    def tensors(self, key: str, make: Callable[[], Tensors]) -> Tensors:
        """What is kept under a key; if there is nothing, what `make` gives, which is kept."""
        path = self.folder / f"{key}.encoding"
        found = _read(path)
        if found is None:
            found = make()
            with suppress(OSError):  # a full disk costs the time that it would save, and no training
                _write(path, found)
        return found

    def trim(self, most: int = MOST_BYTES) -> int:
        """Remove those that were not used for longest until there are at most `most` bytes; how many there are then."""
        kept = 0
        for _, size, path in sorted(self._files(), reverse=True):
            kept += size
            if kept > most:
                path.unlink(missing_ok=True)
                kept -= size
        return kept

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """When each was last used, how large it is, and where."""
        for path in self.folder.glob("*.encoding"):
            with suppress(OSError):  # another process may have removed it
                state = path.stat()
                yield state.st_mtime_ns, state.st_size, path


def kept_states(clip: Clip, states: States, encodings: Encodings, most: int) -> States:
    """`states`, which are those of `clip`, kept on disk; not those of texts with embeddings, whose files may change.

    most: how many texts are asked for there; of captions that are shuffled there would be another one in each step.
    """
    if any(each.source is None for each in clip.encoders):  # nothing tells them apart
        return states
    asked: set[str] = set()
    reading = ([each.style for each in clip.encoders], clip.last_layer)
    encoders = fingerprint(([_network(each.source, each.patches) for each in clip.encoders], reading))

    def kept(text: str) -> tuple[Tensor, Mapping[str, Any]]:
        if EMBEDDING in text.lower() or (text not in asked and len(asked) >= most):
            return states(text)
        asked.add(text)

        def made() -> Tensors:
            found, settings = states(text)
            return {_STATES: found, **{_SETTING + name: value for name, value in settings.items()}}

        tensors = encodings.tensors(fingerprint(("text", text, encoders)), made)
        return tensors[_STATES], {
            name.removeprefix(_SETTING): value for name, value in tensors.items() if name != _STATES
        }

    return kept


def latent_space(vae: Vae) -> str | None:
    """A hash of all that makes a VAE encode as it does; None where nothing tells it apart from others."""
    return None if vae.source is None else fingerprint((_network(vae.source, vae.patches), vae.attachments))


def latent_key(space: str, picture: TrainingPicture, placement: Placement, mirrored: bool) -> str:
    """The key of a picture's latent, mirrored or not, in the space of a VAE."""
    return fingerprint(("latent", space, picture.content, placement, mirrored))


def _network(source: Source | None, patches: Patches) -> str:
    """What a network is, and in which number format it computes."""
    return f"{digest(source, patches)} {source and source.dtype} {source and source.rounded}"


def _write(path: Path, tensors: Tensors) -> None:
    content = save({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()})  # not shared
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        partial.write_bytes(blake3(content).digest() + content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> Tensors | None:
    try:
        content = path.read_bytes()
        if blake3(content[_DIGEST:]).digest() != content[:_DIGEST]:
            return None
        os.utime(path)
        return dict(load(content[_DIGEST:]))
    except (OSError, SafetensorError):
        return None
