"""Model families: which one a checkpoint belongs to."""

from diffusion.families.family import Family
from diffusion.families.flux import FLUX
from diffusion.families.recognition import looks_like
from diffusion.families.sd1 import SD1
from diffusion.families.sd2 import SD2
from diffusion.families.sd3 import SD3
from diffusion.families.sdxl import REFINER, SDXL
from diffusion.families.unclip import UNCLIP
from diffusion.weights import Header, WeightsError

FAMILIES: tuple[Family, ...] = (SD1, SD2, UNCLIP, SDXL, REFINER, SD3, FLUX)


def detect(header: Header) -> Family:
    """The family of a checkpoint, from its header alone. Raises `WeightsError` that says what the file looks like."""
    for family in FAMILIES:
        if family.matches(header):
            return family
    *most, last = (family.label for family in FAMILIES)
    supported = f"{', '.join(most)} or {last}"
    raise WeightsError(
        f"{header.path.name} cannot be loaded as a checkpoint: it is {looks_like(header)}. "
        f"Choose a checkpoint of {supported}."
    )
