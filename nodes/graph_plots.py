"""X/Y/Z plots in the graph that made a picture: as entries of an infotext, and what each of their cells is made of."""

import copy
import random
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from diffusion.infotext.names import write_sampler
from graph.declare import Context
from graph.sweeps.axes import ORDER, REPLACE, SEED, seeds
from graph.sweeps.errors import SweepError
from graph.sweeps.part import Part, names_of
from graph.sweeps.value_text import joined_values, split_values, whole_numbers
from nodes.prompt_graph import Graph
from nodes.sweeps import AXES, sweep

PLOT, PICTURES = "XYZPlot", 2
"""The plot, and its output that has the pictures one by one."""
TITLE = "X/Y/Z plot"
UNSAID: Mapping[str, Any] = {
    **{f"{axis}_{name}": "" for axis in AXES for name in ("target", "values")},
    **{f"vary_seeds_{axis}": False for axis in AXES},
    "random_seed": 0,
    "most_megapixels": 200,
}
SAMPLING = ("KSampler", "KSamplerAdvanced", "KSamplerRefiner", "SDUpscale", "Loopback")
WIDGETS: dict[str, tuple[tuple[str, str], ...]] = {
    "Var. seed": (("VariationNoise", "variation_seed"),),
    "Var. strength": (("VariationNoise", "variation_strength"),),
    "Steps": (("KSampler", "steps"), ("KSamplerRefiner", "steps"), ("BasicScheduler", "steps"),
              ("KarrasScheduler", "steps"), ("ExponentialScheduler", "steps"), ("SDTurboScheduler", "steps")),
    "CFG Scale": (*((node, "cfg") for node in SAMPLING), ("CFGGuider", "cfg")),
    "Sampler": (*((node, "sampler_name") for node in SAMPLING), ("KSamplerSelect", "sampler_name")),
    "Schedule type": (*((node, "scheduler") for node in SAMPLING), ("BasicScheduler", "scheduler")),
    "Checkpoint name": (("CheckpointLoader", "ckpt_name"),),
    "VAE": (("VAELoader", "vae_name"),),
    "Clip skip": (("CLIPSetLastLayer", "stop_at_clip_layer"),),
    "Denoising": (("KSampler", "denoise"), ("SDUpscale", "denoise"), ("Loopback", "denoise")),
    "Styles": (("WebUIPrompt", "styles"),),
    "Eta": tuple((f"Sampler{name}", "eta") for name in
                 ("EulerAncestral", "DPMPP_2S_Ancestral", "DPMPP_SDE", "DPMPP_2M_SDE", "DPMPP_3M_SDE", "DDIM")),
    "Sigma Churn": (("SamplerChurn", "s_churn"),),
    "Sigma min": (("SamplerChurn", "s_tmin"),),
    "Sigma max": (("SamplerChurn", "s_tmax"),),
    "Sigma noise": (("SamplerChurn", "s_noise"),),
    "Schedule min sigma": (("KarrasScheduler", "sigma_min"), ("ExponentialScheduler", "sigma_min")),
    "Schedule max sigma": (("KarrasScheduler", "sigma_max"), ("ExponentialScheduler", "sigma_max")),
    "Schedule rho": (("KarrasScheduler", "rho"), ("PolyexponentialScheduler", "rho")),
    "Token merging ratio": (("TomePatchModel", "ratio"),),
    "Refiner switch at": (("KSamplerRefiner", "switch_at"), ("SplitSigmasForRefiner", "switch_at")),
    "[ControlNet] Weight": (("ControlNetApplyModes", "strength"),),
    "[ControlNet] Guidance Start": (("ControlNetApplyModes", "start_percent"),),
    "[ControlNet] Guidance End": (("ControlNetApplyModes", "end_percent"),),
    "[ControlNet] Model": (("ControlNetLoader", "control_net_name"),),
}  # fmt: skip
"""By the WebUI's name of an axis: the nodes that may have its widget, the first that is there."""
SEEDS = ("seed", "noise_seed")
SPECIAL = {"Seed": SEED, "Prompt S/R": REPLACE, "Prompt order": ORDER}


def plot_of(graph: Graph, id: str, run: str | None = None) -> tuple[str, int] | None:
    """The plot from which a node has its pictures, and by which output: the nearest one, of those after a run.

    None if there is none.
    """
    for each in graph.before([id]):
        for name in graph.inputs(each):
            source = graph.source(each, name)
            if source and graph.kind(source[0]) == PLOT and (run is None or run in graph.before([source[0]])):
                return source
    return None


def script(graph: Graph, plot: str) -> dict[str, str]:
    """The entries that the WebUI writes into the grids of a plot; axes unknown to it are called by their widget."""
    entries = {"Script": TITLE}
    for axis in AXES:
        target, text = (str(graph.value(plot, f"{axis}_{name}") or "").strip() for name in ("target", "values"))
        if not target:
            continue
        label, name = _label(graph, plot, target), axis.upper()
        entries |= {f"{name} Type": label, f"{name} Values": _written(label, split_values(text))}
        if label == "Seed":
            entries[f"Fixed {name} Values"] = _fixed(split_values(text), graph.value(plot, "random_seed"))
    return entries


def cell_prompt(ctx: Context, prompt: Mapping[str, Any], plot: str, number: int) -> Mapping[str, Any]:
    """The prompt of one of the single pictures of a plot: with the values that the widgets have there."""
    part = Part.before(ctx.graph, plot, "images", ctx.folders)
    if part is None:
        return prompt
    given = Graph(prompt)
    inputs = {name: default if (v := given.value(plot, name)) is None else v for name, default in UNSAID.items()}
    _, cells = sweep(part, inputs)
    ordered = sorted(cells, key=lambda cell: cell.index[::-1])
    changed = copy.deepcopy(dict(prompt))
    for (id, name), value in ordered[min(number, len(ordered) - 1)].values.items():
        if id in changed:
            changed[id]["inputs"][name] = value
    return changed


def _label(graph: Graph, plot: str, target: str) -> str:
    """What the WebUI calls an axis."""
    for label, special in SPECIAL.items():
        if special == target:
            return label
    node, _, name = target.rpartition(".")
    if name in SEEDS:
        return "Seed"
    kinds = {graph.kind(id) for id in graph.before([plot]) if node in (*names_of(id, graph.nodes[id]), graph.kind(id))}
    for label, widgets in WIDGETS.items():
        if any((kind, name) in widgets for kind in kinds):
            return label
    return target


def _written(label: str, values: list[str]) -> str:
    """The values of an axis as the WebUI has them."""
    changes: dict[str, Callable[[str], str]] = {
        "Sampler": lambda value: write_sampler(value, "")[0],
        "Schedule type": lambda value: write_sampler("", value)[1],
        "Checkpoint name": _stem,
        "VAE": _stem,
    }
    if label == "Clip skip":
        try:
            values = [str(-number) for number in whole_numbers(values)]
        except SweepError:
            return joined_values(values)
    return joined_values(map(changes.get(label, str), values))


def _fixed(values: list[str], seed: Any) -> str:
    """The seeds of an axis, also those that are random."""
    try:
        return ", ".join(map(str, seeds(values, random.Random(seed if isinstance(seed, int) else 0))))
    except SweepError:
        return ", ".join(values)


def _stem(file: str) -> str:
    return PurePosixPath(file.replace("\\", "/")).stem if "/" in file or "." in file else file
