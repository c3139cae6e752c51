"""What the server asks the worker: the workflow of a picture's texts."""

from typing import Any

from compat.infotext.conversion import convert
from diffusion.infotext import InfotextError, parse
from diffusion.infotext.pictures import parameters_in
from graph.folders import Folders
from graph.registry import Registry

NO_PARAMETERS = "There are no parameters of a picture in this: it takes the text that Stable Diffusion WebUI writes."


def workflow_of(texts: dict[str, str], registry: Registry | None, folders: Folders) -> dict[str, Any]:
    """`{"workflow", "notices"}` for the texts of a picture by keyword, or `{"problem"}`, a sentence."""
    found = parameters_in(texts)
    if found is None or registry is None:
        return {"problem": NO_PARAMETERS}
    try:
        converted = convert(parse(found), registry.specs, folders)
    except InfotextError as error:
        return {"problem": str(error)}
    return {"workflow": converted.workflow, "notices": converted.notices}
