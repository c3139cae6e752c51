"""Nodes for speed and memory."""

from typing import Annotated, NamedTuple

from diffusion.compiling import BACKENDS, CompiledBlocks, CompilingError, require
from graph.declare import Choice, Context, InputError, Range, node
from nodes.sockets import Latent, Model

GIGABYTE = 1e9


class Memory(NamedTuple):
    """What sampling takes, and what there is; in gigabytes."""

    weights: float
    sampling: float
    free: float


@node("TorchCompileModel", category="model", title="Compile Model", search=["torch.compile", "speed", "inductor"])
def torch_compile_model(model: Model, backend: Annotated[str, Choice(BACKENDS)] = "inductor") -> Model:
    """Run the model's blocks compiled: the first steps take much longer, those that follow less.

    backend: inductor writes code of its own for this machine; cudagraphs saves the start of each operation on a GPU.
    """
    try:
        require(backend, model.device)
    except CompilingError as error:
        raise InputError("backend", str(error)) from error
    return model.with_attachments(CompiledBlocks(backend))


@node("EstimateMemory", category="model", title="Estimate Memory", output_node=True, search=["vram", "ram", "size"])
def estimate_memory(
    ctx: Context, model: Model, latent_image: Latent, prompts: Annotated[int, Range(1, 64)] = 2
) -> Memory:
    """Say how much memory sampling takes, before it is done.

    prompts: How many prompts are evaluated at once: 2 for a positive and a negative one.
    """
    batch, _, height, width = latent_image["samples"].shape
    needed = model.memory(batch * prompts, height * width)
    figures = Memory(*(value / GIGABYTE for value in (needed.weights, needed.activations, needed.free)))
    ctx.show(
        "text",
        [f"Weights {figures.weights:.2f} GB, sampling {figures.sampling:.2f} GB; {figures.free:.2f} GB are free."],
    )
    if not needed.fits:
        ctx.warn(
            f"Sampling would take {needed.missing / GIGABYTE:.1f} GB more than there is: make the picture or the batch "
            "smaller, or use weights in a smaller number format."
        )
    return figures
