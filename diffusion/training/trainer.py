"""The loop that all trainings share: pictures, questions, answers, gradients; a step is a pure function of its number.

All chance of a step comes from the seed and the step's number, so that nothing but parameters and the optimizer's state
has to be kept for a run to go on as if it had never been stopped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from diffusion.model import LoadedModel, Model
from diffusion.sampling.conditions import Frame
from diffusion.sampling.network import Call
from diffusion.training.captions import CaptionRules
from diffusion.training.learning_rate import LearningRate
from diffusion.training.objective import Objective, Question, Trainable
from diffusion.training.optimizers import Name, new_optimizer
from diffusion.training.samples import Order, Sample

States = Callable[[str], tuple[Tensor, Mapping[str, Any]]]
"""``states(text)``: the encoded text ``[1, tokens, width]`` and its settings, as conditioning has them."""
MOST_TEXTS = 512  # encoded ones that are kept; of SDXL they take 600 kB each
CHECKED_TIMESTEPS = (0.1, 0.3, 0.5, 0.7, 0.9)  # shares of the schedule at which the fixed loss is measured
MOST_CHECKED = 16  # samples that it is measured on, of all evenly
# What losses are multiplied by before a backward pass in float16, which rounds small gradients to zero. The greatest
# that overflows nothing is taken anew in each step, so that steps stay pure.
HALF_SCALES = (2.0**14, 2.0**10, 2.0**6, 2.0**2, 2.0**-2)


class TrainingError(ValueError):
    """Training cannot begin or go on; the message says why, and what to do."""


@dataclass(frozen=True)
class Plan:
    """How to train.

    batch: samples that the network sees at once; accumulation: batches of a step. learning_rate: the greatest one;
    schedule: its factor at each step. clip: the greatest norm of the gradients, 0 for none.
    """

    seed: int = 0
    batch: int = 1
    accumulation: int = 1
    learning_rate: float = 1e-4
    schedule: LearningRate = field(default_factory=LearningRate)
    optimizer: Name = "AdamW"
    weight_decay: float = 0.01
    clip: float = 1.0
    objective: Objective = field(default_factory=Objective)
    captions: CaptionRules = field(default_factory=CaptionRules)


@dataclass(frozen=True)
class Step:
    """What happened in a step: its mean loss, that of each concept, the learning rate, and the gradients' norm."""

    number: int
    loss: float
    by_concept: Mapping[str, float]
    learning_rate: float
    gradient: float


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
    ) -> None:
        """texts_learn: whether texts are encoded with what is trained, and so anew in each step.

        Raises `TrainingError` for a model or samples that cannot be trained with.
        """
        if not hasattr(model.parameterization, "target"):
            raise TrainingError("The sampling of this model was changed: train the model as its checkpoint has it.")
        if not any(sample.repeats for sample in samples):
            raise TrainingError("There is no picture to train with: choose a folder that has some.")
        if model.source is not None and model.source.stored is not None:
            raise TrainingError("The weights of this model are kept in 8 bits: load it in its own number format.")
        # what acts while a model runs skips layers, keeps what it has seen, or wants to know how far a picture is
        self.model = replace(model, attachments=())
        self.samples = samples
        self.plan = plan
        self.parameters = dict(parameters)
        self.order = Order(samples, plan.batch, plan.seed)
        group = {"params": list(self.parameters.values()), "lr": plan.learning_rate}
        self.optimizer: Optimizer = new_optimizer(plan.optimizer, [group], weight_decay=plan.weight_decay)
        self._states = states
        self._texts_learn = texts_learn
        self._known: dict[str, tuple[Tensor, Mapping[str, Any]]] = {}

    def step(self, network: LoadedModel, number: int) -> Step:
        """Take the step of a number; the first is 0. Raises `TrainingError` where the loss is no number any more."""
        plan = self.plan
        for group in self.optimizer.param_groups:
            group["lr"] = plan.learning_rate * plan.schedule.factor(number)
        batches = [self.order[number * plan.accumulation + part] for part in range(plan.accumulation)]
        for scale in HALF_SCALES if _is_half(network) else (1.0,):
            costs, norm = self._backward(network, batches, number, scale)
            if norm < float("inf"):
                break
        step = self._looked_at(number, costs, norm, batches)
        self.optimizer.step()
        return step

    def _backward(
        self, network: LoadedModel, batches: Sequence[Sequence[int]], number: int, scale: float
    ) -> tuple[list[tuple[str, float]], float]:
        """Compute the gradients of a step, cut to their greatest norm; what each sample cost, and the norm before."""
        self.optimizer.zero_grad()
        costs: list[tuple[str, float]] = []
        whole = sum(len(batch) for batch in batches)
        for part, batch in enumerate(batches):
            samples = [self.samples[at] for at in batch]
            question, call = self._asked(samples, self._draw(number, part), number)
            with network.answering(call):
                losses = self._losses(question, network(call), samples)
                if losses.requires_grad:  # texts without the word that is trained ask nothing of it
                    (losses.sum() * (scale / whole)).backward()
            costs += [(self.samples[at].concept, float(loss)) for at, loss in zip(batch, losses.detach(), strict=True)]
        for parameter in self.parameters.values():
            if scale != 1 and parameter.grad is not None:
                parameter.grad /= scale
        return costs, float(nn.utils.clip_grad_norm_(self.parameters.values(), self.plan.clip or float("inf")))

    @torch.no_grad()
    def fixed_loss(self, network: LoadedModel, check: Callable[[], None] = lambda: None) -> float:
        """The mean loss at always the same noise and timesteps, which shows what chance hides in the steps' losses.

        It is measured on at most `MOST_CHECKED` samples, with whole captions. `check` is called before each, and may
        raise.
        """
        count = min(len(self.samples), MOST_CHECKED)
        whole = replace(self.plan.captions, shuffle=False, dropout=0.0, tag_dropout=0.0, warmup_steps=0)
        schedule, objective = self._trainable.schedule, Objective()
        found = []
        for at in range(count):
            check()
            sample = self.samples[at * len(self.samples) // count]
            text = whole.text(sample.caption, random.Random(at))
            draw = torch.Generator().manual_seed(at)
            for share in CHECKED_TIMESTEPS:
                latent = sample.latent[None].to(self.model.device)
                noise = objective.noise(latent, draw)
                question = objective.question(
                    self._trainable, latent, noise, torch.tensor([int(share * len(schedule.sigmas))])
                )
                answer = network(self._call(question, [sample], [text]))
                found.append(float(objective.losses(self._trainable, question, answer)))
        return sum(found) / len(found)

    @property
    def _trainable(self) -> Trainable:
        parameterization: Any = self.model.parameterization
        trainable: Trainable = parameterization
        return trainable

    def _draw(self, number: int, part: int) -> torch.Generator:
        seed = random.Random(f"{self.plan.seed} step {number} part {part}").getrandbits(63)
        return torch.Generator().manual_seed(seed)

    def _asked(self, samples: Sequence[Sample], draw: torch.Generator, number: int) -> tuple[Question, Call]:
        """What the network is asked in a step about some samples."""
        chance = random.Random(int(torch.randint(2**62, (), generator=draw)))
        texts = [self.plan.captions.text(sample.caption, chance, number) for sample in samples]
        latents = [
            sample.flipped if sample.flipped is not None and chance.random() < 0.5 else sample.latent
            for sample in samples
        ]
        question = self.plan.objective.ask(self._trainable, torch.stack(latents).to(self.model.device), draw)
        return question, self._call(question, samples, texts)

    def _losses(self, question: Question, answer: Tensor, samples: Sequence[Sample]) -> Tensor:
        weights = torch.tensor([sample.weight for sample in samples], device=answer.device)
        return self.plan.objective.losses(self._trainable, question, answer, weight=weights)

    def _call(self, question: Question, samples: Sequence[Sample], texts: Sequence[str]) -> Call:
        """The question with its prompts, as the network takes it."""
        encoded = [self._encoded(text) for text in texts]
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
        if self._texts_learn:
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
            names = ", ".join(dict.fromkeys(self.samples[at].name for batch in batches for at in batch))
            raise TrainingError(
                f"In step {number + 1} the loss was no number any more, with {names}: look at these pictures, or train "
                "with a lower learning rate. What was learned before is kept."
            )
        concepts: dict[str, list[float]] = {}
        for concept, cost in costs:
            concepts.setdefault(concept, []).append(cost)
        means = {concept: sum(each) / len(each) for concept, each in concepts.items()}
        return Step(number, loss, means, self.optimizer.param_groups[0]["lr"], norm)


def _is_half(network: LoadedModel) -> bool:
    return next(network.network.parameters()).dtype == torch.float16
