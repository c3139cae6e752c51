"""Training of ControlNets as a node: pairs from a graph and from folders, runs that go on, hints that are followed."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image as Pictures
from PIL import ImageDraw, ImageOps

from diffusion.checkpoint import load_checkpoint
from diffusion.training.controlnet import ControlNetTrainer, TrainedControlNet
from diffusion.training.hints import with_hints
from diffusion.training.lora import states_of
from diffusion.training.samples import encoded
from diffusion.training.trainer import Plan
from diffusion.weights import load_weights, read_header
from graph.context import Interrupted
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes.control import control_net_loader
from nodes.training_controlnet import train_control_net, training_pictures_as_images
from nodes.training_pictures import buckets_of, training_pictures
from tests.nodes.test_adapters import POCKET
from tools.mascot.ghost import write

SIDE = 64
COLOURS = {"red": (220, 60, 60), "blue": (60, 100, 220), "green": (70, 170, 80), "yellow": (240, 210, 70)}


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    folders = Folders.under(tmp_path)
    write(folders.input / "ghost", 2, 64, "ghst")
    (folders.input / "conditions").mkdir()
    for path in sorted((folders.input / "ghost").glob("*.png")):
        ImageOps.invert(Pictures.open(path)).save(folders.input / "conditions" / path.name)
    return Recorder(folders)


def train(ctx: Recorder, model, steps: int = 3, **options):
    if not {"conditions", "condition_pictures"} & options.keys():
        options["condition_pictures"] = training_pictures(ctx, "conditions")
    return train_control_net(
        ctx,
        model=model.model,
        clip=model.clip,
        vae=model.vae,
        steps=steps,
        resolution=SIDE,
        **{
            "dataset": training_pictures(ctx, "ghost"),
            "name": "inverted",
            "learning_rate": 1e-2,
            "batch_size": 2,
            **options,
        },
    )


def file(ctx: Recorder, name: str = "inverted.safetensors") -> Path:
    return ctx.folders.model_path("controlnet", name)


def same(one: Path, other: Path) -> bool:
    """Whether files have the very same weights."""
    ours, theirs = load_weights(one), load_weights(other)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_run_that_was_stopped_ends_in_the_very_same_file_wherever_its_conditions_come_from(ctx, tiny, tmp_path):
    options = {"flip": True, "gradient_checkpointing": True, "save_every": 2}
    straight = Recorder(Folders.under(tmp_path / "straight"))
    images = training_pictures_as_images(ctx, training_pictures(ctx, "conditions"))
    straight.folders.input.parent.mkdir(exist_ok=True)
    straight.folders.input.symlink_to(ctx.folders.input)
    expected = train(straight, tiny, conditions=images, **options)
    ctx.interrupt_after = 2 + 1  # pictures, and a step
    with pytest.raises(Interrupted):
        train(ctx, tiny, **options)
    again = Recorder(ctx.folders)
    found = train(again, tiny, **options)
    assert [done for done, whole in again.steps if whole == 3] == [3]
    assert same(file(ctx), file(straight))
    assert not same(file(ctx), file(ctx, "inverted-step00000002.safetensors"))
    said = read_header(file(ctx)).metadata
    assert (said["modelspec.architecture"], said["ss_flip_aug"]) == ("stable-diffusion-v1/controlnet", "True")
    assert found.loss == expected.loss
    assert found.CONTROL_NET.name == control_net_loader(ctx, found.control_net_name).name == "inverted.safetensors"
    more = train(again, tiny, 1, name="more", control_net=found.CONTROL_NET, learning_rate=0.0, saved_as="float32")
    assert more.loss == pytest.approx(found.loss, abs=1e-3)  # it begins where the other ended


@pytest.mark.parametrize(
    ("options", "names", "message"),
    [
        ({"conditions": None}, "conditions", "Link either"),
        ({"conditions": [torch.zeros(1, 64, 64, 3)]}, "conditions", "1 conditions for 2"),
        ({"conditions": [torch.zeros(2, 64, 96, 3)]}, "conditions", "another shape"),
    ],
)
def test_what_makes_no_pairs_is_refused(ctx, tiny, options, names, message):
    with pytest.raises(InputError, match=message) as raised:
        train(ctx, tiny, **options)
    assert raised.value.input_name == names


def test_pictures_without_a_condition_are_named(ctx, tiny):
    (ctx.folders.input / "conditions" / "ghost_01.png").unlink()
    with pytest.raises(InputError, match=r"no condition for ghost_01\.png"):
        train(ctx, tiny)


def shape(chance: random.Random) -> tuple[Pictures.Image, Pictures.Image, str]:
    """A circle or a square on white, its silhouette, and what may be said of it: not where it is."""
    colour, kind = chance.choice(list(COLOURS)), chance.choice(("circle", "square"))
    radius = chance.uniform(0.18, 0.32) * SIDE
    x, y = (chance.uniform(radius, SIDE - radius) for _ in range(2))
    drawn = []
    for mode, ground, ink in (("RGB", (255, 255, 255), COLOURS[colour]), ("L", 0, 255)):
        canvas = Pictures.new(mode, (SIDE, SIDE), ground)
        draw = ImageDraw.Draw(canvas)
        (draw.ellipse if kind == "circle" else draw.rectangle)([x - radius, y - radius, x + radius, y + radius], ink)
        drawn.append(canvas)
    return drawn[0], drawn[1], f"a {colour} {kind}, white background, flat style"


def test_the_embedded_checkpoint_learns_to_follow_silhouettes(ctx, tmp_path):
    """Of shapes that it is not trained with, and of which the captions do not say where they are.

    The right silhouettes tell it more than those of other pictures; bench/training_quality.py paints with them.
    """
    for folder, count, first in (("shapes", 32, 0), ("others", 6, 100)):
        for number in range(count):
            picture, silhouette, caption = shape(random.Random(first + number))
            for kind, drawn in (("pictures", picture), ("silhouettes", silhouette)):
                place = ctx.folders.input / folder / kind
                place.mkdir(parents=True, exist_ok=True)
                drawn.save(place / f"{number}.png")
                (place / f"{number}.txt").write_text(caption)
    pocket = load_checkpoint(POCKET)
    found = train(
        ctx,
        pocket,
        24,
        dataset=training_pictures(ctx, "shapes/pictures"),
        condition_pictures=training_pictures(ctx, "shapes/silhouettes"),
        learning_rate=2e-3,
        batch_size=4,
        joint_rate=6.0,
    )
    right, wrong = losses(ctx, pocket, TrainedControlNet.of(found.CONTROL_NET, pocket.model, "x"))
    assert right < 0.85 * wrong


def losses(ctx: Recorder, model, control: TrainedControlNet) -> tuple[float, float]:
    """What pictures cost with their own hints, and with those of others, at the same noise."""
    pictures, silhouettes = (training_pictures(ctx, f"others/{kind}") for kind in ("pictures", "silhouettes"))
    buckets = buckets_of(SIDE, SIDE)
    own = with_hints(
        encoded(pictures, buckets, model.vae, model.model.latent_format),
        pictures.pictures,
        silhouettes.pictures,
        buckets,
    )
    swapped = [replace(one, hint=other.hint) for one, other in zip(own, own[1:] + own[:1], strict=True)]
    found = []
    with model.model.loaded() as network:
        for samples in (own, swapped):
            trainer = ControlNetTrainer(model.model, control, samples, states_of(model.clip), Plan())
            found.append(trainer.fixed_loss(network))
    return found[0], found[1]
