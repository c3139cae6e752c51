"""Names of samplers and schedules, as the WebUI and its relatives write them and as they are called here."""

from typing import NamedTuple

from diffusion.sampling import SAMPLERS as OURS

SAMPLERS: dict[str, tuple[str, str]] = {
    "Euler a": ("euler_ancestral", "normal"),
    "Euler": ("euler", "normal"),
    "LMS": ("lms", "normal"),
    "Heun": ("heun", "normal"),
    "DPM2": ("dpm_2", "karras"),
    "DPM2 a": ("dpm_2_ancestral", "karras"),
    "DPM++ 2S a": ("dpmpp_2s_ancestral", "karras"),
    "DPM++ 2M": ("dpmpp_2m", "karras"),
    "DPM++ SDE": ("dpmpp_sde", "karras"),
    "DPM++ 2M SDE": ("dpmpp_2m_sde", "exponential"),
    "DPM++ 2M SDE Heun": ("dpmpp_2m_sde_heun", "exponential"),
    "DPM++ 3M SDE": ("dpmpp_3m_sde", "exponential"),
    "DPM fast": ("dpm_fast", "normal"),
    "DPM adaptive": ("dpm_adaptive", "normal"),
    "Restart": ("restart", "karras"),
    "DDIM": ("ddim", "ddim_uniform"),
    "DDIM CFG++": ("euler_cfg_pp", "ddim_uniform"),
    "PLMS": ("ipndm", "ddim_uniform"),
    "UniPC": ("uni_pc", "ddim_uniform"),
    "LCM": ("lcm", "normal"),
    "HeunPP2": ("heunpp2", "normal"),
    "IPNDM": ("ipndm", "normal"),
    "IPNDM_V": ("ipndm_v", "normal"),
    "DEIS": ("deis", "normal"),
    "DDPM": ("ddpm", "normal"),
}
"""By the WebUI's label: the sampler, and the schedule that "Automatic" means with it."""

SCHEDULES: dict[str, str] = {
    "Uniform": "normal",
    "Normal": "normal",
    "Karras": "karras",
    "Exponential": "exponential",
    "Polyexponential": "polyexponential",
    "SGM Uniform": "sgm_uniform",
    "KL Optimal": "kl_optimal",
    "Align Your Steps": "align_your_steps",
    "Simple": "simple",
    "DDIM": "ddim_uniform",
    "Beta": "beta",
    "Turbo": "turbo",
    "Linear Quadratic": "linear_quadratic",
}
"""By the WebUI's label; `polyexponential`, `align_your_steps` and `turbo` are made by nodes of their own."""

AUTOMATIC = "Automatic"
OTHER_ENDINGS = {"ka": "Karras", "exp": "Exponential"}
OTHER_LABELS = {
    "dpm++ 2m alt": "DPM++ 2M",
    "unipc bh2": "UniPC",
    "dpm2 ancestral": "DPM2 a",
    "euler ancestral": "Euler a",
}
ON_DDIM_STEPS = ("DDIM", "DDIM CFG++", "PLMS", "UniPC")


class SamplerName(NamedTuple):
    """A sampler and a schedule; `label` is the WebUI's name of the sampler, None where there is no such sampler.

    `known_schedule` is false where the schedule's name is not known; `fused` is true where the sampler's name had it.
    """

    sampler: str
    schedule: str
    label: str | None
    known_schedule: bool = True
    fused: bool = False


def read_sampler(name: str, schedule: str | None) -> SamplerName:
    """What a sampler's name and a schedule's mean. `schedule` is None in texts from before version 1.9.

    There the sampler's name ends in that of the schedule, unless it is the even one: `DPM++ 2M` of that time ran
    evenly, which "Automatic" of today would not.
    """
    label, ending = _split(name.strip())
    if label is None and name in OURS:
        return SamplerName(name, SCHEDULES.get(schedule or "", schedule or "normal"), name)
    if label is None:
        return SamplerName("euler", "normal", None)
    sampler, automatic = SAMPLERS[label]
    if ending is not None:
        return SamplerName(sampler, SCHEDULES[ending], label, fused=True)
    if schedule is None:
        return SamplerName(sampler, automatic if label in ON_DDIM_STEPS else "normal", label)
    if _plain(schedule) == _plain(AUTOMATIC):
        return SamplerName(sampler, automatic, label)
    known = {_plain(each): ours for each, ours in SCHEDULES.items()} | {ours: ours for ours in SCHEDULES.values()}
    found = known.get(_plain(schedule)) or known.get(schedule.strip())
    return SamplerName(sampler, found or automatic, label, known_schedule=found is not None)


def write_sampler(sampler: str, schedule: str) -> tuple[str, str]:
    """The labels of a sampler and a schedule; names that the WebUI does not have stay as they are."""
    plain = sampler.removesuffix("_gpu")
    label = next((label for label, (ours, _) in SAMPLERS.items() if ours == plain), sampler)
    return label, next((label for label, ours in SCHEDULES.items() if ours == schedule), schedule)


def _split(name: str) -> tuple[str | None, str | None]:
    """The label of a sampler, and that of the schedule with which its name ends."""
    labels = {_plain(label): label for label in SAMPLERS}
    labels |= {_plain(ours): label for label, (ours, _) in reversed(SAMPLERS.items())}
    labels |= {_plain(other): label for other, label in OTHER_LABELS.items()}
    wanted = _plain(name)
    for prefix in ("", "k", "sample"):
        bare = wanted.removeprefix(prefix)
        if bare in labels:
            return labels[bare], None
        for ending, schedule in {**{_plain(each): each for each in SCHEDULES}, **OTHER_ENDINGS}.items():
            if bare.endswith(ending) and bare.removesuffix(ending) in labels:
                return labels[bare.removesuffix(ending)], schedule
    return None, None


def _plain(name: str) -> str:
    """A name as its letters and digits: `DPM++ 2S a`, `k_dpmpp_2s_a` and `dpmpp_2s_ancestral` are alike."""
    words = name.lower().replace("++", "pp").replace("ancestral", "a")
    return "".join(character for character in words if character.isalnum())
