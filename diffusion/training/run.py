"""A run of training on disk: what it was asked for, its snapshots, and what happened in its steps.

A snapshot is one safetensors file with the parameters and the optimizer's state; the step is in its name. It is written
beside its place, synchronised and renamed, so that a killed process leaves the last whole one.
"""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from diffusion.training.trainer import Step, Trainer, TrainingError
from diffusion.weights import UnwritableError, WeightsError, load_weights, read_header

SETTINGS = "settings.json"
LOG = "log.jsonl"
CHECKS = "checks.jsonl"
SAMPLES = "samples"
KEPT = "kept"  # the steps of snapshots that are never removed, a line for each
FINISHED = "finished"
FILES = "files"  # a folder: for each file in that of models, how many steps it holds
_PARAMETER, _STATE, _MEAN = "parameter.", "optimizer.", "average."


def within(path: Path) -> str:
    """A model's file by its name within the folder of models."""
    return f"{path.parent.name}/{path.name}"


@dataclass(frozen=True)
class Check:
    """The loss at fixed noise after so many steps: of pictures that are trained with, and of some that are not."""

    steps: int
    loss: float
    held_out: float | None = None


Entry = TypeVar("Entry", Step, Check)


@dataclass(frozen=True)
class Run:
    """A folder that holds a run. `settings` is what makes two runs the same one, and is written into it."""

    folder: Path
    settings: Mapping[str, Any]

    @classmethod
    def open(cls, folder: Path, settings: Mapping[str, Any]) -> Run:
        """Begin a run, or find the one that was begun there. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / SETTINGS
        if not file.is_file():
            partial = file.with_suffix(".part")
            content = json.dumps(settings, indent=2, ensure_ascii=False)
            partial.write_bytes(content.encode("utf-8", "backslashreplace"))  # names of files may be no text
            partial.replace(file)
        return cls(folder, settings)

    def _present(self) -> Path:
        """The folder, which is made again where it was removed while the run goes on. Raises OSError."""
        return self.open(self.folder, self.settings).folder

    def snapshots(self) -> list[int]:
        """The steps after which there are snapshots, ascending."""
        return sorted(int(file.stem) for file in self.folder.glob("*.safetensors") if file.stem.isdigit())

    def path(self, steps: int) -> Path:
        """The snapshot after so many steps."""
        return self.folder / f"{steps:07}.safetensors"

    def save(self, trainer: Trainer, steps: int, spared: Collection[int] = ()) -> None:
        """Keep the trainer's state after so many steps, and of the snapshots before it the latest alone.

        Those that are kept for good stay too, and those after `spared` steps. Raises `TrainingError` where it holds
        what is no number, and `UnwritableError`.
        """
        tensors = {_PARAMETER + name: parameter.detach() for name, parameter in trainer.parameters.items()}
        for name, tensor in tensors.items():
            if not tensor.isfinite().all():
                raise TrainingError(
                    f"{name.removeprefix(_PARAMETER)} has values that are no numbers, and was not kept.",
                    option="learning_rate",
                )
        if trainer.average is not None:
            tensors |= {_MEAN + name: tensor for name, tensor in trainer.average.tensors.items()}
        state = trainer.optimizer.state_dict()
        numbers: dict[str, Any] = {}
        for index, entries in sorted(state["state"].items()):  # restoring may have put them in another order
            for name, value in entries.items():
                if isinstance(value, Tensor):
                    tensors[f"{_STATE}{index}.{name}"] = value
                else:
                    numbers[f"{index}.{name}"] = value
        groups = [{key: value for key, value in group.items() if key != "params"} for group in state["param_groups"]]
        # one entry, as the order of several is left to chance
        metadata = {"optimizer": json.dumps({"numbers": numbers, "groups": groups})}
        self._write(self.path(steps), tensors, metadata)
        stay = {*self._kept_for_good(), *spared}
        for older in [each for each in self.snapshots() if each < steps][:-1]:
            if older not in stay:
                self.path(older).unlink(missing_ok=True)

    def forget(self, steps: int) -> None:
        """Remove the snapshot after so many steps, if there is one: what it holds is not sound."""
        self.path(steps).unlink(missing_ok=True)

    def keep_for_good(self, steps: Iterable[int]) -> None:
        """Never remove the snapshots after so many steps. Raises OSError."""
        kept = self._kept_for_good()
        if more := [each for each in steps if each not in kept]:
            with (self._present() / KEPT).open("a", encoding="utf-8") as file:
                file.write("".join(f"\n{each}\n" for each in more))

    def _kept_for_good(self) -> set[int]:
        file = self.folder / KEPT
        return {int(line) for line in file.read_text("utf-8").split() if line.isdigit()} if file.is_file() else set()

    def _write(self, path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
        partial = path.with_suffix(".part")
        try:
            self._present()
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, partial, metadata)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        except (OSError, SafetensorError) as error:
            partial.unlink(missing_ok=True)
            raise UnwritableError(
                f"The snapshot {path.name} cannot be written ({error}): make room in the folder {self.folder.name}."
            ) from error

    def restore(self, trainer: Trainer, steps: int) -> None:
        """Bring a trainer into the state after so many steps. Raises `WeightsError`."""
        path = self.path(steps)
        tensors, stored = load_weights(path), json.loads(read_header(path).metadata["optimizer"])
        wanted = {_PARAMETER + name: parameter.shape for name, parameter in trainer.parameters.items()}
        wanted |= (
            {_MEAN + name: mean.shape for name, mean in trainer.average.tensors.items()} if trainer.average else {}
        )
        if wanted != {name: tensor.shape for name, tensor in tensors.items() if not name.startswith(_STATE)}:
            raise WeightsError(f"{path.name} is of another run: move the folder {self.folder.name} away.")
        state: dict[int, dict[str, Any]] = {}
        for name, tensor in tensors.items():
            if name.startswith(_STATE):
                index, _, entry = name.removeprefix(_STATE).partition(".")
                state.setdefault(int(index), {})[entry] = tensor.clone()
        for name, value in stored["numbers"].items():
            index, _, entry = name.partition(".")
            state.setdefault(int(index), {})[entry] = value
        groups = trainer.optimizer.state_dict()["param_groups"]
        for group, entries in zip(groups, stored["groups"], strict=True):
            group.update({key: tuple(value) if isinstance(value, list) else value for key, value in entries.items()})
        trainer.optimizer.load_state_dict({"state": state, "param_groups": groups})
        with torch.no_grad():
            for name, parameter in trainer.parameters.items():
                parameter.copy_(tensors[_PARAMETER + name])
            for name, mean in trainer.average.tensors.items() if trainer.average else ():
                mean.copy_(tensors[_MEAN + name])

    def resume(self, trainer: Trainer, steps: int) -> int:
        """Bring a trainer to the latest whole snapshot of at most `steps`; after how many steps it was made."""
        for found in reversed([each for each in self.snapshots() if each <= steps]):
            try:
                self.restore(trainer, found)
            except (WeightsError, KeyError, ValueError):
                continue  # half a file of a disk that was full, or one that somebody else put there
            return found
        return 0

    def finish(self, target: Path) -> bool:
        """Write down that the run has made a file, which is no other run's any more; whether it was."""
        others = [each for each in self.folder.parent.glob(f"*/{FINISHED}") if each.parent != self.folder]
        replaced = [each for each in others if each.read_text("utf-8") == within(target)]
        for each in replaced:
            each.unlink()
        (self._present() / FINISHED).write_text(within(target), "utf-8")
        return bool(replaced)

    def wrote(self, path: Path, steps: int) -> None:
        """Write down that a file holds what was learned in so many steps; it is no other run's any more."""
        for other in self.folder.parent.glob(f"*/{FILES}/{glob.escape(within(path))}"):
            other.unlink()
        note = self.folder / FILES / within(path)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(str(steps), "utf-8")

    def written(self) -> dict[str, int]:
        """The files that hold what was learned, by their names, and after how many steps each was written."""
        notes = {note.name: note.read_text("utf-8") for note in sorted((self.folder / FILES).glob("*/*"))}
        return {name: int(steps) for name, steps in notes.items() if steps}  # empty: of a process that was killed

    def log(self, step: Step) -> None:
        """Write down a step."""
        self._append(LOG, step)

    def steps(self) -> list[Step]:
        """What was written down, the latest of each number, in order."""
        return [step for _, step in sorted({step.number: step for step in self._logged(LOG, Step)}.items())]

    def log_check(self, check: Check) -> None:
        """Write down a loss at fixed noise."""
        self._append(CHECKS, check)

    def checks(self) -> list[Check]:
        """The losses at fixed noise, the latest of each number of steps, in order."""
        return [check for _, check in sorted({check.steps: check for check in self._logged(CHECKS, Check)}.items())]

    def _append(self, name: str, entry: Step | Check) -> None:
        with (self._present() / name).open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(asdict(entry)))  # in front: the line before may be half of one

    def _logged(self, name: str, kind: type[Entry]) -> Iterator[Entry]:
        file = self.folder / name
        for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
            try:
                yield kind(**json.loads(line))
            except (ValueError, TypeError):
                continue  # none, or half of one, of a process that was killed

    def keep_sample(self, steps: int, number: int, png: bytes) -> Path:
        """Keep a picture that was painted after so many steps; its file. Raises OSError."""
        (self._present() / SAMPLES).mkdir(exist_ok=True)
        file = self.folder / SAMPLES / f"{steps:07}-{number:02}.png"
        file.write_bytes(png)
        return file

    def samples(self) -> list[tuple[int, Path]]:
        """The pictures that were painted, and after how many steps, in order."""
        files = sorted((self.folder / SAMPLES).glob("*-*.png"))
        return [(int(file.stem.partition("-")[0]), file) for file in files]
