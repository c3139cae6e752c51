"""Latents of a workflow: empty ones, and those of hires fix that are enlarged."""

import math

from compat.infotext.making import Making, Prompted
from compat.infotext.sheet import Output
from diffusion.hires import hires_size

START, ENLARGED = 2, 4
LATENT_UPSCALERS = {
    "Latent": "bilinear",
    "Latent (antialiased)": "bilinear-antialiased",
    "Latent (bicubic)": "bicubic",
    "Latent (bicubic antialiased)": "bicubic-antialiased",
    "Latent (nearest)": "nearest",
    "Latent (nearest-exact)": "nearest-exact",
}
RESIZERS = {"None": "lanczos", "Lanczos": "lanczos", "Nearest": "nearest-exact"}
HIRES_KEYS = ("Hires upscale", "Hires resize", "Hires upscaler", "Hires steps", "First pass size")
SMALLEST, LARGEST = 16, 16384
UNKNOWN = 512, 512


def wants_hires(making: Making) -> bool:
    """Whether the picture was made in two passes."""
    return any(key in making.fields for key in HIRES_KEYS)


def size_of(making: Making) -> tuple[int, int]:
    """Take the size of the picture, or of its first pass."""
    size = making.fields.size("Size")
    if size is None:
        making.say("The parameters do not say how large the picture is: 512 x 512 was taken.")
        size = UNKNOWN
    return fitted(size[0]), fitted(size[1])


def noted_size(making: Making) -> tuple[int, int]:
    """The same, which stays to be taken."""
    width, height = making.fields.peek_size("Size") or UNKNOWN
    return fitted(width), fitted(height)


def fitted(side: int) -> int:
    """A side as nodes take it."""
    return min(max(side // 8 * 8, SMALLEST), LARGEST)


def first_pass(size: tuple[int, int], noted: tuple[int, int]) -> tuple[int, int]:
    """The size of the first pass in texts from before January 2023; 0 x 0 stands for one that was computed."""
    if noted != (0, 0):
        return fitted(noted[0]), fitted(noted[1])
    scale = math.sqrt(512 * 512 / (size[0] * size[1]))
    width, height = (math.ceil(scale * side / 64) * 64 for side in size)
    return width, height


def empty(making: Making, size: tuple[int, int]) -> Output:
    """An empty latent."""
    return Output(making.sheet.add("EmptyLatent", START, width=size[0], height=size[1], batch_size=1))


def enlarged(
    making: Making, prompted: Prompted, latent: Output, size: tuple[int, int], final: tuple[int, int]
) -> Output:
    """The latent of the second pass of hires fix. `final` is its size in texts from before January 2023, else 0 x 0."""
    sheet, fields = making.sheet, making.fields
    scale, resized = fields.number("Hires upscale"), fields.size("Hires resize") or final
    target = hires_size(*size, min(max(scale or 2.0, 0.01), 16.0), *resized)
    upscaler = fields.text("Hires upscaler") or "Latent"
    across, down = fitted(target.upscale_width), fitted(target.upscale_height)
    if upscaler in LATENT_UPSCALERS:
        values = {"upscale_method": LATENT_UPSCALERS[upscaler], "width": across, "height": down, "crop": "disabled"}
        latent = Output(sheet.add("LatentUpscale", ENLARGED, samples=latent, **values))
    else:
        latent = _by_picture(making, prompted, latent, upscaler, (across, down))
    if (target.width, target.height) != (target.upscale_width // 8 * 8, target.upscale_height // 8 * 8):
        crop = {"width": target.width, "height": target.height, "x": target.x, "y": target.y}
        latent = Output(sheet.add("LatentCrop", ENLARGED, samples=latent, **crop))
    return latent


def _by_picture(making: Making, prompted: Prompted, latent: Output, upscaler: str, size: tuple[int, int]) -> Output:
    sheet = making.sheet
    picture = Output(sheet.add("VAEDecode", ENLARGED, samples=latent, vae=prompted.vae))
    model = upscale_model(making, ENLARGED, upscaler)
    values = {"upscale_method": RESIZERS.get(upscaler, "lanczos"), "width": size[0], "height": size[1]}
    larger = Output(sheet.add("UpscaleImageTo", ENLARGED, image=picture, upscale_model=model, **values))
    return Output(sheet.add("VAEEncode", ENLARGED, pixels=larger, vae=prompted.vae))


def upscale_model(making: Making, column: int, upscaler: str) -> Output | None:
    """The loader of an upscaler; None for one that is no model."""
    if upscaler in RESIZERS:
        return None
    name = making.file("upscale_models", upscaler)
    return Output(making.sheet.add("UpscaleModelLoader", column, model_name=name))
