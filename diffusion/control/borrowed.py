"""Control networks whose files hold only what differs from the UNet that they go with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor

from diffusion.component import Component, Patches, Source, changes_of
from diffusion.families.layouts import Opened
from diffusion.families.ldm_shapes import UNET
from diffusion.model import Model
from diffusion.residency import Part
from diffusion.sampling.errors import SamplingError
from diffusion.weights import WeightsError

MakePart = Callable[[Mapping[str, Any], Mapping[str, Tensor]], Part]
"""From the configuration of a UNet and the tensors of a control network to the network."""


class Borrowed:
    """The network of a file, completed by a model's weights; the last one that was made is kept."""

    def __init__(
        self, title: str, file: Opened, differences: bool, name_in_file: Callable[[str, Source], str], make: MakePart
    ) -> None:
        """`name_in_file` translates the name of a UNet's tensor; `title` is of the control network, for messages."""
        self._title = title
        self._differences = differences
        self._file = file
        self._name_in_file = name_in_file
        self._make = make
        self._last: tuple[Source, Patches, Part] | None = None

    def on(self, model: Any) -> Part:
        """The network for a model and its patches. Raises `SamplingError` if the model cannot lend weights."""
        if not isinstance(model, Model) or model.source is None:
            raise SamplingError(f"{self._title} needs the weights of a model that was loaded from a file.")
        source, patches = model.source, model.patches
        if self._last is None or self._last[:2] != (source, patches):
            try:
                self._last = (source, patches, self._make(source.component.config, self._completed(source, patches)))
            except WeightsError as error:
                raise SamplingError(f"{self._title} does not fit the model: {error}") from error
        return self._last[2]

    def _completed(self, source: Source, patches: Patches) -> Mapping[str, Tensor]:
        lent = {
            self._name_in_file(name, source): name
            for name in source.shapes
            if not name.startswith(("up_blocks.", "conv_norm_out.", "conv_out."))
        }
        return Completed(self._file.weights, lent, source, patches, self._differences)


class Completed(Mapping[str, Tensor]):
    """A control network's tensors, each computed when it is read.

    One that the file has as `NAME.up` and `NAME.down` is the UNet's with their product added; one of a file of
    `difference` is the sum; one that the file does not have is the UNet's.
    """

    def __init__(
        self, file: Mapping[str, Tensor], lent: Mapping[str, str], source: Source, patches: Patches, differences: bool
    ) -> None:
        """`lent`: names of the UNet's tensors, by those that a file would have for them."""
        self._file = file
        self._lent = lent
        self._source = source
        self._changes = changes_of(patches)
        self._differences = differences
        markers = (f"{UNET}difference", f"{UNET}lora_controlnet")
        own = (name for name in file if name not in markers and not name.endswith((".up", ".down")))
        self._names = dict.fromkeys((*lent, *own))

    def __getitem__(self, name: str) -> Tensor:
        """The tensor, float32."""
        stem = name.removesuffix(".weight")
        if f"{stem}.up" in self._file:
            up, down = (self._file[f"{stem}.{half}"].float() for half in ("up", "down"))
            base = self._base(name)
            return base + (up.flatten(1) @ down.flatten(1)).reshape(base.shape)
        if name not in self._file:
            return self._base(name)
        own = self._file[name].float()
        return own + self._base(name) if self._differences and name in self._lent else own

    def __iter__(self) -> Iterator[str]:
        """The names of all tensors."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._names)

    def _base(self, name: str) -> Tensor:
        own = self._lent[name]
        return self._source.tensor(own, self._changes.get(own, ())).float().cpu()


def checked_names(component: Component, weights: Mapping[str, Tensor], name: str) -> None:
    """Raise `WeightsError` if the network has tensors that are not among `weights`."""
    missing = [entry.name for entry in component.entries(component.build()).values() if entry.name not in weights]
    if missing:
        raise WeightsError(f"{name} lacks {missing[0]}. Get the file again, or choose another one.")
