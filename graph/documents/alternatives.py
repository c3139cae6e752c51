r"""Alternatives in a prompt: `a {red|blue} cat` becomes one of two texts each time that a document is compiled.

They may contain each other. `\{`, `\|` and `\}` are plain characters; braces without a partner stay as they are.
"""

import re
from collections.abc import Callable, Sequence

Choose = Callable[[Sequence[str]], str]

# A pair of braces with none inside: the innermost alternatives, which are chosen first.
_INNERMOST = re.compile(r"\{([^{}]*)\}")
_ESCAPED = {r"\{": "\ue000", r"\|": "\ue001", r"\}": "\ue002"}  # private-use characters, which no prompt has


def choose_alternatives(text: str, choose: Choose) -> str:
    """The text with one alternative of each group; `choose` picks among the texts between the bars."""
    for escaped, stand_in in _ESCAPED.items():
        text = text.replace(escaped, stand_in)
    while group := _INNERMOST.search(text):
        text = text[: group.start()] + choose(group[1].split("|")) + text[group.end() :]
    for escaped, stand_in in _ESCAPED.items():
        text = text.replace(stand_in, escaped[1])
    return text
