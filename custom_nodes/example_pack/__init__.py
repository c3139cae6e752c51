"""An example of a pack: each module shows some of what a node, or a pack, can do. docs/packs.md explains it."""

from .choosing import pass_bright, switch
from .files import newest_note
from .lists import number_lines, split_lines
from .pictures import flip, gradient, repeated_vignette, vignette
from .quotes import quote, routes
from .texts import fill_template, join_text
from .timing import clock, wait

__all__ = [
    "clock",
    "fill_template",
    "flip",
    "gradient",
    "join_text",
    "newest_note",
    "number_lines",
    "pass_bright",
    "quote",
    "repeated_vignette",
    "routes",
    "split_lines",
    "switch",
    "vignette",
    "wait",
]
