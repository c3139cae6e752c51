"""Reading and writing weight files: safetensors, and torch's pickles without executing anything in them."""

import json
import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file

from diffusion.content_hashes import UNKNOWN, content_hashes
from diffusion.devices import is_out_of_memory

PICKLES = (".ckpt", ".pt", ".pth", ".bin")
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors format

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


class WeightsError(ValueError):
    """A weight file cannot be used; the message names the file, what is wrong, and what to do."""


class UnwritableError(WeightsError):
    """A weight file cannot be written, as where a disk is full."""


class _Placeholder:
    """Stands for the one class that training programs pickle into checkpoints beside the tensors."""


_numpy_scalar = np.float64(0).__reduce__()[0]

# What reading a damaged pickle raises: its instructions act on a stack that is not as they expect.
_CORRUPTION: tuple[type[Exception], ...] = (
    *(RuntimeError, OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, AssertionError),
    *(ArithmeticError, struct.error, safetensors.SafetensorError),
)

# Old checkpoints hold these beside their tensors; creating them runs no code from the file.
_HARMLESS: list[Any] = [
    (_Placeholder, "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"),
    _numpy_scalar,
    (_numpy_scalar, "numpy.core.multiarray.scalar"),  # its name before numpy 2
    np.dtype,
    type(np.dtype(np.float64)),
    type(np.dtype(np.int64)),
    torch.nn.ParameterDict,
]


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What a header says of a tensor."""

    shape: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True)
class Header:
    """Names, shapes and types of a file's tensors, and its metadata: enough to tell what it is."""

    path: Path
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of a tensor, or None if the file has none of that name."""
        info = self.tensors.get(name)
        return info.shape if info else None

    def config(self, name: str) -> dict[str, Any]:
        """A JSON object that the metadata holds under `name`; empty if there is none."""
        try:
            value = json.loads(self.metadata.get(name, "{}"))
        except ValueError as error:
            raise WeightsError(f"{self.path.name}: its metadata '{name}' is not JSON ({error}).") from None
        return value if isinstance(value, dict) else {}

    def has_prefix(self, prefix: str) -> bool:
        """Whether any tensor's name starts with `prefix`."""
        return any(name.startswith(prefix) for name in self.tensors)


def read_header(path: Path) -> Header:
    """The header of a weight file, read without its tensors' data.

    Raises `WeightsError` for a file that is missing, empty, truncated, corrupt, or holds pickled code.
    """
    start = _first_bytes(path)
    if _is_pickle(path, start):
        # the meta device takes shapes only, so that no tensor is read
        return Header(path, {name: _info(value) for name, value in _pickled_tensors(path, "meta").items()})
    return _safetensors_header(path, start)


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of a weight file, memory-mapped: data is read from disk when it is first used.

    A dict under `state_dict` is unwrapped; anything that is no tensor is left out. Raises `WeightsError`.
    """
    start = _first_bytes(path)
    if _is_pickle(path, start):
        return _pickled_tensors(path, "cpu")
    _safetensors_header(path, start)
    try:
        return _mapped(path)
    except (RuntimeError, OSError) as error:
        raise WeightsError(f"{path.name} cannot be read ({error}): get the file again.") from error


def _mapped(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a sound safetensors file as views of a memory map, changes of which do not reach the file.

    safetensors' own reader maps files too, but reads all of what it is asked for from the disk at once.
    """
    with path.open("rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        entries = json.loads(file.read(length))
    entries.pop("__metadata__", None)
    storage = torch.UntypedStorage.from_file(str(path), shared=False, nbytes=path.stat().st_size)
    tensors = {}
    for name, entry in entries.items():
        first, end = (8 + length + offset for offset in entry["data_offsets"])
        content = torch.empty(0, dtype=torch.uint8).set_(storage[first:end])
        dtype = DTYPES[entry["dtype"]]
        if first % dtype.itemsize:
            content = content.clone()  # a tensor has to begin at a multiple of its numbers' size
        tensors[name] = content.view(dtype).reshape(entry["shape"])
    return tensors


def is_pickle(path: Path) -> bool:
    """Whether a weight file is one of torch's pickles, judged by its content. Raises `WeightsError`."""
    return _is_pickle(path, _first_bytes(path))


def load_pickle(path: Path, device: str = "cpu") -> Any:
    """What a torch pickle holds, loaded without executing code from it. Raises `WeightsError`."""
    try:
        with torch.serialization.safe_globals(_HARMLESS), _source(path) as source:
            mapped = source is path and zipfile.is_zipfile(path)
            return torch.load(source, map_location=device, weights_only=True, mmap=mapped or None)
    except pickle.UnpicklingError as error:
        raise WeightsError(_unpickling_sentence(path, str(error))) from None
    except _CORRUPTION as error:
        if is_out_of_memory(error):
            raise
        raise WeightsError(f"{path.name} is corrupt or cut off: get the file again.") from error


def _source(path: Path) -> AbstractContextManager[Path | BinaryIO]:
    """What torch is to read a pickle from: not its path if that says safetensors, as torch would believe it."""
    return path.open("rb") if path.suffix.lower() == ".safetensors" else nullcontext(path)


def save_weights(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    metadata: Mapping[str, str] | None = None,
    *,
    hashed: bool = False,
) -> None:
    """Write a safetensors file, of the same content always the same bytes; an interrupted write leaves an existing file
    as it was.

    hashed: whether it says its own hashes (`diffusion.content_hashes`). Raises `WeightsError` where it cannot be
    written.
    """
    partial = path.with_name(path.name + ".part")
    contiguous = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    texts = {"format": "pt", **(metadata or {}), **(UNKNOWN if hashed else {})}
    try:
        save_file(contiguous, partial, metadata=texts)
        _finish_metadata(partial, content_hashes(partial) if hashed else {})
        partial.replace(path)
    except (OSError, safetensors.SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise UnwritableError(f"{path.name} cannot be written ({error}): make room for it, and try again.") from error


def _finish_metadata(path: Path, entries: Mapping[str, str]) -> None:
    """Bring the metadata of a safetensors file, which is written in an order left to chance, into that of its keys.

    entries: what takes the place of some that are as long.
    """
    with path.open("r+b") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        header["__metadata__"] = dict(sorted({**header["__metadata__"], **entries}.items()))
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(text) <= length:  # as long as it was written without spaces too
            file.seek(8)
            file.write(text.ljust(length))


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except FileNotFoundError:
        raise WeightsError(f"{path.name} is not there any more: put it back or choose another file.") from None
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be opened ({error.strerror}).") from error
    if not start:
        raise WeightsError(f"{path.name} is empty: get the file again.")
    if start.startswith(b"version https://git-lfs"):
        raise WeightsError(f"{path.name} is a Git LFS pointer, not the weights: run 'git lfs pull'.")
    if re.match(rb"\s*<(!doctype|html|\?xml)", start, re.IGNORECASE):
        raise WeightsError(f"{path.name} is a web page, not weights: download the file itself.")
    return start


def _is_pickle(path: Path, start: bytes) -> bool:
    if start.startswith(b"PK\x03\x04"):
        return True
    looks_like_safetensors = len(start) > 8 and start[8:9] == b"{"
    return path.suffix.lower() in PICKLES and not looks_like_safetensors


def _safetensors_header(path: Path, start: bytes) -> Header:
    size = path.stat().st_size
    length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else 0
    if start[8:9] != b"{" or length > MAX_HEADER_BYTES:
        raise WeightsError(f"{path.name} is not a safetensors file, or is corrupt: get the file again.")
    if 8 + length > size:
        raise WeightsError(f"{path.name} is cut off within its header ({size:,} bytes): get the file again.")
    with path.open("rb") as file:
        file.seek(8)
        text = file.read(length)
    try:
        entries = json.loads(text)
        metadata = entries.pop("__metadata__", {})
        tensors = {name: TensorInfo(tuple(item["shape"]), DTYPES[item["dtype"]]) for name, item in entries.items()}
        end = max((item["data_offsets"][1] for item in entries.values()), default=0)
    except KeyError as error:
        raise WeightsError(
            f"{path.name} has a header with an unknown type or field {error}: get it in another precision."
        ) from None
    except (ValueError, TypeError, AttributeError):
        raise WeightsError(f"{path.name} has a corrupt header: get the file again.") from None
    if not tensors:
        raise WeightsError(f"{path.name} holds no tensors: get the file again, or choose another one.")
    if 8 + length + end > size:
        whole = 8 + length + end
        raise WeightsError(f"{path.name} is cut off: {whole - size:,} of {whole:,} bytes are missing. Get it again.")
    return Header(path, tensors, metadata)


def _pickled_tensors(path: Path, device: str) -> dict[str, torch.Tensor]:
    content = load_pickle(path, device)
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise WeightsError(
            f"{path.name} holds a {type(content).__name__}, not a table of tensors: choose another file."
        )
    tensors = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise WeightsError(f"{path.name} holds no tensors: get the file again, or choose another one.")
    return tensors


def _info(tensor: torch.Tensor) -> TensorInfo:
    return TensorInfo(tuple(tensor.shape), tensor.dtype)


def _unpickling_sentence(path: Path, message: str) -> str:
    code = re.search(r"GLOBAL ([\w.]+)", message)
    if code:
        return (
            f"{path.name} holds pickled code ({code[1]}) and was not loaded, because it could run anything on this "
            "machine: get the model as .safetensors."
        )
    return f"{path.name} is not a readable torch file, or is corrupt: get the file again, best as .safetensors."
