"""The loop that all trainings share: pictures, questions, answers, gradients; a step is a pure function of its number.

All chance of a step comes from the seed and the step's number, so that nothing but parameters and the optimizer's state
has to be kept for a run to go on as if it had never been stopped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar, get_args

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from diffusion.model import LoadedModel, Model
from diffusion.sampling.conditions import Frame
from diffusion.sampling.network import Call
from diffusion.training.average import Average, Averaging
from diffusion.training.captions import CaptionRules
from diffusion.training.dropout import Chance
from diffusion.training.learning_rate import LearningRate
from diffusion.training.objective import Objective, Question, Trainable
from diffusion.training.optimizer_arguments import Name
from diffusion.training.optimizers import new_optimizer, rate_of
from diffusion.training.samples import Order, Sample

Item = TypeVar("Item")
States = Callable[[str], tuple[Tensor, Mapping[str, Any]]]
"""``states(text)``: the encoded text ``[1, tokens, width]`` and its settings, as conditioning has them."""
MOST_TEXTS = 512  # encoded ones that are kept; of SDXL they take 600 kB each
CHECKED_TIMESTEPS = (0.1, 0.3, 0.5, 0.7, 0.9)  # shares of the schedule at which the fixed loss is measured
MOST_CHECKED = 16  # samples that it is measured on
# What losses are multiplied by before a backward pass in float16, which rounds small gradients to zero. The greatest
# that overflows nothing is taken anew in each step, so that steps stay pure.
HALF_SCALES = (2.0**14, 2.0**10, 2.0**6, 2.0**2, 2.0**-2)

Precision = Literal["of the model", "bfloat16", "float16"]
"""What is computed in: in the number format of the model's weights, or in half of it where that does no harm, with all
that is trained kept in float32."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
_AUTOCAST = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def evenly(items: Sequence[Item]) -> list[Item]:
    """As many of some as the fixed loss is measured on, spread over them evenly."""
    count = min(len(items), MOST_CHECKED)
    return [items[at * len(items) // count] for at in range(count)]


class TrainingError(ValueError):
    """Training cannot begin or go on. option: what is wrong, by the name that nodes have for it."""

    def __init__(self, message: str, option: str = "model") -> None:
        """The message says why, and what to do."""
        super().__init__(message)
        self.option = option


@dataclass(frozen=True)
class Plan:
    """How to train.

    batch: samples that the network sees at once; accumulation: batches of a step. learning_rate: the greatest one;
    schedule: its factor at each step. optimizer_arguments: as `read_arguments` reads them. clip: the greatest norm of
    the gradients, 0 for none. average: how the parameters are averaged over the steps; None is not at all.
    precision: what the network computes in. text_steps: text encoders that learn do so in the first so many steps; 0 is
    in all.
    """

    seed: int = 0
    batch: int = 1
    accumulation: int = 1
    learning_rate: float = 1e-4
    schedule: LearningRate = field(default_factory=LearningRate)
    optimizer: Name = "AdamW"
    weight_decay: float = 0.01
    optimizer_arguments: str = ""
    clip: float = 1.0
    objective: Objective = field(default_factory=Objective)
    captions: CaptionRules = field(default_factory=CaptionRules)
    average: Averaging | None = None
    precision: Precision = "of the model"
    text_steps: int = 0


@dataclass(frozen=True)
class Step:
    """What happened in a step: its mean loss, that of each concept, the learning rate, and the gradients' norm.

    seconds: how long it took, where somebody has measured it.
    """

    number: int
    loss: float
    by_concept: Mapping[str, float]
    learning_rate: float
    gradient: float
    seconds: float = 0.0


class Trainer:
    """Parameters that learn from samples with a model that stays as it is."""

    def __init__(
        self,
        model: Model,
        parameters: Mapping[str, nn.Parameter],
        samples: Sequence[Sample],
        states: States,
        plan: Plan,
        *,
        texts_learn: bool = False,
        of_texts: Sequence[str] = (),
        rates: Mapping[str, float] | None = None,
        chance: Chance | None = None,
        off: Callable[[], AbstractContextManager[None]] | None = None,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        """texts_learn: whether texts are encoded with what is trained, and so anew in each step. of_texts: the names of
        the parameters of text encoders.

        rates: the greatest learning rates of the parameters that do not have the plan's, by their names.
        chance: where what is trained has its random numbers from. off: a context in which the networks that go through
        it are as before, where there can be one. settle: called after each step, and may change the parameters.

        Raises `TrainingError` for a model or samples that cannot be trained with.
        """
        if not hasattr(model.parameterization, "target"):
            raise TrainingError("The sampling of this model was changed: train the model as its checkpoint has it.")
        if not any(sample.repeats for sample in samples):
            raise TrainingError("There is no picture to train with: choose a folder that has some.", option="dataset")
        if model.source is not None and model.source.stored is not None:
            raise TrainingError("The weights of this model are kept in 8 bits: load it in its own number format.")
        if off is None and any(sample.preserved for sample in samples):
            raise TrainingError(
                "What is trained here cannot be left out to ask the model what it said before: take Preserve Class "
                "away, and give it pictures of the class.",
                option="dataset",
            )
        if plan.text_steps and not of_texts:
            raise TrainingError(
                "No text encoder learns here: set text_steps in Learning Options to 0.", option="learning"
            )
        # what acts while a model runs skips layers, keeps what it has seen, or wants to know how far a picture is
        self.model = replace(model, attachments=())
        self.samples = samples
        self.plan = plan
        self.parameters = dict(parameters)
        self.order = Order(samples, plan.batch, plan.seed)
        by_rate: dict[float, list[nn.Parameter]] = {plan.learning_rate: []}
        for name, parameter in self.parameters.items():
            by_rate.setdefault((rates or {}).get(name, plan.learning_rate), []).append(parameter)
        groups = [{"params": each, "lr": rate} for rate, each in by_rate.items()]
        self.optimizer: Optimizer = new_optimizer(
            plan.optimizer, groups, weight_decay=plan.weight_decay, arguments=plan.optimizer_arguments
        )
        self._rates = tuple(by_rate)
        self._chance = chance or Chance()
        self._off, self._settle = off, settle
        self.average = Average(plan.average, self.parameters) if plan.average else None
        self._states = states
        self._texts_learn, self._of_texts = texts_learn, of_texts
        self._known: dict[str, tuple[Tensor, Mapping[str, Any]]] = {}

    def step(self, network: LoadedModel, number: int) -> Step:
        """Take the step of a number; the first is 0. Raises `TrainingError` where the loss is no number any more."""
        plan = self.plan
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * plan.schedule.factor(number)
        for name in self._of_texts:
            self.parameters[name].requires_grad_(not plan.text_steps or number < plan.text_steps)
        batches = [self.order[number * plan.accumulation + part] for part in range(plan.accumulation)]
        for scale in HALF_SCALES if self._is_half(network) else (1.0,):
            costs, norm = self._backward(network, batches, number, scale)
            if norm < float("inf"):
                break
        step = self._looked_at(number, costs, norm, batches)
        self.optimizer.step()
        self._settle()
        if self.average is not None:
            self.average.follow(number + 1)
        return step

    def averaged(self) -> AbstractContextManager[None]:
        """A context in which the parameters are their mean over the steps, where there is one."""
        return self.average.in_place() if self.average is not None else nullcontext()

    def take_average(self) -> None:
        """Make the parameters their mean over the steps, where there is one, as training is over."""
        if self.average is not None:
            self.average.take()

    def _backward(
        self, network: LoadedModel, batches: Sequence[Sequence[int]], number: int, scale: float
    ) -> tuple[list[tuple[str, float]], float]:
        """Compute the gradients of a step, cut to their greatest norm; what each sample cost, and the norm before."""
        self.optimizer.zero_grad()
        costs: list[tuple[str, float]] = []
        whole = sum(len(batch) for batch in batches)
        for part, batch in enumerate(batches):
            samples = [self.samples[at] for at in batch]
            losses = self.learn_from(network, samples, number, part, scale / whole)
            costs += [(sample.concept, float(loss)) for sample, loss in zip(samples, losses, strict=True)]
        for parameter in self.parameters.values():
            if scale != 1 and parameter.grad is not None:
                parameter.grad /= scale
        return costs, float(nn.utils.clip_grad_norm_(self.parameters.values(), self.plan.clip or float("inf")))

    def learn_from(
        self, network: LoadedModel, samples: Sequence[Sample], number: int, part: int, factor: float
    ) -> Tensor:
        """Add what a batch teaches, `factor` times, to the gradients; what each of its samples cost, ``[B]``."""
        with self._chance.of(self._named(number, part)):
            question, shown, texts = self._asked(samples, self._draw(number, part), number)
            question = self._preserved(network, question, shown, texts)
            call = self._call(question, shown, texts)
            with network.answering(call):
                with self._computing():
                    answer = self._answer(network, call, shown)
                losses = self._losses(question, answer, shown)
                if losses.requires_grad:  # texts without the word that is trained ask nothing of it
                    (losses.sum() * factor).backward()
        return losses.detach()

    @torch.no_grad()
    def fixed_loss(
        self,
        network: LoadedModel,
        check: Callable[[], None] = lambda: None,
        samples: Sequence[Sample] | None = None,
    ) -> float:
        """The mean loss at always the same noise and timesteps, which shows what chance hides in the steps' losses.

        It is measured on at most `MOST_CHECKED` samples, with whole captions: of those that are trained with, or of
        `samples`, which are not. `check` is called before each, and may raise.
        """
        if samples is None:
            samples = [each for each in self.samples if not each.preserved] or self.samples
        asked = self.plan.objective
        schedule = self._trainable.schedule
        objective = Objective(unmasked=asked.unmasked, mask_normalized=asked.mask_normalized)
        found = []
        self._forget_texts()
        for at, sample in enumerate(evenly(samples)):
            check()
            text = self._whole(sample.caption, at)
            draw = torch.Generator().manual_seed(at)
            for share in CHECKED_TIMESTEPS:
                latent = sample.latent[None].to(self.model.device)
                noise = objective.noise(latent, draw)
                question = objective.question(
                    self._trainable, latent, noise, torch.tensor([int(share * len(schedule.sigmas))])
                )
                answer = self._answer(network, self._call(question, [sample], [text]), [sample])
                mask = self._mask([sample])
                found.append(float(objective.losses(self._trainable, question, answer, mask)))
        return sum(found) / len(found)

    def whole_caption(self, at: int) -> str:
        """The caption of a sample with all its tags in order; of several choices always the same."""
        return self._whole(self.samples[at].caption, at)

    def _whole(self, caption: str, chance: int) -> str:
        rules = replace(self.plan.captions, shuffle=False, dropout=0.0, tag_dropout=0.0, warmup_steps=0)
        return rules.text(caption, random.Random(chance))

    def text(self, text: str) -> tuple[Tensor, Mapping[str, Any]]:
        """A text as the network is asked with it now: its states ``[1, tokens, width]`` and their settings."""
        return self._states(text) if self._texts_learn else self._encoded(text)

    @property
    def _trainable(self) -> Trainable:
        parameterization: Any = self.model.parameterization
        trainable: Trainable = parameterization
        return trainable

    def _draw(self, number: int, part: int) -> torch.Generator:
        return torch.Generator().manual_seed(random.Random(self._named(number, part)).getrandbits(63))

    def _named(self, number: int, part: int) -> str:
        """What all chance of a batch comes from."""
        return f"{self.plan.seed} step {number} part {part}"

    def _asked(
        self, samples: Sequence[Sample], draw: torch.Generator, number: int
    ) -> tuple[Question, list[Sample], list[str]]:
        """What the network is asked in a step about some samples, these as they are shown, some mirrored, and texts."""
        chance = random.Random(int(torch.randint(2**62, (), generator=draw)))
        texts = [self.plan.captions.text(sample.caption, chance, number) for sample in samples]
        shown = [
            sample.mirrored if sample.flipped is not None and chance.random() < 0.5 else sample for sample in samples
        ]
        latents = torch.stack([sample.latent for sample in shown]).to(self.model.device)
        return self.plan.objective.ask(self._trainable, latents, draw), shown, texts

    def _preserved(
        self, network: LoadedModel, question: Question, samples: Sequence[Sample], texts: Sequence[str]
    ) -> Question:
        """The question with what the model answered before as the right answer for samples that are to be preserved."""
        rows = [at for at, sample in enumerate(samples) if sample.preserved]
        if not rows or self._off is None:
            return question
        asked = Question(*(each[rows] for each in question))
        with torch.no_grad(), self._off():
            self._forget_texts()
            call = self._call(asked, [samples[at] for at in rows], [texts[at] for at in rows])
            self._forget_texts()
            with self._computing():
                before = network(call)
        target = question.target.clone()
        target[rows] = before.to(target)
        return question._replace(target=target)

    def _forget_texts(self) -> None:
        """Encode texts anew where what encodes them has changed."""
        if self._texts_learn:
            self._known.clear()

    def _answer(self, network: LoadedModel, call: Call, samples: Sequence[Sample]) -> Tensor:
        """What the network says of some samples, as they are shown."""
        return network(call)

    def _losses(self, question: Question, answer: Tensor, samples: Sequence[Sample]) -> Tensor:
        weights = torch.tensor([sample.weight for sample in samples], device=answer.device)
        return self.plan.objective.losses(self._trainable, question, answer, self._mask(samples), weights)

    def _mask(self, samples: Sequence[Sample]) -> Tensor | None:
        """The masks of samples ``[B, 1, h, w]``, of which some may have none; None where none has."""
        if all(sample.mask is None for sample in samples):
            return None
        masks = [torch.ones_like(each.latent[:1]) if each.mask is None else each.mask for each in samples]
        return torch.stack(masks).to(self.model.device)

    def _computing(self) -> AbstractContextManager[Any]:
        """A context in which the network computes in the plan's precision."""
        dtype = _AUTOCAST.get(self.plan.precision)
        return torch.autocast(self.model.device.type, dtype) if dtype else nullcontext()

    def _is_half(self, network: LoadedModel) -> bool:
        """Whether small gradients would be rounded to zero."""
        weights = next(network.network.parameters()).dtype
        return _AUTOCAST.get(self.plan.precision, weights) == torch.float16

    def _call(self, question: Question, samples: Sequence[Sample], texts: Sequence[str]) -> Call:
        """The question with its prompts, as the network takes it."""
        states = {text: self._encoded(text) for text in dict.fromkeys(texts)}
        encoded = [states[text] for text in texts]
        frame = Frame(question.x[:1], self.model.schedule)
        told = [
            self.model.inputs({**settings, **sample.settings}, frame, 0)
            for sample, (_, settings) in zip(samples, encoded, strict=True)
        ]
        inputs = {name: torch.cat([each[name] for each in told]) for name in (told[0] if told else {})}
        length = max(states.shape[1] for states, _ in encoded)
        context = torch.cat([self._padded(states, length) for states, _ in encoded])
        return Call(question.x, question.timestep, 0.0, context.to(question.x.device), inputs)

    def _padded(self, states: Tensor, length: int) -> Tensor:
        """States with the empty prompt's chunk behind them until they are as long as the longest of the batch."""
        missing = length - states.shape[1]
        return torch.cat([states, self._encoded("")[0].repeat(1, length, 1)[:, :missing]], dim=1) if missing else states

    def _encoded(self, text: str) -> tuple[Tensor, Mapping[str, Any]]:
        if self._texts_learn and torch.is_grad_enabled():
            return self._states(text)
        if text not in self._known:
            if len(self._known) >= MOST_TEXTS:
                self._known.clear()
            self._known[text] = self._states(text)
        return self._known[text]

    def _looked_at(
        self, number: int, costs: list[tuple[str, float]], norm: float, batches: Sequence[Sequence[int]]
    ) -> Step:
        """What happened in a step. Raises `TrainingError` where that is no number."""
        loss = sum(cost for _, cost in costs) / len(costs)
        if not (loss < float("inf") and norm < float("inf")):
            if not all(parameter.isfinite().all() for parameter in self.parameters.values()):
                raise TrainingError(
                    f"Before step {number + 1} what is learned grew beyond all numbers: train with a lower learning "
                    "rate.",
                    option="learning_rate",
                )
            names = ", ".join(dict.fromkeys(self.samples[at].name for batch in batches for at in batch))
            raise TrainingError(
                f"In step {number + 1} the loss was no number any more, with {names}: look at these pictures, or train "
                "with a lower learning rate.",
                option="learning_rate",
            )
        concepts: dict[str, list[float]] = {}
        for concept, cost in costs:
            concepts.setdefault(concept, []).append(cost)
        means = {concept: sum(each) / len(each) for concept, each in concepts.items()}
        return Step(number, loss, means, rate_of(self.optimizer), norm)
