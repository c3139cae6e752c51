"""One network of a model: how it is built, where files keep its weights, and the weights themselves, changed or not."""

import mmap
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from diffusion.storage import cast_on_use, is_storable
from diffusion.weights import Header, WeightsError

Change = Callable[[Tensor], Tensor]
"""From a weight, float32 in the network's shape, to what it becomes; it must not write into its argument."""


class WeightPatch(Protocol):
    """A change of some of a network's weights: a LoRA, a merge with another model …"""

    def changes(self) -> Mapping[str, Change]:
        """What happens to each tensor that is changed, by the tensor's name in the network."""


Patches = tuple[WeightPatch, ...]
"""Changes in the order in which they are made; each acts on what the ones before it gave."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a file keeps a tensor of a network.

    name: of the tensor in the file.
    part: (index, count) where the file has several tensors of the network as one, below each other, in `count` parts
    of equal size. parts: how many of them the tensor is, from the index on.
    transposed: whether the file has rows and columns the other way round.
    convolution: whether the file has a linear layer as a 1x1 convolution.
    swapped: whether the file has the second half of the rows first.
    """

    name: str
    part: tuple[int, int] | None = None
    parts: int = 1
    transposed: bool = False
    convolution: bool = False
    swapped: bool = False

    def whole(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the file's tensor, from that of the network's."""
        if self.transposed:
            shape = shape[::-1]
        return (shape[0] * self.part[1] // self.parts, *shape[1:]) if self.part else shape

    def read(self, stored: Tensor) -> Tensor:
        """The network's tensor, from the file's."""
        if self.part is not None:
            index, count = self.part
            rows = stored.shape[0] // count
            stored = stored.narrow(0, index * rows, self.parts * rows)
        if self.swapped:
            stored = torch.cat(stored.chunk(2)[::-1])
        return stored.T if self.transposed else stored

    def written(self, tensor: Tensor) -> Tensor:
        """The file's tensor, or its part of it, from the network's."""
        if self.transposed:
            tensor = tensor.T
        if self.swapped:
            tensor = torch.cat(tensor.chunk(2)[::-1])
        return tensor[..., None, None] if self.convolution else tensor


@dataclass(frozen=True)
class Component:
    """How to build a network, and where a file keeps its weights.

    `build` makes the network without weights, on the meta device; `file_name` translates the name of one of its
    tensors to the name in the file after `prefix`, or to an `Entry`. Tensors of the file under `prefix` that nothing
    asks for are an error, unless their names start with one of `ignored`. `config` is what the network is built from.
    `beside` names tensors of the file that are no weights, but are needed with them and so are saved with them.
    `written` is how checkpoints have the network, where this file has it in another layout.
    """

    title: str
    prefix: str
    build: Callable[[], Any]
    file_name: Callable[[str], str | Entry]
    ignored: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    written: "Component | None" = None

    def entry(self, name: str) -> Entry:
        """Where a file has the tensor of that name."""
        found = self.file_name(name)
        if isinstance(found, str):
            return Entry(self.prefix + found)
        return replace(found, name=self.prefix + found.name)

    def entries(self, network: Any) -> dict[str, Entry]:
        """Where a file has the tensors of the network, by their names."""
        return {name: self.entry(name) for name in network.state_dict()}

    def check(self, header: Header) -> int:
        """Compare the header with the network, and return the number of its weights.

        Raises `WeightsError` that names the first tensors which are missing, unexpected or of another shape.
        """
        network = self.build()
        state = network.state_dict()
        entries = self.entries(network)
        shapes = {entry.name: entry.whole(tuple(state[name].shape)) for name, entry in entries.items()}
        missing = [name for name in shapes if name not in header.tensors]
        skipped = tuple(self.prefix + name for name in self.ignored)
        here = [name for name in header.tensors if name.startswith(self.prefix) and not name.startswith(skipped)]
        unexpected = [name for name in here if name not in shapes]
        wrong = [
            f"{name} {list(header.tensors[name].shape)} instead of {list(shape)}"
            for name, shape in shapes.items()
            if name in header.tensors and not _same_weights(header.tensors[name].shape, shape)
        ]
        for names_found, fault in ((missing, "lacks"), (unexpected, "has unexpected"), (wrong, "has misshapen")):
            if names_found:
                raise WeightsError(
                    f"{header.path.name}: the {self.title} {fault} {_first_few(names_found)}. "
                    "Get the file again, or choose another one."
                )
        return sum(parameter.numel() for parameter in network.parameters())

    def to_file(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of a network as a file of this layout has them, by their names there."""
        pieces: dict[str, dict[int, Tensor]] = {}
        for name, tensor in tensors.items():
            entry = self.entry(name)
            pieces.setdefault(entry.name, {})[entry.part[0] if entry.part else 0] = entry.written(tensor)
        return {
            name: torch.cat([parts[at] for at in sorted(parts)]) if len(parts) > 1 else parts[0]
            for name, parts in pieces.items()
        }


@dataclass(frozen=True, eq=False)
class Source:
    """The weights of a component, memory-mapped, as its network takes them on a device.

    rounded: a number format that the weights go through first, so that they have no more than its precision.
    stored: a smaller number format that the matrices within the network's blocks are kept in between two uses.
    channels_last: whether kernels of convolutions have their channels last in memory, as the fastest kernels want it.
    """

    component: Component
    weights: Mapping[str, Tensor] = field(repr=False)
    dtype: torch.dtype
    device: torch.device
    rounded: torch.dtype | None = None
    stored: torch.dtype | None = None
    channels_last: bool = False

    @cached_property
    def shapes(self) -> dict[str, torch.Size]:
        """The shapes of the network's tensors, by name."""
        return {name: tensor.shape for name, tensor in self.component.build().state_dict().items()}

    def tensor(self, name: str, changes: Iterable[Change] = ()) -> Tensor:
        """A tensor of the network with `changes` made to it, one after the other in float32."""
        entry = self.component.entry(name)
        precise = self.rounded or self.dtype
        value = entry.read(self.weights[entry.name]).reshape(self.shapes[name]).to(self.device, precise)
        changes = list(changes)
        if changes:
            changed = value.float()
            for change in changes:
                changed = change(changed)
            value = changed.to(precise)
        value = value.to(self.stored if self.stored and is_storable(name) else self.dtype)
        return value.contiguous(memory_format=torch.channels_last) if self.channels_last and value.ndim == 4 else value

    def network(self) -> Any:
        """The network with its weights, for inference."""
        network = self.component.build()
        names = list(network.state_dict())
        with read_ahead([self.weights[self.component.entry(name).name] for name in names]):
            network.load_state_dict({name: self.tensor(name) for name in names}, assign=True)
        if self.stored:
            cast_on_use(network, self.dtype)
        return network.eval().requires_grad_(False).to(self.device)

    def tensors(self, patches: Patches = ()) -> dict[str, Tensor]:
        """All tensors of the network under patches, by name; those that no patch changes stay memory-mapped."""
        changes = changes_of(patches)
        return {name: self.tensor(name, changes.get(name, ())) for name in self.shapes}

    def switch(self, network: Any, old: Patches, new: Patches) -> None:
        """Give the network, which has the weights under `old`, those under `new`.

        What only `old` has changed is read again from the file, so nothing of it stays.
        """
        before, after = changes_of(old), changes_of(new)
        with torch.no_grad():
            for name in before.keys() | after.keys():
                if before.get(name) != after.get(name):
                    _own(network, name).data = self.tensor(name, after.get(name, ()))


def changes_of(patches: Sequence[WeightPatch]) -> dict[str, list[Change]]:
    """The changes that patches make to each tensor, in order."""
    changes: dict[str, list[Change]] = {}
    for patch in patches:
        for name, change in patch.changes().items():
            changes.setdefault(name, []).append(change)
    return changes


@contextmanager
def read_ahead(tensors: Sequence[Tensor]) -> Iterator[None]:
    """While the context lasts, read memory-mapped tensors from the disk in the background, in their order."""
    ended = threading.Event()

    def read() -> None:
        for tensor in tensors:
            if ended.is_set():
                return
            if tensor.device.type == "cpu" and tensor.is_contiguous():
                tensor.view(-1).view(torch.uint8)[:: mmap.PAGESIZE].sum()  # which touches each page

    reader = threading.Thread(target=read, name="read-ahead", daemon=True)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join()


def _own(network: Any, name: str) -> Tensor:
    module, _, leaf = name.rpartition(".")
    found: Tensor = getattr(network.get_submodule(module), leaf)
    return found


def _same_weights(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    """Equal, or a linear layer that the file keeps as a 1x1 convolution (or the reverse)."""
    longer, shorter = sorted((shape, expected), key=len, reverse=True)
    return longer[: len(shorter)] == shorter and all(size == 1 for size in longer[len(shorter) :])


def _first_few(names: list[str], count: int = 3) -> str:
    rest = len(names) - count
    return ", ".join(names[:count]) + (f" and {rest} more tensors" if rest > 0 else "")
