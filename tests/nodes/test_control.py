"""The nodes that hold pictures to hints, and the control network that comes with the program."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from diffusion.checkpoint import load_checkpoint
from diffusion.control.load import TASKS, ControlNet, load_control_net
from diffusion.control.networks import AsksControlNet, AsksUnion
from diffusion.sampling import sample
from graph.declare import InputError
from graph.folders import Folders
from graph.testing import Recorder
from nodes import control
from tools.pocket.evaluate_control import agreement
from tools.pocket.world import Scene, render

MODELS = Path(__file__).parents[2] / "models"
IMAGE = torch.rand(1, 16, 16, 3)


def network(asked=None) -> ControlNet:
    """One that is never asked."""
    return ControlNet("net", asked or AsksControlNet(), None)


def prompt():
    return [[torch.zeros(1, 7, 8), {}]]


@pytest.fixture
def ctx(tmp_path) -> Recorder:
    (tmp_path / "models" / "controlnet").mkdir(parents=True)
    return Recorder(Folders.under(tmp_path))


def test_both_prompts_get_the_same_unit_with_what_was_set():
    net = network()
    positive, negative = control.control_net_apply_modes(
        positive=prompt(), negative=prompt(), control_net=net, image=IMAGE, strength=0.7, start_percent=0.1,
        end_percent=0.6, control_mode="ControlNet is more important", resize_mode="resize and fill", timing="steps",
        mask=torch.ones(1, 4, 4),
    )  # fmt: skip
    (unit,), (other,) = positive[0][1]["control"], negative[0][1]["control"]
    assert unit is other
    assert (unit.net, unit.strength, unit.start_percent, unit.end_percent) == (net, 0.7, 0.1, 0.6)
    assert (unit.mode, unit.fit, unit.by_calls, unit.mask.shape) == ("control", "fill", True, (1, 4, 4))


def test_networks_are_applied_one_after_the_other():
    once = control.control_net_apply_advanced(prompt(), prompt(), network(), IMAGE)
    twice = control.control_net_apply_advanced(*once, network(), IMAGE)
    assert len(twice.positive[0][1]["control"]) == len(twice.negative[0][1]["control"]) == 2
    assert len(once.positive[0][1]["control"]) == 1


def test_a_network_for_inpainting_gets_the_mask_and_the_vae():
    mask, vae = torch.ones(1, 4, 4), object()
    positive, negative = control.control_net_inpainting_apply(
        positive=prompt(), negative=prompt(), control_net=network(), vae=vae, image=IMAGE, mask=mask, end_percent=0.6
    )
    (unit,), (other,) = positive[0][1]["control"], negative[0][1]["control"]
    assert unit is other
    assert (unit.vae, unit.repainted, unit.mask, unit.end_percent) == (vae, mask, None, 0.6)
    (unit,) = control.control_net_apply_advanced(prompt(), prompt(), network(), IMAGE, vae=vae).positive[0][1][
        "control"
    ]
    assert unit.vae is vae


def test_a_union_is_told_its_task():
    union = network(AsksUnion())
    assert control.set_union_control_net_type(union, TASKS[1]).asked == AsksUnion(1)
    assert control.set_union_control_net_type(union, "auto").asked == AsksUnion()
    with pytest.raises(InputError, match="net is no union ControlNet"):
        control.set_union_control_net_type(network(), TASKS[1])


def test_files_that_cannot_be_opened_are_errors_of_the_input(ctx, tmp_path):
    (tmp_path / "models" / "controlnet" / "page.safetensors").write_text("<html>")
    for load in (control.control_net_loader, lambda ctx, name: control.diff_control_net_loader(ctx, None, name)):
        with pytest.raises(InputError, match="is a web page") as raised:
            load(ctx, "page.safetensors")
        assert raised.value.input_name == "control_net_name"


@pytest.fixture(scope="module")
def pocket():
    return load_checkpoint(MODELS / "checkpoints" / "pocket.safetensors")


def test_the_network_that_comes_with_the_program_holds_edges(pocket):
    """A small cat to the left, of which the prompt says neither size nor place; the oracle is Canny's detector."""
    scene = np.asarray(render(Scene("cat", "flat", "", "white", "small", "left")))
    asked = cv2.Canny(scene, 100, 200)
    hint = torch.from_numpy(asked).float()[None, :, :, None].expand(-1, -1, -1, 3) / 255
    net = load_control_net(MODELS / "controlnet" / "pocket_canny.safetensors")
    prompts = [pocket.clip.encode(text) for text in ("a cat on a white background, flat style", "")]

    def painted(strength: float) -> float:
        positive, negative = control.control_net_apply_advanced(*prompts, net, hint, strength)
        settings = {"seed": 3, "steps": 8, "cfg": 2.5, "sampler": "dpmpp_2m", "scheduler": "karras"}
        latent = sample(pocket.model, {"samples": torch.zeros(1, 4, 16, 16)}, positive, negative, **settings)
        picture = (pocket.vae.decode(latent["samples"])[0] * 255).byte().numpy()
        return agreement(asked, cv2.Canny(picture, 100, 200))

    assert painted(1.0) > painted(0.0) + 0.2


def test_reference_only_takes_after_the_reference(pocket):
    """Without a word in the prompt, a picture comes closer to the reference's colours; both start from one noise."""
    picture = np.asarray(render(Scene("heart", "flat", "", "yellow", "large", "")))
    reference = {"samples": pocket.vae.encode(torch.from_numpy(picture.copy())[None].float() / 255)}
    model = control.reference_only(model=pocket.model, reference=reference, style_fidelity=1.0, seed=2)
    nothing = pocket.clip.encode("")

    def distance(of_model) -> float:
        settings = {"seed": 5, "steps": 6, "cfg": 2.5, "sampler": "euler", "scheduler": "karras"}
        latent = sample(of_model, {"samples": torch.zeros(1, 4, 16, 16)}, nothing, nothing, **settings)
        return float((latent["samples"] - reference["samples"]).square().mean())

    assert distance(model) < distance(pocket.model)
