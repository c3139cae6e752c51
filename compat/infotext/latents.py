"""Latents of a workflow: empty ones, pictures that are changed, and those of hires fix that are enlarged."""

import math

from compat.infotext.making import Making, Prompted
from compat.infotext.sheet import Output
from diffusion.hires import hires_size

START, ENLARGED = 2, 4
INIT, MASK = "init-image.png", "mask.png"
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
MASK_KEYS = ("Mask blur", "Mask mode", "Masked content", "Inpaint area", "Masked area padding")
SMALLEST, LARGEST = 16, 16384


def wants_hires(making: Making) -> bool:
    """Whether the picture was made in two passes."""
    return any(key in making.fields for key in HIRES_KEYS)


def size_of(making: Making) -> tuple[int, int]:
    """Take the size of the picture, or of its first pass."""
    size = making.fields.size("Size")
    if size is None:
        making.say("The parameters do not say how large the picture is: 512 x 512 was taken.")
        size = (512, 512)
    return fitted(size[0]), fitted(size[1])


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


def changed(making: Making, vae: Output, size: tuple[int, int]) -> Output:
    """The latent of the picture that was changed, which the user has to choose, with its mask if there was one."""
    sheet, fields = making.sheet, making.fields
    fields.text("Init image hash")
    fields.text("Init image size")
    making.say(f"The picture that was changed is not in the parameters: choose it in place of {INIT}.")
    image = Output(sheet.entitle(sheet.add("LoadImage", START, image=INIT), "The picture to change"))
    values = {"width": size[0], "height": size[1], "upscale_method": "lanczos", "crop": "disabled"}
    image = Output(sheet.add("ImageScale", START, image=image, **values))
    latent = Output(sheet.add("VAEEncode", START, pixels=image, vae=vae))
    if not any(key in fields for key in MASK_KEYS):
        return latent
    return Output(sheet.add("SetLatentNoiseMask", START, samples=latent, mask=_mask(making)))


def _mask(making: Making) -> Output:
    sheet, fields = making.sheet, making.fields
    making.say(f"The mask is not in the parameters: choose it in place of {MASK}; white is painted anew.")
    mask = Output(sheet.entitle(sheet.add("LoadImageMask", START, image=MASK, channel="red"), "The mask"))
    if fields.text("Mask mode") == "Inpaint not masked":
        mask = Output(sheet.add("InvertMask", START, mask=mask))
    blur = fields.number("Mask blur")
    if blur:
        picture = Output(sheet.add("MaskToImage", START, mask=mask))
        blurred = Output(sheet.add("BlurMap", START, image=picture, sigma=min(max(blur, 0.1), 64.0)))
        mask = Output(sheet.add("ImageToMask", START, image=blurred, channel="red"))
    content, area = fields.text("Masked content"), fields.text("Inpaint area")
    padding = fields.text("Masked area padding")
    if content and content.lower() != "original":
        making.say(f"The masked part began as '{content}' in the WebUI, and begins as the picture here.")
    if area and area.lower() == "only masked":
        making.say(f"Only the masked part with {padding or '32'} pixels around it was done at full size in the WebUI.")
    return mask


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
    model = None
    if upscaler not in RESIZERS:
        name = making.file("upscale_models", upscaler)
        model = Output(sheet.add("UpscaleModelLoader", ENLARGED, model_name=name))
    values = {"upscale_method": RESIZERS.get(upscaler, "lanczos"), "width": size[0], "height": size[1]}
    larger = Output(sheet.add("UpscaleImageTo", ENLARGED, image=picture, upscale_model=model, **values))
    return Output(sheet.add("VAEEncode", ENLARGED, pixels=larger, vae=prompted.vae))
