"""Scripts of the WebUI that have a node of their own here, as far as their entries say what they did."""

from compat.infotext import inpainting, runs
from compat.infotext.latents import RESIZERS, upscale_model
from compat.infotext.making import Making, Prompted
from compat.infotext.models import prompt
from compat.infotext.sheet import Output
from diffusion.infotext import Parameters
from diffusion.pictures.denoise_curves import CURVES

START, RUN, END = 2, 3, 6
TILES = "SD upscale"
OTHER_TILES = "Ultimate SD upscale"
FINAL = ("Final denoising strength", "Final Denoising Strength")
CURVE = ("Denoising curve", "Denoising Strength Curve")
NOISE_PROMPT = "Decode prompt"
MATRIX = "prompt matrix"
SCALE, LOOPS = 2.0, 4
SMALLEST_TILE, LARGEST_TILE, LARGEST_OVERLAP = 64, 4096, 1024


def upscales(making: Making) -> bool:
    """Whether the picture was enlarged in tiles."""
    return f"{TILES} upscaler" in making.fields or f"{OTHER_TILES} upscaler" in making.fields


def upscaled(making: Making, prompted: Prompted, steps: int, size: tuple[int, int]) -> Output:
    """A picture that is enlarged, and repainted in tiles."""
    fields, script = making.fields, TILES
    width, height = size
    if f"{TILES} upscaler" not in fields:
        script = OTHER_TILES
        width = fields.whole(f"{OTHER_TILES} tile_width") or 512
        height = fields.whole(f"{OTHER_TILES} tile_height") or width
        fields.text(f"{OTHER_TILES} mask_blur")
        making.say("Ultimate SD upscale paints its tiles in another way: the picture will be alike, not the same.")
    given = fields.whole(f"{script} overlap" if script == TILES else f"{script} padding")
    upscaler = fields.text(f"{script} upscaler") or "None"
    making.say(f"The parameters do not say how much was enlarged: {SCALE:g} times was taken. See SD Upscale.")
    image = inpainting.picture_to_change(making)
    part = runs.changing(steps, _strength(making))
    width, height = (min(max(side // 8 * 8, SMALLEST_TILE), LARGEST_TILE) for side in (width, height))
    overlap = min(max(64 if given is None else given, 0), LARGEST_OVERLAP) // 8 * 8
    node = making.sheet.add(
        "SDUpscale",
        RUN,
        model=prompted.model,
        positive=prompted.positive,
        negative=prompted.negative,
        vae=prompted.vae,
        image=image,
        upscale_model=upscale_model(making, START, upscaler),
        upscale_method="none" if upscaler == "None" else RESIZERS.get(upscaler, "lanczos"),
        scale_by=SCALE,
        tile_width=width,
        tile_height=height,
        overlap=min(overlap, min(width, height) - 8),
        **runs.as_ksampler(making, _whole_settings(making), part),
    )
    return Output(node)


def loops(making: Making) -> bool:
    """Whether the picture was repainted again and again."""
    return any(key in making.fields for key in FINAL)


def looped(making: Making, prompted: Prompted, steps: int, size: tuple[int, int]) -> Output:
    """A picture that is repainted again and again; all that it became."""
    making.say(f"The parameters do not say how many loops there were: {LOOPS} were taken. See Loopback.")
    last = next(number for key in FINAL if (number := making.fields.number(key)) is not None or key == FINAL[-1])
    curve = next((text for key in CURVE if (text := making.fields.text(key)) and text in CURVES), "Linear")
    image, sheet = inpainting.picture_to_change(making, size), making.sheet
    masked = inpainting.is_masked(making)
    # Loopback counts steps as KSampler does: it does all of those that the first loop did in the WebUI.
    part = runs.changing(steps, _strength(making))
    node = sheet.add(
        "Loopback",
        RUN,
        model=prompted.model,
        positive=prompted.positive,
        negative=prompted.negative,
        vae=prompted.vae,
        image=image,
        mask=inpainting.mask(making) if masked else None,
        masked_content=inpainting.content(making) if masked else "original",
        loops=LOOPS,
        final_denoise=0.5 if last is None else min(max(last, 0.0), 1.0),
        curve=curve,
        **runs.as_ksampler(making, _whole_settings(making), part),
    )
    return Output(node, 1)


def inverts(making: Making) -> bool:
    """Whether the picture was made from the noise that another one comes from."""
    return NOISE_PROMPT in making.fields


def inverted(making: Making, loaded: Prompted, prompted: Prompted, size: tuple[int, int]) -> Output:
    """A picture made from the noise of another one ("img2img alternative")."""
    fields, sheet = making.fields, making.sheet
    settings = _whole_settings(making)
    for key in ("RNG", "Denoising strength"):  # nothing of the noise is random, and all steps are done
        fields.text(key)
    steps = min(max(fields.whole("Decode steps") or 50, 1), 1000)
    decoded = Parameters(fields.text(NOISE_PROMPT) or "", fields.text("Decode negative prompt") or "")
    shown = prompt(making, loaded, decoded, title="What the picture shows")
    image = inpainting.picture_to_change(making, size)
    cfg, randomness = fields.number("Decode CFG scale"), fields.number("Randomness")
    found = sheet.add(
        "FindNoise",
        RUN,
        model=shown.model,
        positive=shown.positive,
        negative=shown.negative,
        latent=Output(sheet.add("VAEEncode", START, pixels=image, vae=prompted.vae)),
        steps=steps,
        cfg=1.0 if cfg is None else min(max(cfg, 0.0), 100.0),
        randomness=min(max(randomness or 0.0, 0.0), 1.0),
        sigma_adjustment=fields.text("Sigma Adjustment") == "True",
        seed=settings.seed,
    )
    levels = Output(sheet.add("BasicScheduler", RUN, model=prompted.model, scheduler="normal", steps=steps))
    return runs.sampled(making, RUN, settings, prompted, Output(found, 1), levels, Output(found))


def matrix(making: Making, parameters: Parameters, seed: int) -> Output | None:
    """The prompts of a prompt matrix, linked in place of the prompt; the output that its grid has to be given."""
    if (making.fields.peek("Script").lower()) != MATRIX or "|" not in parameters.prompt:
        return None
    making.fields.text("Script")
    node = making.sheet.add("PromptMatrix", 0, text=parameters.prompt, seed=seed)
    making.linked[parameters.prompt] = Output(node)
    return Output(node, 2)


def _strength(making: Making) -> float:
    strength = making.fields.number("Denoising strength")
    return 0.75 if strength is None else strength


def _whole_settings(making: Making) -> runs.Settings:
    return runs.read_settings(making, RUN, parts=False)
