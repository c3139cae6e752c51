"""ControlNets while they are trained: as diffusers has them, in every family, and exactly nothing before they learned.

The oracles are diffusers' `ControlNetModel`, made by `from_unet` and read from the trained file, and its UNet.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel
from PIL import Image

from diffusion.checkpoint import load_checkpoint
from diffusion.control.load import load_control_net
from diffusion.control.networks import AsksUnion
from diffusion.sampling.conditions import Frame
from diffusion.training.buckets import Buckets
from diffusion.training.controlnet import ControlNetTrainer, TrainedControlNet
from diffusion.training.hints import PairingError, paired, with_hints
from diffusion.training.lora import states_of
from diffusion.training.pictures import keep
from diffusion.training.sample_pictures import SamplePictures
from diffusion.training.samples import Sample
from diffusion.training.trainer import Plan, TrainingError
from diffusion.weights import load_weights
from tests.diffusion.control import small_controls
from tests.diffusion.families import small_models

FAMILIES = {
    "sd1": (small_models.write_sd1, {}),
    "inpainting": (small_models.write_sd1, {"in_channels": 9}),
    "sd2": (small_models.write_sd2, {"v_pred": torch.zeros(1)}),
    "sdxl": (small_models.write_sdxl, {}),
}
SIZES = {"width": 64, "height": 64, "crop_w": 0, "crop_h": 0, "target_width": 64, "target_height": 64}


def samples(count: int = 2) -> list[Sample]:
    draw = torch.Generator().manual_seed(4)
    return [
        Sample(
            str(at),
            torch.randn(4, 8, 8, generator=draw),
            "a cat",
            "cat",
            settings=SIZES,
            hint=torch.randint(256, (3, 64, 64), generator=draw, dtype=torch.uint8),
        )
        for at in range(count)
    ]


def trainer_of(found, control: TrainedControlNet) -> ControlNetTrainer:
    plan = Plan(batch=2, learning_rate=1e-2)
    return ControlNetTrainer(found.model, control, samples(), states_of(found.clip), plan, joint_rate=2.0)


def asked(trainer: ControlNetTrainer):
    """A call as the trainer asks it, and the samples that it is about."""
    question, shown, texts = trainer._asked(trainer.samples, torch.Generator().manual_seed(1), 0)
    return trainer._call(question, shown, texts), shown


@pytest.mark.parametrize("family", FAMILIES)
def test_it_begins_as_nothing_and_becomes_what_diffusers_reads(family, tmp_path):
    write, options = FAMILIES[family]
    unet = write(tmp_path / "model.safetensors", **options).unet
    found = load_checkpoint(tmp_path / "model.safetensors")
    control = TrainedControlNet.new(found.model, "x", seed=1)
    theirs = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(16, 32, 32, 32))
    began = theirs.state_dict()
    for name, tensor in control.network.state_dict().items():
        wanted = began[name][:, :4] if name == "conv_in.weight" else began[name]
        assert torch.equal(tensor, wanted) or "cond_embedding" in name

    trainer = trainer_of(found, control)
    call, shown = asked(trainer)
    with found.model.loaded() as network, control.attached(network.network):
        with torch.no_grad():
            plain = network(call)
            assert torch.equal(trainer._answer(network, call, shown), plain)
        for number in range(2):
            trainer.step(network, number)
        with torch.no_grad():
            ours = trainer._answer(network, call, shown)
    assert not torch.allclose(ours, plain, atol=1e-3)

    control.save(tmp_path / "x.safetensors", torch.float32, {})
    if family == "inpainting":
        theirs = ControlNetModel(**control.config)
    theirs.load_state_dict(load_weights(tmp_path / "x.safetensors"))
    hint = torch.stack([sample.hint for sample in shown]) / 255
    told = {"added_cond_kwargs": call.inputs} if family == "sdxl" else {}
    with torch.no_grad():
        down, mid = theirs(call.x, call.timestep, call.context, hint, return_dict=False, **told)
        x = torch.cat([call.x, call.inputs["concat"]], 1) if family == "inpainting" else call.x
        added = {"down_block_additional_residuals": down, "mid_block_additional_residual": mid, **told}
        torch.testing.assert_close(unet(x, call.timestep, call.context, **added).sample, ours, rtol=1e-4, atol=1e-4)
    net = load_control_net(tmp_path / "x.safetensors")
    with net.loaded(Frame(call.x, found.model.schedule, model=found.model)) as network, torch.no_grad():
        read = net.asked.ask(network, call, hint)
    torch.testing.assert_close([*read.down, read.mid], [*down, mid], rtol=1e-4, atol=1e-5)


def test_one_that_was_trained_before_is_trained_on(tmp_path):
    unet = small_models.write_sd1(tmp_path / "model.safetensors").unet
    small_models.write_sdxl(tmp_path / "other.safetensors")
    found, other = (load_checkpoint(tmp_path / f"{name}.safetensors") for name in ("model", "other"))
    net = small_controls.control_net(unet)
    file = small_controls.write(tmp_path / "shuffle.safetensors", small_controls.ldm_tensors(net))
    loaded = load_control_net(file)
    control = TrainedControlNet.of(loaded, found.model, "shuffle")
    for name, tensor in net.state_dict().items():
        assert torch.equal(control.parameters[name], tensor)
    trainer = trainer_of(found, control)
    call, shown = asked(trainer)
    hint = torch.stack([sample.hint for sample in shown]) / 255
    with torch.no_grad():
        down, mid = net(call.x, call.timestep, call.context, hint, return_dict=False)
        read = control.residuals(call, hint)
    for ours, theirs in zip((*read.down, read.mid), (*down, mid), strict=True):  # its name says that it has no places
        torch.testing.assert_close(ours, theirs.mean((2, 3), keepdim=True).expand_as(theirs), rtol=1e-4, atol=1e-5)
    with pytest.raises(TrainingError, match="another model"):
        TrainedControlNet.of(loaded, other.model, "x")
    with pytest.raises(TrainingError, match="no ControlNet"):
        TrainedControlNet.of(replace(loaded, asked=AsksUnion()), found.model, "x")


def test_sample_pictures_follow_the_first_hint(tiny):
    control = TrainedControlNet.new(tiny.model, "x", seed=1)
    trainer = trainer_of(tiny, control)
    wanted = SamplePictures(("a cat",), steps=2, cfg=2.0)
    with tiny.model.loaded() as network, control.attached(network.network):
        before = wanted.paint(trainer, tiny.vae, "a cat", lambda: None)
        with torch.no_grad():
            control.parameters["controlnet_mid_block.weight"].normal_(std=0.5)
        after = wanted.paint(trainer, tiny.vae, "a cat", lambda: None)
        trainer.samples[0] = replace(trainer.samples[0], hint=255 - trainer.samples[0].hint)
        other = wanted.paint(trainer, tiny.vae, "a cat", lambda: None)
    assert not torch.allclose(before, after, atol=1e-3)
    assert torch.equal(after, other)  # what reads the hint is zero still


def kept(folder: Path, pixels: np.ndarray, name: str):
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name)
    [picture] = keep(folder, (folder / name).read_bytes(), "", "x").pictures
    return replace(picture, name=name)


def test_a_hint_is_cut_as_its_picture_is(tmp_path):
    pixels = np.random.default_rng(1).integers(256, size=(64, 96, 3), dtype=np.uint8)
    picture = kept(tmp_path / "p", pixels, "a.png")
    hint = kept(tmp_path / "h", 255 - pixels, "a.webp.png")
    buckets = Buckets((64, 64), 64)
    placement = buckets.place(96, 64)
    assert (placement.bucket, placement.resized) == ((64, 64), (96, 64))
    plain = Sample("a", torch.zeros(4, 8, 8), "", "", flipped=torch.ones(4, 8, 8))
    [sample] = with_hints([plain], [picture], [hint], buckets)
    cut = 255 - torch.from_numpy(pixels).movedim(-1, 0)[:, :, placement.left : placement.left + 64]
    assert torch.equal(sample.hint, cut)
    assert torch.equal(sample.mirrored.hint, cut.flip(-1))
    assert torch.equal(sample.corner(2).hint, cut[:, :16, :16])
    with pytest.raises(PairingError, match="2 conditions for 1"):
        with_hints([plain], [picture], [hint, hint], buckets)
    with pytest.raises(PairingError, match="another shape"):
        with_hints([plain], [picture], [kept(tmp_path / "h", pixels[:, :64], "b.png")], buckets)


def test_hints_are_found_by_the_names_of_their_pictures(tmp_path):
    one = kept(tmp_path / "p", np.zeros((8, 8, 3), np.uint8), "a.png")
    pictures = [replace(one, name=name) for name in ("10_cat/a.png", "10_dog/a.png", "b.c.png")]
    hints = [replace(one, name=name, caption=name) for name in ("b.c.webp", "10_dog/a.jpg", "10_cat/a.png")]
    assert [hint.caption for hint in paired(pictures, hints)] == ["10_cat/a.png", "10_dog/a.jpg", "b.c.webp"]
    assert [hint.caption for hint in paired(pictures[2:], [replace(hints[0], name="edges/b.c.webp")])] == ["b.c.webp"]
    with pytest.raises(
        PairingError, match=r"10_cat/a\.png, 10_dog/a\.png: give"
    ):  # one that may be of either is of none
        paired(pictures, [hints[0], replace(hints[1], name="a.png"), replace(hints[1], name="x/a.png")])
