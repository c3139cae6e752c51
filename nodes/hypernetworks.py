"""The node for hypernetworks."""

from typing import Annotated

from diffusion.hypernetwork import load_hypernetwork, with_hypernetwork
from diffusion.weights import WeightsError
from graph.declare import Context, Files, InputError, Range, node
from nodes.sockets import Model


@node("HypernetworkLoader", category="loaders", title="Load Hypernetwork", search=["webui", "style"])
def hypernetwork_loader(
    ctx: Context,
    model: Model,
    hypernetwork_name: Annotated[str, Files("hypernetworks")],
    strength: Annotated[float, Range(-10, 10, step=0.01)] = 1.0,
) -> Model:
    """Change a model's attention with a hypernetwork; several act one after the other.

    model: The model that it was trained for, or one of the same widths.
    hypernetwork_name: A file in models/hypernetworks.
    strength: How strongly; 0 leaves the model as it is.
    """
    try:
        pairs = load_hypernetwork(ctx.folders.model_path("hypernetworks", hypernetwork_name))
        return with_hypernetwork(model, pairs, strength)
    except (WeightsError, FileNotFoundError) as error:
        raise InputError("hypernetwork_name", str(error)) from error
