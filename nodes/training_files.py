"""What files that nodes train say of their making, beside what the training itself knows."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from diffusion.content_hashes import short_hash
from diffusion.training.metadata import essential
from diffusion.training.run import Run
from diffusion.training.samples import Sample
from graph.declare import Context
from nodes.metadata import file_metadata
from nodes.prompt_graph import Graph

LOADED = (
    ("sd_model", ("model", "model1"), (("checkpoints", "ckpt_name"), ("diffusion_models", "unet_name"))),
    ("vae", ("vae",), (("vae", "vae_name"),)),
)
"""What kohya's scripts call a file; the inputs of nodes that lead to its loader; kinds of models, and their widgets."""


def texts_of(ctx: Context, entries: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a trained file: what the training says, and the graph that is executed.

    Where the user wants no metadata, only what programs need to use the file.
    """
    return {**entries, **file_metadata(ctx)} if ctx.metadata else essential(entries)


def of_webui(ctx: Context, entries: Mapping[str, str]) -> dict[str, str]:
    """What the WebUI's hypernetworks say of the model that they were trained on."""
    named = {"sd_checkpoint": "ss_sd_model_hash", "sd_checkpoint_name": "ss_sd_model_name"}
    return {name: entries[key] for name, key in named.items() if ctx.metadata and key in entries}


def origins(ctx: Context, run: Run, held_out: Sequence[Sample] = ()) -> dict[str, str]:
    """A number of a run's own, which all of its files have; the files of its model and VAE; and how many pictures were
    held out.
    """
    number = int(run.folder.name.rpartition("-")[2], 16) % 2**32
    return {"ss_session_id": str(number), "ss_num_validation_images": str(len(held_out)), **_files(ctx)}


def _files(ctx: Context) -> dict[str, str]:
    """The model files that the node is linked to, as far as one comes to them: names, and short hashes."""
    graph = Graph(ctx.prompt)
    found: dict[str, str] = {}
    try:
        id = ctx.graph.real(ctx.node_id)
    except KeyError:  # a node that was called by no graph
        return found
    for named, inputs, files in LOADED:
        loaded = ((source, *file) for source in graph.upwards(id, inputs) for file in files)
        for source, kind, widget in loaded:
            name = graph.value(source, widget)
            if isinstance(name, str):
                found[f"ss_{named}_name"] = name.replace("\\", "/").rpartition("/")[2]
                with suppress(OSError, ValueError):  # one that was removed meanwhile, or lies elsewhere
                    found[f"ss_{named}_hash"] = short_hash(ctx.folders.model_path(kind, name))
    return found
