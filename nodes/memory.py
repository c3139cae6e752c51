"""Nodes for speed and memory."""

from typing import Annotated, NamedTuple

from diffusion.compiling import BACKENDS, CompiledBlocks, CompilingError, require
from diffusion.model import MemoryNeed
from graph.declare import Choice, Context, InputError, Range, Words, node
from nodes.sockets import Latent, Model

GIGABYTE, MEGABYTE = 1e9, 1e6


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
    weights, sampling = _amount(needed.weights), _amount(needed.activations)
    ctx.show("text", [Words(f"Weights {weights}, sampling {sampling}; {figures.free:.2f} GB are free.")])
    warn_of_memory(ctx, needed)
    return figures


def warn_of_memory(ctx: Context, needed: MemoryNeed) -> None:
    """Say that something takes more memory than there is, before it is begun."""
    if not needed.fits:
        ctx.warn(
            f"Sampling would take {needed.missing / GIGABYTE:.1f} GB more than there is: make the picture or the batch "
            "smaller, or use weights in a smaller number format."
        )


def _amount(count: int) -> str:
    return f"{count / GIGABYTE:.2f} GB" if count >= GIGABYTE / 10 else f"{count / MEGABYTE:.1f} MB"
