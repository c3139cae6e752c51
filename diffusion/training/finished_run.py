"""A run of training that has ended, or was stopped, as a value: its files, and what it has written down."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from diffusion.training.run import SETTINGS, Check, Run
from diffusion.training.trainer import Step


class FinishedRunError(ValueError):
    """What is wanted of a run is not there (any more). option: what is wrong, by the name that nodes have for it."""

    def __init__(self, message: str, option: str = "run") -> None:
        """The message says what to do."""
        super().__init__(message)
        self.option = option


class PaintedPicture(NamedTuple):
    """A picture that was painted after so many steps, and the number of its prompt, from 1."""

    path: Path
    steps: int
    prompt: int


@dataclass(frozen=True)
class FinishedRun:
    """A run at its end. What was done to its folder and its files since is noticed when they are looked for.

    method: how it has learned, in a word. folder: what it has written down. target: its last file, in the folder of its
    kind (loras, checkpoints, embeddings, hypernetworks, controlnet). steps: those that this file holds. ended: all that
    were taken, which are more where the run went back to the best of them.
    """

    method: str
    folder: Path
    target: Path
    steps: int
    ended: int

    @property
    def name(self) -> str:
        """What it was called."""
        return self.target.stem

    @property
    def kind(self) -> str:
        """The folder of models that its files lie in."""
        return self.target.parent.name

    @property
    def run(self) -> Run:
        """What it has written down. Raises `FinishedRunError` if its folder was deleted."""
        if not (self.folder / SETTINGS).is_file():
            raise FinishedRunError(
                f"The folder {self.folder.name} in user/training was deleted, and with it what the training wrote "
                "down: free memory and clear caches, and queue it again."
            )
        return Run(self.folder, {})

    def taken(self) -> list[Step]:
        """Its steps, in order. Raises `FinishedRunError`."""
        return [step for step in self.run.steps() if step.number < self.ended]

    def checks(self) -> list[Check]:
        """Its losses at fixed noise, in order. Raises `FinishedRunError`."""
        return [check for check in self.run.checks() if check.steps <= self.ended]

    def pictures(self) -> list[PaintedPicture]:
        """The pictures that were painted, in the order of their steps. Raises `FinishedRunError`."""
        found = [(steps, file) for steps, file in self.run.samples() if steps <= self.ended]
        return [PaintedPicture(file, steps, int(file.stem.partition("-")[2]) + 1) for steps, file in found]

    def files(self) -> dict[int, Path]:
        """Its files by their steps, ascending, as far as they are there and its own. Raises `FinishedRunError`."""
        written = self.run.written()
        found = {steps: self.target.parent / name for name, steps in written.items()}
        if written.get(self.target.name) == self.steps:
            found[self.steps] = self.target  # rather than one that "Save now" has written after the last step
        return {steps: file for steps, file in sorted(found.items()) if steps <= self.ended and file.is_file()}

    def file(self, steps: int = 0) -> Path:
        """The file that was written after so many steps; 0 is the last one. Raises `FinishedRunError`."""
        files, wanted = self.files(), steps or self.steps
        if wanted in files:
            return files[wanted]
        if not steps:
            raise FinishedRunError(
                f"{self.target.name} is gone, or holds what another training has learned since: queue the training "
                "again, and give trainings names of their own."
            )
        there = ", ".join(map(str, files)) or "none"
        raise FinishedRunError(
            f"No file of {self.name} holds {steps} steps. Those that there are hold: {there}. With save_every a "
            "training writes more of them.",
            option="steps",
        )

    def best(self) -> int:
        """After how many steps the loss was the lowest, of those that there is a file of: on pictures that were held
        out if there were some, otherwise at fixed noise.

        Raises `FinishedRunError` where no loss was measured.
        """
        files = self.files()
        checks = [check for check in self.checks() if check.steps in files]
        losses = [(each.held_out, each.steps) for each in checks if each.held_out is not None]
        losses = losses or [(each.loss, each.steps) for each in checks]
        finite = [each for each in losses if math.isfinite(each[0])]
        if not finite:
            raise FinishedRunError(f"No loss was measured for a file of {self.name}: choose the file by its steps.")
        return min(finite)[1]
