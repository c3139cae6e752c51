"""Lines of prompts with settings of their own, as the WebUI's "Prompts from file or textbox" reads them."""

import shlex
from collections.abc import Callable, Mapping
from typing import Any, Literal

Join = Literal["replace", "start", "end"]
JOINS: tuple[Join, ...] = ("replace", "start", "end")
"""What becomes of a line's prompt: it stands in place of the common one, before it, or after it."""


def _truth(text: str) -> bool:
    return text == "true"


TAGS: dict[str, Callable[[str], Any]] = {
    "sd_model": str,
    "outpath_samples": str,
    "outpath_grids": str,
    "prompt_for_display": str,
    "prompt": str,
    "negative_prompt": str,
    "styles": str,
    "seed": int,
    "subseed_strength": float,
    "subseed": int,
    "seed_resize_from_h": int,
    "seed_resize_from_w": int,
    "sampler_index": int,
    "sampler_name": str,
    "batch_size": int,
    "n_iter": int,
    "steps": int,
    "cfg_scale": float,
    "width": int,
    "height": int,
    "restore_faces": _truth,
    "tiling": _truth,
    "do_not_save_samples": _truth,
    "do_not_save_grid": _truth,
}
OF_SEVERAL_WORDS = ("prompt", "negative_prompt")


def read_lines(text: str) -> list[dict[str, Any]]:
    """The settings of each line that is not empty; a line without any `--tag` is its prompt."""
    return [read_line(line.strip()) for line in text.splitlines() if line.strip()]


def read_line(line: str) -> dict[str, Any]:
    """The settings of a line like `--prompt "a cat" --steps 20`, by the names of `TAGS`.

    The values of prompts go on to the next tag. A line with an unknown tag, a value that is missing or wrong, or a
    quote that does not end, is a prompt as a whole.
    """
    if "--" in line:
        try:
            return _tags(shlex.split(line))
        except (ValueError, KeyError, IndexError):
            pass
    return {"prompt": line}


def _tags(words: list[str]) -> dict[str, Any]:
    """Raises ValueError, KeyError and IndexError."""
    found: dict[str, Any] = {}
    place = 0
    while place < len(words):
        tag = words[place].removeprefix("--")
        if tag == words[place]:
            raise KeyError(tag)
        read = TAGS[tag]
        end = place + 2
        while tag in OF_SEVERAL_WORDS and end < len(words) and not words[end].startswith("--"):
            end += 1
        values = words[place + 1 : end]
        if not values:
            raise IndexError(tag)
        found[tag] = read(" ".join(values))
        place = end
    return found


def joined(line: Mapping[str, Any], tag: str, common: str, how: Join) -> str:
    """The prompt of a line together with the common one."""
    own = line.get(tag)
    if not own:
        return common
    match how:
        case "start":
            return f"{own} {common}".rstrip()
        case "end":
            return f"{common} {own}".lstrip()
    return str(own)
