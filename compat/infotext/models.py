"""The first columns of the workflow: checkpoint, VAE, changes of the model, prompts."""

import re
from dataclasses import replace

from compat.infotext.making import Fields, Making, Prompted
from compat.infotext.runs import Refined
from compat.infotext.sheet import Output
from diffusion.infotext import Parameters
from diffusion.infotext.names import read_sampler

MODELS, PROMPTS = 0, 1
EMPHASES = {"No norm": "no norm", "Ignore": "ignore", "None": "none", "Original": "original"}
AUTOMATIC = ("automatic", "none", "")
NEW_TIMELINE = (1, 6, 0)
NEW_SWITCH = (1, 8, 0)


def load(making: Making) -> Prompted:
    """The checkpoint with its VAE; its prompts are still to come."""
    fields, sheet = making.fields, making.sheet
    making.is_old = _is_old(fields)
    name, hash = fields.text("Model"), fields.text("Model hash")
    if name is None:
        making.say("The picture does not say which model made it: choose one in Load Checkpoint.")
    making.checkpoint = making.file("checkpoints", name or hash or "model", hash or "")
    loader = sheet.add("CheckpointLoader", MODELS, ckpt_name=making.checkpoint)
    vae_name, vae_hash = fields.text("VAE"), fields.text("VAE hash")
    vae = Output(loader, 2)
    if vae_name is not None and vae_name.lower() not in AUTOMATIC:
        vae = Output(sheet.add("VAELoader", MODELS, vae_name=making.file("vae", vae_name, vae_hash or "")))
    clip = Output(loader, 1)
    skip = fields.whole("Clip skip") or 1
    if skip > 1 or "Clip skip" in making.swept:
        clip = Output(sheet.add("CLIPSetLastLayer", MODELS, clip=clip, stop_at_clip_layer=-min(skip, 24)))
    none = Output(loader)
    return Prompted(_changed(making, Output(loader)), clip, vae, none, none)


def _changed(making: Making, model: Output) -> Output:
    """The model with those of the WebUI's options that change it."""
    fields, sheet = making.fields, making.sheet
    if fields.text("Tiling") == "True":
        model = Output(sheet.add("Tiling", MODELS, model=model, edges="both"))
    ratio = fields.number("Token merging ratio")
    if ratio:
        model = Output(sheet.add("TomePatchModel", MODELS, model=model, ratio=min(max(ratio, 0.0), 1.0)))
    below, part = fields.number("NGMS"), fields.number("Skip Early CFG")
    every = fields.text("NGMS all steps") == "True"
    if below or part:
        values = {"below_sigma": below or 0.0, "every_step": every, "first_part": part or 0.0}
        model = Output(sheet.add("SkipNegative", MODELS, model=model, **values))
    return model


def prompt(
    making: Making, loaded: Prompted, parameters: Parameters, first_pass_steps: int = 0, title: str = ""
) -> Prompted:
    """The model under both prompts, in the WebUI's syntax and as its version read it."""
    emphasis = EMPHASES.get(making.fields.peek("Emphasis"), "original")
    node = making.sheet.add(
        "WebUIPrompt",
        PROMPTS,
        model=loaded.model,
        clip=loaded.clip,
        text=making.linked.get(parameters.prompt, parameters.prompt),
        negative=parameters.negative,
        emphasis=emphasis,
        timeline="before 1.6" if making.is_old else "current",
        first_pass_steps=first_pass_steps,
    )
    if title:
        making.sheet.entitle(node, title)
    model, clip, positive, negative = (Output(node, slot) for slot in range(4))
    return replace(loaded, model=model, clip=clip, positive=positive, negative=negative)


def _is_old(fields: Fields) -> bool:
    """Whether prompts that change were read as before 1.6; without a version, the sampler's name tells its age."""
    version = version_of(fields.peek("Version"))
    if version is None:
        return "Schedule type" not in fields and read_sampler(fields.peek("Sampler"), None).fused
    return version < NEW_TIMELINE


def version_of(text: str) -> tuple[int, ...] | None:
    """The numbers of `v1.6.0-2-g4afaaf8a`; None for other programs' versions, as Forge's `f2.0.1v1.10.1` has two."""
    match = re.search(r"v(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, match.groups())) if match else None


def with_old_tags(making: Making, parameters: Parameters) -> Parameters:
    """The prompt with what older versions and extensions had beside it: hypernetworks and LoRAs, as tags."""
    fields, prompt = making.fields, parameters.prompt
    name, strength = fields.text("Hypernet"), fields.text("Hypernet strength")
    if name and name.lower() != "none":
        prompt += f" <hypernet:{_bare(name)}:{strength or '1'}>"
    for match in fields.matching(r"AddNet Model (\d+)"):
        number = match[1]
        model = fields.text(match[0]) or ""
        denoiser, text = fields.text(f"AddNet Weight A {number}"), fields.text(f"AddNet Weight B {number}")
        fields.text(f"AddNet Module {number}")
        if model.lower() not in AUTOMATIC:
            prompt += f" <lora:{_bare(model)}:{text or denoiser or '1'}:{denoiser or '1'}>"
    fields.text("AddNet Enabled")
    return replace(parameters, prompt=prompt)


def _bare(name: str) -> str:
    return re.sub(r"\s*\([0-9a-fA-F]+\)$", "", name)


def refiner(making: Making, loaded: Prompted, parameters: Parameters) -> Refined | None:
    """The model that ends a run, under the same prompts; None if there was none."""
    fields = making.fields
    name = fields.text("Refiner")
    switch_at = fields.number("Refiner switch at")
    if name is None or name.lower() in AUTOMATIC or switch_at is None or switch_at >= 1:
        return None
    loader = making.sheet.add("CheckpointLoader", MODELS, ckpt_name=making.file("checkpoints", name, hash_in(name)))
    making.sheet.entitle(loader, "Refiner")
    ending = replace(loaded, model=Output(loader), clip=Output(loader, 1))
    version = version_of(fields.peek("Version"))
    by_steps = version is not None and version < NEW_SWITCH
    return Refined(prompt(making, ending, parameters, title="Prompts of the refiner"), max(switch_at, 0.01), by_steps)


def hash_in(name: str) -> str:
    """The hash that is written behind a name, as in `model [0123456789]`; an empty text if there is none."""
    match = re.search(r"\[([0-9a-f]{8,64})\]\s*$", name)
    return match[1] if match else ""


def check_networks(making: Making, parameters: Parameters) -> None:
    """Say which LoRAs, hypernetworks and embeddings of the prompts are not there."""
    tags = re.findall(r"<(lora|lyco|hypernet):([^<>:]+)", parameters.prompt)
    for kind, name in dict.fromkeys(tags):
        making.file("hypernetworks" if kind == "hypernet" else "loras", name.strip())
    hashes = making.fields.text("TI hashes") or ""
    for entry in filter(None, hashes.split(",")):
        making.file("embeddings", entry.partition(":")[0].strip())
