"""How a picture was made, read off the graph that made it: as an infotext of Stable Diffusion WebUI."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from diffusion.infotext import Parameters
from diffusion.infotext.names import write_sampler
from nodes.graph_plots import PICTURES, plot_of, script
from nodes.graph_runs import RUNS, Run, read_run
from nodes.prompt_graph import Graph

Hash = Callable[[str, str], str | None]
"""The SHA-256 of a model file by its kind and name; None where it is not to be had."""

ENLARGING = ("LatentUpscale", "LatentUpscaleBy", "UpscaleImageTo", "ImageScale", "ImageScaleBy")
LATENT_UPSCALERS = {
    "bilinear": "Latent",
    "bilinear-antialiased": "Latent (antialiased)",
    "bicubic": "Latent (bicubic)",
    "bicubic-antialiased": "Latent (bicubic antialiased)",
    "nearest": "Latent (nearest)",
    "nearest-exact": "Latent (nearest-exact)",
}
RESIZERS = {"lanczos": "Lanczos", "nearest-exact": "Nearest"}
CONTROL_MODES = {
    "prompt is more important": "My prompt is more important",
    "ControlNet is more important": "ControlNet is more important",
}
MODULES = {"CannyEdges": "canny", "LoadImage": "none"}
MODEL_FILES = (("checkpoints", "ckpt_name"), ("diffusion_models", "unet_name"))
SHORT, LORA_SHORT = 10, 12


def parameters_of(prompt: Mapping[str, Any], id: str, size: tuple[int, int], hash_of: Hash) -> Parameters | None:
    """What the WebUI would write of a picture of `size` (width, height) that the node `id` of a prompt gets.

    The last run of a sampler before that node counts, and the run before it as the first pass of hires fix. None where
    no sampler made the picture. Of a plot, its grids say what was swept; the size is that of a cell.
    """
    graph = Graph({key: node for key, node in prompt.items() if isinstance(node, Mapping)})
    found = [each for each in graph.before([id]) if graph.kind(each) in RUNS] if id in graph.nodes else []
    if not found:
        return None
    last = read_run(graph, found[0])
    before = [each for each in _before_latent(graph, last.id) if graph.kind(each) in RUNS]
    first = read_run(graph, before[0]) if before and last.denoise < 1 else None
    main = first or last
    label, schedule = write_sampler(main.sampler, main.schedule)
    plot = plot_of(graph, id, last.id)
    width, height = ((first or plot) and _empty_size(graph, main.id)) or size
    tags, lora_hashes = _loras(graph, main, hash_of)
    positive, negative = _texts(graph, main, "positive"), _texts(graph, main, "negative")
    entries: dict[str, Any] = {
        "Steps": main.steps,
        "Sampler": label,
        "Schedule type": schedule,
        "CFG scale": main.cfg,
        "Seed": main.seed,
        "Size": f"{width}x{height}",
        **_models(graph, main, id, hash_of),
        "Denoising strength": round(last.refining()[1] if first else last.denoise, 4) if last.denoise < 1 else None,
        **main.more,
        **(_hires(graph, first, last, size) if first else {}),
        **_control(graph, main),
        **(script(graph, plot[0]) if plot and plot[1] != PICTURES else {}),
        "Lora hashes": ", ".join(lora_hashes) or None,
        "Version": "Safelight",
    }
    fields = {key: _text(value) for key, value in entries.items() if value is not None}
    return Parameters(" ".join(filter(None, [positive, *tags])), negative, fields)


def _before_latent(graph: Graph, id: str) -> list[str]:
    source = graph.source(id, "latent_image")
    return list(graph.before([source[0]])) if source else []


def _texts(graph: Graph, run: Run, side: str) -> str:
    """A prompt; several that are combined are joined as the WebUI joins them.

    A node that passes both prompts on is followed on the side that is looked for.
    """
    start = graph.source(run.holder, side) or (graph.source(run.holder, "conditioning") if side == "positive" else None)
    found: dict[str, None] = {}
    seen: set[str] = set()
    stack = [start[0]] if start else []
    while stack:
        id = stack.pop()
        if id in seen:
            continue
        seen.add(id)
        own = "negative" if side == "negative" and graph.kind(id) == "WebUIPrompt" else "text"
        name = next((name for name in (own, "text_g") if graph.given(id, name) is not None), None)
        if name:
            found[str(graph.value(id, name) or "")] = None
        elif same_side := graph.source(id, side):
            stack.append(same_side[0])
        else:
            names = [each for each in graph.inputs(id) if each.startswith("conditioning")]
            stack += [link[0] for each in reversed(names) if (link := graph.source(id, each))]
    return " AND ".join(filter(None, found))


def _empty_size(graph: Graph, id: str) -> tuple[int, int] | None:
    for each in _before_latent(graph, id):
        if graph.kind(each) == "EmptyLatent":
            width, height = graph.value(each, "width"), graph.value(each, "height")
            if isinstance(width, int) and isinstance(height, int):
                return width, height
    return None


def _models(graph: Graph, run: Run, id: str, hash_of: Hash) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for source in graph.upwards(run.holder, ("model", "model1")):
        for kind, name in MODEL_FILES:
            if isinstance(file := graph.value(source, name), str):
                entries |= {"Model hash": _short(hash_of(kind, file)), "Model": _stem(file)}
    for each in graph.before([id]):
        file = graph.value(each, "vae_name")
        if isinstance(file, str) and "VAE" not in entries:
            entries |= {"VAE hash": _short(hash_of("vae", file)), "VAE": _stem(file)}
        layer = graph.value(each, "stop_at_clip_layer")
        if isinstance(layer, int) and layer < -1:
            entries["Clip skip"] = -layer
    return entries


def _loras(graph: Graph, run: Run, hash_of: Hash) -> tuple[list[str], list[str]]:
    """LoRAs that nodes put on the model: as tags of a prompt, and as names with hashes."""
    tags, hashes = [], []
    for source in graph.upwards(run.holder, ("model", "model1")):
        file = graph.value(source, "lora_name")
        if not isinstance(file, str):
            continue
        strength, text = graph.value(source, "strength_model"), graph.value(source, "strength_clip")
        both = _text(strength) if text in (None, strength) else f"{_text(text)}:{_text(strength)}"
        tags.append(f"<lora:{_stem(file)}:{both}>")
        if digest := hash_of("loras", file):
            hashes.append(f"{_stem(file)}: {digest[:LORA_SHORT]}")
    return tags[::-1], hashes[::-1]


def _hires(graph: Graph, first: Run, last: Run, size: tuple[int, int]) -> dict[str, Any]:
    upscaler = "Latent"
    for each in _before_latent(graph, last.id):
        if each == first.id:
            break
        method = graph.value(each, "upscale_method")
        if isinstance(model := graph.value(each, "model_name"), str):
            upscaler = _stem(model)
        elif graph.kind(each) in ENLARGING and isinstance(method, str):
            known = LATENT_UPSCALERS if graph.kind(each).startswith("Latent") else RESIZERS
            upscaler = known.get(method, method)
    names, others = write_sampler(last.sampler, last.schedule), write_sampler(first.sampler, first.schedule)
    return {
        "Hires resize": f"{size[0]}x{size[1]}",
        "Hires steps": last.refining()[0],
        "Hires upscaler": upscaler,
        "Hires sampler": names[0] if names != others else None,
        "Hires schedule type": names[1] if names != others else None,
        "Hires CFG Scale": last.cfg if last.cfg != first.cfg else None,
    }


def _control(graph: Graph, run: Run) -> dict[str, str]:
    units = []
    for source in graph.upwards(run.holder, ("positive", "conditioning")):
        loader = graph.source(source, "control_net")
        if loader is None:
            continue
        picture = graph.source(source, "image")
        kind = graph.kind(picture[0]) if picture else "none"
        end = graph.value(source, "end_percent")
        unit = {
            "Module": (picture and graph.value(picture[0], "preprocessor")) or MODULES.get(kind, kind),
            "Model": _stem(str(graph.value(loader[0], "control_net_name"))),
            "Weight": graph.value(source, "strength"),
            "Guidance Start": graph.value(source, "start_percent") or 0,
            "Guidance End": 1 if end is None else end,
            "Control Mode": CONTROL_MODES.get(str(graph.value(source, "control_mode")), "Balanced"),
        }
        units.append(", ".join(f"{key}: {re.sub('[,:]', ' ', _text(value))}" for key, value in unit.items()))
    return {f"ControlNet {number}": text for number, text in enumerate(reversed(units))}


def _stem(file: str) -> str:
    return PurePosixPath(file.replace("\\", "/")).stem


def _short(digest: str | None) -> str | None:
    return digest[:SHORT] if digest else None


def _text(value: Any) -> str:
    """A number without a point where it has no fraction, as the WebUI writes it; all else as it is."""
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
