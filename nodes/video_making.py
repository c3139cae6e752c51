"""Nodes that make the frames of a video anew, and measure how much it flickers."""

from typing import Annotated, NamedTuple, cast

import torch

from diffusion.control.unit import ControlUnit
from diffusion.previews import preview_of
from diffusion.sampling import StepInfo
from diffusion.video import flicker
from diffusion.video.remaking import COLOURS, Colours, Remaking, remake
from diffusion.video.seeds import POLICIES, SeedPolicy, seeds
from graph.declare import Choice, Context, InputError, Plot, Range, Seed, Series, Words, node
from nodes.control import MODES, Percent, Strength
from nodes.sampling import SamplerName, Scale, SchedulerName, Steps
from nodes.sockets import Conditioning, ControlNet, Image, Model, Vae

Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Policy = Annotated[str, Choice(POLICIES)]


class Measured(NamedTuple):
    """How much a video flickers."""

    flicker: float
    of_source: float
    excess: float


@node(
    "RemakeFrames", category="video", title="Remake Frames", search=["m2m", "controlnet", "video to video", "img2img"]
)
def remake_frames(
    ctx: Context,
    *,
    model: Model,
    vae: Vae,
    positive: Conditioning,
    negative: Conditioning,
    frames: Image,
    control_net: ControlNet | None = None,
    control_images: Image | None = None,
    seed: Seed = 0,
    seed_policy: Policy = "fixed",
    steps: Steps = 20,
    cfg: Scale = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "normal",
    denoise: Share = 0.6,
    last_result: Share = 0.0,
    colours: Annotated[str, Choice(COLOURS)] = "none",
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    control_mode: Annotated[str, Choice(list(MODES))] = "balanced",
) -> Image:
    """Make each frame of a video anew, one after the other: image to image, with a ControlNet if there is one.

    model: The model that denoises.
    vae: Encodes the frames and decodes the results.
    positive: What the video should show.
    negative: What it should not show.
    frames: The frames of the video, of sides that are multiples of eight.
    control_net: Holds each frame to its hint.
    control_images: A hint for each frame, as a preprocessor makes them; without them the frames are the hints.
    seed: Of the first frame.
    seed_policy: fixed flickers least; increment gives each frame the next one; random any, which the first decides.
    steps: Steps for each frame.
    cfg: How strongly the positive prompt is preferred to the negative one.
    sampler_name: How each step is computed.
    scheduler: How the noise levels are spread over the steps.
    denoise: How much of a frame is replaced; 1 takes nothing over from it but its hint.
    last_result: How much of the frame before, as it was made, is mixed in: less flicker, but it lags behind.
    colours: Whose colours a result is given: none, its own frame's, or those of the last or of the first result.
    strength: How much the hints count.
    start_percent: From which part of the sampling on hints count.
    end_percent: Until which part they count.
    control_mode: What counts more: the prompt, or the hint.
    """
    hints = None if control_net is None else frames if control_images is None else control_images
    if hints is None and control_images is not None:
        raise InputError("control_net", "There are hints and no ControlNet to read them: link one, or leave them out.")
    if hints is not None and len(hints) != len(frames):
        ctx.warn(f"There are {len(frames)} frames and {len(hints)} hints: what is too much was left out.")
    policy, colouring = cast(SeedPolicy, seed_policy), cast(Colours, colours)
    remaking = Remaking(steps, cfg, sampler_name, scheduler, denoise, seed, policy, last_result, colouring)
    count = len(frames) if hints is None else min(len(frames), len(hints))
    preview = preview_of(model, ctx.folders.model_folders("vae_approx"), ctx.warn, ctx.preview_method)

    def unit(hint: torch.Tensor) -> ControlUnit:
        assert control_net is not None
        return ControlUnit(control_net, hint, strength, start_percent, end_percent, mode=MODES[control_mode])

    def report(frame: int, info: StepInfo) -> None:
        shown = preview(info.denoised) if ctx.wants_preview() else None
        ctx.progress(frame * info.steps + info.step, count * info.steps, shown)

    return torch.stack(list(remake(remaking, model, vae, positive, negative, frames, hints, unit, report)))


@node("FrameSeeds", category="video", title="Seeds of Frames", search=["m2m", "list", "fixed", "random"])
def frame_seeds(seed: Seed = 0, policy: Policy = "fixed", count: Annotated[int, Range(1, 100_000)] = 16) -> list[int]:
    """Give a list of seeds, one for each frame of a list.

    seed: The first one.
    policy: fixed repeats it, which flickers least; increment counts up; random draws the others, which it decides.
    count: How many there are.
    """
    return seeds(seed, cast(SeedPolicy, policy), count)


@node("MeasureFlicker", category="video", title="Measure Flicker", output_node=True, search=["stability", "temporal"])
def measure_flicker(
    ctx: Context,
    frames: Image,
    source: Image | None = None,
    method: Annotated[str, Choice(flicker.METHODS)] = flicker.METHODS[0],
) -> Measured:
    """Measure how much a video flickers: what changes from frame to frame and is no movement.

    The outputs are the mean change of a pixel between neighbouring frames in 0..1, that of the source, and how much
    larger the first is. A plot shows where it flickers.

    frames: The frames of the video.
    source: The frames that they were made from; what changes in these too does not count as flicker.
    method: Along the movement, frames are compared after what moves was moved back; in place, pixel by pixel.
    """
    if source is not None and len(source) < len(frames):
        raise InputError("source", f"There are {len(frames)} frames and {len(source)} of the source: take as many.")
    found = flicker.measure(frames.cpu(), None if source is None else source.cpu(), cast(flicker.Method, method))
    ctx.show("text", [f"{found.value:.5f} / {found.of_source:.5f}"])
    if found.steps:
        ctx.show("plots", [Plot([Series(found.steps)], x_label=Words("frame"), y_label=Words("flicker")).shown()])
    return Measured(found.value, found.of_source, found.excess)
