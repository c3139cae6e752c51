"""Nodes that measure how much pictures differ."""

from typing import NamedTuple

from diffusion import devices
from diffusion.images import metrics
from diffusion.images.lpips import lpips
from diffusion.weights import WeightsError
from graph.declare import Context, InputError, Table, Words, node
from nodes.preprocessors import annotator_files
from nodes.sockets import Image


class Difference(NamedTuple):
    """Means over all pictures."""

    psnr: float
    ssim: float
    mse: float
    mae: float


@node("MeasureDifference", category="image", output_node=True, search=["psnr", "ssim", "mse", "metric", "quality"])
def measure_difference(ctx: Context, image: Image, reference: Image) -> Difference:
    """Measure how much pictures differ from a reference of the same size, and show a table.

    PSNR is in decibels: more is more alike, and 40 is hard to see. SSIM is 1 for equal pictures, MSE and MAE are 0.
    """
    try:
        values = [measure(image, reference) for measure in (metrics.psnr, metrics.ssim, metrics.mse, metrics.mae)]
    except ValueError as error:
        raise InputError("reference", str(error)) from error
    rows = [[index, *map(float, row)] for index, row in enumerate(zip(*values, strict=True))]
    ctx.show("tables", [Table([Words("picture"), "PSNR", "SSIM", "MSE", "MAE"], rows).shown()])
    return Difference(*(float(value.mean()) for value in values))


@node("PerceptualDistance", category="image", output_node=True, fingerprint=annotator_files, search=["lpips", "metric"])
def perceptual_distance(ctx: Context, image: Image, reference: Image) -> float:
    """Measure how different pictures look to people: LPIPS, 0 for equal ones, 0.5 for very different ones.

    It needs two files in models/annotators: alexnet-owt-7be5be79.pth, the network, and lpips_alex.pth, its weights.
    """
    folders = ctx.folders.model_folders("annotators")
    try:
        distances = lpips(image, reference, folders, devices.current())
    except WeightsError as error:
        raise InputError("image", str(error)) from error
    except ValueError as error:
        raise InputError("reference", str(error)) from error
    ctx.show("tables", [Table([Words("picture"), "LPIPS"], list(enumerate(distances.tolist()))).shown()])
    return float(distances.mean())
