"""What a unit makes of a network's outputs; the numbers are those that A1111's extension and ComfyUI are known by."""

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch

from diffusion.control.conditioning import controlled
from diffusion.control.hints import fitted, perfect_resolution, with_masked_pixels
from diffusion.control.networks import AsksAdapter, AsksControlNet
from diffusion.control.unit import ControlUnit
from diffusion.sampling.conditions import Area, Condition, Frame, resolve, with_controls_of
from diffusion.sampling.network import Call, Residuals
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.schedules import sigmas_for

SCHEDULE = NoiseSchedule.scaled_linear(0.00085, 0.012, 1000)
# [N]: 0.825 to the powers of 12 to 0.
SOFT = [
    0.099414, 0.120502, 0.146063, 0.177046, 0.214601, 0.260122, 0.315300,
    0.382182, 0.463250, 0.561516, 0.680625, 0.825, 1.0,
]  # fmt: skip
ROWS, SIDE = 1, 4


@dataclass
class Spy:
    """A network of 13 outputs, all ones, that remembers what it was asked."""

    once: bool = False
    reads_latents: bool = False
    asked_for: list[tuple[Call, torch.Tensor]] = field(default_factory=list)

    def ask(self, network: Any, call: Call, hint: torch.Tensor) -> Residuals:
        self.asked_for.append((call, hint))
        sizes = [SIDE] * 6 + [SIDE // 2] * 6
        tensors = [torch.ones(hint.shape[0], 1, size, size) for size in sizes]
        if self.once:
            return Residuals(inside=tuple(tensors[:4]))
        return Residuals(tuple(tensors), torch.ones(hint.shape[0], 1, 1, 1))

    def soft(self, outputs: int):
        return (AsksAdapter() if self.once else AsksControlNet()).soft(outputs)


@dataclass(eq=False)
class Net:
    asked: Spy = field(default_factory=Spy)
    name: str = "net"
    averaged: bool = False

    @contextmanager
    def loaded(self, frame: Frame):
        yield None


def frame(calls: int = 20, side: int = SIDE, batch: int = ROWS) -> Frame:
    return Frame(torch.zeros(batch, 4, side, side), SCHEDULE, calls)


def call_of(*conditions: Condition, sigma: float = 1.0, index: int = 0) -> Call:
    area, count = conditions[0].area, len(conditions) * ROWS
    return Call(
        torch.zeros(count, 4, area.height, area.width),
        torch.zeros(count),
        sigma,
        torch.zeros(count, 7, 8),
        conditions=conditions,
        index=index,
    )


def condition(side: int = 0, area: Area = Area(SIDE, SIDE, 0, 0)) -> Condition:  # noqa: B008
    return Condition(torch.zeros(ROWS, 7, 8), area, torch.ones(()), side)


def residuals(unit: ControlUnit, call: Call, in_frame: Frame | None = None) -> Residuals | None:
    with unit.loaded(in_frame or frame()) as running:
        return running.residuals(call)


def values(found: Residuals, row: int = 0) -> list[float]:
    return [float(tensor[row].mean()) for tensor in (*found.down, found.mid)]


def image(side: int = 32) -> torch.Tensor:
    return torch.rand(1, side, side, 3)


BOTH = (condition(1), condition(0))


def test_balanced_leaves_outputs_alone_under_both_prompts():
    found = residuals(ControlUnit(Net(), image(), 0.5), call_of(*BOTH))
    assert values(found, 0) == values(found, 1) == [0.5] * 13


def test_the_prompt_is_more_important():
    found = residuals(ControlUnit(Net(), image(), mode="prompt"), call_of(*BOTH))
    assert values(found, 0) == values(found, 1) == pytest.approx(SOFT, abs=1e-6)


def test_the_control_is_more_important_under_the_positive_prompt_alone():
    net = Net()
    found = residuals(ControlUnit(net, image(), mode="control"), call_of(*BOTH))
    assert values(found, 0) == [0.0] * 13
    assert values(found, 1) == pytest.approx(SOFT, abs=1e-6)
    ((asked, hint),) = net.asked.asked_for
    assert asked.x.shape[0] == hint.shape[0] == asked.timestep.shape[0] == ROWS
    assert residuals(ControlUnit(net, image(), mode="control"), call_of(condition(1))) is None


def test_an_adapter_counts_four_levels_and_is_asked_once_a_run():
    net = Net(Spy(once=True))
    with ControlUnit(net, image(), mode="prompt").loaded(frame()) as running:
        for index in range(3):
            found = running.residuals(call_of(*BOTH, index=index))
    assert [float(tensor[0].mean()) for tensor in found.inside] == pytest.approx([0.25, 0.62, 0.825, 1.0])
    assert found.inside[0].shape[0] == 2
    assert len(net.asked.asked_for) == 1


def test_strength_0_asks_nothing():
    net = Net()
    assert residuals(ControlUnit(net, image(), 0.0), call_of(*BOTH)) is None
    assert net.asked.asked_for == []


def active_calls(**options: Any) -> list[int]:
    unit = ControlUnit(Net(), image(), by_calls=True, **options)
    with unit.loaded(frame(20)) as running:
        return [call for call in range(20) if running.residuals(call_of(condition(), index=call))]


def test_by_calls_the_range_lags_by_one_call():
    assert active_calls(end_percent=0.5) == list(range(12))
    assert active_calls(start_percent=0.5) == list(range(11, 20))
    assert active_calls(end_percent=0.95) == list(range(20))


def active_levels(scheduler: str) -> int:
    unit = ControlUnit(Net(), image(), end_percent=0.5)
    with unit.loaded(frame()) as running:
        levels = sigmas_for(SCHEDULE, scheduler, 20).tolist()[:-1]
        return sum(running.residuals(call_of(condition(), sigma=sigma)) is not None for sigma in levels)


def test_by_level_the_number_of_steps_depends_on_the_schedule():
    # The normal schedule has as many levels above the middle timestep as below it.
    assert active_levels("normal") == 10
    assert active_levels("karras") < 10


def test_the_hint_is_the_picture_as_it_is():
    net = Net()
    red = torch.zeros(1, 20, 20, 3)
    red[..., 0] = 1
    residuals(ControlUnit(net, red), call_of(*BOTH))
    hint = net.asked.asked_for[0][1]
    assert tuple(hint.shape) == (2, 3, 8 * SIDE, 8 * SIDE)
    assert hint[:, 0].eq(1).all()
    assert hint[:, 1:].eq(0).all()


def test_a_larger_latent_gets_a_larger_hint():
    net = Net()
    area = Area(2 * SIDE, 2 * SIDE, 0, 0)
    residuals(ControlUnit(net, image()), call_of(condition(0, area)), frame(side=2 * SIDE))
    assert tuple(net.asked.asked_for[0][1].shape[2:]) == (16 * SIDE, 16 * SIDE)


def test_an_area_sees_its_part_of_the_hint():
    net, picture = Net(), image()
    residuals(ControlUnit(net, picture), call_of(condition(0, Area(2, 3, 1, 0))))
    torch.testing.assert_close(net.asked.asked_for[0][1][0], picture[0, 8:24, 0:24].movedim(-1, 0))


def test_pictures_of_a_batch_are_repeated():
    hint = fitted(torch.stack([torch.zeros(8, 8, 3), torch.ones(8, 8, 3)]), 3, 1, 1, "crop")
    assert [float(one.mean()) for one in hint] == [0.0, 1.0, 0.0]


def test_a_mask_is_brought_to_each_feature_map():
    mask = torch.zeros(8 * SIDE, 8 * SIDE)
    mask[:, : 4 * SIDE] = 1
    found = residuals(ControlUnit(Net(), image(), mask=mask), call_of(*BOTH))
    for tensor in found.down:
        half = tensor.shape[-1] // 2
        assert tensor[..., :half].eq(1).all()
        assert tensor[..., half:].eq(0).all()
    assert found.mid.eq(0.5).all()


def test_averaged_outputs_say_nothing_of_places():
    class Ramp(Spy):
        def ask(self, network, call, hint):
            return Residuals((torch.arange(16.0).reshape(1, 1, 4, 4),), torch.zeros(1, 1, 1, 1))

    found = residuals(ControlUnit(Net(Ramp(), averaged=True), image()), call_of(condition()))
    assert found.down[0].eq(7.5).all()
    assert found.down[0].shape == (1, 1, 4, 4)


def test_how_hints_are_fitted():
    wide = torch.zeros(1, 8, 16, 3)
    wide[:, :, :4], wide[:, :, 12:] = 1.0, 1.0  # black in the middle, white at both sides
    assert fitted(wide, 1, 1, 1, "crop").eq(0).all()
    assert fitted(wide, 1, 1, 1, "stretch").mean() == 0.5
    filled = fitted(wide, 1, 1, 1, "fill")[0, 0]
    assert filled[:2].eq(1).all()
    assert filled[6:].eq(1).all()
    assert filled[2:6].mean() == 0.5


def test_pixel_perfect():
    # [N]: a picture of 1024 x 512 for 512 x 768.
    assert perfect_resolution(1024, 512, 512, 768, "crop") == 768
    assert perfect_resolution(1024, 512, 512, 768, "fill") == 256


def test_the_hint_for_inpainting():
    mask = torch.zeros(1, 4, 4)
    mask[:, :2] = 1
    hint = with_masked_pixels(torch.full((1, 4, 4, 3), 0.3), mask)
    assert hint[:, :2].eq(-1).all()
    assert hint[:, 2:].eq(0.3).all()


def test_units_are_chained_and_given_to_the_negative_prompts_that_have_none():
    one, two = (ControlUnit(Net(), image()) for _ in range(2))
    prompt = [[torch.zeros(1, 7, 8), {"pooled_output": 1}]]
    chained = controlled(controlled(prompt, one), two, negative_too=True)
    assert chained[0][1]["control"] == (one, two)
    assert "control" not in prompt[0][1]
    positive, negative = resolve(chained, frame()), resolve(prompt, frame(), 1)
    assert with_controls_of(negative, positive)[0].controls == (one, two)
    own = [replace(negative[0], controls=(two,))]
    assert with_controls_of(own, positive)[0].controls == (two,)
    assert with_controls_of(negative, resolve(controlled(prompt, one), frame()))[0].controls == ()
