"""Networks in ONNX files. They run on the processor: that is what the package onnxruntime brings everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from diffusion.weights import WeightsError

Numbers = npt.NDArray[np.float32]


class OnnxNetwork:
    """The network of a file with one input."""

    def __init__(self, path: Path) -> None:
        """Raises `WeightsError` for a file that cannot be run."""
        import onnxruntime

        self.name = path.name
        try:
            self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no class in common but this one
            raise WeightsError(f"{path.name} is no ONNX network that can be run: {_first_line(error)}.") from error

    @property
    def input_shape(self) -> list[Any]:
        """The sizes of its input; texts or None stand for any."""
        return list(self._session.get_inputs()[0].shape)

    @property
    def notes(self) -> dict[str, str]:
        """What the file says of itself."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def __call__(self, numbers: Numbers) -> list[Numbers]:
        """All outputs, in the order of the file. Raises `WeightsError` where the input does not fit."""
        try:
            given = self._session.get_inputs()[0]
            fitting = numbers.astype(np.float16) if "float16" in given.type else numbers
            return list(self._session.run(None, {given.name: fitting}))
        except Exception as error:  # as above
            raise WeightsError(f"{self.name} failed: {_first_line(error)}. Choose another file.") from error

    def to(self, device: torch.device) -> OnnxNetwork:
        """Itself: it stays on the processor."""
        return self


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
