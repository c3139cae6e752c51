"""From the caption of a picture to what it is trained with at one step: shuffled, thinned out, or left away.

The order of what happens is that of kohya's scripts.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from diffusion.text.prompt import escape

_WIDE_COMMA = "\uff0c"  # as Chinese keyboards write it
_CHOICE = re.compile(r"(?<!\{)\{([^{}]*)\}(?!\})")


@dataclass(frozen=True)
class CaptionRules:
    """What happens to captions.

    prefix, suffix: put before and behind each, with a space between words.
    shuffle: whether tags change their order from step to step.
    keep_tokens: how many tags at the front stay where they are; `keep_separator`, where a caption has it, says the same
    by its place, and a second one says what stays at the end.
    separator: between tags. group_separator: between tags that stay together.
    tag_dropout: how likely each tag that may move is left away. dropout: how likely the whole caption is.
    warmup_tags, warmup_steps: begin with so few of the tags that may move, and have all after so many steps.
    weights: whether ``(tag:1.3)`` weights a tag as in prompts; otherwise brackets are text.
    """

    prefix: str = ""
    suffix: str = ""
    shuffle: bool = False
    keep_tokens: int = 0
    keep_separator: str = ""
    separator: str = ","
    group_separator: str = ""
    tag_dropout: float = 0.0
    dropout: float = 0.0
    warmup_tags: int = 1
    warmup_steps: int = 0
    weights: bool = True

    @property
    def varies(self) -> bool:
        """Whether one caption becomes several texts."""
        return self.shuffle or self.tag_dropout > 0 or self.warmup_steps > 0

    def text(self, caption: str, chance: random.Random, step: int = 0) -> str:
        """The text for a picture at a step; `{a|b}` in the caption is one of the two."""
        if chance.random() < self.dropout:
            return ""
        text = self._arranged(caption, chance, step)
        return text if self.weights else escape(text.replace(r"\(", "(").replace(r"\)", ")"))

    def _arranged(self, caption: str, chance: random.Random, step: int) -> str:
        whole = _chosen(_apart(_apart(self.prefix, caption), self.suffix), chance)
        if not self.varies and not self.keep_separator and not self.group_separator:
            return whole
        front, tags, back = self._parts(whole)
        tags = self._warming(tags, step)
        if self.shuffle:
            chance.shuffle(tags)
        tags = [tag for tag in tags if chance.random() >= self.tag_dropout]
        text = f"{self.separator.strip()} ".join(front + tags + back)
        return text.replace(self.group_separator, self.separator) if self.group_separator else text

    def _parts(self, text: str) -> tuple[list[str], list[str], list[str]]:
        """What stays at the front, what may move, and what stays at the end."""
        if self.keep_separator and self.keep_separator in text:
            pieces = text.split(self.keep_separator, 2)
            front, tags, back = (self.tags(piece) for piece in (*pieces, "", "")[:3])
            return front, tags, back
        tags = self.tags(text)
        return tags[: self.keep_tokens], tags[self.keep_tokens :], []

    def tags(self, text: str) -> list[str]:
        """The tags of a caption, in order."""
        if self.separator == ",":
            text = text.replace(_WIDE_COMMA, ",")
        return [tag.strip() for tag in text.split(self.separator) if tag.strip()]

    def _warming(self, tags: list[str], step: int) -> list[str]:
        if step >= self.warmup_steps:
            return tags
        share = step / self.warmup_steps
        return tags[: round(self.warmup_tags + (len(tags) - self.warmup_tags) * share)]


def _apart(front: str, back: str) -> str:
    """Two texts one after the other, with a space where a word would meet another."""
    meet = front and back and not front[-1].isspace() and (back[0].isalnum() or back[0] in "({<")
    return f"{front} {back}" if meet else front + back


def _chosen(text: str, chance: random.Random) -> str:
    """A text with one of each `{a|b}`, inner ones first; `{{` and `}}` are braces."""
    chosen, before = text, ""
    while chosen != before:
        before, chosen = chosen, _CHOICE.sub(lambda found: chance.choice(found[1].split("|")), chosen)
    return chosen.replace("{{", "{").replace("}}", "}")
