"""Nodes that lead a transformer away from what it makes without some of its layers."""

from typing import Annotated

from diffusion.changes.skipped_layers import SkipLayerGuidance, SkippedLayers, check_transformer, read_layers
from diffusion.sampling.errors import SamplingError
from graph.declare import InputError, Range, node
from nodes.sockets import Model

Moment = Annotated[float, Range(0, 1, step=0.001)]
Far = Annotated[float, Range(0, 10, step=0.1)]


@node(
    "SkipLayerGuidanceSD3",
    category="model/guidance",
    title="Skip Layer Guidance (SD 3)",
    search=["SLG", "sd3.5"],
    experimental=True,
)
def skip_layer_guidance_sd3(
    model: Model, layers: str = "7, 8, 9", scale: Far = 3.0, start_percent: Moment = 0.01, end_percent: Moment = 0.15
) -> Model:
    """Guide away from what the model makes without some layers: better anatomy with Stable Diffusion 3.5.

    Each step in which it acts takes one more evaluation.

    model: A model with a transformer.
    layers: Numbers of the layers, with commas between them; the first is 0.
    scale: How strongly.
    start_percent: From which part of the run on.
    end_percent: Up to which part of the run.
    """
    skipped = SkippedLayers(_layers("layers", layers))
    return _guided(model, skipped, scale, start_percent, end_percent)


@node(
    "SkipLayerGuidanceDiT",
    category="model/guidance",
    title="Skip Layer Guidance",
    search=["SLG", "sd3", "flux", "transformer"],
    experimental=True,
)
def skip_layer_guidance_dit(
    model: Model,
    double_layers: str = "7, 8, 9",
    single_layers: str = "7, 8, 9",
    scale: Far = 3.0,
    start_percent: Moment = 0.01,
    end_percent: Moment = 0.15,
    rescaling_scale: Far = 0.0,
) -> Model:
    """Guide away from what a transformer makes without some layers; each step takes one more evaluation.

    model: A model with a transformer.
    double_layers: Numbers of layers in which picture and prompt have weights of their own; the first is 0.
    single_layers: Numbers of the layers that follow these; models without such layers leave them aside.
    scale: How strongly.
    start_percent: From which part of the run on.
    end_percent: Up to which part of the run.
    rescaling_scale: How much of the contrast of the estimate without guidance is given back.
    """
    skipped = SkippedLayers(_layers("double_layers", double_layers), _layers("single_layers", single_layers))
    return _guided(model, skipped, scale, start_percent, end_percent, rescaling_scale)


@node(
    "SkipLayerGuidanceDiTSimple",
    category="model/guidance",
    title="Skip Layer Guidance (Simple)",
    search=["SLG", "sd3", "flux", "transformer"],
    experimental=True,
)
def skip_layer_guidance_dit_simple(
    model: Model,
    double_layers: str = "7, 8, 9",
    single_layers: str = "7, 8, 9",
    start_percent: Moment = 0.0,
    end_percent: Moment = 1.0,
) -> Model:
    """Leave some layers of a transformer out under the negative prompt, so that guidance leads away from that too.

    It takes no more time, and needs a guidance scale above 1.

    model: A model with a transformer.
    double_layers: Numbers of layers in which picture and prompt have weights of their own; the first is 0.
    single_layers: Numbers of the layers that follow these; models without such layers leave them aside.
    start_percent: From which part of the run on.
    end_percent: Up to which part of the run.
    """
    double, single = _layers("double_layers", double_layers), _layers("single_layers", single_layers)
    start, end = (model.schedule.percent_to_sigma(percent) for percent in (start_percent, end_percent))
    return _transformer(model).with_attachments(SkippedLayers(double, single, True, start, end))


def _guided(
    model: Model, skipped: SkippedLayers, scale: float, start_percent: float, end_percent: float, rescaling: float = 0.0
) -> Model:
    start, end = (model.schedule.percent_to_sigma(percent) for percent in (start_percent, end_percent))
    guidance = SkipLayerGuidance(skipped, scale, start, end, rescaling)
    return _transformer(model).with_attachments(skipped).with_guidance(guidance)


def _layers(input_name: str, text: str) -> tuple[int, ...]:
    try:
        return read_layers(text)
    except SamplingError as error:
        raise InputError(input_name, str(error)) from error


def _transformer(model: Model) -> Model:
    try:
        return check_transformer(model, "Skip layer guidance")
    except SamplingError as error:
        raise InputError("model", str(error)) from error
