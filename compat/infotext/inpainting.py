"""Pictures that are changed, which an infotext does not hold: img2img, and repainting what a mask marks."""

from dataclasses import dataclass, replace

from compat.infotext.making import Making, Prompted
from compat.infotext.sheet import Output
from diffusion.pictures.masked_content import CONTENTS

START, END = 2, 6
INIT, MASK = "init-image.png", "mask.png"
MASK_KEYS = ("Mask blur", "Mask mode", "Masked content", "Inpaint area", "Masked area padding")
SOFT = {
    "schedule_bias": "Soft inpainting schedule bias",
    "preservation_strength": "Soft inpainting preservation strength",
    "transition_contrast": "Soft inpainting transition contrast boost",
}
SOFT_OVERLAY = {
    "mask_influence": "Soft inpainting mask influence",
    "difference_threshold": "Soft inpainting difference threshold",
    "difference_contrast": "Soft inpainting difference contrast",
}
SOFT_ON = "Soft inpainting enabled"


@dataclass(frozen=True)
class Changing:
    """A picture that is changed: the latent to start from, and for what the model is asked.

    `place` is where what was repainted is put back, if it has a mask, and `overlay` the settings of soft inpainting for
    that, if it is on.
    """

    prompted: Prompted
    latent: Output
    place: Output | None = None
    overlay: dict[str, float] | None = None

    def picture(self, making: Making, result: Output) -> Output:
        """Decode the result of a run, and put it back where it belongs."""
        sheet = making.sheet
        picture = Output(sheet.add("VAEDecode", END, samples=result, vae=self.prompted.vae))
        if self.place is None:
            return picture
        place = self.place
        if self.overlay is not None:
            values = {"model": self.prompted.model, "place": place, "before": self.latent, "after": result}
            place = Output(sheet.add("SoftInpaintPlace", END, **values, **self.overlay))
        return Output(sheet.add("FinishInpaint", END, image=picture, place=place))


def changed(making: Making, prompted: Prompted, size: tuple[int, int], seed: int) -> Changing:
    """The picture that was changed, which the user has to choose, with its mask if there was one."""
    if is_masked(making):
        return _masked(making, prompted, picture_to_change(making), size, seed)
    image = picture_to_change(making, size)
    return Changing(prompted, Output(making.sheet.add("VAEEncode", START, pixels=image, vae=prompted.vae)))


def picture_to_change(making: Making, size: tuple[int, int] | None = None) -> Output:
    """A loader of the picture that was changed, scaled to a size if one is given."""
    making.fields.text("Init image hash")
    making.fields.text("Init image size")
    making.say(f"The picture that was changed is not in the parameters: choose it in place of {INIT}.")
    image = Output(making.sheet.entitle(making.sheet.add("LoadImage", START, image=INIT), "The picture to change"))
    if size is None:
        return image
    values = {"width": size[0], "height": size[1], "upscale_method": "lanczos", "crop": "disabled"}
    return Output(making.sheet.add("ImageScale", START, image=image, **values))


def is_masked(making: Making) -> bool:
    """Whether a part of the picture was repainted."""
    return any(key in making.fields for key in MASK_KEYS)


def mask(making: Making) -> Output:
    """A loader of the mask."""
    making.say(f"The mask is not in the parameters: choose it in place of {MASK}; white is painted anew.")
    return Output(making.sheet.entitle(making.sheet.add("LoadImageMask", START, image=MASK, channel="red"), "The mask"))


def content(making: Making) -> str:
    """Take what the masked part holds in the beginning."""
    found = (making.fields.text("Masked content") or "original").lower()
    if found in CONTENTS:
        return found
    making.say(f"There is no masked content '{found}': the picture itself was taken.")
    return "original"


def _masked(making: Making, prompted: Prompted, image: Output, size: tuple[int, int], seed: int) -> Changing:
    sheet, fields = making.sheet, making.fields
    only_masked = (fields.text("Inpaint area") or "").lower() == "only masked"
    padding = fields.whole("Masked area padding")
    prepared = sheet.add(
        "PrepareInpaint",
        START,
        image=image,
        mask=mask(making),
        area="only masked" if only_masked else "whole picture",
        padding=32 if padding is None else min(max(padding, 0), 16384),
        mask_blur=min(max(fields.whole("Mask blur") or 0, 0), 64),
        invert=fields.text("Mask mode") == "Inpaint not masked",
        width=size[0],
        height=size[1],
    )
    part, marked, place = (Output(prepared, slot) for slot in range(3))
    overlay = None
    if soft := fields.text(SOFT_ON) == "True":
        prompted, overlay = _softly(making, prompted)
    if "inpaint" in making.checkpoint.lower():
        values = {"positive": prompted.positive, "negative": prompted.negative, "vae": prompted.vae}
        shown = sheet.add("InpaintModelConditioning", START, **values, pixels=part, mask=marked)
        prompted = replace(prompted, positive=Output(shown), negative=Output(shown, 1))
    begun = sheet.add(
        "EncodeInpaint",
        START,
        model=prompted.model,
        vae=prompted.vae,
        image=part,
        mask=marked,
        masked_content=content(making),
        seed=seed,
        soft=soft,
    )
    return Changing(prompted, Output(begun), place, overlay)


def _softly(making: Making, prompted: Prompted) -> tuple[Prompted, dict[str, float]]:
    """The model with soft inpainting, and the settings of its overlay."""
    taken = {ours: making.fields.number(theirs) for ours, theirs in (SOFT | SOFT_OVERLAY).items()}
    values = {name: value for name, value in taken.items() if value is not None}
    model = making.sheet.add(
        "SoftInpainting", START, model=prompted.model, **{name: values[name] for name in SOFT if name in values}
    )
    names = ("preservation_strength", *SOFT_OVERLAY)
    return replace(prompted, model=Output(model)), {name: values[name] for name in names if name in values}
