"""What is trained of a model: of its denoiser, and of its text encoders, if these learn too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import nn

from diffusion.adapters import UNET, AdapterPatch, Kind
from diffusion.component import Source
from diffusion.model import Clip, Model, TextEncoder
from diffusion.training.dropout import Chance
from diffusion.training.embedding import live_states
from diffusion.training.samples import Sample
from diffusion.training.trained_adapter import TrainedAdapter
from diffusion.training.trainer import Plan, States, Trainer, TrainingError

_TEXT = "text encoder "  # before a text encoder's name, in names of parameters


class Trained(Protocol):
    """What is trained of one network.

    parameters: by names that a snapshot has for them.
    """

    parameters: dict[str, nn.Parameter]

    def attached(self, network: Any) -> AbstractContextManager[None]:
        """A context in which the network goes through it, with gradients."""

    def off(self) -> AbstractContextManager[None]:
        """A context in which a network that goes through it is as it was before."""

    def kinds(self) -> dict[str, Kind]:
        """What was learned of each tensor, by its name in the network; a copy on the CPU."""


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """What is trained of a denoiser and of text encoders, as one.

    clip: the text encoders as they are without it. texts: by the names of those that learn; empty if none does.
    chance: where it has its random numbers from. longest: the greatest length of what LoRAs add to a layer, which holds
    after each step; 0 is none. still: what `clip` has on it that does not learn and belongs into the file, by text
    encoder.
    """

    denoiser: Trained
    clip: Clip
    texts: Mapping[str, Trained]
    chance: Chance = field(default_factory=Chance)
    longest: float = 0.0
    still: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """All that is trained."""
        found = dict(self.denoiser.parameters)
        for name, text in self.texts.items():
            found |= {f"{_TEXT}{name} {key}": parameter for key, parameter in text.parameters.items()}
        return found

    @property
    def of_texts(self) -> list[str]:
        """The names of the parameters of text encoders."""
        return [name for name in self.parameters if name not in self.denoiser.parameters]

    @contextmanager
    def attached(self, network: Any) -> Iterator[None]:
        """A context in which the denoiser, which is `network`, and the text encoders go through it, with gradients."""
        with ExitStack() as stack:
            stack.enter_context(self.denoiser.attached(network))
            for encoder in self.clip.encoders:
                if encoder.name in self.texts:  # not `encoder.loaded`, which turns gradients off for all
                    text = stack.enter_context(encoder.part.loaded(encoder.patches))
                    stack.enter_context(self.texts[encoder.name].attached(text))
            yield

    @contextmanager
    def off(self) -> Iterator[None]:
        """A context in which all networks that go through it are as they were before."""
        with ExitStack() as stack:
            for each in (self.denoiser, *self.texts.values()):
                stack.enter_context(each.off())
            yield

    def settle(self) -> None:
        """Bring what was learned within its limits, after a step."""
        for each in (self.denoiser, *self.texts.values()):
            if self.longest and isinstance(each, TrainedAdapter):
                each.shorten(self.longest)

    def kinds(self) -> dict[str, Mapping[str, Kind]]:
        """What was learned of each tensor, by network and by the tensor's name in it."""
        return {UNET: self.denoiser.kinds(), **self.still, **{name: text.kinds() for name, text in self.texts.items()}}

    def on_model(self, model: Model) -> Model:
        """The model with what was learned."""
        return model.patched(AdapterPatch(self.denoiser.kinds(), 1.0))

    def on_clip(self) -> Clip:
        """The text encoders with what was learned."""
        return self.clip.patched({name: (AdapterPatch(text.kinds(), 1.0),) for name, text in self.texts.items()})

    def trainer(
        self, model: Model, samples: Sequence[Sample], states: States, plan: Plan, rates: Mapping[str, float]
    ) -> Trainer:
        """What trains it. states: of text encoders that stay as they are. rates: as `Trainer` takes them.

        Raises `TrainingError`.
        """
        learn = bool(self.texts)
        states = live_states(self.clip) if learn else states
        return Trainer(
            model,
            self.parameters,
            samples,
            states,
            plan,
            texts_learn=learn,
            of_texts=self.of_texts,
            rates=rates,
            chance=self.chance,
            off=self.off,
            settle=self.settle,
        )


def source_of(model: Model) -> Source:
    """The weights of a model's denoiser. Raises `TrainingError` where they cannot be trained."""
    if model.source is None:
        raise TrainingError("The weights of this model do not come from a file, so that nothing can be trained on it.")
    return model.source


def text_sources(clip: Clip) -> list[tuple[TextEncoder, Source]]:
    """Text encoders with their weights. Raises `TrainingError` where these cannot be trained."""
    found: list[tuple[TextEncoder, Source]] = []
    for encoder in clip.encoders:
        if encoder.source is None or encoder.source.stored is not None:
            raise TrainingError(
                "The weights of the text encoders do not come from a file in a number format that can be trained: set "
                "text_learning_rate to 0.",
                option="clip",
            )
        found.append((encoder, encoder.source))
    return found
