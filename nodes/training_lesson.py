"""What the nodes that train are given, made ready: samples, the folder of the run, and what files say of it."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from blake3 import blake3

from diffusion.images.files import PictureError
from diffusion.model import Clip, Model, Vae
from diffusion.training.buckets import Buckets
from diffusion.training.encodings import Encodings, kept_states
from diffusion.training.identity import digest, fingerprint
from diffusion.training.lora import states_of
from diffusion.training.metadata import Training
from diffusion.training.pictures import Dataset
from diffusion.training.run import Run, within
from diffusion.training.sample_pictures import Monitor
from diffusion.training.samples import Sample, encoded
from diffusion.training.trainer import Plan, States, Trainer, evenly
from graph.declare import Context, InputError
from nodes.training_files import origins
from nodes.training_follow import Course
from nodes.training_pictures import buckets_of

FOLDER = "training"  # in the user's folder: a folder for each run
ENCODINGS = Path("cache") / "training"  # in the user's folder: latents and encoded captions
MOST_NAMED = 5  # pictures in a warning

Save = Callable[[Training, Path, int], None]
"""``save(training, path, steps)``: write what was learned in so many steps."""


@dataclass(frozen=True)
class Lesson:
    """A model, its text encoders and VAE, the pictures that it is to learn, how, and the file that is to come of it.

    resolution, bucket_step: of the buckets. flip: whether to learn from mirrored pictures too.
    """

    ctx: Context
    model: Model
    clip: Clip
    vae: Vae
    dataset: Dataset
    plan: Plan
    target: Path
    resolution: int
    bucket_step: int
    flip: bool
    gradient_checkpointing: bool
    monitor: Monitor | None

    @property
    def buckets(self) -> Buckets:
        """The sizes that its pictures are brought to."""
        return buckets_of(self.resolution, self.bucket_step)

    def samples(self) -> list[Sample]:
        """The pictures in the model's latent space. Raises `PictureError`."""
        return self._encoded(self.dataset, self.flip)

    def held_out(self) -> list[Sample]:
        """Those of the monitor's pictures that are looked at, in the model's latent space. Raises `InputError`."""
        if self.monitor is None or not self.monitor.held_out.pictures:
            return []
        learned = {each.content for each in self.dataset.pictures}
        both = [each.name for each in self.monitor.held_out.pictures if each.content in learned]
        if both:
            rest = f" and {len(both) - MOST_NAMED} more" if len(both) > MOST_NAMED else ""
            self.ctx.warn(
                "These pictures are held out, and trained with all the same, so that their loss does not say what is "
                f"made of other pictures: {', '.join(both[:MOST_NAMED])}{rest}."
            )
        pictures = replace(self.monitor.held_out, pictures=tuple(evenly(self.monitor.held_out.pictures)))
        try:
            return self._encoded(pictures, flip=False)
        except PictureError as error:
            raise InputError("monitor", str(error)) from error

    def states(self) -> States:
        """What text encoders that stay as they are make of captions, kept on disk where the dataset is."""
        kept = self._encodings(self.dataset)
        most = len(self.dataset.pictures) + 1  # the empty one too
        most += len(evenly(self.monitor.held_out.pictures)) if self.monitor else 0
        return kept_states(self.clip, states_of(self.clip), kept, most) if kept else states_of(self.clip)

    def course(
        self,
        trainer: Trainer,
        attached: Callable[[Any], AbstractContextManager[None]],
        method: str,
        asked: Sequence[object],
        save: Save,
        held_out: Sequence[Sample],
    ) -> Course:
        """The training, which begins or goes on when it is followed.

        attached, method, held_out: see `Course`. asked: what makes two runs different ones, beside what all nodes that
        train are asked for.
        """
        run = self._run([*asked, self.resolution, self.bucket_step, self.flip])
        training = Training(
            self.target.stem,
            self.model,
            self.plan,
            trainer.samples,
            self.buckets,
            self.clip.last_layer,
            self.gradient_checkpointing,
            origins(self.ctx, run, held_out),
        )
        return Course(
            trainer,
            attached,
            run,
            self.target,
            partial(save, training),
            method,
            self.gradient_checkpointing,
            self.monitor,
            self.vae,
            held_out,
        )

    def _encoded(self, dataset: Dataset, flip: bool) -> list[Sample]:
        ctx, count = self.ctx, len(dataset.pictures)

        def on_picture(done: int) -> None:
            ctx.progress(done, count)
            if ctx.others_wait():
                ctx.give_way()

        kept = self._encodings(dataset)
        space = self.model.latent_format
        return encoded(dataset, self.buckets, self.vae, space, flip=flip, kept=kept, on_picture=on_picture)

    def _encodings(self, dataset: Dataset) -> Encodings | None:
        if not dataset.on_disk:
            return None
        kept = Encodings(self.ctx.folders.user / ENCODINGS)
        kept.trim()
        return kept

    def _run(self, more: object) -> Run:
        """The folder of the run that was asked for all this; `more` is what else makes two runs different ones.

        More steps do not make another one, unless the schedule of the learning rate depends on them.
        """
        model, clip, vae, rates = self.model, self.clip, self.vae, self.plan.schedule
        if rates.warmup >= rates.total:
            self.ctx.warn(
                f"The learning rate only rises, as its warm-up has {rates.warmup} steps and the training "
                f"{rates.total}: set warmup_steps lower."
            )
        schedule = asdict(rates)
        # without the colours of previews, which are measured, and so not to the last digit the same in each process
        space = replace(model.latent_format, rgb_factors=(), rgb_bias=(0.0, 0.0, 0.0))
        if rates.endless:
            del schedule["total"]
        settings = {
            "target": within(self.target),
            "model": [digest(model.source, model.patches), fingerprint((model.parameterization, model.attention))],
            "text": [digest(encoder.source, encoder.patches) for encoder in clip.encoders],
            "reading": fingerprint(([each.style for each in clip.encoders], clip.last_layer, clip.embeddings)),
            "vae": [digest(vae.source, vae.patches), fingerprint(space)],
            "pictures": [
                [each.content, each.caption, each.concept, each.repeats, each.weight]
                + ([each.mask.content] if each.mask else [])
                + (["preserved"] if each.preserved else [])
                for each in self.dataset.pictures
            ],
            "plan": {**asdict(self.plan), "schedule": schedule},
            "more": more,
        }
        identity = blake3(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]
        return Run.open(self.ctx.folders.user / FOLDER / f"{self.target.stem}-{identity}", settings)
