"""How much memory a training takes, known before its first step, and what to change where there is not so much.

What a step keeps for its gradients is measured on corners of a picture, as it grows by as much with each cell of a
latent, and with each picture for what it has of the prompt. The rest follows from what is trained.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from diffusion import devices
from diffusion.adapters.extraction import TABLES
from diffusion.model import LoadedModel
from diffusion.residency import residency
from diffusion.training.optimizer_arguments import Name
from diffusion.training.samples import Sample
from diffusion.training.trainer import Plan, Trainer, TrainingError

CORNER = 8  # cells of a latent's side on which is measured, and on twice as many
# What a step takes at most, as a multiple of what the network takes without gradients: below it nothing is measured.
MOST_TIMES = 60
RESOLUTIONS = 64  # what an advised one is a multiple of


@dataclass(frozen=True)
class Growth:
    """How many bytes a step takes: at least, for each picture of the batch, and for each cell of their latents."""

    least: float = 0.0
    picture: float = 0.0
    cell: float = 0.0

    def __call__(self, pictures: int, cells: float) -> int:
        """For a batch that has so many cells in all."""
        return int(self.least + self.picture * pictures + self.cell * cells)


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that a training takes on its device.

    weights: of the network, as it is. parameters: what is trained. gradients, optimizer, average: what is kept of each
    of these. growth: of what a step computes. pictures, cells: of the largest batch.
    """

    weights: int
    parameters: int
    gradients: int
    optimizer: int
    average: int
    growth: Growth
    pictures: int
    cells: int

    @property
    def step(self) -> int:
        """What the largest step computes."""
        return self.growth(self.pictures, self.cells)

    @property
    def further(self) -> int:
        """What is not there yet when the network is loaded, and what is trained with it."""
        return self.gradients + self.optimizer + self.step

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.parameters + self.average + self.further


def estimated(trainer: Trainer, network: LoadedModel) -> TrainingMemory:
    """What a training takes. The network has to go through what is trained; nothing of either is changed."""
    return replace(_known(trainer), growth=_measured(trainer, network))


def available(trainer: Trainer) -> int:
    """Bytes that can be had on the device: what is free, and what networks hold that nobody uses now."""
    device = trainer.model.device
    return devices.free_bytes(device) + residency.freeable(device)


def check_memory(
    trainer: Trainer, network: LoadedModel, *, checkpointed: bool, paint: Callable[[], Any] | None = None
) -> None:
    """Find out whether a training fits, before anything is spent on it; nothing is changed by it.

    A step is measured where there is any doubt; then the largest one is tried, where that does no harm.
    checkpointed: whether what gradients need is computed again. paint: paints a sample picture, where some are wanted.
    Raises `TrainingError` that says what to change.
    """
    free = available(trainer)
    if _known(trainer).further + _most(trainer) > free:
        memory = estimated(trainer, network)
        if memory.further > free:
            raise TrainingError(advice(trainer, network, memory, free, checkpointed))
    if not _says_when_full(trainer.model.device):
        return
    try:
        probe(trainer, network)
        if paint is not None:
            paint()
    except RuntimeError as error:
        if not devices.is_out_of_memory(error):
            raise
        residency.free()
        memory = estimated(trainer, network)
        raise TrainingError(advice(trainer, network, memory, free, checkpointed)) from error


def probe(trainer: Trainer, network: LoadedModel) -> None:
    """Compute the gradients of the largest batch, beside as much as the optimizer will keep, and forget them."""
    batch, _ = largest_batch(trainer)
    kept = torch.empty(_known(trainer).optimizer, dtype=torch.uint8, device=trainer.model.device)
    try:
        trainer.learn_from(network, batch, 0, 0, 1.0)
    finally:
        trainer.optimizer.zero_grad()
        del kept


def largest_batch(trainer: Trainer) -> tuple[list[Sample], int]:
    """The batch of a run that has the most cells, and how many these are."""
    batches = [numbers[: trainer.plan.batch] for numbers in trainer.order.sizes if numbers]
    found = max(batches, key=lambda batch: len(batch) * _cells(trainer.samples[batch[0]]))
    samples = [trainer.samples[at] for at in found]
    return samples, len(samples) * _cells(samples[0])


def state_bytes(plan: Plan, shape: torch.Size) -> int:
    """What an optimizer keeps of a parameter of a shape."""
    numbers = shape.numel()
    if plan.optimizer == "Adafactor" and len(shape) > 1:
        return 4 * (numbers // shape[-1] + numbers // shape[-2])
    return int(numbers * _STATES.get(plan.optimizer, 8))


# Bytes that optimizers keep of a number, in copies of it of 4 bytes: two means are usual.
_STATES: Mapping[str, float] = {"AdamW 8-bit": 2, "Lion": 4, "Prodigy": 16, "Adafactor": 4, "SGD": 4}


def _known(trainer: Trainer) -> TrainingMemory:
    """What is known without a measurement."""
    parameters = trainer.parameters.values()
    held = sum(each.numel() * each.element_size() for each in parameters)
    states = sum(state_bytes(trainer.plan, each.shape) for each in parameters)
    average = held if trainer.average is not None else 0
    batch, cells = largest_batch(trainer)
    return TrainingMemory(trainer.model.part.size, held, held, states, average, Growth(), len(batch), cells)


def _says_when_full(device: torch.device) -> bool:
    """Whether it is an error to take more than there is; on a CPU the system kills the process."""
    return device.type != "cpu"


def _most(trainer: Trainer) -> int:
    """More than any step takes."""
    model, (_, cells) = trainer.model, largest_batch(trainer)
    itemsize = model.source.dtype.itemsize if model.source else 4
    return cells * model.family.activations(model.config) * itemsize * MOST_TIMES


def _cells(sample: Sample) -> int:
    return math.prod(sample.latent.shape[-2:])


def _measured(trainer: Trainer, network: LoadedModel) -> Growth:
    [sample, *_], _ = largest_batch(trainer)
    side = max(1, min(CORNER, *(length // 2 for length in sample.latent.shape[-2:])))
    small, large = sample.corner(side), sample.corner(2 * side)
    steps = [partial(trainer.learn_from, network, batch, 0, 0, 0.0) for batch in ([small], [large], [small, small])]
    for parameter in trainer.parameters.values():
        parameter.grad = torch.zeros_like(parameter)  # so that what is measured is what comes and goes
    # tables of tokens have large gradients, which come when those of a picture are gone, and would hide how it grows
    tables = [each for name, each in trainer.parameters.items() if name.endswith(TABLES)]
    try:
        for table in tables:
            table.requires_grad_(False)
        steps[-1]()  # after which all texts are encoded
        one, wide, two = map(_peak, steps)
    finally:
        for table in tables:
            table.requires_grad_(True)
        trainer.optimizer.zero_grad()
    cells = _cells(small)
    cell = max(0.0, (wide - one) / max(1, _cells(large) - cells))
    picture = max(0.0, two - one - cell * cells)
    return Growth(max(0.0, one - picture - cell * cells), picture, cell)


def advice(trainer: Trainer, network: LoadedModel, memory: TrainingMemory, free: int, checkpointed: bool) -> str:
    """That a training does not fit, and what helps: what is enough by itself first, then what costs least."""
    cures = list(_cures(trainer, network, memory, free, checkpointed))
    cures.sort(key=lambda cure: cure[1] > free)
    taken, had = size(memory.further), size(free)
    first = f"There is not enough memory for this training: it takes {taken} more, and {had} can be had."
    return " ".join([first, *(f"{what}: then it takes {size(takes)}." for what, takes in cures)])


def _cures(
    trainer: Trainer, network: LoadedModel, memory: TrainingMemory, free: int, checkpointed: bool
) -> Iterator[tuple[str, int]]:
    """What would help, and what the training takes then beyond what is there; what costs least first."""
    if not checkpointed:
        with recomputed(network.network):
            yield "Turn gradient_checkpointing on", _growing(memory, _measured(trainer, network))
    if trainer.plan.precision == "of the model" and _computes_in_float32(trainer):
        with _planned(trainer, precision="bfloat16"):
            yield "Choose the precision bfloat16 in Learning Options", _growing(memory, _measured(trainer, network))
    batch, cells = largest_batch(trainer)
    room, growth = free - memory.gradients - memory.optimizer - memory.growth.least, memory.growth
    if len(batch) > 1:
        pictures = min(len(batch) - 1, max(1, int(room / growth(1, cells / len(batch)))))
        lower = replace(memory, pictures=pictures, cells=pictures * cells // len(batch))
        yield f"Lower batch_size to {pictures} and raise accumulation", lower.further
    if memory.optimizer > memory.parameters:
        smaller: Name = "AdamW 8-bit" if find_spec("bitsandbytes") else "Adafactor"
        with _planned(trainer, optimizer=smaller):
            optimizer = _known(trainer).optimizer
        yield f"Choose the optimizer {smaller} in Learning Options", replace(memory, optimizer=optimizer).further
    width, height = (batch[0].settings.get(f"target_{side}", 0) for side in ("width", "height"))
    fits = max(0.0, room - growth.picture * len(batch)) / growth.cell if growth.cell else 0.0
    resolution = int(math.sqrt(fits / cells * width * height)) // RESOLUTIONS * RESOLUTIONS
    if resolution:
        share = resolution**2 / (width * height)
        yield f"Lower resolution to {resolution}", replace(memory, cells=int(cells * share)).further
    kept = memory.gradients + memory.optimizer
    if kept > memory.step:
        yield "Train half as many numbers, by a lower rank or fewer layers", memory.further - kept // 2


def _growing(memory: TrainingMemory, growth: Growth) -> int:
    """What a training takes further where a step grows otherwise."""
    return replace(memory, growth=growth).further


def _computes_in_float32(trainer: Trainer) -> bool:
    return trainer.model.source is None or trainer.model.source.dtype == torch.float32


@contextmanager
def _planned(trainer: Trainer, **changes: Any) -> Iterator[None]:
    """A context in which the plan is another one."""
    before, trainer.plan = trainer.plan, replace(trainer.plan, **changes)
    try:
        yield
    finally:
        trainer.plan = before


@contextmanager
def recomputed(network: Any, wanted: bool = True) -> Iterator[None]:
    """A context in which what gradients need is computed again, and not kept."""
    try:
        if wanted:
            network.enable_gradient_checkpointing()
        yield
    finally:
        if wanted:
            network.disable_gradient_checkpointing()


def size(count: float) -> str:
    """A number of bytes for people."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.1f} MB"


def _peak(call: Callable[[], Any]) -> int:
    allocations = _Allocations()
    with allocations:
        call()
    return allocations.peak


class _Allocations(TorchDispatchMode):
    """Counts the bytes of tensors that are made and dropped while it is on, on whatever device."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = self._now = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for each in tree_iter((args, kwargs)):
            self._meet(each, new=False)
        found = func(*args, **(kwargs or {}))
        for each in tree_iter(found):
            self._meet(each, new=True)
        return found

    def _meet(self, value: Any, new: bool) -> None:
        if not isinstance(value, Tensor):
            return
        storage = value.untyped_storage()
        name = storage._cdata
        if name not in self._known:
            size = storage.nbytes() if new else 0
            self._known.add(name)
            self._now += size
            self.peak = max(self.peak, self._now)
            weakref.finalize(storage, self._forget, name, size)

    def _forget(self, name: int, size: int) -> None:
        self._known.discard(name)
        self._now -= size
