"""What the extension ADetailer did to a picture: it found things, and painted each anew at a size of its own."""

from dataclasses import dataclass, replace

from compat.infotext import runs
from compat.infotext.files import find_model
from compat.infotext.making import Making, Prompted
from compat.infotext.models import prompt
from compat.infotext.sheet import Output
from diffusion.infotext import Parameters
from diffusion.infotext.names import AUTOMATIC

COLUMN = 7
SUFFIXES = ("", " 2nd", " 3rd", *(f" {number}th" for number in range(4, 16)))
MAIN_PROMPT, NEXT_PROMPT = "[PROMPT]", "[SEP]"
SAYS_NOTHING = (
    *("version", "use separate steps", "use separate CFG scale", "use separate sampler"),
    *("use inpaint width height", "use inpaint width/height", "inpaint only masked", "inpaint full"),
    *("method to decide top k masks", "tab enable"),
)


def detailed(making: Making, picture: Output, job: runs.Job) -> Output:
    """The picture with all that its units found painted anew, one unit after the other."""
    for suffix in SUFFIXES:
        if f"ADetailer model{suffix}" in making.fields:
            picture = _Unit(making, suffix).applied(picture, job)
    return picture


@dataclass(frozen=True)
class _Unit:
    """A unit of the extension, whose entries have a suffix of their own."""

    making: Making
    suffix: str

    def applied(self, picture: Output, job: runs.Job) -> Output:
        """Find, cut out, paint and put back."""
        making, sheet = self.making, self.making.sheet
        model = self.text("model") or "None"
        if model.lower() == "none":
            return picture
        masks = self._masks(picture, model)
        width, height = self.whole("inpaint width"), self.whole("inpaint height")
        padding, blur = self.whole("inpaint padding"), self.whole("mask blur")
        cut = sheet.add(
            "CropByMask",
            COLUMN,
            image=picture,
            mask=masks,
            padding=32 if padding is None else max(padding, 0),
            width=width // 8 * 8 if width else job.size[0],
            height=height // 8 * 8 if height else job.size[1],
        )
        encoded = Output(sheet.add("VAEEncode", COLUMN, pixels=Output(cut), vae=job.prompted.vae))
        latent = Output(sheet.add("SetLatentNoiseMask", COLUMN, samples=encoded, mask=Output(cut, 1)))
        strength = self.number("denoising strength")
        part = runs.changing(max(self.whole("steps") or job.steps, 1), 0.4 if strength is None else strength)
        painted = runs.run(making, COLUMN, self._settings(job.settings), self._prompted(job), latent, part)
        decoded = Output(sheet.add("VAEDecode", COLUMN, samples=painted, vae=job.prompted.vae))
        for name in SAYS_NOTHING:
            self.text(name)
        values = {"parts": decoded, "places": Output(cut, 2), "feather": 4 if blur is None else min(max(blur, 0), 1024)}
        return Output(sheet.add("PasteCrop", COLUMN, image=picture, **values))

    def _masks(self, picture: Output, model: str) -> Output:
        """The list of masks of what is found; faces are found without the detector's file too."""
        making, sheet = self.making, self.making.sheet
        threshold = self._threshold()
        most = self.whole("mask only top k largest") or self.whole("mask only top k") or 100
        names = self.text("model classes") or ""
        known = find_model(making.folders, "annotators", model)
        is_face = "face" in model.lower()
        if is_face and (known is None or not known.name.endswith(".onnx")):
            making.say(f"{model} is not in models/annotators as an ONNX file: Find Faces was taken, which knows less.")
            found = sheet.add("FindFaces", COLUMN, image=picture, shape="rectangle", growth=1.0, most=min(most, 100))
        else:
            found = sheet.add(
                "FindThings",
                COLUMN,
                image=picture,
                detector=making.file("annotators", model.rsplit(".", 1)[0] + ".onnx"),
                threshold=threshold,
                names=names,
                shape="outline" if "-seg" in model else "rectangle",
                most=min(most, 100),
            )
        grown = self.whole("dilate erode")
        grown = self.whole("dilate/erode") if grown is None else grown
        if not grown:
            return Output(found)
        values = {"operation": "dilate" if grown > 0 else "erode", "radius": min(max(abs(grown) // 2, 1), 256)}
        return Output(sheet.add("MaskMorphology", COLUMN, mask=Output(found), shape="square", **values))

    def _threshold(self) -> float:
        """Older versions wrote it in percent."""
        percent, share = self.number("conf"), self.number("confidence")
        found = percent / 100 if share is None and percent is not None else share
        return 0.3 if found is None else min(max(found, 0.01), 1.0)

    def _prompted(self, job: runs.Job) -> Prompted:
        wanted, unwanted = self.text("prompt"), self.text("negative prompt")
        if not wanted and not unwanted:
            return job.prompted
        if NEXT_PROMPT in (wanted or "") + (unwanted or ""):
            self.making.say("Each of ADetailer's things had a prompt of its own: all have the first one here.")
        asked = Parameters(_own(wanted, job.parameters.prompt), _own(unwanted, job.parameters.negative))
        return prompt(self.making, job.loaded, asked, title=f"ADetailer{self.suffix}")

    def _settings(self, settings: runs.Settings) -> runs.Settings:
        scale = self.number("CFG scale")
        if scale is not None:
            settings = replace(settings, cfg=min(max(scale, 0.0), 100.0))
        sampler, schedule = self.text("sampler"), self.text("scheduler")
        if not sampler or sampler == "Use same sampler":
            return settings
        known = AUTOMATIC if not schedule or schedule == "Use same scheduler" else schedule
        return replace(settings, sampler=runs.sampler_of(self.making, sampler, known))

    def text(self, name: str) -> str | None:
        """Take an entry."""
        return self.making.fields.text(f"ADetailer {name}{self.suffix}")

    def number(self, name: str) -> float | None:
        """Take an entry that is a number."""
        return self.making.fields.number(f"ADetailer {name}{self.suffix}")

    def whole(self, name: str) -> int | None:
        """Take an entry that is a whole number."""
        return self.making.fields.whole(f"ADetailer {name}{self.suffix}")


def _own(text: str | None, main: str) -> str:
    """The prompt of a unit, in which a word may stand for the picture's."""
    return (text or MAIN_PROMPT).split(NEXT_PROMPT)[0].strip().replace(MAIN_PROMPT, main)
