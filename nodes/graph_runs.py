"""Runs of samplers in the graph that made a picture: with which settings they ran, of whatever parts they are made."""

from dataclasses import dataclass, field
from typing import Any

from nodes.prompt_graph import Graph

WHOLE_RUNS = ("KSampler", "KSamplerAdvanced", "KSamplerRefiner")
RUNS = (*WHOLE_RUNS, "SamplerCustom", "SamplerCustomAdvanced")
SIGMA_NODES = {
    "KarrasScheduler": "karras",
    "ExponentialScheduler": "exponential",
    "PolyexponentialScheduler": "polyexponential",
    "AlignYourStepsScheduler": "align_your_steps",
    "SDTurboScheduler": "turbo",
}
SAMPLER_NODES = {
    "SamplerEulerAncestral": "euler_ancestral",
    "SamplerDPMPP_2S_Ancestral": "dpmpp_2s_ancestral",
    "SamplerDPMPP_SDE": "dpmpp_sde",
    "SamplerDPMPP_2M_SDE": "dpmpp_2m_sde",
    "SamplerDPMPP_3M_SDE": "dpmpp_3m_sde",
    "SamplerDDIM": "ddim",
    "SamplerLMS": "lms",
}
ORIGINS = {"cpu": "CPU", "nv": "NV"}


@dataclass
class Run:
    """One run of a sampler.

    Of `steps` the first `left_out` are not done, as in img2img, whose strength is `denoise` then; without that,
    `denoise` below 1 says that the steps are the last of a longer schedule. `holder` is the node that has `model` and
    the prompts: the sampler or its guider. `more` has further entries of an infotext.
    """

    id: str
    holder: str
    seed: Any = None
    steps: int = 20
    cfg: Any = None
    sampler: str = "euler"
    schedule: str = "normal"
    denoise: float = 1.0
    left_out: int = 0
    more: dict[str, str] = field(default_factory=dict)

    def refining(self) -> tuple[int, float]:
        """Steps and strength of a run that is the second pass of hires fix, which does all of its steps."""
        done = self.steps - self.left_out
        candidates = (round(done / self.steps, 2), done / self.steps)
        if not self.left_out:
            return self.steps, self.denoise
        return done, next((each for each in candidates if int(done / each) == self.steps), self.denoise)


def read_run(graph: Graph, id: str) -> Run:
    """The settings of a sampler."""
    if graph.kind(id) in WHOLE_RUNS:
        return _whole_run(graph, id)
    run = Run(id, id, seed=graph.value(id, "noise_seed"), cfg=graph.value(id, "cfg"))
    if guider := graph.source(id, "guider"):
        run.holder, run.cfg = guider[0], graph.value(guider[0], "cfg")
    if noise := graph.source(id, "noise"):
        _read_noise(graph, noise[0], run)
    else:
        run.more["RNG"] = "CPU"
    if sampler := graph.source(id, "sampler"):
        kind = graph.kind(sampler[0])
        run.sampler = str(graph.value(sampler[0], "sampler_name") or SAMPLER_NODES.get(kind, kind))
        eta = graph.value(sampler[0], "eta")
        if kind in SAMPLER_NODES and eta is not None:
            run.more["Eta"] = f"{eta:g}"
    if sigmas := graph.source(id, "sigmas"):
        _read_levels(graph, sigmas, run)
    return run


def _whole_run(graph: Graph, id: str) -> Run:
    advanced = graph.kind(id) == "KSamplerAdvanced"
    run = Run(
        id,
        id,
        seed=graph.value(id, "noise_seed" if advanced else "seed"),
        steps=whole(graph.value(id, "steps"), 20),
        cfg=graph.value(id, "cfg"),
        sampler=str(graph.value(id, "sampler_name")),
        schedule=str(graph.value(id, "scheduler")),
        more={"RNG": "CPU"},
    )
    if advanced:
        _shorten(run, whole(graph.value(id, "start_at_step"), 0), 1.0)
    else:
        _shorten(run, 0, graph.value(id, "denoise"))
    return run


def _read_noise(graph: Graph, id: str, run: Run) -> None:
    run.seed = graph.value(id, "noise_seed")
    if graph.kind(id) != "VariationNoise":
        run.more["RNG"] = "CPU"
        return
    strength, width = graph.value(id, "variation_strength"), graph.value(id, "resize_from_width")
    entries = {
        "Variation seed": graph.value(id, "variation_seed") if strength else None,
        "Variation seed strength": strength or None,
        "Seed resize from": f"{width}x{graph.value(id, 'resize_from_height')}" if width else None,
        "ENSD": graph.value(id, "eta_noise_seed_delta") or None,
        "RNG": ORIGINS.get(str(graph.value(id, "source"))),
    }
    run.more |= {key: str(value) for key, value in entries.items() if value is not None}


def _read_levels(graph: Graph, source: tuple[str, int], run: Run) -> None:
    """The schedule, its steps, and how many of the first are left out."""
    id, slot = source
    left_out = joined = 0
    steps: int | None = None
    for _ in graph.nodes:
        kind = graph.kind(id)
        joined += kind == "ConcatenateSigmas"
        if kind == "SplitSigmas":
            step = whole(graph.value(id, "step"), 0)
            # The first part of a schedule, to which its end was joined again, leaves one level out.
            left_out, steps = (left_out + step, steps) if slot == 1 else (left_out, step + joined)
        following = graph.source(id, "sigmas")
        if following is None:
            break
        id, slot = following
    run.schedule = str(graph.value(id, "scheduler") or SIGMA_NODES.get(graph.kind(id), "normal"))
    run.steps = steps or whole(graph.value(id, "steps"), run.steps)
    _shorten(run, left_out, graph.value(id, "denoise"))


def _shorten(run: Run, first: int, denoise: Any) -> None:
    """Note that a run does the steps from `first` on, or only the last of a longer schedule."""
    if first:
        run.left_out = first
        done = run.steps - first - 1
        candidates = (round(done / run.steps, 2), (done + 0.5) / run.steps)
        run.denoise = next((each for each in candidates if int(each * run.steps) == done), 1.0)
    elif isinstance(denoise, int | float) and denoise < 1:
        run.denoise = float(denoise)


def whole(value: Any, otherwise: int) -> int:
    """A value that is a whole number, else another one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
