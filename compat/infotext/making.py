"""What the parts of a conversion share: the entries that are left, the sheet, and what is said to the user."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from compat.infotext.files import find_model
from compat.infotext.sheet import Output, Sheet
from graph.folders import Folders

LARGEST = 1e15
_SIZE = re.compile(r"\s*(\d{1,5})\s*x\s*(\d{1,5})\s*")
SEEDS = 2**64


class Fields:
    """The entries of an infotext, each of which is taken once; what nobody takes is told at the end."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._left = dict(entries)
        self.unreadable: list[tuple[str, str]] = []

    @property
    def left(self) -> dict[str, str]:
        """The entries that were not taken."""
        return dict(self._left)

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def matching(self, pattern: str) -> list[re.Match[str]]:
        """The keys that were not taken and fit a pattern."""
        return [match for key in self._left if (match := re.fullmatch(pattern, key))]

    def peek(self, key: str) -> str:
        """An entry that stays to be taken; an empty text if there is none."""
        return self._left.get(key, "")

    def text(self, key: str) -> str | None:
        """Take an entry."""
        return self._left.pop(key, None)

    def number(self, key: str) -> float | None:
        """Take an entry that is a number; one that is none is remembered as unreadable."""
        value = self.text(key)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and abs(number) <= LARGEST:
            return number
        self.unreadable.append((key, value))
        return None

    def whole(self, key: str) -> int | None:
        """Take an entry that is a whole number: exactly, as a seed may have more digits than a float holds."""
        if re.fullmatch(r"-?\d{1,20}", self.peek(key)):
            return int(self._left.pop(key))
        number = self.number(key)
        return None if number is None else int(number)

    def peek_size(self, key: str) -> tuple[int, int] | None:
        """An entry of the form 512x768 that stays to be taken; None if it is not there, or of another form."""
        match = _SIZE.fullmatch(self.peek(key))
        return (int(match[1]), int(match[2])) if match else None

    def size(self, key: str) -> tuple[int, int] | None:
        """Take an entry of the form 512x768."""
        size, value = self.peek_size(key), self.text(key)
        if size is None and value is not None:
            self.unreadable.append((key, value))
        return size


@dataclass
class Making:
    """A workflow that is being made.

    `is_old` says that the WebUI was older than 1.6, which read prompts otherwise; `checkpoint` is the file of the
    model. `swept` are the axes of an X/Y/Z plot, whose widgets have to be there. `linked` are nodes that give a prompt,
    by the text that they make it of.
    """

    sheet: Sheet
    fields: Fields
    folders: Folders
    is_old: bool = False
    checkpoint: str = ""
    swept: frozenset[str] = frozenset()
    linked: dict[str, Output] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    @property
    def seed(self) -> int:
        """The seed of the picture, as nodes take it; it stays to be taken."""
        return (int(self.fields.peek("Seed")) if re.fullmatch(r"-?\d{1,20}", self.fields.peek("Seed")) else 0) % SEEDS

    def say(self, notice: str) -> None:
        """Tell the user something, once."""
        if notice not in self.notices:
            self.notices.append(notice)

    def file(self, kind: str, name: str, hash: str = "") -> str:
        """The user's file of a model, or the name under which it is missing."""
        found = find_model(self.folders, kind, name, hash)
        folder = f"models/{kind}"
        if found is None:
            name = re.sub(r"\s*\[[0-9a-f]{8,64}\]$", "", name.strip())
            missing = name if re.search(r"\.(safetensors|ckpt|pt|pth|bin|onnx)$", name) else f"{name}.safetensors"
            self.say(f"{missing} is not in {folder}: put the file there, or choose another one.")
            return missing
        if found.how == "like":
            self.say(f"{name} is not in {folder}: {found.name} has a similar name and was taken. Check it.")
        elif found.other_content:
            self.say(f"{found.name} has the right name, but its content is not that of the picture's model.")
        return found.name


@dataclass(frozen=True)
class Prompted:
    """A model and what it is asked for, as outputs of nodes."""

    model: Output
    clip: Output
    vae: Output
    positive: Output
    negative: Output
