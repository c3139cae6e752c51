"""What the control network for poses is trained on and measured by."""

import random

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.checkpoint import load_checkpoint
from diffusion.control.hints import fitted
from diffusion.control.load import load_control_net
from diffusion.sampling.network import Call
from diffusion.training.controlnet import TrainedControlNet
from diffusion.training.lora import AdapterPlan, new_adapters
from diffusion.training.samples import Sample
from diffusion.training.trainer import Plan
from tools.pocket import evaluate_pose
from tools.pocket.export import CHECKPOINT
from tools.pocket.export_pose import POSE_NET
from tools.pocket.figures import POINTS, Figure, Stand, draw_doll, draw_stand, on_ground, points_of, skeleton, standing
from tools.pocket.posable import PosedTrainer, posed
from tools.pocket.pose import draw_posed
from tools.pocket.world import PLACE_WORDS, RESOLUTION, SIZES


def test_the_points_of_a_figure_move_with_its_drawing():
    drawing = np.zeros((100, 100, 4), np.uint8)
    drawing[17:24, 67:74] = 255
    stand = Stand(90, 50, 70, 40)
    alpha = np.asarray(standing(Figure(Image.fromarray(drawing), np.empty((18, 2))), stand))[..., 3]
    down, across = np.nonzero(alpha > 127)
    (place,) = stand.moved(np.array([[0.705, 0.205]])) * RESOLUTION
    assert (across.mean(), down.mean()) == pytest.approx(place - 0.5, abs=0.8)


def test_skeletons_have_the_colours_that_openpose_gave_them_and_lack_what_a_figure_lacks():
    points = points_of({"nose": (0.5, 0.2), "neck": (0.5, 0.4), "shoulder": (0.25, 0.4)})
    picture = skeleton(points)
    colours = [tuple(picture[int(y * RESOLUTION), int(x * RESOLUTION)].tolist()) for x, y in points[[0, 1, 2, 5]]]
    assert colours == [(255, 0, 0), (255, 85, 0), (255, 170, 0), (85, 255, 0)]
    assert {POINTS[number] for number in np.flatnonzero(~np.isnan(points[:, 0]))} == {
        "nose", "neck", "right shoulder", "left shoulder",
    }  # fmt: skip
    assert not picture[RESOLUTION // 2 + 8 :].any()


def test_a_skeleton_drawn_large_is_made_smaller_as_a_run_does_it():
    points = points_of({"nose": (0.5, 0.2), "neck": (0.52, 0.4), "shoulder": (0.25, 0.41), "hip": (0.4, 0.9)})
    large = torch.from_numpy(skeleton(points, 512, 512).copy()).float()[None]
    wanted = fitted(large, 1, RESOLUTION // 8, RESOLUTION // 8, "crop")[0].movedim(0, -1)
    assert np.array_equal(skeleton(points, 512), wanted.numpy())


def test_examples_are_whole_and_their_captions_leave_place_and_size_to_the_skeleton():
    rng = random.Random(3)
    for _ in range(20):
        (picture, caption), points = draw_posed(rng)
        pixels = np.asarray(picture)
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (border == border[0]).all()
        assert not any(word and word in caption for word in (*PLACE_WORDS.values(), *SIZES))
        assert np.nanmin(points) > -0.05
        assert np.nanmax(points) < 1.05


def test_the_measures_find_what_a_drawing_shows():
    rng = random.Random(1)
    asked = evaluate_pose.ghost(rng)._replace(stand=Stand(80, 60, 60, 0))
    tilted = on_ground(standing(asked.figure, Stand(80, 60, 60, 25)), asked.background)
    assert evaluate_pose.turn(asked, np.asarray(tilted)) == 25
    doll = draw_doll("red", False, rng, (50, -55))
    posed = evaluate_pose.Asked(doll, draw_stand(doll, rng), "white", "")
    found = evaluate_pose.measure(posed, posed.drawn(), evaluate_pose.KINDS["doll"])
    assert found["overlap"] > 0.95
    assert found["distance"] < 0.5
    assert found["size"] == pytest.approx(1, abs=0.03)
    assert found["forearms"] > 0.9
    assert found["other forearms"] < 0.1


def test_samples_without_a_skeleton_are_asked_without_the_network():
    checkpoint = load_checkpoint(CHECKPOINT)
    model, draw = checkpoint.model, torch.Generator().manual_seed(2)
    control = TrainedControlNet.of(load_control_net(POSE_NET), model, "pose")
    latents = torch.randn(2, 4, RESOLUTION // 8, RESOLUTION // 8, generator=draw)
    hint = torch.from_numpy(posed(0)[2].transpose(2, 0, 1).copy())
    held, free = Sample("held", latents[0], "", "", hint=hint), Sample("free", latents[1], "", "")
    begun = new_adapters(model, checkpoint.clip, AdapterPlan(), 1)
    trainer = PosedTrainer(checkpoint, begun, control, Plan(batch=2), [held, free])
    states = checkpoint.clip.encode("")[0][0].expand(2, -1, -1)
    call = Call(latents, torch.tensor([500.0, 500.0]), 1.0, states)
    with torch.no_grad(), model.loaded() as network, network.answering(call):
        answers, plain = trainer._answer(network, call, [held, free]), network(call)
    assert torch.allclose(answers[1], plain[1], atol=1e-5)
    assert (answers[0] - plain[0]).abs().mean() > 0.05


def test_a_half_covered_figure_overlaps_by_half():
    mask = np.zeros((8, 8), bool)
    mask[:4] = True
    other = np.zeros((8, 8), bool)
    other[:2] = True
    assert evaluate_pose.overlap(mask, other) == 0.5
    assert evaluate_pose.centroid(other) == (3.5, 0.5)
