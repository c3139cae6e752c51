"""The saved picture says how it was made, in the WebUI's words."""

import io

from PIL import Image

from diffusion.infotext import parse
from tests.templates.produced import Produced

VALUES = {"KSampler.steps": 3}


def check(produced: Produced) -> None:
    (content,) = produced.files("SaveImageWithParameters")
    with Image.open(io.BytesIO(content)) as picture:
        found = parse(picture.text["parameters"])
    assert found.prompt == "a large yellow star on a purple background, 3d style"
    assert (found.fields["Steps"], found.fields["Model"], found.fields["Size"]) == ("3", "pocket", "128x128")
    assert produced.texts("What a picture says")
